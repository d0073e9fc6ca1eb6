// What every program that this one starts is given.
#pragma once

#include <spawn.h>

#include <string>
#include <utility>
#include <vector>

namespace dbomsbak {

// Descriptors.
inline constexpr int kChildIn = 0, kChildOut = 1, kChildErr = 2;

// Our environment, without passwords of ours, and with `variables`.
std::vector<std::string> ChildEnvironment(
    const std::vector<std::pair<std::string, std::string>>& variables);

// Signals as a program expects them, and a process group of its own, so that it can be ended with
// its own children.
struct SpawnAttributes {
  posix_spawnattr_t value;
  SpawnAttributes();
  ~SpawnAttributes();
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;
};

struct SpawnFileActions {
  posix_spawn_file_actions_t value;
  SpawnFileActions();  // standard input is closed
  ~SpawnFileActions();
  SpawnFileActions(const SpawnFileActions&) = delete;
  SpawnFileActions& operator=(const SpawnFileActions&) = delete;
};

// For exec: the strings must outlive it.
std::vector<char*> PointersTo(std::vector<std::string>& strings);

}  // namespace dbomsbak
