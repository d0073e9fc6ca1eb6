// Results as JSON, field by field as json_table.h lists them.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "dbomsbak/app/archive_folder.h"
#include "dbomsbak/app/archive_gaps.h"
#include "dbomsbak/app/deep_verify.h"
#include "dbomsbak/app/oms_json.h"
#include "dbomsbak/app/snapshot_command.h"
#include "dbomsbak/app/verify_command.h"
#include "dbomsbak/archive/records.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/engine/check.h"
#include "dbomsbak/engine/diff.h"
#include "dbomsbak/engine/dump.h"
#include "dbomsbak/engine/plain_text.h"
#include "dbomsbak/engine/restore.h"
#include "dbomsbak/engine/text_piece.h"

namespace dbomsbak {

// Keys keep the order in which they are set: people read this too.
using Json = nlohmann::ordered_json;

// One line with its newline. Text that is not UTF-8 gets U+FFFD.
std::string ToLine(const Json& json);

// How an object with an exit code begins; an array of texts.
Json Coded(ErrorCode code);
Json Strings(const std::vector<std::string>& texts);

// Adds message, hint and object of problems that stand against what was asked: the first of all.
void AddProblems(ErrorCode code, const std::vector<std::string>& problems, const char* against,
                 Json& json);

Json ErrorToJson(const Error& error);
// Of `help`: the tables of commands, options, exit codes and these fields.
Json HelpToJson();
Json DumpToJson(const DumpResult& result, ErrorCode code, const std::string& path);
Json VerifyToJson(const std::vector<FileVerdict>& verdicts, ErrorCode code,
                  const std::optional<DeepReport>& deep);
// The manifest without its objects, which are streamed: they are its last member.
Json ManifestToJson(const std::string& path, const HeaderRecord& header, const Receipt& receipt);
// The same of a plain dump, objects included.
Json PlainManifestToJson(const std::string& path, const PlainSummary& summary);
// `stored_bytes`: of the file; of tables of archives.
Json ObjectToJson(const ObjectRecord& object, std::optional<std::uint64_t> stored_bytes = {});
// Of `cat`: a line before the last. What is not UTF-8 comes as Base64.
Json TextPieceToJson(const TextPiece& piece);
Json CheckToJson(const CheckReport& report);
// Of `check --restore`: the files of one set and what stands against restoring them.
Json RestoreCheckToJson(const std::vector<std::string>& files, const RestorePlan& plan,
                        ErrorCode code);
Json RestoreToJson(const RestoreResult& result, ErrorCode code, bool dry_run, bool rehearsed);
Json LeftoversToJson(const std::vector<Leftover>& leftovers, const char* key);
Json DiffToJson(const std::string& path, const DiffReport& report, ErrorCode code);
Json SnapshotToJson(const SnapshotResult& result, const std::string& label);
// Of `list`. `stale`: what --check-age found.
Json FolderToJson(const std::string& folder, const std::vector<FolderEntry>& entries,
                  const std::vector<ArchiveGap>& gaps, std::int64_t now,
                  const std::optional<Error>& stale);
// Of `prune`. `error`: what could not be removed.
Json RetentionToJson(const std::string& folder, const std::vector<Retained>& plan, bool dry_run,
                     const std::optional<Error>& error);
Json HaConfigToJson(const std::string& path, const ChangedHaConfig& changed);
// What one file holds, or why it was not understood.
struct OmsConnectors {
  std::string path;
  std::vector<ConnectorSource> sources;
  std::optional<Error> error;
};
Json ConnectorsToJson(const std::vector<OmsConnectors>& files, ErrorCode code);
// Of `status`; `unseen` as from UnseenLeftovers.
Json AbortToJson(const AbortResult& result, bool dry_run);
Json StatusToJson(const std::vector<Leftover>& leftovers, const std::string& unseen);

}  // namespace dbomsbak
