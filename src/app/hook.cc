#include "dbomsbak/app/hook.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <string_view>
#include <thread>

extern char** environ;

namespace dbomsbak {
namespace {

constexpr int kOut = 1, kErr = 2;
constexpr std::chrono::milliseconds kPoll{20};

std::string NameOf(std::string_view variable) {
  return std::string(variable.substr(0, variable.find('=')));
}

std::vector<std::string> EnvironmentWith(
    const std::vector<std::pair<std::string, std::string>>& variables) {
  std::vector<std::string> environment;
  for (char** one = environ; *one != nullptr; ++one) {
    const std::string name = NameOf(*one);
    bool ours = name == "DBOMSBAK_PASSWORD" || name == "MYSQL_PWD";
    for (const auto& [variable, _] : variables) ours |= name == variable;
    if (!ours) environment.emplace_back(*one);
  }
  for (const auto& [variable, value] : variables) {
    // A NUL would end it.
    environment.push_back(fmt::format("{}={}", variable, value.substr(0, value.find('\0'))));
  }
  return environment;
}

struct Attributes {
  posix_spawnattr_t value;
  Attributes() {
    ::posix_spawnattr_init(&value);
    // This program blocks and ignores signals that a child must hear; the child leads a group, so
    // that it can be ended with its own children.
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
  ~Attributes() { ::posix_spawnattr_destroy(&value); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
};

struct Redirections {
  posix_spawn_file_actions_t value;
  Redirections() {
    ::posix_spawn_file_actions_init(&value);
    ::posix_spawn_file_actions_addopen(&value, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&value, kErr, kOut);
  }
  ~Redirections() { ::posix_spawn_file_actions_destroy(&value); }
  Redirections(const Redirections&) = delete;
  Redirections& operator=(const Redirections&) = delete;
};

}  // namespace

std::optional<std::string> RunHook(
    const std::string& command, const std::vector<std::pair<std::string, std::string>>& variables,
    const CancelToken& cancel) {
  std::vector<std::string> environment = EnvironmentWith(variables);
  std::vector<char*> pointers;
  for (std::string& variable : environment) pointers.push_back(variable.data());
  pointers.push_back(nullptr);
  std::string shell = "/bin/sh", flag = "-c", text = command;
  char* const arguments[] = {shell.data(), flag.data(), text.data(), nullptr};

  const Attributes attributes;
  const Redirections redirections;
  pid_t child = 0;
  const int failed = ::posix_spawn(&child, "/bin/sh", &redirections.value, &attributes.value,
                                   arguments, pointers.data());
  if (failed != 0) return fmt::format("cannot be started: {}", std::strerror(failed));

  // A run that was cancelled before tells its hook so; only a signal that comes now ends the hook.
  const bool was_cancelled = cancel.cancelled();
  bool told = false;
  for (;;) {
    int status = 0;
    const pid_t ended = ::waitpid(child, &status, WNOHANG);
    if (ended == child) {
      if (WIFSIGNALED(status)) return fmt::format("ended by signal {}", WTERMSIG(status));
      const int code = WEXITSTATUS(status);
      if (code == 0) return std::nullopt;
      return fmt::format("ended with {}", code);
    }
    if (ended < 0 && errno != EINTR) return fmt::format("is lost: {}", std::strerror(errno));
    if (!was_cancelled && !told && cancel.cancelled()) {
      told = true;
      ::kill(-child, SIGTERM);
    }
    std::this_thread::sleep_for(kPoll);
  }
}

}  // namespace dbomsbak
