#include "engine/in_place.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "dbomsbak/base/error.h"
#include "dbomsbak/sql/create_table.h"
#include "dbomsbak/sql/quote.h"
#include "engine/constraint_names.h"
#include "engine/definition_differences.h"
#include "engine/definition_text.h"
#include "engine/foreign_key_lines.h"
#include "engine/live_names.h"
#include "engine/object_creator.h"
#include "engine/set_history.h"
#include "engine/set_names.h"
#include "engine/staging.h"
#include "engine/staging_note.h"
#include "engine/stubs.h"
#include "engine/torn_rename.h"

namespace dbomsbak {
namespace {

constexpr std::string_view kLoadedMark = "__dbomsbak_new_";
constexpr std::string_view kDisplacedMark = "__dbomsbak_old_";

// Step of a note: the window is closed, and what is displaced goes.
constexpr char kNoteDropping[] = "dropping";

std::size_t SizeOfFirst(const std::vector<std::vector<std::string>>& lists, std::size_t count) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < count; ++i) size += lists[i].size();
  return size;
}

// Calls `each` with a displaced table's kind and where it stands now.
template <typename Function>
void ForEachDisplaced(const PreparedSet& set, const Function& each) {
  for (std::size_t i = 0; i < set.members.size(); ++i) {
    std::set<std::string> sequences;
    for (const Sequence& sequence : set.before[i].sequences) sequences.insert(sequence.id.name);
    for (std::size_t n = 0; n < set.outgoing[i].size(); ++n) {
      const bool is_sequence = sequences.contains(set.outgoing[i][n]);
      each(ObjectId{set.members[i].live, is_sequence ? ObjectKind::kSequence : ObjectKind::kTable,
                    set.DisplacedTable(i, n)},
           set.outgoing[i][n]);
    }
  }
}

void DropTable(Session& session, const std::string& database, const std::string& table) {
  session.Execute("DROP TABLE IF EXISTS " + QuoteQualified(database, table));
}

template <typename T, typename Same>
void ListChanged(const std::vector<T>& before, const std::vector<T>& now, const Same& same,
                 std::vector<std::string>& changed) {
  std::map<ObjectId, const T*> there;
  for (const T& object : now) there[object.id] = &object;
  for (const T& object : before) {
    const auto found = there.find(object.id);
    if (found == there.end() || !same(object, *found->second)) {
      changed.push_back(object.id.Describe());
    }
    if (found != there.end()) there.erase(found);
  }
  for (const auto& [id, object] : there) changed.push_back(id.Describe());
}

// A journal that this account may not read is none to it, as those in databases of their own.
std::vector<JournalEntry> LoadIfReadable(Session& session, const std::string& database) {
  try {
    return ServerJournal::Open(session, database)->Load();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kPrivilege) throw;
    return {{0, "", "unread", "", ""}};
  }
}

std::optional<InPlaceRun> ReadRun(Session& session, const std::string& database) {
  InPlaceRun found;
  found.holder = database;
  const std::vector<JournalEntry> entries = LoadIfReadable(session, database);
  if (entries.empty()) {  // made, and its program killed before it wrote
    found.databases = {database};
    return found;
  }
  const std::optional<StagingNote> note = StagingNote::Find(entries);
  if (!note) return std::nullopt;
  found.run = note->run;
  found.created = entries.front().time;
  for (const SetMember& member : note->members) {
    if (member.source != member.live) return std::nullopt;
    found.databases.push_back(member.live);
  }
  if (found.databases.empty() || found.databases.front() != database) return std::nullopt;
  for (const JournalEntry& entry : entries) {
    if (entry.event != "note") continue;
    if (entry.step == kNoteSet) {
      found.set = PreparedSetFromJson(entry.payload);
      found.swapping = true;
    } else if (entry.step == kNoteTakenBack) {
      found.swapping = false;
    } else if (entry.step == kNoteFinished) {
      found.finished = true;
    } else if (entry.step == kNoteDropping) {
      found.dropping = true;
    }
  }
  return found;
}

}  // namespace

std::string LoadedTableName(const std::string& run, std::size_t number) {
  return fmt::format("{}{}_{}", kLoadedMark, run, number);
}

std::string DisplacedTableName(const std::string& run, std::size_t number) {
  return fmt::format("{}{}_{}", kDisplacedMark, run, number);
}

