#include "app/spawning.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <string_view>

#include "dbomsbak/objects/settings.h"

extern char** environ;

namespace dbomsbak {
namespace {

std::string NameOf(std::string_view variable) {
  return std::string(variable.substr(0, variable.find('=')));
}

}  // namespace

std::vector<std::string> ChildEnvironment(
    const std::vector<std::pair<std::string, std::string>>& variables) {
  std::vector<std::string> environment;
  for (char** one = environ; *one != nullptr; ++one) {
    const std::string name = NameOf(*one);
    bool ours = name == "DBOMSBAK_PASSWORD" || name == "MYSQL_PWD";
    for (const char* const variable : kSecretVariables) ours |= name == variable;
    for (const auto& [variable, _] : variables) ours |= name == variable;
    if (!ours) environment.emplace_back(*one);
  }
  for (const auto& [variable, value] : variables) {
    // A NUL would end it.
    environment.push_back(fmt::format("{}={}", variable, value.substr(0, value.find('\0'))));
  }
  return environment;
}

SpawnAttributes::SpawnAttributes() {
  ::posix_spawnattr_init(&value);
  // This program blocks and ignores signals that a child must hear.
  sigset_t none, ignored;
  ::sigemptyset(&none);
  ::sigemptyset(&ignored);
  for (const int number : {SIGPIPE, SIGXFSZ, SIGTERM, SIGINT, SIGHUP}) {
    ::sigaddset(&ignored, number);
  }
  ::posix_spawnattr_setsigmask(&value, &none);
  ::posix_spawnattr_setsigdefault(&value, &ignored);
  ::posix_spawnattr_setpgroup(&value, 0);
  ::posix_spawnattr_setflags(
      &value, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
}

SpawnAttributes::~SpawnAttributes() { ::posix_spawnattr_destroy(&value); }

SpawnFileActions::SpawnFileActions() {
  ::posix_spawn_file_actions_init(&value);
  ::posix_spawn_file_actions_addopen(&value, kChildIn, "/dev/null", O_RDONLY, 0);
}

SpawnFileActions::~SpawnFileActions() { ::posix_spawn_file_actions_destroy(&value); }

std::vector<char*> PointersTo(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& text : strings) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace dbomsbak
