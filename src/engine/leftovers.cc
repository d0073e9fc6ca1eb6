// What the program left on a server: `dbomsbak status`.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "dbomsbak/base/error.h"
#include "dbomsbak/base/units.h"
#include "dbomsbak/engine/restore.h"
#include "dbomsbak/sql/quote.h"
#include "engine/in_place.h"
#include "engine/kept_tables.h"
#include "engine/prepared_copy.h"
#include "engine/set_history.h"
#include "engine/set_names.h"
#include "engine/set_sweep.h"
#include "engine/sight.h"
#include "engine/staging_note.h"

namespace dbomsbak {
namespace {

std::uint64_t SizeOf(Session& session, const std::vector<std::string>& databases) {
  std::uint64_t bytes = 0;
  for (const std::string& database : databases) {
    const auto sum = session.QueryValue(
        fmt::format("SELECT SUM(IFNULL(DATA_LENGTH, 0) + IFNULL(INDEX_LENGTH, 0)) FROM "
                    "information_schema.TABLES WHERE TABLE_SCHEMA = {}",
                    QuoteString(database)));
    if (sum) bytes += std::stoull(*sum);
  }
  return bytes;
}

constexpr char kNothingWas[] = "Nothing was";

bool NothingWasLive(const PreparedSet& set) {
  return std::all_of(set.before.begin(), set.before.end(),
                     [](const Database& database) { return database.create.empty(); });
}

// Of its own tables in live databases; a journal that tells no run stands alone.
std::uint64_t SizeOfRun(Session& session, const InPlaceRun& found) {
  std::uint64_t bytes = 0;
  for (const std::string& database : found.databases) {
    const ResultSet tables = session.Query(
        fmt::format("SELECT TABLE_NAME, IFNULL(DATA_LENGTH, 0) + IFNULL(INDEX_LENGTH, 0) FROM "
                    "information_schema.TABLES WHERE TABLE_SCHEMA = {}",
                    QuoteString(database)));
    for (std::size_t row = 0; row < tables.rows.size(); ++row) {
      if (IsTableOfRun(tables.Text(row, 0), found.run)) bytes += std::stoull(tables.Text(row, 1));
    }
  }
  return bytes;
}

std::string OldestTable(Session& session, const std::vector<std::string>& databases) {
  std::string oldest;
  for (const std::string& database : databases) {
    const auto created = session.QueryValue(
        fmt::format("SELECT DATE_FORMAT(MIN(CREATE_TIME), '%Y-%m-%dT%H:%i:%sZ') FROM "
                    "information_schema.TABLES WHERE TABLE_SCHEMA = {}",
                    QuoteString(database)));
    if (created && (oldest.empty() || *created < oldest)) oldest = *created;
  }
  return oldest;
}

std::string DropAdvice(const std::vector<std::string>& databases) {
  std::string statements;
  for (const std::string& database : databases) {
    statements += fmt::format("{}DROP DATABASE {};", statements.empty() ? "" : " ",
                              QuoteIdentifier(database));
  }
  return statements;
}

// What no journal of a set explains. Where parts may be hidden, so may be the journal: then nobody
// is told to drop anything.
std::string AdviceOnOther(Session& session, const Leftover& leftover, bool busy,
                          const std::string& unseen) {
  if (leftover.kind == LeftoverKind::kStaging && busy) return "A restore is at work now.";
  if (!unseen.empty()) {
    return fmt::format("Whether it is needed cannot be told: {}", unseen);
  }
  if (leftover.kind == LeftoverKind::kDisplacedCopy || !IsSurelyOurs(session, leftover.holders)) {
    return fmt::format("No journal tells what this was. Look into it; when it is not needed: {}",
                       DropAdvice(leftover.holders));
  }
  // Not `purge`: that drops displaced copies as well, which may be the way back.
  return "A restore was interrupted while it loaded; nothing live has changed. Run it again, or "
         "sweep up: `dbomsbak restore --abort`.";
}

const char* Doing(const PreparedSet& set) {
  if (set.operation == kOperationAbort) return "An abort";
  return set.operation == kOperationUndo ? "An undo" : "A restore";
}

// Databases of the set's two other places that are there. One that swapped and is not swept yet
// still has its sources, emptied.
std::vector<std::string> HoldersOf(const JournaledSet& found,
                                   const std::set<std::string>& databases) {
  std::vector<std::string> holders;
  for (const SetMember& member : found.set.members) {
    if (databases.contains(member.source)) holders.push_back(member.source);
    if (databases.contains(member.displaced)) holders.push_back(member.displaced);
  }
  return holders;
}

// Which command goes on, which goes back; and that the others heal it, too, but then do their own
// work.
std::string AdviceForOpen(const JournaledSet& found) {
  const bool restores = found.set.operation == kOperationRestore;
  return fmt::format(
      "{} was interrupted {} its swap. The same command {}{}. Any {} {} first, and then does its "
      "own work{}.",
      Doing(found.set), found.swapped ? "behind" : "before",
      found.swapped ? "finishes it" : "takes that back and begins anew",
      restores ? "; `dbomsbak restore --abort` makes live what was live before" : "",
      restores ? "undo or purge" : "restore, undo or purge",
      found.swapped ? "finishes it" : "takes it back",
      restores && found.swapped ? " (`purge` drops what was live)" : "");
}

// `busy`: somebody holds the restore lock, and whoever does is at this set or will heal it first.
Leftover Describe(Session& session, const JournaledSet& found,
                  const std::set<std::string>& databases, bool busy) {
  Leftover leftover;
  leftover.generation = found.set.generation;
  leftover.run = found.set.run;
  leftover.databases = found.LiveNames();
  leftover.holders = HoldersOf(found, databases);
  leftover.created = found.time;
  leftover.bytes = SizeOf(session, leftover.holders);
  leftover.at_work = busy;
  switch (found.state) {
    case SetState::kOpen:
      leftover.kind = LeftoverKind::kOpenWindow;
      if (busy) {
        leftover.advice = fmt::format("{} is at its swap now.", Doing(found.set));
        break;
      }
      leftover.advice = AdviceForOpen(found);
      break;
    case SetState::kFinished:
      leftover.kind = LeftoverKind::kDisplacedCopy;
      leftover.advice =
          fmt::format("{} live before the {}. `dbomsbak purge --generation {} {}` drops {}.",
                      NothingWasLive(found.set) ? kNothingWas : "What was", found.set.operation,
                      found.set.generation, ShellWords(leftover.databases),
                      NothingWasLive(found.set) ? "the note of that" : "it");
      if (!busy && !found.unswept &&
          std::any_of(found.set.members.begin(), found.set.members.end(),
                      [&](const SetMember& member) { return databases.contains(member.source); })) {
        leftover.advice += fmt::format(
            " {} was ended before it had swept up: what it made is live, and the next restore, "
            "undo or purge does that.",
            Doing(found.set));
      }
      break;
    case SetState::kPurging:
      leftover.kind = LeftoverKind::kDisplacedCopy;
      leftover.advice =
          fmt::format("Its purge was interrupted. `dbomsbak purge --generation {} {}` finishes it.",
                      found.set.generation, ShellWords(leftover.databases));
      break;
  }
  return leftover;
}

// In live databases.
Leftover Describe(Session& session, const InPlaceRun& found, bool busy) {
  Leftover leftover;
  leftover.kind = LeftoverKind::kOpenWindow;  // of live databases: never to be swept by name
  leftover.run = found.run;
  leftover.databases = leftover.holders = found.databases;
  leftover.created = found.created;
  leftover.bytes = SizeOfRun(session, found);
  leftover.at_work = busy;
  leftover.advice = busy ? "A restore in place is at work now."
                         : "A restore in place was interrupted. The same command puts that right "
                           "first; so does any restore, undo or purge, and then does its own work.";
  return leftover;
}

// Who has just swapped may not have come to drop them.
Leftover DescribeKept(const std::vector<KeptTable>& tables, bool busy) {
  constexpr std::size_t kMostNamed = 20;
  Leftover leftover;
  leftover.kind = LeftoverKind::kKeptTables;
  leftover.run = tables.front().run;
  leftover.created = tables.front().created;
  leftover.at_work = busy;
  std::string drop;
  for (const KeptTable& table : tables) {
    if (leftover.databases.empty() || leftover.databases.back() != table.database) {
      leftover.databases.push_back(table.database);
    }
    leftover.bytes += table.bytes;
    leftover.tables.push_back(table.Describe());
    if (leftover.tables.size() > kMostNamed) continue;
    drop += (drop.empty() ? "" : ", ") + QuoteQualified(table.database, table.table);
  }
  leftover.holders = leftover.databases;
  leftover.advice = fmt::format(
      "What was live before a restore in place, and may hold what its safety dump does not: {}. No "
      "restore, dump or purge touches it. Look into it; when nothing of it is needed: DROP TABLE "
      "{}{};",
      JoinedSome(leftover.tables), drop,
      tables.size() > kMostNamed ? fmt::format(" and all others of run {}", leftover.run) : "");
  return leftover;
}

std::vector<Leftover> KeptByRuns(Session& session, const std::set<std::string>& at_work,
                                 bool busy) {
  std::map<std::string, std::vector<KeptTable>> runs;
  for (KeptTable& table : FindKeptTables(session)) {
    if (!at_work.contains(table.run)) runs[table.run].push_back(std::move(table));
  }
  std::vector<Leftover> kept;
  for (const auto& [run, tables] : runs) kept.push_back(DescribeKept(tables, busy));
  return kept;
}

std::string AdviceOnPrepared(const PreparedNote& note, bool busy) {
  if (busy) return "A restore is at work now.";
  std::string again;
  if (note.rows_unwatched > 0) {
    again = fmt::format(
        ", after it has read {} again, of which this server does not tell whether anybody has "
        "written them (reading all took {})",
        Counted(note.rows_unwatched, "row"), HumanDuration(note.prove_ms));
  }
  return fmt::format(
      "{} in {} from {}, proved. `dbomsbak restore --swap` makes them live: window "
      "about {}{}. `dbomsbak restore --abort` drops them.",
      Counted(note.rows, "row"), Counted(note.tables, "table"), note.origin.Describe(),
      HumanDuration(note.expected_window_ms), again);
}

// Of staging, its journal tells the set, and whether it is whole.
void ReadNote(Session& session, const std::string& database, bool busy, Leftover& leftover) {
  try {
    if (!ServerJournal::Exists(session, database)) return;
    const auto entries = ServerJournal::Open(session, database)->Load();
    if (!entries.empty()) leftover.created = entries.front().time;
    if (const auto copy = PreparedIn(database, entries)) {
      leftover.kind = LeftoverKind::kPrepared;
      leftover.created = copy->note.time;
      leftover.advice = AdviceOnPrepared(copy->note, busy);
    }
    if (const auto note = StagingNote::Find(entries)) {
      for (const SetMember& member : note->members) leftover.databases.push_back(member.live);
    }
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kPrivilege) throw;
  }
}

// Only the newest copy of a set can be swapped back, whatever lies below it.
void AddUndo(std::vector<Leftover>& copies) {
  std::map<std::vector<std::string>, unsigned> newest;
  for (const Leftover& copy : copies) {
    if (copy.kind != LeftoverKind::kDisplacedCopy) continue;
    unsigned& generation = newest[copy.databases];
    generation = std::max(generation, copy.generation);
  }
  for (Leftover& copy : copies) {
    const bool nothing = copy.advice.starts_with(kNothingWas);
    if (copy.kind != LeftoverKind::kDisplacedCopy ||
        (!nothing && !copy.advice.starts_with("What was"))) {
      continue;
    }
    const unsigned last = newest[copy.databases];
    const std::string names = ShellWords(copy.databases);
    copy.advice +=
        copy.generation == last
            ? fmt::format(" `dbomsbak undo {}` {}.", names,
                          nothing ? "takes the databases away again" : "swaps it back")
            : fmt::format(
                  " undo swaps the newest copy, {}, and reaches this one only when every "
                  "newer one is purged.",
                  last);
  }
}

}  // namespace

