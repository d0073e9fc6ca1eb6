#include "dbomsbak/app/docker.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "dbomsbak/base/ascii.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/base/units.h"
#include "dbomsbak/base/utc_time.h"

namespace dbomsbak {
namespace {

using Json = nlohmann::json;

constexpr std::chrono::seconds kAnswer{60};

// Empty where it is missing or something else.
std::string Text(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

bool True(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

const Json& Member(const Json& object, const char* key) {
  static const Json kNone = Json::object();
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_object() ? *found : kNone;
}

std::string PolicyOf(const Json& policy) {
  const std::string name = Text(policy, "Name");
  if (name.empty()) return "no";
  const auto count = policy.find("MaximumRetryCount");
  if (name == "on-failure" && count != policy.end() && count->is_number_integer() &&
      count->get<long>() > 0) {
    return fmt::format("{}:{}", name, count->get<long>());
  }
  return name;
}

std::vector<ContainerMount> MountsOf(const Json& container) {
  std::vector<ContainerMount> mounts;
  const auto listed = container.find("Mounts");
  if (listed == container.end() || !listed->is_array()) return mounts;
  for (const Json& one : *listed) {
    ContainerMount mount;
    mount.type = Text(one, "Type");
    mount.source = Text(one, "Source");
    mount.destination = Text(one, "Destination");
    while (mount.destination.size() > 1 && mount.destination.ends_with('/')) {
      mount.destination.pop_back();
    }
    mount.writable = !one.is_object() || !one.contains("RW") || True(one, "RW");
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

// "Error: No such container: x", "no such object: \"x\"", "x: image not known". No less than that:
// an engine that is down is told as "…docker.sock: connect: no such file or directory", and one
// that is far away as "no such host".
bool SaysMissing(const ChildResult& result) {
  constexpr std::string_view kMissing[] = {"no such container", "no such object", "no such image",
                                           "image not known", "no container with name or id"};
  const std::string said = LowerAscii(result.err);
  return std::any_of(std::begin(kMissing), std::end(kMissing),
                     [&](std::string_view words) { return said.find(words) != std::string::npos; });
}

bool SaysUnknown(const ChildResult& result) {
  constexpr std::string_view kUnknown[] = {"unknown flag: --restart", "unrecognized command",
                                           "unknown command"};
  const std::string said = LowerAscii(result.err);
  return std::any_of(std::begin(kUnknown), std::end(kUnknown),
                     [&](std::string_view words) { return said.find(words) != std::string::npos; });
}

// Behind it may stand "See 'podman update --help'".
std::string LastLine(std::string text) {
  for (;;) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    const std::size_t at = text.rfind('\n');
    if (at == std::string::npos) return text;
    const std::string line = text.substr(at + 1);
    if (!line.starts_with("See '") && !line.starts_with("Try '")) return line;
    text.resize(at);
  }
}

}  // namespace

const ContainerMount* ContainerInfo::MountAt(std::string_view destination) const {
  for (const ContainerMount& mount : mounts) {
    if (mount.destination == destination) return &mount;
  }
  return nullptr;
}

std::optional<std::string> ContainerInfo::Variable(std::string_view variable) const {
  for (const std::string& entry : environment) {
    if (entry.size() > variable.size() && entry.starts_with(variable) &&
        entry[variable.size()] == '=') {
      return entry.substr(variable.size() + 1);
    }
  }
  return std::nullopt;
}

ContainerInfo ParseContainer(std::string_view json) {
  const Json answer = Json::parse(json, nullptr, false);
  const Json* const container =
      answer.is_array() && answer.size() == 1 && answer.front().is_object() ? &answer.front()
                                                                            : nullptr;
  ContainerInfo info;
  if (container != nullptr) info.id = Text(*container, "Id");
  if (info.id.empty()) {
    throw Error(ErrorCode::kUnsupported, "the answer of inspect does not describe a container",
                "It must be JSON as docker and podman write it: see --docker.");
  }
  info.name = Text(*container, "Name");
  if (info.name.starts_with('/')) info.name.erase(0, 1);
  const Json& config = Member(*container, "Config");
  const Json& state = Member(*container, "State");
  const Json& host = Member(*container, "HostConfig");
  info.image = Text(*container, "ImageName");  // podman
  if (info.image.empty()) info.image = Text(config, "Image");
  info.status = Text(state, "Status");
  info.started_at = Text(state, "StartedAt");
  info.finished_at = Text(state, "FinishedAt");
  // Podman calls neither running: one that is asked to stop and has not yet, one that may go on.
  info.running =
      True(state, "Running") || True(state, "Paused") || LowerAscii(info.status) == "stopping";
  info.auto_remove = True(host, "AutoRemove");
  info.restart_policy = PolicyOf(Member(host, "RestartPolicy"));
  info.network = Text(host, "NetworkMode");
  if (const auto listed = config.find("Env"); listed != config.end() && listed->is_array()) {
    for (const Json& entry : *listed) {
      if (entry.is_string()) info.environment.push_back(entry.get<std::string>());
    }
  }
  info.mounts = MountsOf(*container);
  return info;
}

std::string EngineTime(const std::string& text) {
  constexpr std::size_t kSeconds = 19;  // "2026-11-27T10:15:34"
  constexpr std::size_t kOffset = 6;    // "+08:00"
  if (text.size() <= kSeconds) return "";
  const auto time = ParseUtc(text.substr(0, kSeconds) + "Z");
  if (!time) return "";
  std::string_view zone = std::string_view(text).substr(kSeconds);
  if (zone.starts_with('.')) {
    zone.remove_prefix(std::min(zone.find_first_not_of("0123456789", 1), zone.size()));
  }
  if (zone == "Z") return FormatUtc(*time);
  const auto digit = [&](std::size_t at) -> int {
    return zone[at] >= '0' && zone[at] <= '9' ? zone[at] - '0' : -100'000;
  };
  if (zone.size() != kOffset || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':') return "";
  const int minutes = (digit(1) * 10 + digit(2)) * 60 + digit(4) * 10 + digit(5);
  if (minutes < 0 || minutes > 24 * 60) return "";
  return FormatUtc(*time - (zone[0] == '+' ? minutes : -minutes) * 60);
}

std::vector<std::string> Docker::Command(const std::vector<std::string>& words) const {
  std::vector<std::string> argv{program_};
  argv.insert(argv.end(), words.begin(), words.end());
  return argv;
}

ChildResult Docker::Try(const std::vector<std::string>& words, std::chrono::seconds limit) const {
  try {
    return RunChild(Command(words), limit, cancel_);
  } catch (Error& error) {
    if (error.code() == ErrorCode::kIo) {
      error.set_hint("Install the engine's command, or name it with --docker PROGRAM.");
    }
    throw;
  }
}

std::string Docker::HowItEnded(const std::vector<std::string>& words, const ChildResult& result,
                               std::chrono::seconds limit) const {
  const std::string command = ShellQuoted(Command(words));
  if (result.timed_out) {
    return fmt::format("'{}' did not end within {}", command,
                       HumanDuration(static_cast<std::uint64_t>(limit.count()) * 1000));
  }
  const std::string said = LastLine(result.err.empty() ? result.out : result.err);
  return fmt::format("'{}' ended with {}{}{}", command, result.code, said.empty() ? "" : ": ",
                     said);
}

void Docker::Refused(const std::vector<std::string>& words, const ChildResult& result,
                     std::chrono::seconds limit) const {
  throw Error(ErrorCode::kUpgradePreflight, HowItEnded(words, result, limit),
              "Look at the container engine; the command can be tried by hand.");
}

void Docker::Run(const std::vector<std::string>& words, std::chrono::seconds limit) const {
  const ChildResult result = Try(words, limit);
  if (result.code != 0 || result.timed_out) Refused(words, result, limit);
}

// Also one that is called docker.
bool Docker::IsPodman() const {
  const ChildResult result = Try({"--version"}, kAnswer);
  return result.code == 0 && !result.timed_out && LowerAscii(result.out).starts_with("podman");
}

Docker::PolicyChange Docker::SetRestartPolicy(const std::string& container,
                                              const std::string& policy) const {
  const std::vector<std::string> words{"update", "--restart", policy, container};
  const ChildResult result = Try(words, kAnswer);
  if (result.code == 0 && !result.timed_out) {
    // A client may be younger than the podman that it asks.
    const auto now = Inspect(container);
    if (!now || now->info.restart_policy == policy) return PolicyChange::kDone;
    return IsPodman() ? PolicyChange::kCannot : PolicyChange::kWithoutEffect;
  }
  if (!result.timed_out && SaysUnknown(result) && IsPodman()) return PolicyChange::kCannot;
  Refused(words, result, kAnswer);
}

std::optional<Docker::Inspected> Docker::Inspect(const std::string& container) const {
  const std::vector<std::string> words{"inspect", "--type", "container", container};
  const ChildResult result = Try(words, kAnswer);
  if (result.code != 0 || result.timed_out) {
    if (!result.timed_out && SaysMissing(result)) return std::nullopt;
    Refused(words, result, kAnswer);
  }
  return Inspected{ParseContainer(result.out), result.out};
}

bool Docker::HasImage(const std::string& image) const {
  const std::vector<std::string> words{"image", "inspect", image};
  const ChildResult result = Try(words, kAnswer);
  if (result.code == 0 && !result.timed_out) {
    const Json answer = Json::parse(result.out, nullptr, false);
    return answer.is_array() && !answer.empty();
  }
  if (!result.timed_out && SaysMissing(result)) return false;
  Refused(words, result, kAnswer);
}

std::vector<std::string> Docker::RunningContainers() const {
  const std::vector<std::string> words{"ps", "--format", "{{json .}}"};
  const ChildResult result = Try(words, kAnswer);
  if (result.code != 0 || result.timed_out) Refused(words, result, kAnswer);
  std::vector<std::string> names;
  std::string_view rest = result.out;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const Json line = Json::parse(rest.substr(0, end), nullptr, false);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const auto found = line.is_object() ? line.find("Names") : line.end();
    if (!line.is_object() || found == line.end()) continue;
    if (found->is_string()) names.push_back(found->get<std::string>());
    if (found->is_array() && !found->empty() && found->front().is_string()) {  // podman
      names.push_back(found->front().get<std::string>());
    }
  }
  return names;
}

std::string Docker::TellRunning() const {
  try {
    std::string names;
    for (const std::string& name : RunningContainers()) {
      names += (names.empty() ? "" : ", ") + name;
    }
    return names.empty() ? "" : fmt::format("Running are: {}.", names);
  } catch (const Error&) {  // what failed is worth more
    return "";
  }
}

std::string Docker::LastLines(const std::string& container, unsigned lines) const {
  const ChildResult result = Try({"logs", "--tail", fmt::format("{}", lines), container}, kAnswer);
  return result.out + result.err;
}

}  // namespace dbomsbak
