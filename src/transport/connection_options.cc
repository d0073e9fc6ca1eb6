#include "dbomsbak/transport/connection_options.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

#include "dbomsbak/base/error.h"
#include "dbomsbak/base/secret_file.h"
#include "transport/option_files.h"

namespace dbomsbak {
namespace {

struct SslModeName {
  SslMode mode;
  std::string_view name;
};
constexpr std::array kSslModes{
    SslModeName{SslMode::kDisabled, "DISABLED"},
    SslModeName{SslMode::kPreferred, "PREFERRED"},
    SslModeName{SslMode::kRequired, "REQUIRED"},
    SslModeName{SslMode::kVerifyCa, "VERIFY_CA"},
    SslModeName{SslMode::kVerifyIdentity, "VERIFY_IDENTITY"},
};

std::string Upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

// `where` names the option: "--ssl-mode", "ssl-mode of /etc/my.cnf, line 3".
SslMode ParseSslMode(const std::string& text, const std::string& where) {
  const std::string word = Upper(text);
  for (const auto& [mode, name] : kSslModes) {
    if (word == name) return mode;
  }
  throw Error(ErrorCode::kUsage, fmt::format("{}: '{}' is no TLS mode", where, text),
              "Use DISABLED, PREFERRED, REQUIRED, VERIFY_CA or VERIFY_IDENTITY.");
}

std::string ParseProtocol(const std::string& text, const std::string& where) {
  const std::string word = Upper(text);
  if (word == "TCP") return "tcp";
  if (word == "SOCKET") return "socket";
  if (word == "DEFAULT") return "";
  throw Error(ErrorCode::kUsage, fmt::format("{}: '{}' is no protocol", where, text),
              "Use tcp or socket.");
}

template <typename Number>
Number ParseNumber(const std::string& text, const std::string& where) {
  Number value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || text.empty()) {
    throw Error(
        ErrorCode::kUsage, fmt::format("{}: '{}' is no number in range", where, text),
        fmt::format("It takes whole numbers from 0 to {}.", std::numeric_limits<Number>::max()));
  }
  return value;
}

bool IsOff(const std::string& text) {
  const std::string word = Upper(text);
  return word == "0" || word == "OFF" || word == "FALSE" || word == "NO";
}

const char* Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr || value[0] == '\0' ? nullptr : value;
}

// What the client library would take for the user's name (getpwuid: no thread has started yet).
std::string LoginName() {
  if (geteuid() == 0) return "root";
  if (const passwd* entry = getpwuid(geteuid()); entry != nullptr) return entry->pw_name;
  for (const char* name : {"USER", "LOGNAME", "LOGIN"}) {
    if (const char* value = Environment(name)) return value;
  }
  return "UNKNOWN_USER";
}

// How the options of MariaDB's client (ssl, ssl-verify-server-cert) and files given without a mode
// are understood: never weaker than what was meant.
struct TlsWishes {
  std::optional<bool> ssl;
  bool verify_server = false;
};

bool ApplyTlsLine(const OptionLine& line, ConnectionOptions& options, TlsWishes& wishes) {
  const std::string value = line.value.value_or("");
  if (line.name == "ssl-mode") {
    options.ssl_mode = ParseSslMode(value, line.name + " of " + line.Where());
  } else if (line.name == "ssl-ca") {
    options.ssl_ca = value;
  } else if (line.name == "ssl-cert") {
    options.ssl_cert = value;
  } else if (line.name == "ssl-key") {
    options.ssl_key = value;
  } else if (line.name == "ssl") {
    wishes.ssl = !IsOff(value);
  } else if (line.name == "skip-ssl" || line.name == "disable-ssl") {
    wishes.ssl = false;
  } else if (line.name == "ssl-verify-server-cert") {
    wishes.verify_server = !IsOff(value);
  } else if (line.name == "skip-ssl-verify-server-cert" ||
             line.name == "disable-ssl-verify-server-cert") {
    wishes.verify_server = false;
  } else {
    return false;
  }
  return true;
}

void GivePassword(Secret password, ConnectionOptions& options, std::string cut = {}) {
  options.password = std::move(password);
  options.has_password = true;
  options.password_cut = std::move(cut);
}

