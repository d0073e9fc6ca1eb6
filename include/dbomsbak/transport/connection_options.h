// Where and as whom to connect, as the mysql client would read it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dbomsbak/base/secret.h"

namespace dbomsbak {

enum class SslMode { kDisabled, kPreferred, kRequired, kVerifyCa, kVerifyIdentity };

// Empty or unset: the client's default. The user name is never split (`user@tenant#cluster`).
struct ConnectionOptions {
  std::string host;
  std::uint16_t port = 0;
  std::string user;
  Secret password;
  bool has_password = false;  // an empty password that was given is not "ask"
  // "FILE, line 7" where a comment behind it, without quotes, may be meant as part of it.
  std::string password_cut;
  std::string socket;
  std::string protocol;  // "", "tcp", "socket"
  std::optional<SslMode> ssl_mode;
  std::string ssl_ca;
  std::string ssl_cert;
  std::string ssl_key;
  unsigned connect_timeout_s = 10;

  // For messages: "root@127.0.0.1:3306", "root at /run/mysqld/mysqld.sock".
  std::string Describe() const;
};

// What a file that the operator named says of the server: to be reached by TCP.
struct ConfiguredConnection {
  std::string host, user;  // empty or 0: not told
  std::uint16_t port = 0;
  std::optional<Secret> password;
  std::string password_cut = {};  // as in ConnectionOptions
};

// What was on the command line, before option files are consulted. Unset fields do not override.
struct ConnectionArguments {
  std::optional<std::string> host, user, socket, protocol, ssl_mode, ssl_ca, ssl_cert, ssl_key;
  std::optional<std::uint16_t> port;
  std::optional<unsigned> connect_timeout_s;
  std::optional<Secret> password;                  // -pSECRET, --password=SECRET
  std::optional<std::string> password_file;        // --password-file
  bool ask_password = false;                       // bare -p
  std::optional<ConfiguredConnection> configured;  // --oms-config
  std::optional<std::string> defaults_file;
  std::optional<std::string> defaults_extra_file;
  std::string defaults_group_suffix;
  bool no_defaults = false;
};

// Lowest first: environment (MYSQL_HOST, MYSQL_TCP_PORT, MYSQL_UNIX_PORT), option files,
// `configured`, arguments.
// Option files are the mysql client's: /etc/my.cnf, /etc/mysql/my.cnf, $MYSQL_HOME/my.cnf,
// --defaults-extra-file, ~/.my.cnf, or --defaults-file alone; groups [client], [client-server],
// [client-mariadb], [dbomsbak] and their kin with --defaults-group-suffix. Of several lines the
// last counts, whatever its group, as in the client. (No .mylogin.cnf, no abbreviated names.)
// Passwords, highest first: `password`; `ask_password`; --password-file (its first line);
// DBOMSBAK_PASSWORD; that of `configured`, if its user it is; MYSQL_PWD; option file. A `password`
// line without '=' asks.
// TLS without a mode: VERIFY_IDENTITY for ssl-verify-server-cert, VERIFY_CA for a CA file, REQUIRED
// for `ssl`, a certificate or a key; else PREFERRED by TCP and none by socket. With REQUIRED and
// stronger there is no way back to clear text.
// `prompt` is called when the password must be asked for; null when there is no terminal.
// Warnings (an option file others can read) go to `notices`. Call it before threads are started.
// Errors: kUsage, kIo.
ConnectionOptions ResolveConnection(const ConnectionArguments& arguments,
                                    Secret (*prompt)(const std::string& question),
                                    std::vector<std::string>& notices);

// A line of an option file for a command of this program.
struct CommandOption {
  std::string name;                  // with '-' where the file may have '_'
  std::optional<std::string> value;  // nullopt: no '='
  std::string where;                 // "/etc/dbomsbak/snapshot.cnf, line 7"
};
// The lines of `group`, and of its kin by --defaults-group-suffix, of the files that
// ResolveConnection reads; a later one wins. Errors as there.
std::vector<CommandOption> ReadCommandOptions(const ConnectionArguments& arguments,
                                              const std::string& group);

}  // namespace dbomsbak
