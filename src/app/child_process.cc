#include "dbomsbak/app/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <thread>
#include <utility>

#include "app/spawning.h"
#include "dbomsbak/base/error.h"

namespace dbomsbak {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostKept = std::size_t{8} << 20;
constexpr std::chrono::milliseconds kPoll{20}, kGrace{5000};

class Pipe {
 public:
  Pipe() {
    if (::pipe2(ends_.data(), O_CLOEXEC) != 0) {
      throw Error(ErrorCode::kIo, fmt::format("cannot make a pipe: {}", std::strerror(errno)),
                  "Raise the limit of open files (ulimit -n).");
    }
    ::fcntl(ends_[0], F_SETFL, O_NONBLOCK);
  }
  ~Pipe() {
    CloseRead();
    CloseWrite();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  int read_end() const { return ends_[0]; }
  int write_end() const { return ends_[1]; }
  bool open() const { return ends_[0] >= 0; }
  void CloseWrite() { Close(ends_[1]); }
  void CloseRead() { Close(ends_[0]); }

  // What is there; at the end of the stream the reading end is closed.
  void Drain(std::string& text) {
    std::array<char, 16384> buffer;
    while (open()) {
      const ssize_t count = ::read(ends_[0], buffer.data(), buffer.size());
      if (count > 0) {
        text.append(buffer.data(), static_cast<std::size_t>(count));
        if (text.size() > kMostKept) text.erase(0, text.size() - kMostKept / 2);
      } else if (count == 0) {
        CloseRead();
      } else if (errno != EINTR) {
        return;
      }
    }
  }

 private:
  static void Close(int& descriptor) {
    if (descriptor >= 0) ::close(std::exchange(descriptor, -1));
  }
  std::array<int, 2> ends_{-1, -1};
};

// Ends the child's group; called again and again until it is gone.
class Ending {
 public:
  explicit Ending(pid_t child) : child_(child) {}
  void Push() {
    if (!begun_) {
      begun_ = true;
      kill_at_ = Clock::now() + kGrace;
      ::kill(-child_, SIGTERM);
    } else if (Clock::now() >= kill_at_) {
      ::kill(-child_, SIGKILL);
    }
  }

 private:
  pid_t child_;
  bool begun_ = false;
  Clock::time_point kill_at_;
};

}  // namespace

ChildResult RunChild(const std::vector<std::string>& argv, std::chrono::milliseconds limit,
                     const CancelToken& cancel) {
  cancel.ThrowIfCancelled();
  Pipe out, err;
  SpawnFileActions redirections;
  ::posix_spawn_file_actions_adddup2(&redirections.value, out.write_end(), kChildOut);
  ::posix_spawn_file_actions_adddup2(&redirections.value, err.write_end(), kChildErr);
  const SpawnAttributes attributes;
  std::vector<std::string> arguments = argv, environment = ChildEnvironment({});
  const std::vector<char*> words = PointersTo(arguments), variables = PointersTo(environment);
  pid_t child = 0;
  const int failed = ::posix_spawnp(&child, argv.front().c_str(), &redirections.value,
                                    &attributes.value, words.data(), variables.data());
  if (failed != 0) {
    throw Error(ErrorCode::kIo,
                fmt::format("'{}' cannot be started: {}", argv.front(), std::strerror(failed)),
                "Is it installed, on PATH, and may this user run it?")
        .About(argv.front());
  }
  out.CloseWrite();
  err.CloseWrite();

  ChildResult result;
  Ending ending(child);
  const Clock::time_point deadline = Clock::now() + limit;
  int status = 0;
  std::chrono::milliseconds nap{1};
  for (;;) {
    std::array<pollfd, 2> watched{pollfd{out.read_end(), POLLIN, 0},
                                  pollfd{err.read_end(), POLLIN, 0}};
    if (out.open() || err.open()) {
      ::poll(watched.data(), watched.size(), static_cast<int>(kPoll.count()));
    } else {  // most end right behind
      std::this_thread::sleep_for(nap);
      nap = std::min(nap * 2, kPoll);
    }
    out.Drain(result.out);
    err.Drain(result.err);
    const pid_t ended = ::waitpid(child, &status, WNOHANG);
    if (ended == child) break;
    if (ended < 0 && errno != EINTR) {
      throw Error(ErrorCode::kInternal,
                  fmt::format("'{}' is lost: {}", argv.front(), std::strerror(errno)));
    }
    if (Clock::now() >= deadline) {
      result.timed_out = true;
      ending.Push();
    } else if (cancel.cancelled()) {
      ending.Push();
    }
  }
  // A grandchild may hold the pipes open for ever: what is there now is all.
  out.Drain(result.out);
  err.Drain(result.err);
  cancel.ThrowIfCancelled();
  result.code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return result;
}

std::string ShellQuoted(const std::vector<std::string>& argv) {
  std::string line;
  for (const std::string& word : argv) {
    if (!line.empty()) line += ' ';
    const bool plain = !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             std::strchr("_@%+=:,./-", c) != nullptr;
    });
    if (plain) {
      line += word;
      continue;
    }
    line += '\'';
    for (const char c : word) {
      if (c == '\'') {
        line += "'\\''";
      } else {
        line += c;
      }
    }
    line += '\'';
  }
  return line;
}

}  // namespace dbomsbak
