// The command `snapshot`: lock, room, dump, verify, publish, retention.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dbomsbak/app/archive_folder.h"
#include "dbomsbak/app/deep_verify.h"
#include "dbomsbak/app/envelope.h"
#include "dbomsbak/app/retention.h"
#include "dbomsbak/base/cancel.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/base/file.h"
#include "dbomsbak/engine/dump.h"
#include "dbomsbak/engine/observer.h"
#include "dbomsbak/transport/session.h"

namespace dbomsbak {

struct SnapshotCommand {
  std::string folder;
  std::string label;
  DumpOptions dump;
  Envelope envelope;
  KeepRules keep;  // none: nothing is removed
  std::optional<std::string> pin;
  unsigned deep_every = 0;  // a rehearsed restore with every so-manieth archive; 0: never
  // The rehearsal is on a throwaway server of this program (empty: that is found), not on the live
  // one.
  std::optional<std::string> throwaway;
  bool check_space = true;
  std::function<std::unique_ptr<SessionFactory>()> connect;
  std::function<std::int64_t()> clock;  // seconds since 1970
  // As in DumpCommand.
  std::function<void(std::vector<std::string>)> own_files;
  std::function<void()> before_publishing;
  // Called before a restore is rehearsed; may be empty.
  std::function<void()> before_rehearsal;
};

struct SnapshotResult {
  ErrorCode code = ErrorCode::kInternal;
  std::optional<Error> error;  // what ended the run, also behind the publication
  std::string file;            // the archive, with its folder; empty: none was published
  bool locked_out = false;     // another run has the lock: nothing of the folder was looked at
  std::optional<DumpResult> dump;
  std::string verified, rehearsed;  // UTC
  std::optional<DeepReport> deep;   // of the rehearsal, when there was one
  std::optional<std::string> pin;
  std::vector<Retained> retention;
  unsigned swept = 0;  // files that killed runs had left
  std::int64_t begun = 0;
  std::uint64_t duration_ms = 0;
};

// Errors end in the result. With losses that were allowed the code is kPartial, and nothing is
// removed, as after every failure.
SnapshotResult RunSnapshot(FileSystem& files, const SnapshotCommand& command, Observer& observer,
                           const CancelToken& cancel);

// What a folder holds of one label, in Prometheus' text format with what `result` says of the run.
std::string SnapshotMetrics(const std::vector<FolderEntry>& entries, const std::string& label,
                            const SnapshotResult& result, std::optional<std::uint64_t> free_bytes);
// Whole or not at all, for other users to read.
void WriteMetrics(FileSystem& files, const std::string& path, const std::string& text);

}  // namespace dbomsbak
