#include "dbomsbak/app/snapshot_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <utility>

#include "dbomsbak/app/deep_verify.h"
#include "dbomsbak/app/dump_command.h"
#include "dbomsbak/app/verify_command.h"
#include "dbomsbak/base/units.h"
#include "dbomsbak/base/utc_time.h"
#include "dbomsbak/engine/restore.h"
#include "dbomsbak/objects/object_path.h"

namespace dbomsbak {
namespace {

bool OfLabel(const FolderEntry& entry, const std::string& label) {
  return entry.name && entry.label() == label;
}

// The last archive and a tenth more: data grows from day to day. The first one has nothing to go
// by.
void RequireSpace(const std::vector<FolderEntry>& entries, const SnapshotCommand& command) {
  constexpr std::uint64_t kLeast = std::uint64_t{1} << 20;
  const FolderEntry* last = nullptr;
  for (const FolderEntry& entry : entries) {
    if (OfLabel(entry, command.label) && entry.receipt) last = &entry;
  }
  const std::uint64_t wanted = last == nullptr ? kLeast : last->bytes + last->bytes / 10 + kLeast;
  const std::uint64_t free = FreeBytesOf(command.folder);
  if (free >= wanted) return;
  throw Error(
      ErrorCode::kIo,
      fmt::format("{} are free in '{}', and {} are wanted{}", HumanBytes(free), command.folder,
                  HumanBytes(wanted),
                  last == nullptr ? "" : fmt::format(": '{}' and a tenth more", last->file)),
      "Free some space there, keep fewer archives, or add --skip-space-check.")
      .About(command.folder);
}

// Of the newest verified one; the folder knows what was, so that nobody has to count.
std::optional<unsigned> Unrehearsed(const std::vector<FolderEntry>& entries,
                                    const std::string& label) {
  std::optional<unsigned> number;
  for (const FolderEntry& entry : entries) {
    if (OfLabel(entry, label) && !entry.verified.empty()) number = entry.unrehearsed;
  }
  return number;
}

// A restore would put an interrupted one right first, which may change what is live. That is not
// for cron to do.
void RefuseToHeal(Session& session) {
  for (const Leftover& leftover : FindLeftovers(session)) {
    if (leftover.kind != LeftoverKind::kOpenWindow) continue;
    throw Error(ErrorCode::kRestorePreflight, "an interrupted restore waits to be put right",
                fmt::format("That is not for cron to do. {}", leftover.advice));
  }
}

class Run {
 public:
  Run(FileSystem& files, const SnapshotCommand& command, Observer& observer,
      const CancelToken& cancel, SnapshotResult& result)
      : files_(files),
        command_(command),
        observer_(observer),
        cancel_(cancel),
        result_(result),
        keeper_(files, command.folder) {}

  void Go() {
    const FolderLock lock(files_, command_.folder);
    keeper_.Hold(lock);
    result_.swept = keeper_.Sweep();
    const std::vector<FolderEntry> before = ListFolder(files_, command_.folder);
    if (command_.check_space && !IsObjectPath(command_.folder)) RequireSpace(before, command_);
    const std::unique_ptr<SessionFactory> sessions = command_.connect();
    const std::string file =
        keeper_.FreshName(command_.label, result_.begun, !command_.envelope.recipients.none());
    const std::optional<unsigned> last = Unrehearsed(before, command_.label);
    const unsigned unrehearsed = last.value_or(0) + 1;
    try {
      Make(file, *sessions, unrehearsed, lock);
    } catch (...) {
      keeper_.Discard(file);
      throw;
    }
    result_.file = keeper_.Path(file);
    result_.pin = command_.pin;
    const bool is_turn = !last || unrehearsed >= command_.deep_every;
    if (command_.deep_every > 0 && is_turn) Rehearse(file, *sessions);
    result_.code = result_.dump->omitted.empty() ? ErrorCode::kOk : ErrorCode::kPartial;
    if (result_.code != ErrorCode::kOk || !command_.keep.any()) return;
    cancel_.ThrowIfCancelled();
    lock.RequireHeld();
    result_.retention =
        PlanRetention(files_, command_.folder, command_.label, command_.keep, command_.clock());
    for (Retained& retained : result_.retention) {
      const bool own = retained.entry.file == file;  // the clock may have been behind at first
      if (own && retained.reason.empty()) retained.reason = "just made";
    }
    try {
      RemoveUnretained(keeper_, result_.retention);
    } catch (Error& error) {
      error.While("the new archive is good, but an old one could not be removed");
      throw;
    }
  }

 private:
  void Make(const std::string& file, SessionFactory& sessions, unsigned unrehearsed,
            const FolderLock& lock) {
    DumpCommand dump;
    dump.target.path = keeper_.WorkPath(file);
    dump.target.format = DumpFormat::kArchive;
    dump.options = command_.dump;
    dump.envelope = command_.envelope;
    dump.own_files = command_.own_files;
    result_.dump = RunDumpToFile(sessions, files_, dump, observer_, cancel_);
    if (command_.own_files) {
      command_.own_files({keeper_.WorkPath(file), keeper_.WorkPath(file + ".sha256"),
                          SignatureOf(keeper_.WorkPath(file))});
    }
    VerifyOptions verify;
    verify.max_memory_bytes = command_.dump.max_memory_bytes;
    verify.expect = result_.dump->receipt.root;
    const FileVerdict verdict =
        VerifyFile(files_, keeper_.WorkPath(file), verify, {}, observer_, cancel_);
    if (verdict.error) {
      Error error = *verdict.error;
      error.While("the new archive does not verify and is not kept");
      throw error;
    }
    cancel_.ThrowIfCancelled();
    if (command_.before_publishing) command_.before_publishing();
    lock.RequireHeld();
    result_.verified = FormatUtc(command_.clock());
    keeper_.Publish(file, ProofOf("", unrehearsed), command_.pin);
  }

