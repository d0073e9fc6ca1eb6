#include "transport/server_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/contains.h"

namespace dbomsbak {
namespace {

// Numbers are written out: the client libraries' headers do not agree on the names.
constexpr std::array kAccessDenied{
    1044u,  // to a database
    1045u,  // for a user
    1095u,  // not the owner of a thread
    1142u,  // to a table
    1143u,  // to a column
    1211u,  // no permission to create accounts
    1227u,  // needs (at least one of) the privilege(s)
    1345u,  // SHOW CREATE VIEW lacks privileges on the table underneath
    1370u,  // to a routine
    1419u,  // binary log is on, SUPER missing
    1698u,  // without password
};

constexpr std::array kLost{
    1053u,  // server shutdown in progress
    1077u, 1079u,
    1080u,  // forcing close of thread
    1152u,  // aborted connection
    1158u, 1159u, 1160u,
    1161u,  // network reads and writes
    1184u,  // aborted connection, seen from the server
    1927u,  // MariaDB: connection was killed
    2006u,  // server has gone away
    2013u,  // lost connection during query
    2026u,  // TLS failed in the middle
    2027u,  // malformed packet
    2055u,  // lost connection, with the system's reason
    3169u,  // MySQL: session was killed
    4031u,  // MySQL: disconnected because of inactivity
};

constexpr std::array kBusyNumbers{
    1205u,  // lock wait timeout
    1213u,  // deadlock
    3572u,  // NOWAIT was asked for
};

}  // namespace

bool IsConnectionLoss(unsigned number) noexcept { return Contains(kLost, number); }

ErrorCode CodeOfServerNumber(unsigned number) noexcept {
  if (Contains(kAccessDenied, number)) return ErrorCode::kPrivilege;
  if (Contains(kLost, number)) return ErrorCode::kConnectionLost;
  if (Contains(kBusyNumbers, number)) return ErrorCode::kBusy;
  return ErrorCode::kQueryRefused;
}

std::string HintOfServerNumber(unsigned number) {
  switch (number) {
    case 1021:
    case 1114:
    case 3019:
      return "Free disk space on the server, then run the same command again.";
    case 1040:
    case 1203:
    case 1226:
      return "Lower --jobs, or raise max_connections or the account's limits on the server.";
    case 1153:
    case 2020:
      return "Raise max_allowed_packet on the server (SET GLOBAL max_allowed_packet = 1073741824).";
    case 1205:
      return "Another session holds a lock; SHOW PROCESSLIST names it. Try again, or raise "
             "--lock-wait.";
    case 1213:
      return "Run the command again when fewer sessions write to these tables.";
    case 1290:
      return "The server runs with an option that forbids this (read_only, skip-grant-tables or "
             "secure_file_priv); the message names it.";
    case 1317:
      return "Somebody ended the statement with KILL QUERY; run the command again.";
    case 1419:
      return "Ask for SUPER (MySQL 8: SET_ANY_DEFINER), or for log_bin_trust_function_creators=1.";
    case 1449:
      return "Create the account that the object names as its DEFINER.";
    case 1820:
    case 1862:
      return "Log in with the mysql client and give the account a new password.";
    case 1836:
      return "The server is in read-only mode; connect to the primary.";
    case 1927:
    case 3169:
      return "Somebody ended the session with KILL; run the command again.";
    case 1969:
    case 3024:
      return "A statement time limit of the server ended it; the account's max_statement_time or "
             "max_execution_time is too low.";
    case 2006:
    case 2013:
    case 2055:
      return "Look into the server's error log: it stopped, ended the session, or a timeout "
             "(net_write_timeout, wait_timeout) or the network in between cut it.";
    case 4031:
      return "Raise wait_timeout on the server.";
    default:
      break;
  }
  if (Contains(kAccessDenied, number)) {
    return "`dbomsbak check` prints the GRANT for each missing privilege.";
  }
  return {};
}

ServerError StatementError(unsigned number, std::string_view sqlstate, std::string_view text,
                           const std::string& description) {
  const ErrorCode code = CodeOfServerNumber(number);
  std::string message =
      code == ErrorCode::kConnectionLost
          ? fmt::format("lost the connection to {}: {} (error {})", description, text, number)
          : fmt::format("{} (error {})", text, number);
  return ServerError(code, number, std::string(sqlstate), std::move(message),
                     HintOfServerNumber(number));
}

ServerError ConnectError(unsigned number, std::string_view sqlstate, std::string_view text,
                         const std::string& description, bool password_given,
                         const std::string& password_cut) {
  std::string hint;
  switch (number) {
    case 1045:
    case 1698:
      hint = password_given
                 ? "Check user and password; the account may also be limited to other hosts."
                 : "No password was given: use --password-file, DBOMSBAK_PASSWORD, an option file "
                   "or -p.";
      break;
    case 1129:
      hint = "The server blocked this host after many failed attempts; FLUSH HOSTS frees it.";
      break;
    case 1130:
      hint = "No account of the server is allowed from this host.";
      break;
    case 2002:
    case 2003:
      hint = "Is the server running, and are host, port or socket right?";
      break;
    case 2005:
      hint = "The host name cannot be resolved; check -h.";
      break;
    case 2026:
      hint =
          "Check --ssl-mode, --ssl-ca and whether the server offers TLS and its certificate "
          "names this host.";
      break;
    case 2013:
      hint =
          "Something answered, but not as a MySQL server does in time; check port and "
          "--connect-timeout.";
      break;
    case 1251:
    case 1275:
    case 2049:
    case 2058:
    case 2059:
    case 2061:
      hint =
          "The account's authentication plugin is not known to this client library, or needs TLS "
          "(--ssl-mode=REQUIRED).";
      break;
    default:
      hint = HintOfServerNumber(number);
  }
  ServerError error(ErrorCode::kConnect, number, std::string(sqlstate),
                    fmt::format("cannot connect to {}: {} (error {})", description, text, number),
                    std::move(hint));
  if (!password_cut.empty() && (number == 1045 || number == 1698)) {
    error.set_hint(
        fmt::format("In {} a '#' ends the password and begins a comment: if it belongs to the "
                    "password, put that in single quotes. {}",
                    password_cut, error.hint()));
  }
  return error;
}

}  // namespace dbomsbak
