// A container engine behind its command: docker, or podman.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/app/child_process.h"
#include "dbomsbak/base/cancel.h"

namespace dbomsbak {

struct ContainerMount {
  std::string type;  // bind, volume, tmpfs
  std::string source, destination;
  bool writable = true;
};

// What `inspect` tells of a container that matters here.
struct ContainerInfo {
  std::string id, name;
  std::string image;       // as it was named
  std::string status;      // created, running, exited …
  std::string started_at;  // as the engine writes it; says only whether it is the same start
  std::string finished_at;
  bool running = false;      // has processes: also one that is paused, or still stopping
  bool auto_remove = false;  // --rm
  std::string
      restart_policy;  // as for `update --restart`: no, always, unless-stopped, on-failure:3
  std::string network;
  std::vector<std::string> environment;  // NAME=value
  std::vector<ContainerMount> mounts;

  const ContainerMount* MountAt(std::string_view destination) const;  // null: none
  std::optional<std::string> Variable(std::string_view name) const;
};

// The answer of `inspect` for one container: an array of one object. Docker's and podman's.
// Errors: kUnsupported for what is no such answer.
ContainerInfo ParseContainer(std::string_view json);

// "2026-11-27T10:15:34Z" of a time as docker ("….123456789Z") and podman ("….123456789+08:00")
// write it, in UTC; empty when it is none.
std::string EngineTime(const std::string& text);

// Runs the command for each request; nothing is kept. What its answers are read from is JSON.
// Errors of all: kIo when the program cannot be started, kUpgradePreflight when it ended with
// another code than 0 (the engine is down, say) or in no time, kInterrupted, kTerminated.
class Docker {
 public:
  Docker(std::string program, const CancelToken& cancel)
      : program_(std::move(program)), cancel_(cancel) {}

  // The command with its program before it.
  std::vector<std::string> Command(const std::vector<std::string>& words) const;

  struct Inspected {
    ContainerInfo info;
    std::string json;
  };
  std::optional<Inspected> Inspect(const std::string& container) const;  // nothing: there is none
  bool HasImage(const std::string& image) const;
  std::vector<std::string> RunningContainers() const;
  // "Running are: a, b.", for hints; empty where there are none, or the engine does not tell.
  std::string TellRunning() const;

  // Whatever the program ends with.
  ChildResult Try(const std::vector<std::string>& words, std::chrono::seconds limit) const;
  void Run(const std::vector<std::string>& words, std::chrono::seconds limit) const;
  // kCannot: a podman that cannot change it on a container that is there (before 5.1). Docker,
  // which starts containers by their policy, must be able to; kWithoutEffect: it says that it did,
  // and has not. With both nothing was changed.
  enum class PolicyChange { kDone, kCannot, kWithoutEffect };
  PolicyChange SetRestartPolicy(const std::string& container, const std::string& policy) const;
  // Of what Try() has answered: "'docker stop x' ended with 1: …", with the last line it said.
  std::string HowItEnded(const std::vector<std::string>& words, const ChildResult& result,
                         std::chrono::seconds limit) const;
  // The last lines it has written.
  std::string LastLines(const std::string& container, unsigned lines) const;

 private:
  bool IsPodman() const;
  [[noreturn]] void Refused(const std::vector<std::string>& words, const ChildResult& result,
                            std::chrono::seconds limit) const;

  std::string program_;
  const CancelToken& cancel_;
};

}  // namespace dbomsbak