  Proof ProofOf(const std::string& rehearsed, unsigned unrehearsed) const {
    const Receipt& receipt = result_.dump->receipt;
    Proof proof{receipt.root, result_.verified, rehearsed, unrehearsed};
    if (!command_.envelope.recipients.none()) {
      proof.sealed = {result_.dump->output_bytes,
                      {},
                      receipt.footer.table_count,
                      receipt.footer.row_count,
                      receipt.footer.partial};
    }
    return proof;
  }

  // Restored into scratch databases beside the live ones, or on another server; proved, swept.
  void Rehearse(const std::string& file, SessionFactory& sessions) {
    DeepVerifyCommand deep;
    deep.paths = {keeper_.Path(file)};
    deep.text_bytes = result_.dump->receipt.footer.text_size;
    deep.max_memory_bytes = command_.dump.max_memory_bytes;
    try {
      if (command_.throwaway) {
        deep.program = *command_.throwaway;
        result_.deep = VerifyOnThrowaway(files_, deep, observer_, cancel_);
      } else {
        if (command_.before_rehearsal) command_.before_rehearsal();
        RefuseToHeal(*sessions.Connect());
        result_.deep = VerifyOn(sessions, files_, deep, observer_, cancel_);
      }
    } catch (Error& error) {
      error.While("the new archive is verified and kept, but its restore could not be rehearsed");
      throw;
    }
    result_.rehearsed = FormatUtc(command_.clock());
    keeper_.WriteProof(file, ProofOf(result_.rehearsed, 0));
  }

  FileSystem& files_;
  const SnapshotCommand& command_;
  Observer& observer_;
  const CancelToken& cancel_;
  SnapshotResult& result_;
  FolderKeeper keeper_;
};

}  // namespace

SnapshotResult RunSnapshot(FileSystem& files, const SnapshotCommand& command, Observer& observer,
                           const CancelToken& cancel) {
  const auto start = std::chrono::steady_clock::now();
  SnapshotResult result;
  result.begun = command.clock();
  try {
    Run(files, command, observer, cancel, result).Go();
  } catch (const Error& error) {
    result.error = error;
    result.code = error.code();
    // The lock's word is its own: 32 may come from other places, too.
    result.locked_out = error.code() == ErrorCode::kLocked && !result.dump;
  }
  result.duration_ms =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                     std::chrono::steady_clock::now() - start)
                                     .count());
  return result;
}

std::string SnapshotMetrics(const std::vector<FolderEntry>& entries, const std::string& label,
                            const SnapshotResult& result, std::optional<std::uint64_t> free_bytes) {
  const FolderEntry* newest = nullptr;
  std::uint64_t good = 0, pinned = 0, bytes = 0;
  for (const FolderEntry& entry : entries) {
    if (!OfLabel(entry, label)) continue;
    bytes += entry.bytes;
    if (entry.pin) ++pinned;
    if (entry.state != ArchiveState::kGood) continue;
    ++good;
    newest = &entry;
  }
  std::string text;
  const auto add = [&](const char* name, const char* help, const std::string& value) {
    text += fmt::format(
        "# HELP dbomsbak_snapshot_{0} {1}\n# TYPE dbomsbak_snapshot_{0} gauge\n"
        "dbomsbak_snapshot_{0}{{label=\"{2}\"}} {3}\n",
        name, help, label, value);
  };
  const auto number = [](auto value) { return fmt::format("{}", value); };
  add("last_run_timestamp_seconds", "When the last run began.", number(result.begun));
  add("last_run_success", "1 when the last run ended with 0.",
      number(result.code == ErrorCode::kOk ? 1 : 0));
  add("last_run_exit_code", "What the last run ended with.", number(static_cast<int>(result.code)));
  add("last_run_duration_seconds", "How long the last run took.",
      fmt::format("{}.{:03}", result.duration_ms / 1000, result.duration_ms % 1000));
  if (newest != nullptr) {
    const FooterRecord& footer = newest->receipt->footer;
    add("newest_good_timestamp_seconds", "When the newest verified archive was begun.",
        number(newest->time));
    add("newest_good_size_bytes", "Size of the newest verified archive.", number(newest->bytes));
    add("newest_good_tables", "Tables in it.", number(footer.table_count));
    add("newest_good_rows", "Rows in it.", number(footer.row_count));
  }
  add("good_archives", "Verified archives that are kept.", number(good));
  add("pinned_archives", "Archives that are pinned.", number(pinned));
  add("archives_size_bytes", "Size of all archives of this label.", number(bytes));
  if (free_bytes) add("free_bytes", "Free bytes in the folder.", number(*free_bytes));
  return text;
}

void WriteMetrics(FileSystem& files, const std::string& path, const std::string& text) {
  AtomicFile out(files, path, true);
  out.file().Append(text);
  namespace fs = std::filesystem;
  std::error_code error;
  fs::permissions(path + ".partial",
                  fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read |
                      fs::perms::others_read,
                  error);
  if (error) {
    throw Error(ErrorCode::kIo,
                fmt::format("cannot let others read '{}': {}", path, error.message()),
                "Is it on a file system that keeps modes? --metrics names another place.")
        .About(path);
  }
  out.Commit();
}

}  // namespace dbomsbak
