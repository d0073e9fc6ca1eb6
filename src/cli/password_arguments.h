// Takes passwords out of the argument vector before anything else looks at it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dbomsbak/base/secret.h"

namespace dbomsbak {

struct PasswordArguments {
  std::optional<Secret> password;  // -pSECRET, --password=SECRET, --skip-password (empty)
  bool ask = false;                // bare -p or --password
  bool given() const { return password || ask; }
};

struct CleanArguments {
  PasswordArguments password;
  // The other arguments, without argv[0]: long names with dashes for underscores as the mysql
  // client reads them, an option's empty value as an argument of its own.
  std::vector<std::string> rest;
};

// Copies each secret and overwrites it where it stood, so that neither the process list nor
// /proc/PID/cmdline shows it from then on. `-p mydb` is "ask" and the argument mydb; a value of
// another option is left alone even when it looks like a password (`-u -pablo`).
CleanArguments TakePasswords(int argc, char** argv);

}  // namespace dbomsbak
