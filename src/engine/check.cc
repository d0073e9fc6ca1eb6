#include "dbomsbak/engine/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <set>
#include <utility>

#include "dbomsbak/base/error.h"
#include "dbomsbak/base/units.h"
#include "dbomsbak/catalog/catalog.h"
#include "dbomsbak/catalog/privileges.h"
#include "dbomsbak/catalog/server_traits.h"
#include "dbomsbak/engine/restore.h"
#include "dbomsbak/sql/quote.h"
#include "engine/disk_space.h"
#include "engine/guarded_definers.h"
#include "engine/lock_ladder.h"
#include "engine/needed_privileges.h"
#include "engine/outside_references.h"
#include "engine/outside_uses.h"
#include "engine/set_names.h"
#include "engine/sight.h"

namespace dbomsbak {
namespace {

using Level = CheckFinding::Level;

// Statements of a dump are cut at about 1 MiB; a row may be longer. Smaller limits than this one
// are met by everyday rows.
constexpr std::uint64_t kComfortablePacket = 16U << 20;

std::uint64_t ToNumber(const std::string& text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

class Checker {
 public:
  Checker(Session& session, const std::vector<std::string>& databases)
      : session_(session), asked_(databases) {}

  CheckReport Run();

 private:
  void Add(Level level, std::string topic, std::string message, std::string remedy = {}) {
    report_.findings.push_back({level, std::move(topic), std::move(message), std::move(remedy)});
  }
  // A warning: an account for backups alone is a good thing.
  void AddRefusal(std::string message, std::string remedy) {
    Add(Level::kWarning, "restore", std::move(message), std::move(remedy));
    report_.findings.back().refuses_restore = true;
  }
  // What a dump would fail with.
  void Problem(ErrorCode code, std::string topic, std::string message, std::string remedy) {
    Add(Level::kProblem, std::move(topic), std::move(message), std::move(remedy));
    // An open window (42) is the worst, then what is broken (14), has no snapshot, cannot be held.
    report_.exit_code = std::max(report_.exit_code, static_cast<int>(code));
  }

  void CheckServer();
  void ChooseDatabases();
  void CheckDumpPrivileges();
  void CheckObjects();
  void CheckOutside();
  void CheckSnapshot();
  void CheckRestorePrivileges();
  void CheckSizes();
  void CheckSettings();
  void CheckLeftovers();
  std::string Missing(const std::string& database) const;
  std::string WithLock(const std::string& missing, const std::string& database) const;
  std::string QuotedAccount() const { return QuoteAccount(report_.account); }

  Session& session_;
  std::vector<std::string> asked_;
  ServerTraits traits_;
  Privileges privileges_;
  Catalog catalog_;
  CheckReport report_;
};

void Checker::CheckServer() {
  traits_ = ProbeServerTraits(session_);
  PrepareSession(session_, traits_, /*for_load=*/false);
  report_.server =
      fmt::format("{} {} ({})", traits_.FlavourName(), traits_.version, traits_.version_comment);
  report_.account = session_.QueryValue("SELECT CURRENT_USER()").value_or("");
  privileges_ = ReadPrivileges(session_);
  Add(Level::kOk, "version",
      fmt::format("{} {} is supported", traits_.FlavourName(), traits_.version));
}

void Checker::ChooseDatabases() {
  if (!asked_.empty()) return;
  for (const std::string& name : ListDatabases(session_)) {
    if (!IsServersOwn(name) && !IsStagingName(name) && !IsDisplacedName(name)) {
      asked_.push_back(name);
    }
  }
}

void Checker::CheckDumpPrivileges() {
  bool all = true;
  for (const Database& database : catalog_.databases) {
    std::string missing;
    for (const std::string_view privilege : kDumpPrivileges) {
      if (privileges_.Has(privilege, database.name)) continue;
      missing += fmt::format("{}{}", missing.empty() ? "" : ", ", privilege);
    }
    if (missing.empty()) continue;
    all = false;
    Problem(ErrorCode::kPrivilege, "privilege",
            fmt::format("a dump of {} needs {}", QuoteIdentifier(database.name), missing),
            GrantOnDatabase(privileges_, missing, database.name, QuotedAccount()));
  }
  if (all && !catalog_.databases.empty()) {
    Add(Level::kOk, "privilege", "a dump may read tables, views, triggers and events");
  }
}

void Checker::CheckObjects() {
  for (const Unreadable& object : catalog_.unreadable) {
    // Whole kinds that a privilege of the database hides are told above, in one GRANT.
    const bool told = object.id.name == "*" && (object.id.kind == ObjectKind::kTrigger ||
                                                object.id.kind == ObjectKind::kEvent);
    if (told) continue;
    Problem(object.code, "object",
            fmt::format("{} cannot be read: {}", object.id.Describe(), object.reason),
            object.remedy);
  }
  if (!catalog_.routine_grants_known && catalog_.HasRoutines()) {
    Add(Level::kWarning, "privilege", "a dump cannot see who may execute the routines",
        fmt::format("GRANT SELECT ON `mysql`.`procs_priv` TO {};", QuotedAccount()));
  }
  for (const Database& database : catalog_.databases) {
    for (const View& view : database.views) {
      if (!view.broken) continue;
      Add(Level::kWarning, "object",
          fmt::format("{} is broken: what it selects from is gone; its definition is kept as it is",
                      view.id.Describe()));
    }
  }
}

// What belongs together goes into one archive, or a restore takes it apart.
void Checker::CheckOutside() {
  OutsideUses uses;
  for (const Database& database : catalog_.databases) {
    for (const Table& table : database.tables) {
      AddOutsideUses(table.id, table.create, report_.databases, uses);
    }
    for (const View& view : database.views) {
      AddOutsideUses(view.id, view.create, report_.databases, uses);
    }
  }
  for (const auto& [database, users] : uses) {
    Add(Level::kWarning, "set", DescribeOutsideUse(database, users),
        fmt::format("Dump {} along with the others.", QuoteIdentifier(database)));
  }
  for (const InboundKey& key : KeysFromOutside(session_, report_.databases)) {
    Add(Level::kWarning, "set",
        key.Describe() + " comes from outside the set: a restore would be refused",
        fmt::format("Dump {} along with the others, or restore with --repoint-foreign-keys.",
                    QuoteIdentifier(key.database)));
  }
  for (const std::string& view : ViewsFromOutside(session_, report_.databases)) {
    Add(Level::kWarning, "set", view + " reads the set from outside: it is not in the archive");
  }
}

// By what the account may do; the lock itself is not tried, for it would hold up others.
void Checker::CheckSnapshot() {
  bool every_database = true;
  for (const Database& database : catalog_.databases) {
    every_database = every_database && privileges_.Has("LOCK TABLES", database.name) &&
                     privileges_.Has("SELECT", database.name);
  }
  const SnapshotRung* reached = nullptr;
  for (const SnapshotRung* rung : SnapshotLadder()) {
    if (!rung->Fits(traits_)) continue;
    if (rung->method() == "global-read-lock" && !privileges_.HasGlobal("RELOAD")) continue;
    if (rung->method() == "table-locks" && !every_database) continue;
    reached = rung;
    break;
  }
  if (reached == nullptr) {
    report_.snapshot_method = "none";
    Problem(ErrorCode::kNoSnapshot, "snapshot",
            "this server offers no way to a consistent snapshot",
            "Stop all writers and use another tool, or upgrade the server.");
    return;
  }
  report_.snapshot_method = reached->method();
  std::vector<std::string> without;
  for (const Database& database : catalog_.databases) {
    for (const Table& table : database.tables) {
      if (table.NeedsLock()) {
        without.push_back(QuoteQualified(database.name, table.id.name));
      }
    }
  }
  if (!without.empty() && !reached->holds_tables()) {
    Problem(ErrorCode::kNoSnapshot, "snapshot",
            fmt::format("{} of the tables have no transactions ({} …) and cannot be held still",
                        without.size(), without.front()),
            fmt::format("GRANT RELOAD ON *.* TO {};", QuotedAccount()));
  } else if (reached->method() == "global-read-lock") {
    Add(Level::kOk, "snapshot", "all sessions of a dump share one snapshot (global read lock)");
  } else if (reached->method() == "snapshot-reads") {
    const unsigned kept_s = UndoRetention(session_);
    Add(Level::kOk, "snapshot",
        "all sessions of a dump read at one SCN (AS OF SNAPSHOT), without any lock" +
            (kept_s == 0 ? std::string()
                         : fmt::format("; the server keeps it for {} s (undo_retention)", kept_s)));
  } else if (reached->method() == "pinned-session") {
    Add(Level::kOk, "snapshot",
        "a dump reads everything in a single session: consistent, but slower; this version does "
        "not tell its SCN");
  } else if (reached->many_sessions()) {
    Add(Level::kWarning, "snapshot",
        fmt::format(
            "all sessions of a dump share one snapshot by {}, which waits for open writers; "
            "RELOAD allows a better way",
            reached->lock_name()),
        fmt::format("GRANT RELOAD ON *.* TO {};", QuotedAccount()));
  } else {
    Add(Level::kWarning, "snapshot",
        "a dump reads everything in a single session: consistent, but slower",
        fmt::format("GRANT RELOAD ON *.* TO {};", QuotedAccount()));
  }
}

// Without it a restore swaps triggers while others may write.
std::string Checker::WithLock(const std::string& missing, const std::string& database) const {
  if (privileges_.Has("LOCK TABLES", database)) return missing;
  return missing.empty() ? "LOCK TABLES" : missing + ", LOCK TABLES";
}

std::string Checker::Missing(const std::string& database) const {
  std::string missing;
  for (const std::string_view privilege : RestorePrivileges(traits_)) {
    if (privileges_.Has(privilege, database)) continue;
    missing += fmt::format("{}{}", missing.empty() ? "" : ", ", privilege);
  }
  return missing;
}

void Checker::CheckRestorePrivileges() {
  bool all = true;
  for (const Database& database : catalog_.databases) {
    if (const std::string missing = Missing(database.name); !missing.empty()) {
      all = false;
      AddRefusal(
          fmt::format("a restore of {} would need {}", QuoteIdentifier(database.name), missing),
          GrantOnDatabase(privileges_, WithLock(missing, database.name), database.name,
                          QuotedAccount()));
    }
    const std::string staging = StagingName(database.name, "00000000");
    const std::string of_copies =
        GrantTarget(staging.substr(0, staging.rfind("__dbomsbak_new_")) + "__dbomsbak_", "%");
    if (const std::string missing = Missing(staging); !missing.empty()) {
      all = false;
      AddRefusal(fmt::format("a restore of {} would need {} on its staging and displaced databases",
                             QuoteIdentifier(database.name), missing),
                 fmt::format("GRANT {} ON {} TO {};", WithLock(missing, staging), of_copies,
                             QuotedAccount()));
    } else if (!database.triggers.empty() && Missing(database.name).empty() &&
               !(privileges_.Has("LOCK TABLES", database.name) &&
                 privileges_.Has("LOCK TABLES", staging))) {
      all = false;
      Add(Level::kWarning, "restore",
          fmt::format("a restore of {} would swap its triggers without a table lock: what others "
                      "write at that moment may meet none",
                      QuoteIdentifier(database.name)),
          fmt::format("GRANT LOCK TABLES ON {} TO {}; GRANT LOCK TABLES ON {} TO {};",
                      GrantTarget(database.name), QuotedAccount(), of_copies, QuotedAccount()));
    }
  }
  if (!MaySetDefiner(privileges_) && !catalog_.databases.empty()) {
    Add(Level::kWarning, "restore",
        "a restore of objects with other definers would need one more privilege",
        fmt::format("GRANT {} ON *.* TO {};", traits_.definer_privilege, QuotedAccount()));
    const std::set<std::string> definers = DefinersOf(catalog_);
    report_.findings.back().refuses_restore =
        std::any_of(definers.begin(), definers.end(),
                    [&](const std::string& definer) { return definer != report_.account; });
    all = false;
  }
  for (const std::string& definer :
       GuardedDefiners(session_, traits_, privileges_, DefinersOf(catalog_))) {
    AddRefusal(
        fmt::format("a restore of objects of definer {}, who has {}, would need that, too", definer,
                    traits_.guarded_definer_privilege),
        fmt::format("GRANT {} ON *.* TO {};", traits_.guarded_definer_privilege, QuotedAccount()));
    all = false;
  }
  if (all && !catalog_.databases.empty()) {
    Add(Level::kOk, "restore", "a restore has the privileges it needs");
  }
  for (Hidden& hidden : HiddenFrom(privileges_, report_.account, SeesAllKeys(session_))) {
    Add(Level::kWarning, "restore", std::move(hidden.what), std::move(hidden.remedy));
  }
  if (traits_.read_only || traits_.super_read_only) {
    AddRefusal("the server is read-only: a restore is impossible", "SET GLOBAL read_only = OFF;");
  }
}

void Checker::CheckSizes() {
  std::string list;
  for (const std::string& name : report_.databases) {
    if (!list.empty()) list += ',';
    list += QuoteString(name);
  }
  if (!list.empty()) {
    // Names compare without case in information_schema: the exact ones are added up here.
    const ResultSet sizes = session_.Query(
        "SELECT TABLE_SCHEMA, COUNT(*), SUM(TABLE_ROWS), SUM(DATA_LENGTH), SUM(INDEX_LENGTH) FROM "
        "information_schema.TABLES WHERE TABLE_TYPE <> 'VIEW' AND TABLE_TYPE <> 'SEQUENCE' AND "
        "TABLE_SCHEMA IN (" +
        list + ") GROUP BY BINARY TABLE_SCHEMA");
    for (std::size_t row = 0; row < sizes.rows.size(); ++row) {
      if (std::find(report_.databases.begin(), report_.databases.end(), sizes.Text(row, 0)) ==
          report_.databases.end()) {
        continue;
      }
      report_.tables += ToNumber(sizes.Text(row, 1));
      report_.estimated_rows += ToNumber(sizes.Text(row, 2));
      report_.data_bytes += ToNumber(sizes.Text(row, 3));
      report_.index_bytes += ToNumber(sizes.Text(row, 4));
    }
  }
  if (const auto space = SpaceOf(session_)) {
    report_.disk_free_bytes = space->free_bytes;
    report_.disk_is_servers = space->sure;
  }
  const std::uint64_t needed = report_.data_bytes + report_.index_bytes;
  if (!report_.disk_free_bytes.has_value()) {
    Add(Level::kOk, "space", "free disk space on the server cannot be known from here");
  } else if (*report_.disk_free_bytes < needed) {
    Add(Level::kWarning, "space",
        fmt::format("a restore needs about {} beside the live databases, {} are free on the server",
                    HumanBytes(needed), HumanBytes(*report_.disk_free_bytes)),
        "Free disk space on the server before a restore.");
  } else {
    Add(Level::kOk, "space",
        fmt::format("{} are free on the server", HumanBytes(*report_.disk_free_bytes)));
  }
}

void Checker::CheckSettings() {
  if (traits_.max_allowed_packet < kComfortablePacket) {
    Add(Level::kWarning, "packet",
        fmt::format("max_allowed_packet is {}: longer rows could not be loaded again",
                    HumanBytes(traits_.max_allowed_packet)),
        "SET GLOBAL max_allowed_packet = 67108864;");
  } else {
    Add(Level::kOk, "packet",
        fmt::format("max_allowed_packet is {}", HumanBytes(traits_.max_allowed_packet)));
  }
  const unsigned names = traits_.lower_case_table_names;
  Add(Level::kOk, "names",
      fmt::format("lower_case_table_names is {}: names of databases and tables {}", names,
                  names == 0   ? "differ by case"
                  : names == 1 ? "are kept in lower case"
                               : "are compared without case"));
}

void Checker::CheckLeftovers() {
  for (const Leftover& leftover : FindLeftovers(session_)) {
    std::string holders;
    for (const std::string& name : leftover.holders) {
      holders += (holders.empty() ? "" : ", ") + QuoteIdentifier(name);
    }
    if (leftover.kind == LeftoverKind::kOpenWindow && !leftover.at_work) {
      Problem(ErrorCode::kNeedsHelp, "leftover",
              fmt::format("a swap was interrupted in its window: {}", holders), leftover.advice);
      continue;
    }
    std::string message;
    switch (leftover.kind) {
      case LeftoverKind::kStaging:
        message = fmt::format("staging of an unfinished restore: {}", holders);
        break;
      case LeftoverKind::kPrepared:
        message = fmt::format("a prepared restore: {}", holders);
        break;
      case LeftoverKind::kOpenWindow:
        message = fmt::format("a swap is at work now: {}", holders);
        break;
      case LeftoverKind::kDisplacedCopy:
        message = fmt::format("displaced copy {}: {} ({})", leftover.generation, holders,
                              HumanBytes(leftover.bytes));
        break;
      case LeftoverKind::kKeptTables:
        message = fmt::format(
            "{} that a restore in place kept, in {} ({})",
            leftover.tables.size() == 1 ? "a table" : Counted(leftover.tables.size(), "table"),
            holders, HumanBytes(leftover.bytes));
        break;
    }
    const bool ok =
        leftover.kind != LeftoverKind::kStaging && leftover.kind != LeftoverKind::kKeptTables;
    Add(ok ? Level::kOk : Level::kWarning, "leftover", std::move(message), leftover.advice);
  }
}

CheckReport Checker::Run() {
  CheckServer();
  ChooseDatabases();
  CatalogRequest request;
  request.databases = asked_;
  catalog_ = ReadCatalog(session_, traits_, request);
  for (const Database& database : catalog_.databases) report_.databases.push_back(database.name);
  CheckDumpPrivileges();
  CheckObjects();
  CheckOutside();
  CheckSnapshot();
  CheckRestorePrivileges();
  CheckSizes();
  CheckSettings();
  CheckLeftovers();
  return std::move(report_);
}

}  // namespace

std::string_view ToString(CheckFinding::Level level) noexcept {
  switch (level) {
    case CheckFinding::Level::kOk:
      return "ok";
    case CheckFinding::Level::kWarning:
      return "warning";
    case CheckFinding::Level::kProblem:
      return "problem";
  }
  return {};
}

CheckReport RunCheck(SessionFactory& sessions, const std::vector<std::string>& databases) {
  const std::unique_ptr<Session> session = sessions.Connect();
  return Checker(*session, databases).Run();
}

}  // namespace dbomsbak