bool IsTableOfRun(const std::string& table, const std::string& run) {
  return IsInternalTable(table) || table.starts_with(fmt::format("{}{}_", kLoadedMark, run)) ||
         table.starts_with(fmt::format("{}{}_", kDisplacedMark, run));
}

std::string PreparedSet::SourceTable(std::size_t member, std::size_t n) const {
  if (!in_place) return incoming[member][n];
  return LoadedTableName(run, SizeOfFirst(incoming, member) + n);
}

std::string PreparedSet::DisplacedTable(std::size_t member, std::size_t n) const {
  if (!in_place) return outgoing[member][n];
  return DisplacedTableName(run, SizeOfFirst(outgoing, member) + n);
}

ServerTraits InPlaceTraits(ServerTraits traits) {
  traits.has_real_table_locks = false;
  traits.constraint_names_block_rename |= traits.check_names_are_the_databases;
  return traits;
}

void PrepareInPlace(RestoreContent& content) {
  for (const ContentSource& source : content.sources) {
    if (!source.plain) continue;
    throw Error(
        ErrorCode::kRestorePreflight,
        fmt::format("'{}' is a plain dump, and --in-place restores archives alone", source.name),
        "Have the account granted what a staged restore needs (see --dry-run without "
        "--in-place), or load the dump with mysql.")
        .About(source.name);
  }
  for (ContentObject& table : content.tables) {
    table.keys_to_staying = ForeignKeyLines(table.create);
  }
}

void NameStagedTables(const PreparedSet& set, std::vector<RestoreMember>& members) {
  for (std::size_t i = 0; i < members.size(); ++i) {
    members[i].staged_tables.clear();
    for (std::size_t n = 0; n < set.incoming[i].size(); ++n) {
      members[i].staged_tables[set.incoming[i][n]] = set.SourceTable(i, n);
    }
  }
}

std::vector<std::string> InPlaceProblems(const PreparedSet& set,
                                         const std::vector<RestoreMember>& members,
                                         const RestoreFacts& facts) {
  std::vector<std::string> problems;
  for (const RestoreMember& member : members) {
    if (member.exists) continue;
    problems.push_back(
        fmt::format("database {} does not exist, and --in-place makes none: CREATE DATABASE {};",
                    QuoteIdentifier(member.live), QuoteIdentifier(member.live)));
  }
  if (!facts.traits.added_keys_need_references) return problems;
  // Foreign keys are added behind the RENAME: there is no way back from there.
  std::set<std::pair<std::string, std::string>> parents;
  for (const KeyDefinition& key : set.returning_keys) {
    for (const ForeignKeyLine& line : ForeignKeyLines(key.definition)) {
      parents.emplace(line.parent_database.empty() ? key.database : line.parent_database,
                      line.parent_table);
    }
  }
  for (const auto& [database, table] : parents) {
    if (facts.privileges.HasOnTable("REFERENCES", database, table)) continue;
    problems.push_back(
        fmt::format("account {} may not add foreign keys to {}: GRANT REFERENCES ON {} TO {};",
                    facts.account, QuoteQualified(database, table), QuoteQualified(database, table),
                    QuoteAccount(facts.account)));
  }
  return problems;
}

std::vector<std::string> InPlaceWarnings(const RestoreContent& content,
                                         const ServerTraits& traits) {
  std::vector<std::string> warnings = {
      "in place: the tables change at one instant; triggers, foreign keys, routines, views and "
      "events one after the other around it, without having been tried before",
      "in place: undo cannot take this back; restoring the safety dump in place does",
  };
  std::vector<std::string> checked;
  if (traits.check_names_are_the_databases) {
    for (const ContentObject& table : content.tables) {
      const std::vector<Constraint> constraints = ConstraintsOf(table.create);
      if (std::any_of(constraints.begin(), constraints.end(),
                      [](const Constraint& each) { return !each.foreign_key; })) {
        checked.push_back(table.record.id.Describe());
      }
    }
  }
  if (!checked.empty()) {
    warnings.push_back(fmt::format(
        "in place: CHECK constraints get their names behind the swap, for which a server may copy "
        "the table: {}",
        JoinedSome(checked)));
  }
  return warnings;
}