// Options of the program itself: an unknown one there is a mistake, elsewhere another program's.
void ApplyLine(const OptionLine& line, bool own_group, ConnectionOptions& options,
               TlsWishes& wishes, bool& ask) {
  std::string name = line.name;
  const bool loose = name.starts_with("loose-");
  if (loose) name.erase(0, 6);
  OptionLine known = line;
  known.name = name;
  const std::string value = line.value.value_or("");
  const std::string where = name + " of " + line.Where();
  if (ApplyTlsLine(known, options, wishes)) {
  } else if (name == "host") {
    options.host = value;
  } else if (name == "user") {
    options.user = value;
  } else if (name == "port") {
    options.port = ParseNumber<std::uint16_t>(value, where);
  } else if (name == "socket") {
    options.socket = value;
  } else if (name == "protocol") {
    options.protocol = ParseProtocol(value, where);
  } else if (name == "connect-timeout") {
    options.connect_timeout_s = ParseNumber<unsigned>(value, where);
  } else if (name == "password") {
    ask = !line.value.has_value();
    GivePassword(Secret(value), options, line.cut ? line.Where() : "");
    options.has_password = line.value.has_value();
  } else if (name == "skip-password") {
    ask = false;
    GivePassword(Secret(), options);
  } else if (own_group && !loose) {
    throw Error(
        ErrorCode::kUsage,
        fmt::format("{}: '{}' is no option of group [{}]", line.Where(), line.name, line.group),
        "Connection options can stand there: host, port, user, password, socket, protocol, "
        "ssl-mode, ssl-ca, ssl-cert, ssl-key, connect-timeout.");
  }
  if (known.value.has_value()) Wipe(known.value->data(), known.value->size());
}

// Of these groups and, with a suffix, their kin.
std::vector<OptionLine> LinesOf(const ConnectionArguments& arguments,
                                std::vector<std::string> groups,
                                std::vector<std::string>& notices) {
  std::vector<OptionFile> files;
  if (arguments.defaults_file.has_value()) {
    files.push_back({*arguments.defaults_file, true});
  } else if (!arguments.no_defaults) {
    files = DefaultOptionFiles(arguments.defaults_extra_file);
  }
  std::string suffix = arguments.defaults_group_suffix;
  for (const char* name : {"MARIADB_GROUP_SUFFIX", "MYSQL_GROUP_SUFFIX"}) {
    if (const char* value = Environment(name); suffix.empty() && value != nullptr) suffix = value;
  }
  if (!suffix.empty()) {
    for (std::size_t i = 0, count = groups.size(); i < count; ++i) {
      groups.push_back(groups[i] + suffix);
    }
  }
  return ReadOptionFiles(files, groups, notices);
}

void ApplyOptionFiles(const ConnectionArguments& arguments, ConnectionOptions& options,
                      TlsWishes& wishes, bool& ask, std::vector<std::string>& notices) {
  // The groups MariaDB's clients share, and our own.
  std::vector<OptionLine> lines =
      LinesOf(arguments, {"client", "client-server", "client-mariadb", "dbomsbak"}, notices);
  for (const OptionLine& line : lines) {
    ApplyLine(line, line.group.starts_with("dbomsbak"), options, wishes, ask);
  }
  WipeValues(lines);
}

void ApplyEnvironment(ConnectionOptions& options) {
  if (const char* host = Environment("MYSQL_HOST")) options.host = host;
  if (const char* port = Environment("MYSQL_TCP_PORT")) {
    options.port = ParseNumber<std::uint16_t>(port, "MYSQL_TCP_PORT");
  }
  if (const char* socket = Environment("MYSQL_UNIX_PORT")) options.socket = socket;
}

void ApplyArguments(const ConnectionArguments& arguments, ConnectionOptions& options) {
  if (arguments.host) options.host = *arguments.host;
  if (arguments.user) options.user = *arguments.user;
  if (arguments.port) options.port = *arguments.port;
  if (arguments.socket) options.socket = *arguments.socket;
  if (arguments.protocol) options.protocol = ParseProtocol(*arguments.protocol, "--protocol");
  if (arguments.ssl_mode) options.ssl_mode = ParseSslMode(*arguments.ssl_mode, "--ssl-mode");
  if (arguments.ssl_ca) options.ssl_ca = *arguments.ssl_ca;
  if (arguments.ssl_cert) options.ssl_cert = *arguments.ssl_cert;
  if (arguments.ssl_key) options.ssl_key = *arguments.ssl_key;
  if (arguments.connect_timeout_s) options.connect_timeout_s = *arguments.connect_timeout_s;
  // As MariaDB's client: a port or a socket on the command line says by which way, unless more is
  // said. (`-h localhost -P 3307` would otherwise reach another server by its socket.)
  if (!arguments.protocol && options.protocol.empty()) {
    if (arguments.port && !arguments.socket) options.protocol = "tcp";
    if (arguments.socket && !arguments.host && !arguments.port) options.protocol = "socket";
  }
}

// Returns whether its password counts.
bool ApplyConfigured(const ConnectionArguments& arguments, ConnectionOptions& options, bool& ask) {
  const ConfiguredConnection& configured = *arguments.configured;
  if (!arguments.socket.has_value()) {
    options.protocol = "tcp";
    options.socket.clear();
    if (!configured.host.empty()) options.host = configured.host;
    if (configured.port != 0) options.port = configured.port;
  }
  if (!configured.user.empty()) options.user = configured.user;
  if (!configured.password.has_value()) return false;
  ask = false;
  GivePassword(*configured.password, options, configured.password_cut);
  return true;
}

