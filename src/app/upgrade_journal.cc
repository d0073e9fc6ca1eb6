#include "dbomsbak/app/upgrade_journal.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "dbomsbak/app/child_process.h"
#include "dbomsbak/base/errno_hint.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/base/utc_time.h"

namespace dbomsbak {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::string_view kFormat = "dbomsbak-upgrade";
constexpr int kVersion = 1;
constexpr std::size_t kLargestJournal = std::size_t{16} << 20;

[[noreturn]] void ThrowDamaged(const std::string& path, std::string_view why) {
  throw Error(ErrorCode::kDamaged, fmt::format("'{}' cannot be understood: {}", path, why),
              "Nothing was changed. It is written whole each time: someone else changed it, or the "
              "disk is damaged. What a way back by hand needs is beside it: inspect.json, "
              "config.yaml, the archive, and receipt.txt.")
      .About(path);
}

}  // namespace

std::string UpgradeFile(const std::string& folder, std::string_view file) {
  return fmt::format("{}{}{}", folder, folder.ends_with('/') ? "" : "/", file);
}

void CheckUpgradeFolder(const std::string& folder) {
  std::string path = folder;
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) {
    if (errno == ENOENT) return;
    throw Error(ErrorCode::kIo, fmt::format("cannot look at '{}': {}", path, std::strerror(errno)),
                "Name a folder that this user may write to with --state DIR.")
        .About(path);
  }
  const auto refuse = [&](std::string why, std::string hint) {
    throw Error(ErrorCode::kUpgradePreflight,
                fmt::format("the folder of the upgrade, '{}', {}", path, why), std::move(hint))
        .About(path);
  };
  if (S_ISLNK(found.st_mode)) {
    refuse("is a symbolic link", "Name the folder itself with --state DIR.");
  }
  if (!S_ISDIR(found.st_mode)) return;  // what wants it a folder tells
  if (found.st_uid != ::geteuid()) {
    refuse(
        fmt::format("belongs to user {}, not to {}", found.st_uid, ::geteuid()),
        fmt::format("What it says is done as it stands. Run as its owner; or, if nobody else has "
                    "written there: chown {} {}",
                    ::geteuid(), ShellQuoted({path})));
  }
  if ((found.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    refuse("may be written to by others",
           fmt::format("What it says is done as it stands. If nobody has: chmod 700 {}",
                       ShellQuoted({path})));
  }
}

void MakeUpgradeFolder(const std::string& folder, bool with_parents) {
  CheckUpgradeFolder(folder);
  std::error_code error;
  fs::path path(folder);
  if (!path.has_filename()) path = path.parent_path();
  const std::string parent = path.parent_path().string();
  if (!with_parents && !parent.empty() && !fs::exists(parent, error) && !error) {
    throw Error(ErrorCode::kUpgradePreflight,
                fmt::format("the folder of the upgrade, '{}', cannot be made: there is no '{}'",
                            folder, parent),
                fmt::format("Look whether --state names the right one. If it does: mkdir -p {}",
                            ShellQuoted({parent})))
        .About(folder);
  }
  const bool fresh = fs::create_directories(path, error);
  if (!error && fresh) fs::permissions(path, fs::perms::owner_all, error);
  if (!error && !fs::is_directory(path, error) && !error) {
    error = std::make_error_code(std::errc::not_a_directory);
  }
  if (error) {
    throw Error(
        ErrorCode::kIo, fmt::format("cannot make folder '{}': {}", folder, error.message()),
        HintOfErrno(error.value(), "Name a folder that this user may write to with --state DIR."))
        .About(folder);
  }
}

UpgradeLock::UpgradeLock(const std::string& folder)
    : lock_(UpgradeFile(folder, "lock"), folder,
            fmt::format("another run is at work on the upgrade in '{}'", folder),
            "This user needs to write there; --state DIR names another folder.") {}

UpgradeJournal::UpgradeJournal(FileSystem& files, std::string folder)
    : files_(files), folder_(std::move(folder)) {
  const std::string path = UpgradeFile(folder_, "journal.json");
  if (!files_.Exists(path)) return;
  const Json json = Json::parse(ReadWholeFile(files_, path, kLargestJournal), nullptr, false);
  if (!json.is_object() || json.value("format", Json()) != kFormat) {
    ThrowDamaged(path, "it is no journal of an upgrade");
  }
  try {
    if (json.at("version").get<int>() > kVersion) {
      throw Error(ErrorCode::kNewerFormat,
                  fmt::format("'{}' was written by a later dbomsbak", path), "Go on with that one.")
          .About(path);
    }
    options_ = json.at("options").get<Options>();
    for (const auto& [name, value] : json.at("facts").items()) {
      facts_[name] = value.get<std::string>();
    }
    for (const Json& entry : json.at("entries")) {
      entries_.push_back({entries_.size() + 1, entry.at("time").get<std::string>(),
                          entry.at("event").get<std::string>(), entry.at("step").get<std::string>(),
                          entry.value("payload", "")});
    }
  } catch (const nlohmann::json::exception& problem) {
    ThrowDamaged(path, problem.what());
  }
  exists_ = true;
}

void UpgradeJournal::SetOptions(Options options) {
  options_ = std::move(options);
  Save();
}

std::string UpgradeJournal::Fact(std::string_view name) const {
  const auto found = facts_.find(name);
  return found == facts_.end() ? "" : found->second;
}

void UpgradeJournal::SetFact(const std::string& name, const std::string& value) {
  std::string& kept = facts_[name];
  if (kept == value && exists_) return;
  kept = value;
  Save();
}

void UpgradeJournal::Append(std::string_view event, std::string_view step,
                            std::string_view payload) {
  entries_.push_back({entries_.size() + 1, FormatUtc(UtcNow()), std::string(event),
                      std::string(step), std::string(payload)});
  Save();
}

const JournalEntry* UpgradeJournal::Last(std::string_view step) const {
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
    if (entry->step == step && entry->event != "note") return &*entry;
  }
  return nullptr;
}

bool UpgradeJournal::Begun(std::string_view step) const {
  const JournalEntry* const last = Last(step);
  return last != nullptr && last->event != "undone";
}

bool UpgradeJournal::Done(std::string_view step) const {
  const JournalEntry* const last = Last(step);
  return last != nullptr && (last->event == "done" || last->event == "confirmed");
}

void UpgradeJournal::Save() {
  Json json;
  json["format"] = kFormat;
  json["version"] = kVersion;
  json["written_by"] = "dbomsbak " DBOMSBAK_VERSION;
  json["options"] = Json::object();
  for (const auto& [name, values] : options_) json["options"][name] = values;
  json["facts"] = Json::object();
  for (const auto& [name, value] : facts_) json["facts"][name] = value;
  json["entries"] = Json::array();
  for (const JournalEntry& entry : entries_) {
    Json line;
    line["time"] = entry.time;
    line["event"] = entry.event;
    line["step"] = entry.step;
    if (!entry.payload.empty()) line["payload"] = entry.payload;
    json["entries"].push_back(std::move(line));
  }
  try {
    WriteWholeFile(files_, UpgradeFile(folder_, "journal.json"),
                   json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n", true);
  } catch (Error& error) {
    // On a full disk there would be no way back else.
    if (exists_) {
      error.set_hint(fmt::format(
          "{}{}A copy of the folder elsewhere is as good: cp -a {} DIR, and then the same command "
          "with --state DIR.",
          error.hint(), error.hint().empty() ? "" : " ", ShellQuoted({folder_})));
    }
    throw;
  }
  exists_ = true;
}

}  // namespace dbomsbak