void LeaveOutRun(const std::string& run, Catalog& live) {
  for (Database& database : live.databases) {
    std::erase_if(database.tables,
                  [&](const Table& table) { return IsTableOfRun(table.id.name, run); });
    std::erase_if(database.sequences,
                  [&](const Sequence& sequence) { return IsTableOfRun(sequence.id.name, run); });
  }
}

std::vector<std::string> ChangedBetween(const std::vector<Database>& before,
                                        const std::vector<Database>& now) {
  std::vector<std::string> changed;
  const auto same = [](const auto& a, const auto& b) { return SameDefinition(a, b); };
  const auto same_table = [](const Table& a, const Table& b) {
    return WithoutAutoIncrement(a.create) == WithoutAutoIncrement(b.create);
  };
  const auto same_sequence = [](const Sequence& a, const Sequence& b) {
    return a.create == b.create;
  };
  for (std::size_t i = 0; i < before.size(); ++i) {
    ListChanged(before[i].tables, now[i].tables, same_table, changed);
    ListChanged(before[i].sequences, now[i].sequences, same_sequence, changed);
    ListChanged(before[i].views, now[i].views, same, changed);
    ListChanged(before[i].routines, now[i].routines, same, changed);
    ListChanged(before[i].triggers, now[i].triggers, same, changed);
    // Whether one has fired for the last time meanwhile is not our concern.
    ListChanged(
        before[i].events, now[i].events,
        [](const StoredProgram& a, const StoredProgram& b) { return SameButState(a, b); }, changed);
  }
  return changed;
}

PreparedSet WithKeysToStaying(const PreparedSet& set) {
  PreparedSet staying = set;
  staying.returning_keys.clear();
  for (const KeyDefinition& key : set.returning_keys) {
    const std::vector<ForeignKeyLine> lines = ForeignKeyLines(key.definition);
    if (lines.empty()) continue;
    const std::string& parent_database =
        lines.front().parent_database.empty() ? key.database : lines.front().parent_database;
    KeyDefinition loaded = key;
    bool stays = false;
    for (std::size_t i = 0; i < set.members.size(); ++i) {
      const std::vector<std::string>& incoming = set.incoming[i];
      const auto place = [&](const std::string& table) {
        return std::find(incoming.begin(), incoming.end(), table);
      };
      if (set.members[i].live == parent_database) {
        stays = place(lines.front().parent_table) == incoming.end();
      }
      if (set.members[i].live != key.database || place(key.table) == incoming.end()) continue;
      loaded.table =
          set.SourceTable(i, static_cast<std::size_t>(place(key.table) - incoming.begin()));
    }
    if (stays) staying.returning_keys.push_back(std::move(loaded));
  }
  return staying;
}

bool MakeDisplacedProof(const PreparedSet& set, const RestoreContent& safety,
                        DisplacedProof& proof) {
  proof.content = safety;
  proof.members.clear();
  std::size_t tables = 0;
  for (std::size_t i = 0; i < set.members.size(); ++i) {
    const std::string& live = set.members[i].live;
    RestoreMember member;
    member.archived = member.live = member.staging = member.displaced = live;
    for (const Table& table : set.before[i].tables) {
      const std::vector<std::string>& outgoing = set.outgoing[i];
      const auto place = std::find(outgoing.begin(), outgoing.end(), table.id.name);
      if (place == outgoing.end()) continue;
      member.staged_tables[table.id.name] =
          set.DisplacedTable(i, static_cast<std::size_t>(place - outgoing.begin()));
      ++tables;
    }
    proof.members.push_back(std::move(member));
  }
  std::erase_if(proof.content.tables, [&](const ContentObject& table) {
    return std::none_of(proof.members.begin(), proof.members.end(),
                        [&](const RestoreMember& member) {
                          return member.live == table.record.id.database &&
                                 member.staged_tables.contains(table.record.id.name);
                        });
  });
  return proof.content.tables.size() == tables;
}