void ChoosePassword(const ConnectionArguments& arguments, ConnectionOptions& options, bool ask,
                    bool configured, Secret (*prompt)(const std::string&),
                    std::vector<std::string>& notices) {
  if (arguments.password.has_value()) {
    GivePassword(*arguments.password, options);
    return;
  }
  if (!arguments.ask_password) {
    if (arguments.password_file.has_value()) {
      GivePassword(ReadSecretFile(*arguments.password_file, "password", notices), options);
      return;
    }
    for (const char* name : {"DBOMSBAK_PASSWORD", "MYSQL_PWD"}) {
      const char* const value = std::getenv(name);
      if (value != nullptr && !(configured && std::string_view(name) == "MYSQL_PWD")) {
        GivePassword(Secret(value), options);
        return;
      }
    }
    if (!ask) return;
  }
  if (prompt == nullptr) {
    throw Error(ErrorCode::kUsage, "there is no terminal to ask for the password on",
                "Use --password-file, DBOMSBAK_PASSWORD or an option file.");
  }
  GivePassword(prompt(fmt::format("Password of {}: ", options.Describe())), options);
}

void CheckReadable(const std::string& path, const char* option) {
  if (path.empty() || access(path.c_str(), R_OK) == 0) return;
  throw Error(ErrorCode::kIo,
              fmt::format("cannot read {} {}: {}", option, path, std::strerror(errno)),
              "Check the path, and that this user may read it.");
}

void ChooseTls(ConnectionOptions& options, const TlsWishes& wishes) {
  if (!options.ssl_mode.has_value()) {
    const bool files = !options.ssl_cert.empty() || !options.ssl_key.empty();
    if (wishes.ssl == false) {
      options.ssl_mode = SslMode::kDisabled;
    } else if (wishes.verify_server) {
      options.ssl_mode = SslMode::kVerifyIdentity;
    } else if (!options.ssl_ca.empty()) {
      options.ssl_mode = SslMode::kVerifyCa;
    } else if (files || wishes.ssl == true) {
      options.ssl_mode = SslMode::kRequired;
    }
  }
  if (options.ssl_mode == SslMode::kDisabled) return;
  if (options.ssl_mode == SslMode::kVerifyCa && options.ssl_ca.empty()) {
    throw Error(ErrorCode::kUsage, "TLS mode VERIFY_CA needs --ssl-ca",
                "Name the file with the certificate that signed the server's.");
  }
  CheckReadable(options.ssl_ca, "--ssl-ca");
  CheckReadable(options.ssl_cert, "--ssl-cert");
  CheckReadable(options.ssl_key, "--ssl-key");
}

}  // namespace

std::string ConnectionOptions::Describe() const {
  const std::string who = user.empty() ? LoginName() : user;
  const bool by_socket =
      protocol == "socket" || (protocol.empty() && (host.empty() || host == "localhost"));
  if (by_socket) {
    return fmt::format("{} at {}", who, socket.empty() ? "the default socket" : socket);
  }
  const std::string where = host.empty() ? "127.0.0.1" : host;
  const bool ipv6 = where.find(':') != std::string::npos;
  return fmt::format("{}@{}{}{}:{}", who, ipv6 ? "[" : "", where, ipv6 ? "]" : "",
                     port == 0 ? 3306 : port);
}

ConnectionOptions ResolveConnection(const ConnectionArguments& arguments,
                                    Secret (*prompt)(const std::string& question),
                                    std::vector<std::string>& notices) {
  ConnectionOptions options;
  TlsWishes wishes;
  bool ask = false;
  // The environment's host, port and socket are the client's defaults: anything else wins.
  ApplyEnvironment(options);
  ApplyOptionFiles(arguments, options, wishes, ask, notices);
  const bool configured = arguments.configured && ApplyConfigured(arguments, options, ask);
  ApplyArguments(arguments, options);
  if (options.user.empty()) options.user = LoginName();
  ChooseTls(options, wishes);
  ChoosePassword(arguments, options, ask, configured, prompt, notices);
  return options;
}

std::vector<CommandOption> ReadCommandOptions(const ConnectionArguments& arguments,
                                              const std::string& group) {
  std::vector<std::string> ignored;  // ResolveConnection tells the same
  std::vector<CommandOption> options;
  for (const OptionLine& line : LinesOf(arguments, {group}, ignored)) {
    options.push_back({line.name, line.value, line.Where()});
  }
  return options;
}

}  // namespace dbomsbak