std::vector<Leftover> FindLeftovers(Session& session) {
  const std::vector<std::string> list = ListDatabases(session);
  const std::set<std::string> databases(list.begin(), list.end());
  // Before the journals are read: a swap that ends meanwhile is at work to us, never interrupted.
  const auto holder = session.QueryValue("SELECT IS_USED_LOCK('dbomsbak')");
  const bool busy = holder && *holder != std::to_string(session.connection_id());
  const std::string unseen = UnseenLeftovers(session);
  std::set<std::string> explained;
  std::vector<Leftover> leftovers;
  for (const JournaledSet& found : FindSets(session)) {
    leftovers.push_back(Describe(session, found, databases, busy));
    const std::vector<std::string>& holders = leftovers.back().holders;
    explained.insert(holders.begin(), holders.end());
  }
  AddUndo(leftovers);
  std::set<std::string> in_place;
  for (const InPlaceRun& found : FindInPlaceRuns(session)) {
    leftovers.push_back(Describe(session, found, busy));
    in_place.insert(found.run);
  }
  // Staging areas by run, and displaced databases that no journal names, by generation.
  std::map<std::string, Leftover> others;
  for (const std::string& database : list) {
    if (explained.contains(database)) continue;
    const bool staging = IsStagingName(database);
    if (!staging && !IsDisplacedName(database)) continue;
    Leftover& leftover = others[staging ? "new " + RunOf(database)
                                        : fmt::format("old {:09}", GenerationOf(database))];
    leftover.kind = staging ? LeftoverKind::kStaging : LeftoverKind::kDisplacedCopy;
    leftover.run = RunOf(database);
    leftover.generation = GenerationOf(database);
    leftover.holders.push_back(database);
  }
  for (auto& [key, leftover] : others) {
    for (const std::string& database : leftover.holders)
      ReadNote(session, database, busy, leftover);
    if (leftover.databases.empty()) {
      for (const std::string& database : leftover.holders) {
        leftover.databases.push_back(LiveNameOf(database));
      }
    }
    if (leftover.created.empty()) leftover.created = OldestTable(session, leftover.holders);
    leftover.bytes = SizeOf(session, leftover.holders);
    leftover.at_work = busy;
    if (leftover.advice.empty()) leftover.advice = AdviceOnOther(session, leftover, busy, unseen);
    leftovers.push_back(std::move(leftover));
  }
  for (Leftover& kept : KeptByRuns(session, in_place, busy)) leftovers.push_back(std::move(kept));
  std::stable_sort(leftovers.begin(), leftovers.end(), [](const Leftover& a, const Leftover& b) {
    const auto place = [](const Leftover& leftover) {
      return std::pair(leftover.kind == LeftoverKind::kOpenWindow      ? 0
                       : leftover.kind == LeftoverKind::kDisplacedCopy ? 2
                       : leftover.kind == LeftoverKind::kKeptTables    ? 3
                                                                       : 1,
                       leftover.generation);
    };
    return place(a) < place(b);
  });
  return leftovers;
}

}  // namespace dbomsbak
