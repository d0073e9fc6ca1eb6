// A Session over the client library.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "dbomsbak/transport/session.h"
#include "transport/mysql_handle.h"

namespace dbomsbak {

// One thread at a time. Streams it hands out must go before it does.
class MysqlSession final : public Session {
 public:
  // Connects. Error kConnect.
  explicit MysqlSession(const ConnectionOptions& options);
  ~MysqlSession() override;

  void Execute(std::string_view sql) override;
  ResultSet Query(std::string_view sql) override;
  std::unique_ptr<RowStream> Stream(std::string_view sql, Protocol protocol) override;
  void LoadLocal(std::string_view sql, const std::function<std::string_view()>& next) override;
  std::uint64_t affected_rows() const override { return affected_rows_; }
  unsigned warning_count() const override { return warning_count_; }
  std::uint64_t connection_id() const override { return connection_id_; }
  std::string server_version() const override { return server_version_; }
  const std::string& description() const override { return description_; }
  void Abort() noexcept override;

  // For the streams.
  MYSQL* handle() noexcept { return mysql_.get(); }
  // Throws the error the session's handle holds; a lost connection is remembered.
  [[noreturn]] void ThrowLastError();
  [[noreturn]] void Throw(unsigned number, std::string_view sqlstate, std::string_view text);
  void ThrowIfLost() const;
  bool lost() const noexcept { return lost_.load(std::memory_order_relaxed); }
  void StreamEnded() noexcept { streaming_ = false; }
  // The stream was left in the middle: cuts the connection, so that the server stops at once and
  // nothing waits for rows nobody wants. Every later call is kConnectionLost.
  void Cut(std::string_view reason) noexcept;

 private:
  // Ends the connection under whatever runs on it; any thread. The descriptors stay ours.
  void HangUp() noexcept;
  void BeginStatement();
  void Connect(const ConnectionOptions& options);
  void Send(std::string_view sql);
  void SendAlone(std::string_view sql);
  void SkipFurtherResults();
  // What the library calls when a server asks for a file.
  void SetLocalHandler() noexcept;
  static int BeginLocal(void** session, const char* name, void* data) noexcept;
  static int ReadLocal(void* session, char* buffer, unsigned size) noexcept;
  static int TellLocalError(void* session, char* text, unsigned size) noexcept;

  MysqlHandle mysql_;
  // A descriptor of our own for the session's socket: the library may close its own at any time,
  // and its number may then belong to another file when Abort() comes.
  int socket_ = -1;
  std::string description_;
  std::string server_version_;
  std::string lost_reason_;
  std::uint64_t connection_id_ = 0;
  std::uint64_t affected_rows_ = 0;
  unsigned warning_count_ = 0;
  std::atomic<bool> lost_{false};
  std::atomic<bool> aborted_{false};
  bool streaming_ = false;
  // While a LoadLocal runs: who gives, what of the last piece is left, and what he threw.
  const std::function<std::string_view()>* local_ = nullptr;
  std::string_view local_piece_;
  std::exception_ptr local_failure_;
};

}  // namespace dbomsbak
