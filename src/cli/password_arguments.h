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
  std::string behind;              // the word behind that, if it is no option
  bool given() const { return password || ask; }
};

struct Words {
  // Options and arguments up to "--": long names with dashes for underscores as the mysql client
  // reads them, an option's empty value as a word of its own.
  std::vector<std::string> words;
  std::vector<std::string> operands;  // what stands behind "--"
};

struct CleanArguments {
  PasswordArguments password;
  Words rest;  // without argv[0]
};

// Copies each secret and overwrites it where it stood, so that neither the process list nor
// /proc/PID/cmdline shows it from then on. `-p mydb` is "ask" and the argument mydb; a value of
// another option is left alone even when it looks like a password (`-u -pablo`).
CleanArguments TakePasswords(int argc, char** argv);

}  // namespace dbomsbak
