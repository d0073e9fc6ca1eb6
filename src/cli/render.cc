#include "cli/render.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <limits>
#include <string_view>

#include "cli/console.h"
#include "dbomsbak/base/units.h"

namespace dbomsbak {
namespace {

std::string SnapshotPosition(const SnapshotRecord& snapshot) {
  if (snapshot.binlog_file.empty()) return {};
  return fmt::format("{}:{}", snapshot.binlog_file, snapshot.binlog_position);
}

std::string Line(std::string_view label, std::string_view text) {
  return fmt::format("{:<16}{}\n", label, Printable(text));
}

std::string ScopeText(const Scope& scope) {
  std::vector<std::string> parts;
  for (const auto& [database, table] : scope.only_tables) {
    parts.push_back(fmt::format("only {}.{}", database, table));
  }
  for (const auto& [database, table] : scope.ignored_tables) {
    parts.push_back(fmt::format("without {}.{}", database, table));
  }
  for (const ObjectKind kind : scope.excluded_kinds) {
    parts.push_back(fmt::format("no {}s", ToString(kind)));
  }
  for (const auto& [table, condition] : scope.row_filters) {
    const bool pruned = std::any_of(scope.pruned_tables.begin(), scope.pruned_tables.end(),
                                    [&filtered = table](const auto& name) {
                                      return filtered == name.first + "." + name.second;
                                    });
    parts.push_back(fmt::format("{} of {} where {}", pruned ? "newest rows" : "rows",
                                table == "*" ? "all tables" : table, condition));
  }
  if (scope.no_data) parts.emplace_back("no rows");
  if (scope.no_create_info) parts.emplace_back("no definitions");
  return parts.empty() ? "everything in these databases" : Joined(parts, "; ");
}

// A problem must not be overlooked.
std::string Mark(CheckFinding::Level level) {
  std::string word(ToString(level));
  if (level != CheckFinding::Level::kProblem) return word;
  for (char& c : word) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return word;
}

// "50 tables, 1 view".
std::string CountsByKind(const std::vector<ObjectId>& ids) {
  std::vector<std::pair<ObjectKind, std::uint64_t>> counts;
  for (const ObjectId& id : ids) {
    const auto same = [&](const auto& count) { return count.first == id.kind; };
    const auto found = std::find_if(counts.begin(), counts.end(), same);
    if (found == counts.end()) {
      counts.emplace_back(id.kind, 1);
    } else {
      ++found->second;
    }
  }
  std::sort(counts.begin(), counts.end());
  std::string text;
  for (const auto& [kind, count] : counts) {
    if (!text.empty()) text += ", ";
    text += kind == ObjectKind::kPackageBody && count > 1
                ? fmt::format("{} package bodies", Grouped(count))
                : Counted(count, ToString(kind));
  }
  return text;
}

// A time without its fraction of a second.
std::string Seconds(const std::string& time) {
  const std::size_t dot = time.find('.');
  return dot == std::string::npos ? time : time.substr(0, dot) + "Z";
}

std::string ObjectList(std::string_view title, const std::vector<ObjectId>& ids, std::size_t most) {
  if (ids.empty()) return {};
  std::string text = fmt::format("  {}: {}\n", title, CountsByKind(ids));
  const std::size_t shown = std::min(ids.size(), most);
  for (std::size_t i = 0; i < shown; ++i) {
    text += fmt::format("    {}\n", Printable(ids[i].Describe()));
  }
  if (shown > 0 && shown < ids.size()) {
    text += fmt::format("    … and {} more (--dry-run names all)\n", Grouped(ids.size() - shown));
  }
  return text;
}

}  // namespace

std::string RenderReceipt(const Receipt& receipt, bool is_archive) {
  std::string line = is_archive ? "sha256:" + receipt.root.hex() : std::string("plain-sql");
  line += fmt::format(" databases={} tables={} rows={} snapshot={}", Joined(receipt.databases, ","),
                      receipt.footer.table_count, receipt.footer.row_count,
                      receipt.snapshot.time.empty() ? "unknown" : receipt.snapshot.time);
  if (!receipt.snapshot.method.empty()) line += fmt::format(" method={}", receipt.snapshot.method);
  const std::string position = SnapshotPosition(receipt.snapshot);
  if (!position.empty()) line += fmt::format(" binlog={}", position);
  for (const auto& [database, table] : receipt.pruned_tables) {
    line += fmt::format(" pruned={}.{}", database, table);
  }
  if (receipt.footer.partial) line += " PARTIAL";
  return line;
}

std::string DumpSummary(const DumpResult& result, std::uint64_t duration_ms) {
  const FooterRecord& footer = result.receipt.footer;
  std::string text =
      fmt::format("dumped {} with {} in {}: {}", Counted(footer.table_count, "table"),
                  Counted(footer.row_count, "row"), HumanDuration(duration_ms),
                  HumanBytes(result.output_bytes));
  if (result.format == DumpFormat::kArchive) {
    text += fmt::format(" for {} of SQL text", HumanBytes(footer.text_size));
  }
  return text + (result.omitted.empty()
                     ? "; nothing in its scope was left out"
                     : fmt::format("; {} left out", Counted(result.omitted.size(), "object")));
}

std::string RenderDump(const DumpResult& result, const std::string& path) {
  const bool is_archive = result.format == DumpFormat::kArchive;
  std::string text;
  for (const auto& [id, reason] : result.omitted) {
    text +=
        fmt::format("dbomsbak: left out: {}: {}\n", Printable(id.Describe()), Printable(reason));
  }
  return text + fmt::format("receipt: {} {}\n", Printable(path),
                            RenderReceipt(result.receipt, is_archive));
}

std::string RenderVerdict(const FileVerdict& verdict) {
  if (verdict.error) {
    // Mostly the message has the name.
    const std::string& message = verdict.error->message();
    const bool named = message.find("'" + verdict.path + "'") != std::string::npos;
    std::string text = fmt::format("{}{}: {}\n", named ? "" : Printable(verdict.path) + ": ",
                                   Describe(verdict.code).name, Printable(message));
    if (!verdict.error->hint().empty()) {
      text += fmt::format("  hint: {}\n", Printable(verdict.error->hint()));
    }
    return text;
  }
  const VerifyReport& report = *verdict.report;
  std::string text = fmt::format("{}: {}: ", Printable(verdict.path), Describe(verdict.code).name);
  if (report.plain_sql) {
    text +=
        fmt::format("plain SQL, {}, as its proof comment says\n", HumanBytes(report.text_bytes));
  } else {
    text += fmt::format("{}, {}, {} of SQL text in {}\n", Counted(report.objects, "object"),
                        Counted(report.rows, "row"), HumanBytes(report.text_bytes),
                        Counted(report.frames, "frame"));
  }
  if (verdict.signer) {
    text += fmt::format("{}: signed with key {}: {}\n", Printable(verdict.path),
                        verdict.signer->key, Printable(verdict.signer->comment));
  }
  if (report.expected_by_file && report.receipt) {
    text += fmt::format("{}: --expect was the file's SHA-256, not the root digest of its receipt\n",
                        Printable(verdict.path));
  }
  if (report.receipt) {
    text += fmt::format("receipt: {} {}\n", Printable(verdict.path),
                        RenderReceipt(*report.receipt, true));
  }
  return text;
}

Facts ManifestFacts(const std::string& path, const HeaderRecord& header, const Receipt& receipt) {
  const FooterRecord& footer = receipt.footer;
  Facts facts;
  facts.emplace_back("archive", path);
  facts.emplace_back("root digest", "sha256:" + receipt.root.hex());
  facts.emplace_back("written", fmt::format("{} by {}", header.created, header.tool));
  facts.emplace_back("server", fmt::format("{} {}", header.server_flavour, header.server_version));
  facts.emplace_back("databases", Joined(header.scope.databases, ", "));
  facts.emplace_back("scope", ScopeText(header.scope));
  facts.emplace_back("snapshot",
                     fmt::format("{} by {}{}", header.snapshot.time, header.snapshot.method,
                                 header.snapshot.ddl_locked ? ", definitions locked" : ""));
  const std::string position = SnapshotPosition(header.snapshot);
  if (!position.empty()) facts.emplace_back("binary log", position);
  if (!header.snapshot.scn.empty()) facts.emplace_back("SCN", header.snapshot.scn);
  if (!header.snapshot.gtid.empty()) facts.emplace_back("GTID", header.snapshot.gtid);
  for (const auto& [name, value] : header.options) {
    facts.emplace_back("option", fmt::format("{} = {}", name, value));
  }
  facts.emplace_back("content", fmt::format("{}, {}, {}", Counted(footer.object_count, "object"),
                                            Counted(footer.table_count, "table"),
                                            Counted(footer.row_count, "row")));
  facts.emplace_back(
      "size", fmt::format("{}, {} of SQL text in {}", HumanBytes(footer.file_size),
                          HumanBytes(footer.text_size), Counted(footer.frame_count, "frame")));
  facts.emplace_back("proved", "not by this: dbomsbak verify reads the contents, info does not");
  if (footer.partial) facts.emplace_back("PARTIAL", "objects in scope were left out, see below");
  return facts;
}

Facts PlainManifestFacts(const std::string& path, const PlainSummary& summary) {
  const HeaderRecord& header = summary.header;
  Facts facts;
  facts.emplace_back("plain dump", path);
  facts.emplace_back("proof", summary.proved ? "holds" : "none");
  facts.emplace_back("written",
                     header.tool.empty() ? "by an unknown program" : "by " + header.tool);
  facts.emplace_back("server",
                     header.server_version.empty()
                         ? "not told"
                         : fmt::format("{} {}", header.server_flavour, header.server_version));
  facts.emplace_back("databases", Joined(header.scope.databases, ", "));
  facts.emplace_back("scope", ScopeText(header.scope));
  facts.emplace_back("content",
                     fmt::format("{}, {}, {}", Counted(summary.objects.size(), "object"),
                                 Counted(summary.tables, "table"), Counted(summary.rows, "row")));
  facts.emplace_back("size", fmt::format("{} of SQL text", HumanBytes(summary.text_bytes)));
  return facts;
}

std::string RenderFacts(const Facts& facts) {
  std::string text;
  for (const auto& [what, fact] : facts) {
    text += fmt::format("{:<16}{}\n", what, Printable(fact));
  }
  return text;
}

std::string RenderObjectHeading() {
  return fmt::format("\n{:<14} {:>14} {:>11} {:>11}  {}\n", "kind", "rows", "data", "definition",
                     "name");
}

std::string RenderObject(const ObjectRecord& object) {
  const bool is_table = object.id.kind == ObjectKind::kTable;
  const std::string name = object.id.kind == ObjectKind::kDatabase
                               ? object.id.database
                               : fmt::format("{}.{}", object.id.database, object.id.name);
  std::string text =
      fmt::format("{:<14} {:>14} {:>11} {:>11}  {}", ToString(object.id.kind),
                  is_table ? Grouped(object.rows) : "",
                  is_table && object.data ? HumanBytes(object.data->length) : "",
                  object.schema ? HumanBytes(object.schema->length) : "", Printable(name));
  if (object.pruned) {
    text += fmt::format("  (pruned: {} from {} on)", object.pruned->column, object.pruned->from);
  } else if (object.row_filtered) {
    text += "  (rows left out)";
  }
  if (!object.omitted.empty()) text += fmt::format("  LEFT OUT: {}", Printable(object.omitted));
  return text + "\n";
}

std::string RenderCheck(const CheckReport& report) {
  std::string text = Line("server", report.server);
  text += Line("account", report.account);
  text += Line("snapshot", report.snapshot_method);
  text +=
      Line("databases", report.databases.empty() ? "none named" : Joined(report.databases, ", "));
  text += Line("size",
               fmt::format("{}, about {}, {} of data, {} of indexes",
                           Counted(report.tables, "table"), Counted(report.estimated_rows, "row"),
                           HumanBytes(report.data_bytes), HumanBytes(report.index_bytes)));
  if (report.disk_free_bytes) text += Line("disk free", HumanBytes(*report.disk_free_bytes));
  for (const CheckFinding& finding : report.findings) {
    text += fmt::format("{:<8} {}: {}\n", Mark(finding.level), finding.topic,
                        Printable(finding.message));
    if (!finding.remedy.empty()) text += fmt::format("         {}\n", Printable(finding.remedy));
  }
  return text;
}

std::string RenderRestoreCheck(const std::vector<std::string>& files, const RestorePlan& plan) {
  const std::string set = Joined(files, ", ");
  std::string text = plan.unheld.empty() ? fmt::format("{}: the server can hold all of it\n", set)
                                         : fmt::format("{}: the server cannot hold {}\n", set,
                                                       Counted(plan.unheld.size(), "object"));
  for (const Unheld& object : plan.unheld) {
    text += fmt::format("  {}\n", Printable(object.id.Describe()));
    for (const std::string& reason : object.reasons) {
      text += fmt::format("    {}\n", Printable(reason));
    }
  }
  for (std::size_t i = plan.unheld.size(); i < plan.problems.size(); ++i) {
    text += fmt::format("  PROBLEM: {}\n", Printable(plan.problems[i]));
  }
  for (const std::string& warning : plan.warnings) {
    text += fmt::format("  warning: {}\n", Printable(warning));
  }
  return text;
}

std::string RenderPlan(const RestorePlan& plan, bool whole) {
  std::string text = fmt::format("plan for {}\n", Joined(plan.databases, ", "));
  const std::string missing =
      plan.sees_all ? "(missing now)" : "(missing now, or only hidden from this account)";
  if (!plan.created_databases.empty()) {
    text += fmt::format("  databases created{}: {}\n", plan.sees_all ? "" : " " + missing,
                        Joined(plan.created_databases, ", "));
  }
  constexpr std::size_t kShown = 12;
  const std::size_t all = std::numeric_limits<std::size_t>::max();
  text += ObjectList("replaced", plan.replaced, whole ? all : 0);
  if (!plan.differing.empty()) {
    text += fmt::format("    of these {} {} in definition now:\n", Grouped(plan.differing.size()),
                        plan.differing.size() == 1 ? "differs" : "differ");
    for (std::size_t i = 0; i < plan.differing.size() && (whole || i < kShown); ++i) {
      text += fmt::format("      {}\n", Printable(plan.differing[i].Describe()));
    }
    if (!whole && plan.differing.size() > kShown) {
      text += fmt::format("      … and {} more (--dry-run names all)\n",
                          Grouped(plan.differing.size() - kShown));
    }
  }
  for (const std::string& database : plan.altered) {
    text += fmt::format("  altered back: {}\n", Printable(database));
  }
  text += ObjectList("brought back " + missing, plan.added_back, whole ? all : kShown);
  text += ObjectList("removed (not there then)", plan.removed, whole ? all : kShown);
  if (!plan.repointed.empty()) {
    text += "  pointed to what goes live, when no row lacks its parent there:\n";
    for (const std::string& key : plan.repointed) {
      text += fmt::format("    {}\n", Printable(key));
    }
  }
  if (plan.rows > 0) text += fmt::format("  rows to load: {}\n", Grouped(plan.rows));
  if (plan.generation > 0 && plan.NothingIsLive()) {
    text += "  nothing is live now, so nothing is displaced; undo takes the databases away again\n";
  } else if (plan.generation > 0) {
    text += fmt::format("  what is live now is kept as displaced copy {}\n", plan.generation);
  }
  if (!plan.safety_dump.empty()) {
    text += fmt::format("  what is live now is dumped to {} first, and then dropped\n",
                        Printable(plan.safety_dump));
  }
  if (plan.expected_window_ms > 0) {
    text +=
        fmt::format("  downtime to expect: at least {}\n", HumanDuration(plan.expected_window_ms));
  }
  for (const std::string& warning : plan.warnings) {
    text += fmt::format("  warning: {}\n", Printable(warning));
  }
  for (const std::string& problem : plan.problems) {
    text += fmt::format("  PROBLEM: {}\n", Printable(problem));
  }
  return text;
}

std::string RenderLeftovers(const std::vector<Leftover>& leftovers) {
  std::string text;
  for (const Leftover& leftover : leftovers) {
    std::string what;
    switch (leftover.kind) {
      case LeftoverKind::kStaging:
        what = fmt::format("staging of run {}", leftover.run);
        break;
      case LeftoverKind::kPrepared:
        what = fmt::format("prepared restore {}", leftover.run);
        break;
      case LeftoverKind::kOpenWindow:
        what = fmt::format("OPEN WINDOW of run {}", leftover.run);
        break;
      case LeftoverKind::kDisplacedCopy:
        what = fmt::format("displaced copy {}", leftover.generation);
        break;
      case LeftoverKind::kKeptTables:
        what = fmt::format("{} kept by restore in place {}",
                           leftover.tables.size() == 1
                               ? "table"
                               : fmt::format("{} tables", Grouped(leftover.tables.size())),
                           leftover.run);
        break;
    }
    text += fmt::format("{} of {}\n", what, Joined(leftover.databases, ", "));
    text += fmt::format("  made {}, {}, in {}\n",
                        leftover.created.empty() ? "at an unknown time" : Seconds(leftover.created),
                        HumanBytes(leftover.bytes), Joined(leftover.holders, ", "));
    if (!leftover.advice.empty()) text += fmt::format("  {}\n", Printable(leftover.advice));
  }
  return text;
}

namespace {

// "2026-11-27T10:15:34Z" as "2026-11-27 10:15", or a dash.
std::string Minutes(const std::string& utc) {
  return utc.empty() ? "-" : utc.substr(0, 10) + " " + utc.substr(11, 5);
}

std::string Columns(const std::vector<std::vector<std::string>>& lines) {
  std::vector<std::size_t> widths;
  for (const auto& line : lines) {
    widths.resize(std::max(widths.size(), line.size()));
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  std::string text;
  for (const auto& line : lines) {
    std::string row;
    for (std::size_t i = 0; i < line.size(); ++i) {
      row += fmt::format("{:<{}}  ", line[i], widths[i]);
    }
    text += row.substr(0, row.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

}  // namespace

std::string OnThrowaway(const DeepReport& report) {
  if (report.server.empty()) return {};
  return fmt::format(" on {}, started for it: {} to start, {} to load, {} to prove, {} in all",
                     Printable(report.server), HumanDuration(report.start_ms),
                     HumanDuration(report.load_ms), HumanDuration(report.prove_ms),
                     HumanDuration(report.duration_ms));
}

std::string RenderFolder(const std::string& folder, const std::vector<FolderEntry>& entries,
                         std::int64_t now) {
  if (entries.empty()) return fmt::format("no archives in {}\n", Printable(folder));
  std::vector<std::vector<std::string>> lines{
      {"archive", "age", "size", "tables", "rows", "state", "verified", "rehearsed", "pin"}};
  std::string problems;
  for (const FolderEntry& entry : entries) {
    const auto count = [&](std::uint64_t number) {
      return entry.receipt ? Grouped(number) : std::string("-");
    };
    const bool pruned = entry.receipt && !entry.receipt->pruned_tables.empty();
    const FooterRecord footer = entry.receipt ? entry.receipt->footer : FooterRecord{};
    lines.push_back({Printable(entry.file), HumanAge(now - entry.time), HumanBytes(entry.bytes),
                     count(footer.table_count), count(footer.row_count),
                     fmt::format("{}{}", ToString(entry.state), pruned ? ", pruned" : ""),
                     Minutes(entry.verified), Minutes(entry.rehearsed),
                     entry.pin ? (entry.pin->empty() ? "yes" : Printable(*entry.pin)) : ""});
    if (!entry.problem.empty()) {
      const bool named = entry.problem.find(entry.file + "'") != std::string::npos;
      problems += fmt::format("{}{}\n", named ? "" : Printable(entry.file) + ": ",
                              Printable(entry.problem));
    }
  }
  return Columns(lines) + problems;
}

std::string RenderRetention(const std::vector<Retained>& plan, bool dry_run) {
  std::vector<std::vector<std::string>> lines;
  std::uint64_t gone = 0, bytes = 0;
  for (const Retained& retained : plan) {
    const bool goes = retained.reason.empty();
    lines.push_back({goes ? (dry_run ? "goes" : "removed") : "kept", Printable(retained.entry.file),
                     HumanBytes(retained.entry.bytes), goes ? "" : retained.reason});
    if (!goes) continue;
    ++gone;
    bytes += retained.entry.bytes;
  }
  return Columns(lines) + fmt::format("{} {}, {}; {} kept\n", Counted(gone, "archive"),
                                      dry_run ? "would go" : "removed", HumanBytes(bytes),
                                      plan.size() - gone);
}

}  // namespace dbomsbak
