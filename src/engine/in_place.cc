#include "engine/in_place.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "dbomsbak/base/error.h"
#include "dbomsbak/sql/create_table.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/transport/server_numbers.h"
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

// Healing has swept up what runs of this program left: who bears these names now is a stranger, or
// something that healing could not read.
void AddNamesTaken(const std::vector<RestoreMember>& members, const RestoreFacts& facts,
                   const std::map<std::string, std::string>& unread,
                   std::vector<std::string>& problems) {
  const bool interrupted = std::any_of(
      facts.leftovers.begin(), facts.leftovers.end(),
      [](const Leftover& leftover) { return leftover.kind == LeftoverKind::kOpenWindow; });
  for (const RestoreMember& member : members) {
    const Database* live = facts.live.Find(member.live);
    if (live == nullptr || interrupted) continue;
    for (const Table& table : live->tables) {
      if (!IsInternalTable(table.id.name)) continue;
      if (const auto why = unread.find(member.live); why != unread.end()) {
        problems.push_back(fmt::format(
            "{} has a name that --in-place needs there, and may be what an interrupted restore has "
            "left, but its journal cannot be read ({}): drop it only if you know that there was "
            "none",
            table.id.Describe(), why->second));
        continue;
      }
      problems.push_back(fmt::format(
          "{} has a name that --in-place needs there, and no interrupted restore has left it: "
          "rename it, or drop it if nobody needs it",
          table.id.Describe()));
    }
  }
}

// The displaced tables' names up to the number.
std::string DisplacedTablesOf(const std::string& run) {
  std::string name = DisplacedTableName(run, 0);
  name.pop_back();
  return name;
}

// Names of displaced tables, quoted, as what they were when they were live.
std::string WithNamesOfThen(const PreparedSet& set, std::string_view text) {
  const std::string mark = "`" + DisplacedTablesOf(set.run);
  std::vector<const std::string*> names;
  for (const std::vector<std::string>& of_member : set.outgoing) {
    for (const std::string& name : of_member) names.push_back(&name);
  }
  std::string then;
  std::size_t copied = 0;
  for (std::size_t at = 0; (at = text.find(mark, at)) != std::string_view::npos;) {
    const std::size_t end = text.find('`', at + mark.size());
    std::size_t number = names.size();
    std::from_chars(text.data() + at + mark.size(), text.data() + std::min(end, text.size()),
                    number);
    if (number >= names.size()) break;
    then += text.substr(copied, at - copied);
    then += QuoteIdentifier(*names[number]);
    copied = at = end + 1;
  }
  then += text.substr(copied);
  return then;
}

// A table apart from its constraints, and those without their names, some of which follow the
// table's. Its counter may go on without anybody having changed it.
using Outline = std::pair<std::string, std::multiset<std::string>>;

Outline OutlineOf(const std::string& database, const std::string& create,
                  std::vector<Constraint> taken, const PreparedSet& set) {
  // OceanBase names a key's own database, the catalogue does not.
  const std::string own = QuoteIdentifier(database) + ".";
  Outline outline;
  outline.first = WithoutAutoIncrement(WithoutConstraints(create));
  for (Constraint& constraint : ConstraintsOf(create)) taken.push_back(std::move(constraint));
  for (const Constraint& constraint : taken) {
    std::string definition = WithNamesOfThen(set, constraint.definition);
    const std::size_t at =
        constraint.foreign_key ? definition.find("REFERENCES " + own) : std::string::npos;
    if (at != std::string::npos) definition.erase(definition.find(own, at), own.size());
    outline.second.insert(std::move(definition));
  }
  return outline;
}

std::vector<KeptTable> StillDisplaced(Session& session, const PreparedSet& set) {
  std::vector<std::string> databases;
  for (const SetMember& member : set.members) databases.push_back(member.live);
  std::vector<KeptTable> kept = FindKeptNames(session, databases);
  std::erase_if(kept, [&](const KeptTable& table) { return table.run != set.run; });
  std::map<std::pair<std::string, std::string>, std::string> names;
  ForEachDisplaced(set, [&](const ObjectId& id, const std::string& name) {
    names[{id.database, id.name}] = name;
  });
  for (KeptTable& table : kept) table.was = names[{table.database, table.table}];
  return kept;
}

// What is known of it before it is healed.
HealedSet HealedOf(const InPlaceRun& found) {
  HealedSet healed;
  healed.operation = kOperationRestore;
  healed.root_digest = found.set.root_digest;
  healed.databases = found.databases;
  std::sort(healed.databases.begin(), healed.databases.end());
  // `was_open` stays false, and there is no journal: nothing of it can be swapped back.
  healed.run = found.run;
  healed.safety_dump = found.set.safety_dump;
  return healed;
}

