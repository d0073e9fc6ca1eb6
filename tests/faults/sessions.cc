#include "faults/sessions.h"

#include <fmt/format.h>

#include <map>
#include <new>
#include <stdexcept>
#include <utility>

#include "faults/fault.h"
#include "support/forwarding_session.h"
#include "transport/server_error.h"

namespace dbomsbak::test {
namespace {

struct Refusal {
  unsigned number;
  const char* sqlstate;
  const char* text;
};
const std::map<std::string_view, Refusal> kRefusals{
    {"refused", {1105, "HY000", "Unknown error"}},
    {"full", {1114, "HY000", "The table 't' is full"}},
    {"ended", {1317, "70100", "Query execution was interrupted"}},
    {"timeout", {1205, "HY000", "Lock wait timeout exceeded; try restarting transaction"}},
    {"deadlock", {1213, "40001", "Deadlock found when trying to get lock"}},
};

class FaultySession final : public ForwardingSession {
 public:
  using ForwardingSession::ForwardingSession;

  void Execute(std::string_view sql) override {
    Call(sql, [&] { ForwardingSession::Execute(sql); });
  }
  ResultSet Query(std::string_view sql) override {
    return Call(sql, [&] { return ForwardingSession::Query(sql); });
  }
  std::unique_ptr<RowStream> Stream(std::string_view sql, Protocol protocol) override;
  void LoadLocal(std::string_view sql, const std::function<std::string_view()>& next) override {
    const std::function<std::string_view()> piece = [&] {
      return Call("piece", [&] { return next(); });
    };
    Call(sql, [&] { ForwardingSession::LoadLocal(sql, piece); });
  }

  template <typename Work>
  auto Call(std::string_view what, const Work& work) -> decltype(work()) {
    const std::string_view kind = TheFault().KindFor("sessions");
    if (kind.empty() || !TheFault().Strikes(what, kind == "gone")) return work();
    if (kind == "lost" || kind == "gone") {
      Abort();
    } else if (kind == "behind") {
      work();
      Abort();
      throw Refused({2013, "HY000", "Lost connection to server during query"});
    } else {
      if (kind == "deadlock" && what != "row" && what != "piece") {
        ForwardingSession::Execute("ROLLBACK");
      }
      throw Refused(kRefusals.at(kind));
    }
    return work();
  }

 private:
  ServerError Refused(const Refusal& refusal) const {
    return StatementError(refusal.number, refusal.sqlstate, refusal.text, description());
  }
};

class FaultyRows final : public RowStream {
 public:
  FaultyRows(FaultySession& session, std::unique_ptr<RowStream> rows)
      : session_(session), rows_(std::move(rows)) {}
  bool Next() override {
    return session_.Call("row", [&] { return rows_->Next(); });
  }
  std::span<const Cell> cells() const override { return rows_->cells(); }

 private:
  FaultySession& session_;
  std::unique_ptr<RowStream> rows_;
};

std::unique_ptr<RowStream> FaultySession::Stream(std::string_view sql, Protocol protocol) {
  auto rows = Call(sql, [&] { return ForwardingSession::Stream(sql, protocol); });
  return std::make_unique<FaultyRows>(*this, std::move(rows));
}

class FaultyFactory final : public SessionFactory {
 public:
  explicit FaultyFactory(std::unique_ptr<SessionFactory> sessions)
      : sessions_(std::move(sessions)) {}
  std::unique_ptr<Session> Connect() override {
    const std::string_view kind = TheFault().KindFor("sessions");
    if (!kind.empty() && TheFault().Strikes("connect", kind == "gone")) {
      if (kind == "memory") throw std::bad_alloc();
      if (kind == "fault") throw std::logic_error("a fault of ours");
      throw ConnectError(2002, "HY000", "Can't connect to local server", "the server", true);
    }
    return std::make_unique<FaultySession>(sessions_->Connect());
  }

 private:
  std::unique_ptr<SessionFactory> sessions_;
};

}  // namespace

std::unique_ptr<SessionFactory> MakeFaultySessions(const ConnectionOptions& options) {
  return std::make_unique<FaultyFactory>(MakeSessionFactory(options));
}

}  // namespace dbomsbak::test
