#include "dbomsbak/app/hook.h"

#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>

#include "app/spawning.h"

namespace dbomsbak {
namespace {

constexpr std::chrono::milliseconds kPoll{20};

}  // namespace

std::optional<std::string> RunHook(
    const std::string& command, const std::vector<std::pair<std::string, std::string>>& variables,
    const CancelToken& cancel) {
  std::vector<std::string> environment = ChildEnvironment(variables);
  const std::vector<char*> pointers = PointersTo(environment);
  std::string shell = "/bin/sh", flag = "-c", text = command;
  char* const arguments[] = {shell.data(), flag.data(), text.data(), nullptr};

  const SpawnAttributes attributes;
  SpawnFileActions redirections;
  ::posix_spawn_file_actions_adddup2(&redirections.value, kChildErr, kChildOut);
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