bool SameSequences(const PreparedSet& set, const RestoreContent& safety, const Catalog& live) {
  std::map<ObjectId, std::string> values;
  for (const ContentObject& sequence : safety.sequences) {
    values[sequence.record.id] = sequence.restart;
  }
  bool same = true;
  ForEachDisplaced(set, [&](const ObjectId& id, const std::string& name) {
    if (id.kind != ObjectKind::kSequence) return;
    const Database* database = live.Find(id.database);
    const auto dumped = values.find({id.database, ObjectKind::kSequence, name});
    same = same && database != nullptr && dumped != values.end() &&
           std::any_of(database->sequences.begin(), database->sequences.end(),
                       [&](const Sequence& sequence) {
                         return sequence.id.name == id.name &&
                                WithFirstName(sequence.restart, name) == dumped->second;
                       });
  });
  return same;
}

void EndInPlace(Session& session, const ServerTraits& traits, const PreparedSet& set,
                ServerJournal& journal, bool drop_displaced, Observer& observer) {
  if (drop_displaced) {
    journal.Append("note", kNoteDropping, "");
    ForEachDisplaced(set, [&](const ObjectId& id, const std::string&) { DropObject(session, id); });
  } else {
    std::vector<std::string> kept;
    ForEachDisplaced(set, [&](const ObjectId& id, const std::string& name) {
      kept.push_back(
          fmt::format("{} (was {})", QuoteQualified(id.database, id.name), QuoteIdentifier(name)));
    });
    if (!kept.empty()) {
      observer.Warning(fmt::format(
          "what was live before is kept, without its foreign keys, for it may hold more than the "
          "safety dump: {}; DROP TABLE them when they are not needed",
          JoinedSome(kept)));
    }
  }
  if (InPlaceTraits(traits).constraint_names_block_rename) {
    for (std::size_t i = 0; i < set.members.size(); ++i) {
      SetConstraintNames(session, traits, set.members[i].live, set.incoming[i], false, journal);
    }
  }
  DropTable(session, journal.database(), kLoadTable);
  DropTable(session, journal.database(), kJournalTable);
}

void SweepInPlace(Session& session, const std::string& run,
                  const std::vector<std::string>& databases) {
  const std::string loaded = LoadedTableName(run, 0).substr(0, kLoadedMark.size() + run.size() + 1);
  for (const std::string& database : databases) {
    if (!ServerJournal::Exists(session, database)) continue;
    DropStubsLeft(session, *ServerJournal::Open(session, database));
  }
  for (const std::string& database : databases) {
    for (const std::string& table : ReadTableNames(session, database)) {
      // Of MariaDB this drops sequences, too.
      if (table.starts_with(loaded)) DropTable(session, database, table);
    }
  }
  DropTable(session, databases.front(), kLoadTable);
  DropTable(session, databases.front(), kJournalTable);
}

std::vector<InPlaceRun> FindInPlaceRuns(Session& session) {
  std::vector<InPlaceRun> runs;
  const ResultSet journals = session.Query(
      fmt::format("SELECT TABLE_SCHEMA FROM information_schema.TABLES WHERE TABLE_NAME = {}",
                  QuoteString(kJournalTable)));
  for (std::size_t row = 0; row < journals.rows.size(); ++row) {
    const std::string database = journals.Text(row, 0);
    if (IsStagingName(database) || IsDisplacedName(database)) continue;
    if (std::optional<InPlaceRun> found = ReadRun(session, database)) {
      runs.push_back(std::move(*found));
    }
  }
  return runs;
}

HealedSet HealInPlace(Session& session, const ServerTraits& all_traits, const InPlaceRun& found,
                      Observer& observer) {
  const ServerTraits traits = InPlaceTraits(all_traits);
  const auto journal = ServerJournal::Open(session, found.holder);
  HealedSet healed;
  healed.operation = "restore";
  healed.root_digest = found.set.root_digest;
  healed.databases = found.databases;
  std::sort(healed.databases.begin(), healed.databases.end());
  if (found.swapping && !found.finished && !traits.has_atomic_ddl) {
    RefuseTornTable(session, found.set);
  }
  healed.live = found.swapping &&
                (found.finished || HealWindow(session, traits, found.set, *journal, observer));
  if (healed.live) {
    EndInPlace(session, traits, found.set, *journal, found.dropping, observer);
  } else {
    SweepInPlace(session, found.run, found.databases);
  }
  healed.line = fmt::format(
      "the restore in place of {} was interrupted {}", QuotedList(healed.databases),
      healed.live ? "behind its swap; it is finished now"
                  : "before its swap; what it had loaded is swept up, what is live is as it was");
  return healed;
}

}  // namespace dbomsbak
