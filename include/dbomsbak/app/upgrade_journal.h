// The folder of one upgrade: its journal and its lock.
//
//     journal.json     options, what was found out, and every step; written anew whole each time
//     lock             held by the run at work (flock)
//     inspect.json     `inspect` of the old container, as it was before anything changed
//     config.yaml      OMS's own configuration, a copy
//     *.sql.zst …      the archive, as a folder of `snapshot` has it; receipt.txt
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/base/file.h"
#include "dbomsbak/base/process_lock.h"
#include "dbomsbak/engine/step_runner.h"

namespace dbomsbak {

// FOLDER/FILE
std::string UpgradeFile(const std::string& folder, std::string_view file);

// What is read there is obeyed, by root most of the time. Errors: kUpgradePreflight for a symbolic
// link, another owner than this process, others that may write; kIo.
void CheckUpgradeFolder(const std::string& folder);

// Makes the folder (0700); one that is there is looked at. `with_parents`: those above it as well.
// Errors: kIo; kUpgradePreflight where one above is missing; those of CheckUpgradeFolder.
void MakeUpgradeFolder(const std::string& folder, bool with_parents);

// One run at a time. Errors: as of ProcessLock.
class UpgradeLock {
 public:
  explicit UpgradeLock(const std::string& folder);

 private:
  ProcessLock lock_;
};

// One thread. Whatever changes it is on disk before it returns.
class UpgradeJournal final : public JournalStore {
 public:
  using Options = std::map<std::string, std::vector<std::string>>;

  // Reads it, if there is one. Errors: kIo; kDamaged, kNewerFormat.
  UpgradeJournal(FileSystem& files, std::string folder);

  bool exists() const { return exists_; }
  const std::string& folder() const { return folder_; }

  const Options& options() const { return options_; }
  void SetOptions(Options options);

  // Empty: not known.
  std::string Fact(std::string_view name) const;
  void SetFact(const std::string& name, const std::string& value);

  // The time of an entry is taken here.
  void Append(std::string_view event, std::string_view step, std::string_view payload) override;
  std::vector<JournalEntry> Load() override { return entries_; }
  const std::vector<JournalEntry>& entries() const { return entries_; }

  // The newest entry of the step that is a "begin", "done", "confirmed", "undone" or "failed" (its
  // payload: exit code, blank, message; that of an "undone", too, where the step has failed and
  // done nothing); null: none.
  const JournalEntry* Last(std::string_view step) const;
  bool Begun(std::string_view step) const;  // begun or done, and not undone
  bool Done(std::string_view step) const;   // done or confirmed

 private:
  void Save();

  FileSystem& files_;
  std::string folder_;
  bool exists_ = false;
  Options options_;
  std::map<std::string, std::string, std::less<>> facts_;
  std::vector<JournalEntry> entries_;
};

}  // namespace dbomsbak
