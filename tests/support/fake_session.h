// A server that answers from a script, for tests of what talks to a session.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dbomsbak/base/cell.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/transport/session.h"

namespace dbomsbak::test {

// Rows of text; NULL is nullopt. As columns: names, may be empty.
inline ResultSet Answer(std::vector<std::string> columns, std::vector<Row> rows) {
  return ResultSet{std::move(columns), std::move(rows)};
}

// The script and the log, shared by all sessions of a FakeSessionFactory. Any thread.
//   server.On("SELECT VERSION", Answer({"v"}, {{"10.11"}}));   // any statement that begins so
//   server.OnError("DROP", ServerError(...));
//   server.FailAt(7, error);                                   // the 7th statement, whatever it is
// Rules added later win. A statement no rule knows is answered with an empty result.
class FakeServer {
 public:
  using Responder = std::function<ResultSet(std::string_view sql)>;

  void On(std::string prefix, ResultSet answer) {
    OnCall(std::move(prefix), [answer = std::move(answer)](std::string_view) { return answer; });
  }
  void OnError(std::string prefix, ServerError error) {
    OnCall(std::move(prefix),
           [error = std::move(error)](std::string_view) -> ResultSet { throw error; });
  }
  void OnCall(std::string prefix, Responder responder) {
    std::lock_guard lock(mutex_);
    rules_.emplace_front(std::move(prefix), std::move(responder));
  }
  // The n-th statement from now (1 is the next) fails, and with a lost connection all after it on
  // that session do.
  void FailAt(std::uint64_t n, ServerError error) {
    std::lock_guard lock(mutex_);
    fail_at_ = statements_.size() + n;
    failure_ = std::move(error);
  }
  // The error a cut connection gives.
  static ServerError Lost() {
    return ServerError(ErrorCode::kConnectionLost, 2013, "HY000",
                       "lost the connection to fake (error 2013)");
  }

  std::vector<std::string> statements() const {
    std::lock_guard lock(mutex_);
    return statements_;
  }
  bool Saw(std::string_view prefix) const {
    std::lock_guard lock(mutex_);
    for (const std::string& statement : statements_) {
      if (statement.starts_with(prefix)) return true;
    }
    return false;
  }

  // For FakeSession.
  ResultSet Run(std::string_view sql) {
    Responder responder;
    {
      std::lock_guard lock(mutex_);
      statements_.emplace_back(sql);
      if (failure_.has_value() && statements_.size() == fail_at_) throw ServerError(*failure_);
      for (const auto& [prefix, candidate] : rules_) {
        if (sql.starts_with(prefix)) {
          responder = candidate;
          break;
        }
      }
    }
    return responder ? responder(sql) : ResultSet{};
  }
  std::uint64_t NextConnectionId() { return ++connections_; }

 private:
  mutable std::mutex mutex_;
  std::deque<std::pair<std::string, Responder>> rules_;
  std::vector<std::string> statements_;
  std::uint64_t fail_at_ = 0;
  std::optional<ServerError> failure_;
  std::atomic<std::uint64_t> connections_{0};
};

// Rows of an answer that is already there.
class FakeRowStream final : public RowStream {
 public:
  explicit FakeRowStream(ResultSet answer) : answer_(std::move(answer)) {}

  bool Next() override {
    if (next_ == answer_.rows.size()) return false;
    const Row& row = answer_.rows[next_++];
    cells_.clear();
    for (const Field& field : row) {
      cells_.push_back(field.has_value() ? Cell{field->data(), field->size(), false} : Cell{});
    }
    return true;
  }
  std::span<const Cell> cells() const override { return cells_; }

 private:
  ResultSet answer_;
  std::size_t next_ = 0;
  std::vector<Cell> cells_;
};

class FakeSession final : public Session {
 public:
  explicit FakeSession(FakeServer& server) : server_(server), id_(server.NextConnectionId()) {}

  void Execute(std::string_view sql) override { Run(sql); }
  ResultSet Query(std::string_view sql) override { return Run(sql); }
  std::unique_ptr<RowStream> Stream(std::string_view sql, Protocol) override {
    return std::make_unique<FakeRowStream>(Run(sql));
  }
  // What is given is seen as a part of the statement.
  void LoadLocal(std::string_view sql, const std::function<std::string_view()>& next) override {
    std::string all(sql);
    for (std::string_view piece = next(); !piece.empty(); piece = next()) all += piece;
    Run(all);
  }
  std::uint64_t affected_rows() const override { return 0; }
  unsigned warning_count() const override { return 0; }
  std::uint64_t connection_id() const override { return id_; }
  std::string server_version() const override { return "10.11.19-MariaDB-fake"; }
  const std::string& description() const override { return description_; }

 private:
  ResultSet Run(std::string_view sql) {
    if (lost_) throw FakeServer::Lost();
    try {
      return server_.Run(sql);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kConnectionLost) lost_ = true;
      throw;
    }
  }

  FakeServer& server_;
  const std::uint64_t id_;
  const std::string description_ = "fake@server";
  bool lost_ = false;
};

// `server` must outlive the factory and its sessions.
class FakeSessionFactory final : public SessionFactory {
 public:
  explicit FakeSessionFactory(FakeServer& server) : server_(server) {}
  std::unique_ptr<Session> Connect() override { return std::make_unique<FakeSession>(server_); }

 private:
  FakeServer& server_;
};

}  // namespace dbomsbak::test
