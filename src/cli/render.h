// Results as text for people.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "dbomsbak/app/archive_folder.h"
#include "dbomsbak/app/deep_verify.h"
#include "dbomsbak/app/verify_command.h"
#include "dbomsbak/archive/records.h"
#include "dbomsbak/engine/check.h"
#include "dbomsbak/engine/diff.h"
#include "dbomsbak/engine/dump.h"
#include "dbomsbak/engine/plain_text.h"
#include "dbomsbak/engine/restore.h"

namespace dbomsbak {

// One line, no newline: "sha256:… databases=a,b tables=47 rows=1234 snapshot=…".
std::string RenderReceipt(const Receipt& receipt, bool is_archive);

// What, how long and how large, one line.
std::string DumpSummary(const DumpResult& result, std::uint64_t duration_ms);

// Several lines, each with its newline.
std::string RenderDump(const DumpResult& result, const std::string& path);
std::string RenderVerdict(const FileVerdict& verdict);
// What the manifest of an archive says, and that of a plain dump: what it is about, and the text.
using Facts = std::vector<std::pair<std::string, std::string>>;
Facts ManifestFacts(const std::string& path, const HeaderRecord& header, const Receipt& receipt);
Facts PlainManifestFacts(const std::string& path, const PlainSummary& summary);
std::string RenderFacts(const Facts& facts);
std::string RenderObjectHeading();
std::string RenderObject(const ObjectRecord& object);
std::string RenderCheck(const CheckReport& report);
// Of `check --restore`: whole, object by object.
std::string RenderRestoreCheck(const std::vector<std::string>& files, const RestorePlan& plan);
std::string RenderPlan(const RestorePlan& plan, bool whole);  // `whole`: name every object
std::string RenderDiff(const std::string& file, const DiffReport& report);
// Of that, no newline: "differs: 3 objects missing live, 1 differing; of 40 objects, 1,000 live
// rows".
std::string DiffSummary(const DiffReport& report);
// "rows differ", "missing live (12 rows in the archive)"
std::string DiffVerdict(const ObjectDiff& object);
std::string RenderLeftovers(const std::vector<Leftover>& leftovers);
// " on mariadbd 10.11.6, started for it: 3.1 s to start, 1.2 s to load, 40 ms to prove, 5 s in
// all".
std::string OnThrowaway(const DeepReport& report);
// Of `list`: a line an archive.
std::string RenderFolder(const std::string& folder, const std::vector<FolderEntry>& entries,
                         std::int64_t now);
// Of `prune`: what goes, and why the others stay.
std::string RenderRetention(const std::vector<Retained>& plan, bool dry_run);

}  // namespace dbomsbak
