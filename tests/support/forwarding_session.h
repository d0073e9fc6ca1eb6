// A session that hands everything on: what a test's own session does otherwise it overrides.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "dbomsbak/transport/session.h"

namespace dbomsbak::test {

class ForwardingSession : public Session {
 public:
  explicit ForwardingSession(std::unique_ptr<Session> session) : next_(std::move(session)) {}

  void Execute(std::string_view sql) override { next_->Execute(sql); }
  ResultSet Query(std::string_view sql) override { return next_->Query(sql); }
  std::unique_ptr<RowStream> Stream(std::string_view sql, Protocol protocol) override {
    return next_->Stream(sql, protocol);
  }
  void LoadLocal(std::string_view sql, const std::function<std::string_view()>& piece) override {
    next_->LoadLocal(sql, piece);
  }
  std::uint64_t affected_rows() const override { return next_->affected_rows(); }
  unsigned warning_count() const override { return next_->warning_count(); }
  std::uint64_t connection_id() const override { return next_->connection_id(); }
  std::string server_version() const override { return next_->server_version(); }
  const std::string& description() const override { return next_->description(); }
  void Abort() noexcept override { next_->Abort(); }

 private:
  std::unique_ptr<Session> next_;
};

}  // namespace dbomsbak::test