constexpr char kKeyToBeMoved[] = ": drop that key and add it again, to what is live now";

// What this account may not read is no journal to it, as in databases of their own; nor is a table
// that has only the name.
std::vector<JournalEntry> LoadIfReadable(Session& session, const std::string& database) {
  try {
    return ServerJournal::Open(session, database)->Load();
  } catch (const ServerError& error) {
    // Gone meanwhile; or, on MySQL 5.6, a definition that a crash has left without its table.
    const bool gone = error.number() == kNoSuchTable || error.number() == kUnknownDatabase;
    if (!gone && error.code() != ErrorCode::kPrivilege && error.number() != kUnknownColumn) throw;
    return {{0, "", "unread", "", ""}};
  }
}

// Is there a journal that this run has made? Without a word in it, it is that of a run which was
// ended as soon as it had made it.
bool HasJournalOf(Session& session, const std::string& database, const std::string& run) {
  if (!ServerJournal::Exists(session, database)) return false;
  const std::vector<JournalEntry> entries = LoadIfReadable(session, database);
  const std::optional<StagingNote> note = StagingNote::Find(entries);
  return entries.empty() || (note && note->run == run);
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

bool IsTableOfRun(const std::string& table, const std::string& run) {
  return IsInternalTable(table) || table.starts_with(fmt::format("{}{}_", kLoadedMark, run)) ||
         (IsDisplacedTableName(table) && table.starts_with(DisplacedTablesOf(run)));
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
                                         const RestoreFacts& facts,
                                         const std::map<std::string, std::string>& unread) {
  std::vector<std::string> problems;
  for (const RestoreMember& member : members) {
    if (member.exists) continue;
    problems.push_back(
        fmt::format("database {} does not exist, and --in-place makes none: CREATE DATABASE {};",
                    QuoteIdentifier(member.live), QuoteIdentifier(member.live)));
  }
  AddNamesTaken(members, facts, unread, problems);
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

std::map<std::string, std::string> UnreadJournals(Session& session,
                                                  const std::vector<RestoreMember>& members) {
  std::map<std::string, std::string> unread;
  for (const RestoreMember& member : members) {
    try {
      if (!ServerJournal::Exists(session, member.live)) continue;
      const std::vector<JournalEntry> entries = ServerJournal::Open(session, member.live)->Load();
      const bool ours = std::any_of(entries.begin(), entries.end(), [](const JournalEntry& entry) {
        return entry.event == "begin" && entry.step == kStagingStep;
      });
      if (!ours || StagingNote::Find(entries)) continue;
      unread[member.live] = "what it says is not understood; another version may have written it";
    } catch (const ServerError& error) {
      if (error.code() == ErrorCode::kConnectionLost) throw;
      if (error.number() != kUnknownColumn) unread[member.live] = error.message();
    }
  }
  return unread;
}

void LeaveOutRun(const std::string& run, const std::string& holder, Catalog& live) {
  for (Database& database : live.databases) {
    std::erase_if(database.tables, [&](const Table& table) {
      return IsTableOfRun(table.id.name, run) &&
             (database.name == holder || !IsInternalTable(table.id.name));
    });
    std::erase_if(database.sequences,
                  [&](const Sequence& sequence) { return IsTableOfRun(sequence.id.name, run); });
  }
}

std::vector<std::string> ProgramsChangedBetween(const std::vector<Database>& before,
                                                const std::vector<Database>& now) {
  std::vector<std::string> changed;
  const auto same = [](const auto& a, const auto& b) { return SameDefinition(a, b); };
  for (std::size_t i = 0; i < before.size(); ++i) {
    ListChanged(before[i].views, now[i].views, same, changed);
    ListChanged(before[i].routines, now[i].routines, same, changed);
    ListChanged(before[i].triggers, now[i].triggers, same, changed);
    // Whether one has fired for the last time meanwhile is not our concern.
    ListChanged(before[i].events, now[i].events, SameButState, changed);
  }
  return changed;
}

std::vector<std::string> MadeMeanwhile(const PreparedSet& set, const std::vector<Database>& live) {
  std::vector<std::string> made;
  const auto list = [&](const auto& now, const auto& before, const auto& wanted, const auto& same) {
    for (const auto& object : now) {
      const auto is_among = [&](const auto& others) {
        return std::any_of(others.begin(), others.end(), [&](const auto& other) {
          return other.id == object.id && same(other, object);
        });
      };
      if (is_among(before) || is_among(wanted)) continue;
      made.push_back(fmt::format("{}: {}", object.id.Describe(), object.create));
    }
  };
  const auto same = [](const auto& a, const auto& b) { return SameDefinition(a, b); };
  for (std::size_t i = 0; i < live.size(); ++i) {
    // A server may print a view otherwise when what it stands on is gone.
    std::vector<View> whole = live[i].views;
    std::erase_if(whole, [](const View& view) { return view.broken; });
    list(whole, set.before[i].views, set.wanted[i].views, same);
    list(live[i].routines, set.before[i].routines, set.wanted[i].routines, same);
    list(live[i].events, set.before[i].events, set.wanted[i].events, SameButState);
  }
  return made;
}

std::vector<std::string> ChangedBetween(const std::vector<Database>& before,
                                        const std::vector<Database>& now) {
  std::vector<std::string> changed;
  const auto same_table = [](const Table& a, const Table& b) {
    return WithoutAutoIncrement(a.create) == WithoutAutoIncrement(b.create);
  };
  const auto same_sequence = [](const Sequence& a, const Sequence& b) {
    return a.create == b.create;
  };
  for (std::size_t i = 0; i < before.size(); ++i) {
    ListChanged(before[i].tables, now[i].tables, same_table, changed);
    ListChanged(before[i].sequences, now[i].sequences, same_sequence, changed);
  }
  for (std::string& program : ProgramsChangedBetween(before, now)) {
    changed.push_back(std::move(program));
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

std::vector<std::string> DisplacedDifferences(const PreparedSet& set, const RestoreContent& safety,
                                              const Catalog& live, const TakenConstraints& taken) {
  std::map<ObjectId, const ContentObject*> dumped;
  for (const auto* objects : {&safety.tables, &safety.sequences}) {
    for (const ContentObject& object : *objects) dumped[object.record.id] = &object;
  }
  std::map<ObjectId, const Table*> tables;
  std::map<ObjectId, const Sequence*> sequences;
  for (const Database& database : live.databases) {
    for (const Table& table : database.tables) tables[table.id] = &table;
    for (const Sequence& sequence : database.sequences) sequences[sequence.id] = &sequence;
  }
  std::vector<std::string> differences;
  ForEachDisplaced(set, [&](const ObjectId& id, const std::string& name) {
    const ObjectId was{id.database, id.kind, name};
    const auto then = dumped.find(was);
    const auto differs = [&](std::string_view how) {
      differences.push_back(fmt::format("{} {}", was.Describe(), how));
    };
    if (then == dumped.end()) return differs("is not in the safety dump");
    if (id.kind == ObjectKind::kSequence) {
      const auto now = sequences.find(id);
      if (now == sequences.end()) return differs("is not there any more");
      if (WithFirstName(now->second->create, name) != then->second->create ||
          WithFirstName(now->second->restart, name) != then->second->restart) {
        differs("was used or changed behind the safety dump");
      }
      return;
    }
    const auto now = tables.find(id);
    if (now == tables.end()) return differs("is not there any more");
    const auto off = taken.find({id.database, id.name});
    if (OutlineOf(id.database, WithFirstName(now->second->create, name),
                  off == taken.end() ? std::vector<Constraint>() : off->second,
                  set) != OutlineOf(id.database, then->second->create, {}, set)) {
      differs("was altered behind the safety dump");
    }
  });
  return differences;
}

namespace {

// Whatever fails behind the swap is told as what it is: a restore that is not through.
void OrNotEnded(const PreparedSet& set, const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kConnectionLost) throw;
    throw Error(
        ErrorCode::kNeedsHelp,
        "the restored tables are live, but what was live is not dealt with yet: " + error.message(),
        fmt::format("Remove what stands in the way, then run the same command again: it goes on "
                    "from here. Or go back: dbomsbak restore --in-place '{}'.",
                    set.safety_dump));
  }
}

void DropOrKeep(Session& session, const ServerTraits& traits, const PreparedSet& set,
                ServerJournal& journal, const std::string& reason, Observer& observer) {
  std::string why = reason;
  std::vector<KeptTable> kept = StillDisplaced(session, set);
  if (why.empty()) {
    for (const std::string& key : KeysIntoKept(session, kept)) {
      why += (why.empty() ? "" : "; ") + key + kKeyToBeMoved;
    }
  }
  if (why.empty()) {
    journal.Append("note", kNoteDropping, "");
    ForEachDisplaced(set, [&](const ObjectId& id, const std::string&) { DropKept(session, id); });
    kept = StillDisplaced(session, set);
    if (!kept.empty()) {
      why = "a foreign key that this account cannot see points to it" + std::string(kKeyToBeMoved);
    }
  }
  if (!kept.empty()) {
    ForEachDisplaced(set, [&](const ObjectId& id, const std::string& name) {
      if (id.kind != ObjectKind::kTable) return;
      const auto same = [&](const KeptTable& table) {
        return table.database == id.database && table.table == id.name;
      };
      if (std::none_of(kept.begin(), kept.end(), same)) return;
      try {
        NoteNameOfKept(session, id.database, id.name, name);
      } catch (const ServerError& error) {
        // The warning names it all the same.
        if (error.code() == ErrorCode::kConnectionLost) throw;
      }
    });
    std::vector<std::string> names;
    for (const KeptTable& table : kept) names.push_back(table.Describe());
    observer.Warning(
        fmt::format("what was live before is kept, without the constraints that the window had to "
                    "take off ({}): {}",
                    why, JoinedSome(names)));
  }
  if (InPlaceTraits(traits).constraint_names_block_rename) {
    for (std::size_t i = 0; i < set.members.size(); ++i) {
      SetConstraintNames(session, traits, set.members[i].live, set.incoming[i], false, journal);
    }
  }
  DropTable(session, journal.database(), kLoadTable);
  DropTable(session, journal.database(), kJournalTable);
}

}  // namespace

void EndInPlace(Session& session, const ServerTraits& traits, const PreparedSet& set,
                ServerJournal& journal, const std::string& reason, Observer& observer) {
  OrNotEnded(set, [&] { DropOrKeep(session, traits, set, journal, reason, observer); });
}

void SweepInPlace(Session& session, const std::string& run,
                  const std::vector<std::string>& databases) {
  const std::string& holder = databases.front();
  const bool journaled = HasJournalOf(session, holder, run);
  if (journaled) DropStubsLeft(session, *ServerJournal::Open(session, holder));
  const std::string loaded = LoadedTableName(run, 0).substr(0, kLoadedMark.size() + run.size() + 1);
  for (const std::string& database : databases) {
    for (const std::string& table : ReadTableNames(session, database)) {
      // Of MariaDB this drops sequences, too.
      if (table.starts_with(loaded)) DropTable(session, database, table);
    }
  }
  if (!journaled) return;
  DropTable(session, holder, kLoadTable);
  DropTable(session, holder, kJournalTable);
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

bool AllTablesSwapped(Session& session, const InPlaceRun& run) {
  if (!run.swapping) return false;
  for (std::size_t i = 0; i < run.set.members.size(); ++i) {
    const std::set<std::string> there = ReadTableNames(session, run.set.members[i].live);
    for (std::size_t n = 0; n < run.set.incoming[i].size(); ++n) {
      if (there.contains(run.set.SourceTable(i, n))) return false;
    }
    for (std::size_t n = 0; n < run.set.outgoing[i].size(); ++n) {
      if (!there.contains(run.set.DisplacedTable(i, n))) return false;
    }
  }
  return true;
}

HealedSet GiveUpInPlace(Session& session, const ServerTraits& all_traits, const InPlaceRun& found,
                        const std::string& reason, Observer& observer) {
  const auto journal = ServerJournal::Open(session, found.holder);
  OrNotEnded(found.set, [&] { DropStubsLeft(session, *journal); });
  EndInPlace(session, InPlaceTraits(all_traits), found.set, *journal,
             "its restore was given up before it was finished", observer);
  HealedSet given_up = HealedOf(found);
  given_up.line =
      fmt::format("the restore in place of {} cannot be finished, and is given up for this one: {}",
                  QuotedList(given_up.databases), reason);
  return given_up;
}

HealedSet HealInPlace(Session& session, const ServerTraits& all_traits, const InPlaceRun& found,
                      Observer& observer) {
  const ServerTraits traits = InPlaceTraits(all_traits);
  const auto journal = ServerJournal::Open(session, found.holder);
  HealedSet healed = HealedOf(found);
  if (found.swapping && !found.finished && !traits.has_atomic_ddl) {
    MendTornTable(session, traits, found.set, *journal, observer);
  }
  healed.live = found.swapping &&
                (found.finished || HealWindow(session, traits, found.set, *journal, observer));
  if (healed.live) {
    EndInPlace(session, traits, found.set, *journal,
               found.dropping ? "" : "nobody has compared it with the safety dump", observer);
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
