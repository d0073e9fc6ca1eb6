#include "transport/mysql_session.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include "dbomsbak/transport/server_numbers.h"
#include "transport/row_streams.h"
#include "transport/server_error.h"

namespace dbomsbak {
namespace {

const char* OrNull(const std::string& text) { return text.empty() ? nullptr : text.c_str(); }

template <typename Value>
void Set(MYSQL* mysql, mysql_option option, const Value& value) {
  mysql_options(mysql, option, &value);
}

// The transport is chosen as the mysql client chooses it: a socket for no host and localhost.
bool UsesSocket(const ConnectionOptions& options) {
  if (options.protocol == "tcp") return false;
  if (options.protocol == "socket") return true;
  return options.host.empty() || options.host == "localhost";
}

#ifdef MARIADB_PACKAGE_VERSION
// Connector/C knows two switches: speak TLS when the server offers it, and verify chain and name.
// A CA file alone makes it verify the chain. What it lacks, a refusal of servers without TLS, is
// TlsDemand's.
void SetTls(MYSQL* mysql, SslMode mode) {
  const MysqlBool yes = 1;
  const MysqlBool no = 0;
  Set(mysql, MYSQL_OPT_SSL_ENFORCE, mode == SslMode::kDisabled ? no : yes);
  Set(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, mode == SslMode::kVerifyIdentity ? yes : no);
}

// The server names the plugin by which the account logs in, and mysql_clear_password and dialog
// send it the password as it is. Oracle's library does that only where it is told to; Connector/C
// for any server, so here it is told which others there are.
void ForbidClearPasswords(MYSQL* mysql) {
  mysql_options(mysql, MARIADB_OPT_RESTRICTED_AUTH,
                "mysql_native_password,client_ed25519,caching_sha2_password,sha256_password,parsec,"
                "auth_gssapi_client");
}
#else
void SetTls(MYSQL* mysql, SslMode mode) {
  unsigned value = SSL_MODE_PREFERRED;
  switch (mode) {
    case SslMode::kDisabled:
      value = SSL_MODE_DISABLED;
      break;
    case SslMode::kPreferred:
      break;
    case SslMode::kRequired:
      value = SSL_MODE_REQUIRED;
      break;
    case SslMode::kVerifyCa:
      value = SSL_MODE_VERIFY_CA;
      break;
    case SslMode::kVerifyIdentity:
      value = SSL_MODE_VERIFY_IDENTITY;
      break;
  }
  Set(mysql, MYSQL_OPT_SSL_MODE, value);
  // caching_sha2_password without TLS: the password is encrypted with a key that the server hands
  // out. Connector/C asks for it by itself; here it is for those alone who turned TLS off: anybody
  // in between could hand out a key of his own.
  const bool ask_for_key = mode == SslMode::kDisabled;
  Set(mysql, MYSQL_OPT_GET_SERVER_PUBLIC_KEY, ask_for_key);
}

void ForbidClearPasswords(MYSQL*) {}
#endif

constexpr unsigned kPluginNotAllowed = 5010;  // Connector/C's CR_PLUGIN_NOT_ALLOWED

constexpr int kTriesAlone = 10;
constexpr std::chrono::milliseconds kPauseAlone{20};

void SetOptions(MYSQL* mysql, const ConnectionOptions& options, SslMode mode, bool by_socket) {
  Set(mysql, MYSQL_OPT_CONNECT_TIMEOUT, options.connect_timeout_s);
  mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  // A hostile server may ask for any file of this machine: what answers is SetLocalHandler's.
  const unsigned local_infile = 1;
  Set(mysql, MYSQL_OPT_LOCAL_INFILE, local_infile);
  const unsigned long largest_packet = 1UL << 30;  // the protocol's limit
  Set(mysql, MYSQL_OPT_MAX_ALLOWED_PACKET, largest_packet);
  // Truncation is how the binary stream learns that a buffer must grow.
  const MysqlBool report = 1;
  Set(mysql, MYSQL_REPORT_DATA_TRUNCATION, report);
  const unsigned protocol = by_socket ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;
  Set(mysql, MYSQL_OPT_PROTOCOL, protocol);
  mysql_options4(mysql, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "dbomsbak");
  SetTls(mysql, mode);
  if (!by_socket && mode < SslMode::kRequired) ForbidClearPasswords(mysql);
  if (mode == SslMode::kDisabled) return;
  // Files only when TLS is wanted: Connector/C takes them as a wish for TLS. Without at least
  // VERIFY_CA a CA file is not looked at, as in Oracle's client.
  if (mode >= SslMode::kVerifyCa && !options.ssl_ca.empty()) {
    mysql_options(mysql, MYSQL_OPT_SSL_CA, options.ssl_ca.c_str());
  }
  if (!options.ssl_cert.empty()) mysql_options(mysql, MYSQL_OPT_SSL_CERT, options.ssl_cert.c_str());
  if (!options.ssl_key.empty()) mysql_options(mysql, MYSQL_OPT_SSL_KEY, options.ssl_key.c_str());
}

}  // namespace

MysqlSession::MysqlSession(const ConnectionOptions& options) : description_(options.Describe()) {
  EnterMysqlLibrary();
  Connect(options);
  socket_ = fcntl(SocketOf(mysql_.get()), F_DUPFD_CLOEXEC, 3);
  if (socket_ < 0) {
    throw Error(ErrorCode::kConnect, "no file descriptor left for a session",
                "Raise the limit of open files (ulimit -n), or lower --jobs.");
  }
  server_version_ = mysql_get_server_info(mysql_.get());
  connection_id_ = mysql_thread_id(mysql_.get());
}

void MysqlSession::Connect(const ConnectionOptions& options) {
  mysql_.reset(mysql_init(nullptr));
  if (mysql_ == nullptr) throw Error(ErrorCode::kInternal, "no memory for a session");
  SetLocalHandler();
  const bool by_socket = UsesSocket(options);
  // A socket file is as private as the machine: TLS there only when it is asked for.
  const SslMode mode =
      options.ssl_mode.value_or(by_socket ? SslMode::kDisabled : SslMode::kPreferred);
  SetOptions(mysql_.get(), options, mode, by_socket);
  const std::string host = by_socket              ? "localhost"
                           : options.host.empty() ? "127.0.0.1"
                                                  : options.host;
  std::optional<TlsDemand> demand;
  if (mode >= SslMode::kRequired) demand.emplace();
  MYSQL* connected = mysql_real_connect(
      mysql_.get(), host.c_str(), OrNull(options.user), options.password.Reveal().c_str(), nullptr,
      options.port, by_socket ? OrNull(options.socket) : nullptr, CLIENT_MULTI_RESULTS);
  const bool clear =
      demand && (demand->was_refused() ||
                 (connected != nullptr && mysql_get_ssl_cipher(connected) == nullptr));
  if (clear) {
    throw ServerError(
        ErrorCode::kConnect, 2026, "HY000",
        fmt::format("cannot connect to {}: TLS is required but the server offers none",
                    description_),
        "Set up TLS on the server, or use --ssl-mode=PREFERRED.");
  }
  if (connected == nullptr && mysql_errno(mysql_.get()) == kPluginNotAllowed) {
    // The library's own text names whatever stands in its buffer by then.
    throw ServerError(
        ErrorCode::kConnect, kPluginNotAllowed, "HY000",
        fmt::format("cannot connect to {}: the server asks for the password in clear text, or in a "
                    "way that is not known",
                    description_),
        "It was not sent. An account of PAM or LDAP needs --ssl-mode=REQUIRED or stronger; any "
        "other server that asks so is not the one it should be.");
  }
  if (connected == nullptr) {
    throw ConnectError(mysql_errno(mysql_.get()), mysql_sqlstate(mysql_.get()),
                       mysql_error(mysql_.get()), description_,
                       options.has_password && !options.password.empty(), options.password_cut);
  }
}

MysqlSession::~MysqlSession() {
  // A dead peer must not hold us up with COM_QUIT.
  if (lost()) HangUp();
  mysql_.reset();
  close(socket_);
}

void MysqlSession::Throw(unsigned number, std::string_view sqlstate, std::string_view text) {
  if (aborted_) {
    lost_ = true;
    lost_reason_ = fmt::format("the connection to {} was closed because work on it was given up",
                               description_);
    throw ServerError(ErrorCode::kConnectionLost, number, std::string(sqlstate), lost_reason_);
  }
  ServerError error = StatementError(number, sqlstate, text, description_);
  if (error.code() == ErrorCode::kConnectionLost && !lost_) {
    lost_reason_ = error.message();
    lost_ = true;
  }
  throw error;
}

void MysqlSession::Abort() noexcept {
  aborted_ = true;
  lost_ = true;
  HangUp();
}

void MysqlSession::HangUp() noexcept {
  // Closing must reset the connection. A server that waits for room in our receive buffer would
  // otherwise not hear of it: after a shutdown TCP announces no room any more, and the probes of
  // the server's side are answered for a minute and more.
  const linger reset{1, 0};
  setsockopt(socket_, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  shutdown(socket_, SHUT_RDWR);
}

void MysqlSession::ThrowLastError() {
  Throw(mysql_errno(mysql_.get()), mysql_sqlstate(mysql_.get()), mysql_error(mysql_.get()));
}

void MysqlSession::Cut(std::string_view reason) noexcept {
  try {
    if (!lost_)
      lost_reason_ = fmt::format("the connection to {} was closed: {}", description_, reason);
  } catch (...) {  // the reason is a nicety
  }
  lost_ = true;
  HangUp();
}

void MysqlSession::ThrowIfLost() const {
  if (!lost()) return;
  if (lost_reason_.empty()) {
    throw ServerError(ErrorCode::kConnectionLost, 2006, "HY000",
                      fmt::format("the connection to {} was closed because work on it was given up",
                                  description_));
  }
  throw ServerError(ErrorCode::kConnectionLost, 2006, "HY000", lost_reason_,
                    aborted_ ? "" : HintOfServerNumber(2006));
}

void MysqlSession::BeginStatement() {
  EnterMysqlLibrary();
  ThrowIfLost();
  if (streaming_) {
    throw Error(ErrorCode::kInternal, "a session was used while rows of it were still being read");
  }
}

void MysqlSession::Send(std::string_view sql) {
  BeginStatement();
  if (mysql_real_query(mysql_.get(), sql.data(), sql.size()) != 0) ThrowLastError();
}

// A CALL ends with further answers, and each may hold an error.
void MysqlSession::SkipFurtherResults() {
  for (;;) {
    const int more = mysql_next_result(mysql_.get());
    if (more < 0) return;
    if (more > 0) ThrowLastError();
    const ResultHandle result(mysql_use_result(mysql_.get()));
    if (result == nullptr) {
      if (mysql_field_count(mysql_.get()) != 0) ThrowLastError();
      continue;
    }
    while (mysql_fetch_row(result.get()) != nullptr) {
    }
    if (mysql_errno(mysql_.get()) != 0) ThrowLastError();
  }
}

// A statement of its own that lost a deadlock has done nothing and is sent again, as the server's
// manual advises: MariaDB ends even a DROP or a RENAME so, when it meets the thread that writes
// the statistics of tables. Within a transaction only its owner can begin anew. Nor has one done
// anything that OceanBase wants again (a view, say, on a table made just before), or whose own
// transaction it lost.
void MysqlSession::SendAlone(std::string_view sql) {
  for (int attempt = 1;; ++attempt) {
    BeginStatement();
    const bool alone = (mysql_->server_status & SERVER_STATUS_IN_TRANS) == 0;
    if (mysql_real_query(mysql_.get(), sql.data(), sql.size()) == 0) return;
    const unsigned number = mysql_errno(mysql_.get());
    const bool again = number == kDeadlock || number == kSchemaTryAgain || number == kNeedsRollback;
    if (!alone || !again || attempt == kTriesAlone) ThrowLastError();
    if (number == kNeedsRollback && mysql_real_query(mysql_.get(), "ROLLBACK", 8) != 0) {
      ThrowLastError();
    }
    std::this_thread::sleep_for(attempt * kPauseAlone);
  }
}

void MysqlSession::Execute(std::string_view sql) {
  SendAlone(sql);
  const ResultHandle result(mysql_use_result(mysql_.get()));
  if (result != nullptr) {
    while (mysql_fetch_row(result.get()) != nullptr) {
    }
    // A null row means "end" or "error"; only the number tells them apart.
    if (mysql_errno(mysql_.get()) != 0) ThrowLastError();
    affected_rows_ = 0;
  } else {
    if (mysql_field_count(mysql_.get()) != 0) ThrowLastError();
    affected_rows_ = mysql_affected_rows(mysql_.get());
  }
  warning_count_ = mysql_warning_count(mysql_.get());
  SkipFurtherResults();
}

ResultSet MysqlSession::Query(std::string_view sql) {
  SendAlone(sql);
  ResultSet answer;
  {
    const ResultHandle result(mysql_use_result(mysql_.get()));
    if (result == nullptr) {
      if (mysql_field_count(mysql_.get()) != 0) ThrowLastError();
      affected_rows_ = mysql_affected_rows(mysql_.get());
    } else {
      const unsigned count = mysql_num_fields(result.get());
      const MYSQL_FIELD* fields = mysql_fetch_fields(result.get());
      answer.columns.reserve(count);
      for (unsigned i = 0; i < count; ++i) answer.columns.emplace_back(fields[i].name);
      while (MYSQL_ROW row = mysql_fetch_row(result.get())) {
        const unsigned long* lengths = mysql_fetch_lengths(result.get());
        Row& out = answer.rows.emplace_back();
        out.reserve(count);
        for (unsigned i = 0; i < count; ++i) {
          if (row[i] == nullptr) {
            out.emplace_back(std::nullopt);
          } else {
            out.emplace_back(std::in_place, row[i], lengths[i]);
          }
        }
      }
      if (mysql_errno(mysql_.get()) != 0) ThrowLastError();
      affected_rows_ = 0;
    }
  }
  warning_count_ = mysql_warning_count(mysql_.get());
  SkipFurtherResults();
  return answer;
}

void MysqlSession::SetLocalHandler() noexcept {
  mysql_set_local_infile_handler(
      mysql_.get(), &BeginLocal, &ReadLocal, [](void*) {}, &TellLocalError, this);
}

// The library opens no file, for it never sees a handler of its own.
int MysqlSession::BeginLocal(void** session, const char*, void* data) noexcept {
  *session = data;
  return static_cast<MysqlSession*>(data)->local_ == nullptr ? 1 : 0;
}

int MysqlSession::ReadLocal(void* data, char* buffer, unsigned size) noexcept {
  auto* const session = static_cast<MysqlSession*>(data);
  try {
    if (session->local_piece_.empty()) session->local_piece_ = (*session->local_)();
  } catch (...) {
    session->local_failure_ = std::current_exception();
    return -1;
  }
  const std::size_t taken = session->local_piece_.copy(buffer, size);
  session->local_piece_.remove_prefix(taken);
  return static_cast<int>(taken);
}

int MysqlSession::TellLocalError(void*, char* text, unsigned size) noexcept {
  constexpr std::string_view kReason = "nothing is given to the server that it was not told of";
  if (size != 0) text[kReason.copy(text, size - 1)] = '\0';
  return 2000;  // CR_UNKNOWN_ERROR
}

void MysqlSession::LoadLocal(std::string_view sql, const std::function<std::string_view()>& next) {
  BeginStatement();
  local_ = &next;
  local_piece_ = {};
  local_failure_ = nullptr;
  const bool failed = mysql_real_query(mysql_.get(), sql.data(), sql.size()) != 0;
  local_ = nullptr;
  if (local_failure_) std::rethrow_exception(std::exchange(local_failure_, nullptr));
  if (failed) ThrowLastError();
  affected_rows_ = mysql_affected_rows(mysql_.get());
  warning_count_ = mysql_warning_count(mysql_.get());
  SkipFurtherResults();
}

std::unique_ptr<RowStream> MysqlSession::Stream(std::string_view sql, Protocol protocol) {
  std::unique_ptr<RowStream> stream;
  if (protocol == Protocol::kBinary) {
    BeginStatement();
    stream = std::make_unique<BinaryRowStream>(*this, sql);
  } else {
    Send(sql);
    stream = std::make_unique<TextRowStream>(*this);
  }
  streaming_ = true;
  return stream;
}

namespace {

class MysqlSessionFactory final : public SessionFactory {
 public:
  explicit MysqlSessionFactory(ConnectionOptions options) : options_(std::move(options)) {}
  std::unique_ptr<Session> Connect() override { return std::make_unique<MysqlSession>(options_); }

 private:
  const ConnectionOptions options_;
};

}  // namespace

std::unique_ptr<SessionFactory> MakeSessionFactory(const ConnectionOptions& options) {
  EnterMysqlLibrary();
  return std::make_unique<MysqlSessionFactory>(options);
}

}  // namespace dbomsbak
