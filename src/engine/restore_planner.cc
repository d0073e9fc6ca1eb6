#include "engine/restore_planner.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "dbomsbak/base/ascii.h"
#include "dbomsbak/base/units.h"
#include "dbomsbak/sql/create_table.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/sql/rename_databases.h"
#include "engine/definition_differences.h"
#include "engine/definition_text.h"
#include "engine/foreign_key_lines.h"
#include "engine/guarded_definers.h"
#include "engine/held_definitions.h"
#include "engine/kept_tables.h"
#include "engine/key_twins.h"
#include "engine/needed_privileges.h"
#include "engine/outside_uses.h"
#include "engine/set_history.h"
#include "engine/set_names.h"
#include "engine/sight.h"
#include "engine/staging_proof.h"
#include "engine/torn_rename.h"
#include "engine/window_estimate.h"

namespace dbomsbak {
namespace {

using TableName = std::pair<std::string, std::string>;

std::string Join(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

DatabaseMap ArchivedToLive(const std::vector<RestoreMember>& members) {
  DatabaseMap map;
  for (const RestoreMember& member : members) {
    if (member.archived != member.live) map[member.archived] = member.live;
  }
  return map;
}

// With their order among others, too.
bool Same(const StoredProgram& a, const StoredProgram& b) {
  return SameDefinition(a, b) && a.order == b.order;
}

bool Same(const View& a, const View& b) { return SameDefinition(a, b); }

// Objects of one kind in one database: those of the archive, then live ones it does not speak for.
template <typename T, typename Covered>
std::vector<T> Merge(std::vector<T> archived, const std::vector<T>& live, const Covered& covered) {
  std::set<ObjectId> taken;
  for (const T& object : archived) taken.insert(object.id);
  for (const T& object : live) {
    if (!taken.contains(object.id) && !covered(object)) archived.push_back(object);
  }
  return archived;
}

template <typename Make>
auto Collect(const std::vector<ContentObject>& objects, const RestoreMember& member,
             const Make& make) {
  std::vector<decltype(make(objects.front(), member.live))> collected;
  for (const ContentObject& object : objects) {
    if (object.record.id.database == member.archived)
      collected.push_back(make(object, member.live));
  }
  return collected;
}

Table TableOf(const ContentObject& object, const std::string& database) {
  Table table;
  table.id = object.record.id;
  table.id.database = database;
  table.engine = object.record.engine;
  return table;
}

Sequence SequenceOf(const ContentObject& object, const std::string& database) {
  Sequence sequence;
  sequence.id = object.record.id;
  sequence.id.database = database;
  sequence.create = object.create;
  return sequence;
}

std::string CreateDatabaseText(const std::string& name, const std::string& charset,
                               const std::string& collation) {
  return fmt::format("CREATE DATABASE {} DEFAULT CHARACTER SET {} COLLATE {}",
                     QuoteIdentifier(name), charset, QuoteCollation(collation));
}

// An archive's definition where its databases have other names.
template <typename T>
T Renamed(T object, const DatabaseMap& renamed) {
  if (!renamed.empty()) {
    object.create = RenameDatabases(object.id.kind, object.create, renamed);
  }
  return object;
}

// GRANT … ON PROCEDURE `db`.`p` TO …
void RenameGrants(const RestoreMember& member, std::vector<std::string>& grants) {
  if (member.archived == member.live) return;
  const std::string from = QuoteIdentifier(member.archived) + ".";
  for (std::string& grant : grants) {
    const std::size_t at = grant.find(from);
    if (at == std::string::npos) continue;
    grant.replace(at, from.size(), QuoteIdentifier(member.live) + ".");
  }
}

// Of the archive's tables and sequences in a database.
std::set<std::string> NamesIn(const RestoreContent& content, const std::string& database) {
  std::set<std::string> names;
  for (const auto* objects : {&content.tables, &content.sequences}) {
    for (const ContentObject& object : *objects) {
      if (object.record.id.database == database) names.insert(object.record.id.name);
    }
  }
  return names;
}

void AddKeysToStaying(const RestoreContent& content, const RestoreMember& member,
                      const DatabaseMap& renamed, std::vector<KeyDefinition>& keys) {
  constexpr std::string_view kHead = "CREATE TABLE `t` (\n  ", kTail = "\n)";
  for (const ContentObject& table : content.tables) {
    if (table.record.id.database != member.archived) continue;
    for (const ForeignKeyLine& key : table.keys_to_staying) {
      std::string definition = RenameDatabases(
          ObjectKind::kTable, fmt::format("{}{}{}", kHead, key.definition, kTail), renamed);
      definition = definition.substr(kHead.size(), definition.size() - kHead.size() - kTail.size());
      keys.push_back({member.live, table.record.id.name, key.name, std::move(definition)});
    }
  }
}

Database WantedDatabase(const RestoreContent& content, const RestoreMember& member,
                        const Database& live, const ServerTraits& traits,
                        const DatabaseMap& renamed) {
  const auto view_of = [&](const ContentObject& object, const std::string& database) {
    return Renamed(ViewOf(object, database), renamed);
  };
  const auto program_of = [&](const ContentObject& object, const std::string& database) {
    StoredProgram program = Renamed(ProgramOf(object, database), renamed);
    RenameGrants(member, program.grants);
    return program;
  };
  Database wanted;
  wanted.name = member.live;
  wanted.comment = live.comment;
  wanted.charset = live.charset;
  wanted.collation = live.collation;
  wanted.create = live.create;
  for (const ContentObject& object : content.databases) {
    if (object.record.id.name != member.archived) continue;
    if (member.exists && !content.Covers(object.record.id)) continue;
    wanted.charset = object.record.charset;
    wanted.collation = object.record.collation;
    wanted.comment = object.record.comment.value_or(live.comment);
    wanted.create = CreateDatabaseText(wanted.name, wanted.charset, wanted.collation);
  }
  const auto archived_id = [&](ObjectId id) {
    id.database = member.archived;
    return id;
  };
  const auto covered = [&](const auto& object) { return content.Covers(archived_id(object.id)); };
  const auto trigger_covered = [&](const StoredProgram& trigger) {
    return content.Covers(archived_id(trigger.id), trigger.table);
  };
  wanted.tables = Merge(Collect(content.tables, member, TableOf), live.tables, covered);
  wanted.sequences = Merge(Collect(content.sequences, member, SequenceOf), live.sequences, covered);
  for (Sequence& sequence : wanted.sequences) {
    sequence.is_table = traits.has_sequences_in_tables;
  }
  wanted.views = Merge(Collect(content.views, member, view_of), live.views, covered);
  wanted.routines = Merge(Collect(content.routines, member, program_of), live.routines, covered);
  wanted.events = Merge(Collect(content.events, member, program_of), live.events, covered);
  wanted.triggers =
      Merge(Collect(content.triggers, member, program_of), live.triggers, trigger_covered);
  // A trigger goes with the table it stands on.
  std::set<std::string> tables;
  for (const Table& table : wanted.tables) tables.insert(table.id.name);
  std::erase_if(wanted.triggers, [&](const StoredProgram& trigger) {
    return !trigger.table.empty() && !tables.contains(trigger.table);
  });
  return wanted;
}

// Collects problems and warnings one subject after the other.
class Planner {
 public:
  Planner(const RestoreContent& content, const std::vector<RestoreMember>& members,
          const RestoreFacts& facts)
      : content_(content),
        members_(members),
        facts_(facts),
        set_(MakeSet(content, members, facts)) {}

  RestorePlan Make(OtherSessions other_sessions) {
    ListChanges();
    for (const std::string& note : content_.notes) Warning(note);
    CheckUnheld();
    CheckServer();
    CheckPrivileges();
    CheckSight();
    CheckDefiners();
    CheckDefinitions();
    CheckPackets();
    CheckNames();
    CheckKeysWithin();
    CheckDataDirectories();
    CheckForeignKeys();
    CheckOutside();
    CheckLeftovers();
    CheckSpaceAndUse(other_sessions);
    return std::move(plan_);
  }

 private:
  void Problem(std::string text) { plan_.problems.push_back(std::move(text)); }
  void Warning(std::string text) { plan_.warnings.push_back(std::move(text)); }

  template <typename F>
  void ForEachObject(const F& f) const {
    for (const auto* objects :
         {&content_.databases, &content_.sequences, &content_.tables, &content_.views,
          &content_.routines, &content_.triggers, &content_.events}) {
      for (const ContentObject& object : *objects) f(object);
    }
  }

  template <typename T, typename SameDefinition>
  void ListKind(const std::vector<T>& wanted, const std::vector<T>& before,
                const SameDefinition& same) {
    std::map<ObjectId, const T*> live;
    for (const T& object : before) live[object.id] = &object;
    for (const T& object : wanted) {
      const auto found = live.find(object.id);
      if (found == live.end()) {
        plan_.added_back.push_back(object.id);
      } else {
        if (!same(object, *found->second)) plan_.replaced.push_back(object.id);
        live.erase(found);
      }
    }
    for (const auto& [id, object] : live) plan_.removed.push_back(id);
  }

  void ListChanges() {
    for (std::size_t i = 0; i < members_.size(); ++i) {
      const RestoreMember& member = members_[i];
      plan_.databases.push_back(member.live);
      if (!member.exists) plan_.created_databases.push_back(member.live);
      const Database& wanted = set_.wanted[i];
      const Database& before = set_.before[i];
      const std::set<std::string> incoming(set_.incoming[i].begin(), set_.incoming[i].end());
      const auto stays = [&](const auto& object, const auto&) {
        return !incoming.contains(object.id.name);
      };
      const auto same = [](const auto& a, const auto& b) { return Same(a, b); };
      ListKind(wanted.tables, before.tables, stays);
      ListKind(wanted.sequences, before.sequences, stays);
      ListKind(wanted.views, before.views, same);
      ListKind(wanted.routines, before.routines, same);
      ListKind(wanted.triggers, before.triggers, same);
      ListKind(wanted.events, before.events, same);
    }
    ListDiffering();
    plan_.altered = AlteredDatabases(set_.wanted, set_.before);
    plan_.rows = content_.rows;
    plan_.generation = set_.generation;
    plan_.expected_window_ms = EstimateWindow(set_);
  }

  // What stays in name, but not in definition. Servers of other series print the same object in
  // other words: nothing is said then.
  void ListDiffering() {
    ListDifferingTables();
    for (std::size_t i = 0; i < members_.size(); ++i) {
      const std::string& archived = members_[i].archived;
      if (!PrintsAlike(content_, archived, facts_.traits)) continue;
      const DefinitionDifferences found =
          content_.SourceOf(archived).plain
              ? CompareSaidDefinitions(set_.wanted[i], set_.before[i])
              : CompareLiveDefinitions(set_.wanted[i], set_.before[i]);
      plan_.differing.insert(plan_.differing.end(), found.objects.begin(), found.objects.end());
    }
  }

  void ListDifferingTables() {
    for (const ContentObject& archived : content_.tables) {
      if (!PrintsAlike(content_, archived.record.id.database, facts_.traits)) continue;
      const std::string& live_name = members_[PlaceOf(members_, archived.record.id.database)].live;
      const Database* database = facts_.live.Find(live_name);
      if (database == nullptr) continue;
      for (const Table& table : database->tables) {
        if (table.id.name != archived.record.id.name) continue;
        if (WithoutAutoIncrement(table.create) != WithoutAutoIncrement(archived.create)) {
          plan_.differing.push_back(table.id);
        }
      }
    }
  }

  void CheckServer() {
    if (facts_.traits.read_only || facts_.traits.super_read_only) {
      Problem(
          "the server is read-only (read_only=ON), as replicas are; restore on its primary, or SET "
          "GLOBAL read_only=OFF first");
    }
    if (facts_.innodb_read_only) {
      Problem(
          "the server was started with innodb_read_only; start it without, or restore on another");
    }
    if (!facts_.traits.has_atomic_ddl) {
      Warning(TornTableWarning(facts_.privileges, facts_.account, facts_.copies_own_files));
    }
    if (facts_.binlog_filtered) {
      Warning(
          "the server's binary log leaves out databases (binlog_do_db or binlog_ignore_db): "
          "replicas will not follow a restore");
    }
  }

  // First of all: nothing that is put right on the server helps what it cannot hold.
  void CheckUnheld() {
    plan_.unheld = FindUnheld(content_, facts_);
    for (const Unheld& object : plan_.unheld) Problem(object.Describe());
  }

  void CheckPrivileges() {
    // All at once: a more specific grant hides what a wider one gives.
    const std::string all =
        fmt::format("{}, LOCK TABLES", fmt::join(RestorePrivileges(facts_.traits), ", "));
    for (const RestoreMember& member : members_) {
      const std::vector<std::string> live = Missing(member.live);
      std::vector<std::string> copies;
      if (!member.in_place()) copies = Missing(member.staging);
      for (const std::string& privilege : Missing(member.displaced)) {
        if (member.in_place()) break;
        if (std::find(copies.begin(), copies.end(), privilege) == copies.end()) {
          copies.push_back(privilege);
        }
      }
      const std::string account = QuoteAccount(facts_.account);
      const std::string prefix = member.staging.substr(0, member.staging.rfind("__dbomsbak_new_"));
      if (!live.empty()) {
        Problem(fmt::format("account {} lacks {} on {}: GRANT {} ON {} TO {};", facts_.account,
                            Join(live), QuoteIdentifier(member.live), all, GrantTarget(member.live),
                            account));
      }
      if (!copies.empty()) {
        Problem(fmt::format(
            "account {} lacks {} on the staging and displaced databases of {}: GRANT {} ON {} TO "
            "{};{}",
            facts_.account, Join(copies), QuoteIdentifier(member.live), all,
            GrantTarget(prefix + "__dbomsbak_", "%"), account,
            live.empty() ? " or restore with --in-place, which makes no databases (see --help for "
                           "what that gives up)"
                         : ""));
      }
    }
    for (const Database& database : facts_.live.databases) {
      for (const View& view : database.views) {
        if (!view.guessed) continue;
        Warning(fmt::format(
            "{} is broken and the server no longer shows its definition: should it be put back by "
            "undo, its ALGORITHM is taken to be UNDEFINED",
            view.id.Describe()));
      }
    }
    CheckGrants();
    for (const Unreadable& object : facts_.live.unreadable) {
      Problem(fmt::format("{} as it is now cannot be read, so it could not be put back: {}{}{}",
                          object.id.Describe(), object.reason, object.remedy.empty() ? "" : ": ",
                          object.remedy));
    }
  }

  // What an account cannot see cannot be checked for it.
  void CheckSight() {
    plan_.sees_all = SeesAll();
    for (const Hidden& hidden :
         HiddenFrom(facts_.privileges, facts_.account, facts_.keys_into_set.complete)) {
      Warning(fmt::format("{}: {}", hidden.what, hidden.remedy));
    }
  }

  // Who has any privilege on a database is shown its tables; of other kinds the catalogue knows.
  bool SeesAll() const {
    const std::size_t all = RestorePrivileges(facts_.traits).size();
    return std::none_of(
               members_.begin(), members_.end(),
               [&](const RestoreMember& member) { return Missing(member.live).size() == all; }) &&
           std::none_of(facts_.live.unreadable.begin(), facts_.live.unreadable.end(),
                        [](const Unreadable& object) { return object.id.name == "*"; });
  }

  // Grants on a routine go with it, and only who may hand them on can give them again.
  void CheckGrants() {
    for (std::size_t i = 0; i < members_.size(); ++i) {
      if (facts_.privileges.MayGrant(members_[i].live)) continue;
      for (const StoredProgram& routine : set_.wanted[i].routines) {
        const std::vector<StoredProgram>& before = set_.before[i].routines;
        const bool stays =
            std::any_of(before.begin(), before.end(), [&](const StoredProgram& live) {
              return live.id == routine.id && SameDefinition(live, routine) &&
                     live.grants == routine.grants;
            });
        if (routine.grants.empty() || stays) continue;
        Problem(fmt::format(
            "account {} may not give the grants on {} again: GRANT EXECUTE, ALTER ROUTINE ON {} TO "
            "{} WITH GRANT OPTION;",
            facts_.account, routine.id.Describe(), GrantTarget(members_[i].live),
            QuoteAccount(facts_.account)));
        break;
      }
    }
  }

  std::vector<std::string> Missing(const std::string& database) const {
    std::vector<std::string> missing;
    for (const std::string_view privilege : RestorePrivileges(facts_.traits)) {
      if (!facts_.privileges.Has(privilege, database)) missing.emplace_back(privilege);
    }
    return missing;
  }

  void CheckDefiners() {
    std::map<std::string, std::vector<std::string>> objects_of;
    ForEachObject([&](const ContentObject& object) {
      if (!object.record.definer.empty()) {
        objects_of[object.record.definer].push_back(object.record.id.Describe());
      }
    });
    const bool any_definer = MaySetDefiner(facts_.privileges);
    const std::string& guard = facts_.traits.guarded_definer_privilege;
    const std::string account = QuoteAccount(facts_.account);
    const std::string& for_orphans = facts_.traits.orphan_privilege;
    const bool any_orphan = for_orphans.empty() || facts_.privileges.HasGlobal(for_orphans);
    for (const auto& [definer, objects] : objects_of) {
      if (definer != facts_.account && !any_definer) {
        std::string told = fmt::format(
            "account {} may not create objects of definer {} ({}): GRANT {} ON *.* TO {};",
            facts_.account, definer, JoinedSome(objects), facts_.traits.definer_privilege, account);
        if (MayBeGuarded(facts_.traits, facts_.privileges)) {
          told += fmt::format(" and, if that definer has {0}: GRANT {0} ON *.* TO {1};", guard,
                              account);
        }
        Problem(std::move(told));
      }
      // A role has no host part; who may see accounts sees it without one, too.
      if (facts_.accounts && definer.find('@') != std::string::npos &&
          !facts_.accounts->contains(definer)) {
        if (!any_orphan) {
          Problem(fmt::format(
              "account {} may not create objects of definer {}, who does not exist ({}): GRANT {} "
              "ON *.* TO {};",
              facts_.account, definer, JoinedSome(objects), for_orphans, account));
        }
        Warning(
            fmt::format("definer {} does not exist on this server ({}); the objects come back, "
                        "but cannot be used until the account is there",
                        definer, JoinedSome(objects)));
      }
    }
    for (const std::string& definer : facts_.guarded_definers) {
      Problem(fmt::format(
          "account {} may neither create nor drop objects of definer {}, who has {}{}: GRANT {} "
          "ON *.* TO {};",
          facts_.account, definer, guard,
          objects_of.contains(definer) ? " (" + JoinedSome(objects_of[definer]) + ")" : "", guard,
          account));
    }
    CheckRoutineBodies();
  }

  // Staging is read again before it is made live. Where live routines are hidden as well, that has
  // been told with the same remedy.
  void CheckRoutineBodies() {
    const auto is_hidden_routine = [](const Unreadable& object) {
      return object.code == ErrorCode::kPrivilege && object.id.kind >= ObjectKind::kFunction &&
             object.id.kind <= ObjectKind::kPackageBody;
    };
    if (std::any_of(facts_.live.unreadable.begin(), facts_.live.unreadable.end(),
                    is_hidden_routine)) {
      return;
    }
    std::vector<std::string> hidden;
    for (const ContentObject& routine : content_.routines) {
      const ObjectRecord& record = routine.record;
      if (record.definer.empty() || record.definer == facts_.account) continue;
      const std::string& staging = members_[PlaceOf(members_, record.id.database)].staging;
      if (SeesRoutineBodies(facts_.traits, facts_.privileges, staging)) continue;
      hidden.push_back(record.id.Describe());
    }
    if (hidden.empty()) return;
    Problem(fmt::format("account {} may not read routines of other definers back ({}): {}",
                        facts_.account, JoinedSome(hidden),
                        RoutineBodyGrant(facts_.traits, QuoteAccount(facts_.account))));
  }

  void CheckDefinitions() {
    std::vector<std::string> untrusted, logged;
    for (const ContentObject& object : content_.routines) {
      const ObjectRecord& record = object.record;
      if (record.id.kind == ObjectKind::kFunction && facts_.traits.log_bin &&
          !facts_.trusts_function_creators) {
        (DeclaresItsData(object.create) ? logged : untrusted).push_back(record.id.Describe());
      }
    }
    if (!untrusted.empty()) {
      Problem(
          fmt::format("with its binary log on, the server takes no function that says neither "
                      "DETERMINISTIC nor NO SQL nor READS SQL DATA ({}): SET GLOBAL "
                      "log_bin_trust_function_creators=1;",
                      JoinedSome(untrusted)));
    }
    if (facts_.traits.log_bin && !facts_.trusts_function_creators) CheckLogged(std::move(logged));
  }

  // What may write into the binary log by itself is taken from those with SUPER alone.
  void CheckLogged(std::vector<std::string> logged) {
    if (facts_.privileges.HasGlobal("SUPER")) return;
    for (const Database& wanted : set_.wanted) {
      for (const StoredProgram& trigger : wanted.triggers) logged.push_back(trigger.id.Describe());
    }
    if (logged.empty()) return;
    Problem(fmt::format(
        "with its binary log on, the server takes triggers and functions ({}) from accounts with "
        "SUPER alone: GRANT SUPER ON *.* TO {}; or SET GLOBAL log_bin_trust_function_creators=1;",
        JoinedSome(logged), QuoteAccount(facts_.account)));
  }

  void CheckPackets() {
    const std::uint64_t limit = facts_.traits.max_allowed_packet;
    if (limit == 0) return;
    for (const ContentObject& table : content_.tables) {
      // One byte more than the text: the command's.
      if (table.largest_statement + 1 <= limit) continue;
      constexpr std::uint64_t kStep = std::uint64_t{1} << 20;
      const std::uint64_t needed = (table.largest_statement / kStep + 1) * kStep;
      Problem(fmt::format(
          "a row of {} needs a statement of {} bytes, the server's max_allowed_packet is {}: SET "
          "GLOBAL max_allowed_packet={};",
          table.record.id.Describe(), table.largest_statement, limit, needed));
    }
    const std::uint64_t rename = RenameBytes();
    if (rename > limit) {
      Problem(fmt::format(
          "the RENAME of all tables is one statement of {} bytes, the server's max_allowed_packet "
          "is {}: SET GLOBAL max_allowed_packet={};",
          rename, limit, std::bit_ceil(rename)));
    }
  }

  // Of the swap's statement, at most: each table that goes and each that comes.
  std::uint64_t RenameBytes() const {
    constexpr std::uint64_t kAround = sizeof("RENAME TABLE ") + 1;
    std::uint64_t bytes = kAround;
    for (std::size_t i = 0; i < members_.size(); ++i) {
      const auto add = [&](const std::string& from, const std::string& to,
                           const std::string& name) {
        constexpr std::uint64_t kBetween = sizeof(" TO , ");
        bytes += QuoteQualified(from, name).size() + QuoteQualified(to, name).size() + kBetween;
      };
      const RestoreMember& member = members_[i];
      if (member.in_place()) {
        constexpr std::uint64_t kOwnNames = sizeof("__dbomsbak_new_") + 16;
        bytes += kOwnNames * (set_.wanted[i].tables.size() + set_.before[i].tables.size());
      }
      for (const Table& table : set_.wanted[i].tables)
        add(member.staging, member.live, table.id.name);
      for (const Table& table : set_.before[i].tables) {
        add(member.live, member.displaced, table.id.name);
      }
    }
    return bytes;
  }

  void CheckNames() {
    for (std::string& problem : TriggerNamesTaken(set_)) Problem(std::move(problem));
    for (std::size_t i = 0; i < members_.size(); ++i) {
      const std::string& live = members_[i].live;
      if (IsStagingName(live) || IsDisplacedName(live)) {
        Problem(fmt::format(
            "database {} has the name of a {} that this program makes and drops by itself, so "
            "nothing is restored there: load it under another name (CREATE DATABASE other; "
            "dbomsbak cat FILE | mysql other)",
            QuoteIdentifier(live), IsStagingName(live) ? "staging area" : "displaced copy"));
      }
      const Database& wanted = set_.wanted[i];
      std::map<std::string, ObjectId> taken;
      const auto take = [&](const ObjectId& id) {
        const bool any_case = facts_.traits.lower_case_table_names != 0;
        const auto [place, fresh] = taken.emplace(any_case ? LowerAscii(id.name) : id.name, id);
        if (!fresh) {
          Problem(
              fmt::format("{} and {} cannot stand beside each other on this server, "
                          "which takes their names for one",
                          place->second.Describe(), id.Describe()));
        }
      };
      for (const Table& table : wanted.tables) take(table.id);
      for (const Sequence& sequence : wanted.sequences) take(sequence.id);
      for (const View& view : wanted.views) take(view.id);
    }
  }

  // A key into the set that the server does not tie to its parent stays with the staging name.
  void CheckKeysWithin() {
    std::map<TableName, std::string> engines;
    for (const ContentObject& table : content_.tables) {
      engines[{table.record.id.database, table.record.id.name}] = table.record.engine;
    }
    for (const ContentObject& table : content_.tables) {
      for (const ForeignKeyLine& key : ForeignKeyLines(table.create)) {
        const std::string& child_database = table.record.id.database;
        const TableName parent{key.parent_database.empty() ? child_database : key.parent_database,
                               key.parent_table};
        const auto found = engines.find(parent);
        if (found != engines.end() && found->second == table.record.engine) continue;
        const auto member =
            std::find_if(members_.begin(), members_.end(),
                         [&](const RestoreMember& each) { return each.archived == parent.first; });
        if (member == members_.end()) continue;
        const auto place = static_cast<std::size_t>(member - members_.begin());
        if (found == engines.end() && StaysLive(place, parent.second)) continue;
        Problem(fmt::format(
            "foreign key {} of {} points to {}, which is {} in the archive, so the key would not "
            "come along: load this archive with `dbomsbak cat FILE | mysql`, or drop that key and "
            "dump again",
            QuoteIdentifier(key.name), table.record.id.Describe(),
            QuoteQualified(parent.first, parent.second),
            found == engines.end() ? "no table" : "a table of engine " + found->second));
      }
    }
  }

  // Is it a table that the archive does not speak for, and so is not moved?
  bool StaysLive(std::size_t member, const std::string& table) const {
    const std::vector<Table>& wanted = set_.wanted[member].tables;
    return std::any_of(wanted.begin(), wanted.end(),
                       [&](const Table& each) { return each.id.name == table; });
  }

  // MariaDB was seen to lose sight of such a table's file when it is renamed there and back.
  void CheckDataDirectories() {
    const auto check = [&](const std::string& what, const std::string& create, const char* where) {
      if (!HasDataDirectory(create)) return;
      Problem(fmt::format(
          "{} has a DATA DIRECTORY {}: its file does not move with a RENAME, so it can neither be "
          "swapped nor undone safely; take that option off (ALTER TABLE … into a new table), or "
          "load the archive with `dbomsbak cat FILE | mysql`",
          what, where));
    };
    for (const ContentObject& table : content_.tables) {
      check(table.record.id.Describe(), table.create, "in the archive");
    }
    for (std::size_t i = 0; i < members_.size(); ++i) {
      for (const Table& table : set_.before[i].tables) {
        const std::vector<std::string>& leaving = set_.outgoing[i];
        if (std::find(leaving.begin(), leaving.end(), table.id.name) == leaving.end()) continue;
        check(table.id.Describe(), table.create, "live");
      }
    }
  }

  void CheckForeignKeys() {
    const std::vector<InboundKey> keys = KeysLeftBehind(set_, facts_.keys_into_set.keys);
    if (facts_.repointed_keys) {
      CheckRepointed(keys, *facts_.repointed_keys);
      return;
    }
    for (const InboundKey& key : keys) {
      Problem(fmt::format(
          "foreign key {} of {} points to {}, which is replaced; the key would follow the old "
          "table: --repoint-foreign-keys lets it point to the restored one, or drop it before the "
          "restore and add it again afterwards",
          QuoteIdentifier(key.name), QuoteQualified(key.database, key.table),
          QuoteQualified(key.parent_database, key.parent_table)));
    }
  }

  void CheckRepointed(const std::vector<InboundKey>& keys,
                      const std::vector<KeyDefinition>& definitions) {
    for (const InboundKey& key : keys) plan_.repointed.push_back(key.Describe());
    for (std::string& problem :
         RepointingProblems(set_, keys, definitions, facts_.privileges, facts_.account)) {
      Problem(std::move(problem));
    }
  }

  // Whatever stands there now need not fit, or be there at all.
  void CheckOutside() {
    for (const UnmetView& view : facts_.unmet_views.to_create) {
      Problem(fmt::format("{}: {}", view.Describe(), kUnmetViewHint));
    }
    for (const UnmetView& view : facts_.unmet_views.to_undo) {
      Warning(view.Describe() + ": undo could not bring it back");
    }
    OutsideUses uses;
    const std::vector<std::string> set = content_.Databases();
    for (const auto* objects : {&content_.tables, &content_.views}) {
      for (const ContentObject& object : *objects) {
        AddOutsideUses(object.record.id, object.create, set, uses);
      }
    }
    for (const auto& [database, users] : uses) {
      Warning(DescribeOutsideUse(database, users) +
              (facts_.databases.contains(database)
                   ? ": it stays as it is, whether it fits or not"
                   : ": this server has no such database, or hides it from this account"));
    }
  }

  void CheckLeftovers() {
    for (const Leftover& leftover : facts_.leftovers) {
      if (leftover.kind == LeftoverKind::kOpenWindow) {
        Problem(fmt::format("an interrupted swap of {} is open: {}", Join(leftover.databases),
                            leftover.advice));
      }
      if (leftover.kind == LeftoverKind::kKeptTables && Concerns(leftover)) {
        Warning(fmt::format("tables that an earlier restore in place kept are left alone: {}",
                            JoinedSome(leftover.tables)));
      }
    }
  }

  bool Concerns(const Leftover& leftover) const {
    return std::any_of(members_.begin(), members_.end(), [&](const RestoreMember& member) {
      return std::find(leftover.databases.begin(), leftover.databases.end(), member.live) !=
             leftover.databases.end();
    });
  }

  void CheckSpaceAndUse(OtherSessions other_sessions) {
    if (facts_.free_bytes && *facts_.free_bytes < content_.text_bytes) {
      Warning(fmt::format(
          "the server's disk has {} free; the archive holds {} of SQL text, and what is "
          "live now stays as displaced copy until purge",
          HumanBytes(*facts_.free_bytes), HumanBytes(content_.text_bytes)));
    }
    if (!facts_.sessions.empty()) {
      const std::string told =
          fmt::format("{}: {}; what is written there from now on {}",
                      facts_.sessions.size() == 1
                          ? "another session uses these databases"
                          : fmt::format("{} use these databases",
                                        Counted(facts_.sessions.size(), "other session")),
                      JoinedSome(facts_.sessions),
                      members_.front().in_place() ? "is kept in tables beside the restored ones"
                                                  : "goes with the displaced copy");
      if (other_sessions == OtherSessions::kRefuse) {
        Problem(told + " (stop the application, or add --force)");
      } else {
        Warning(told);
      }
    }
    for (const ObjectRecord& record : content_.omitted) {
      Warning(fmt::format("{} is not in the archive ({}) and stays as it is", record.id.Describe(),
                          record.omitted));
    }
  }

  const RestoreContent& content_;
  const std::vector<RestoreMember>& members_;
  const RestoreFacts& facts_;
  PreparedSet set_;
  RestorePlan plan_;
};

}  // namespace

View ViewOf(const ContentObject& object, const std::string& database) {
  const ObjectRecord& record = object.record;
  View view;
  view.id = record.id;
  view.id.database = database;
  view.create = object.create;
  view.definer = record.definer;
  view.character_set_client = record.character_set_client;
  view.collation_connection = record.collation_connection;
  for (const ColumnRecord& column : record.columns) view.columns.push_back(column.name);
  return view;
}

StoredProgram ProgramOf(const ContentObject& object, const std::string& database) {
  const ObjectRecord& record = object.record;
  StoredProgram program;
  program.id = record.id;
  program.id.database = database;
  program.create = object.create;
  program.definer = record.definer;
  program.sql_mode = record.sql_mode;
  program.character_set_client = record.character_set_client;
  program.collation_connection = record.collation_connection;
  program.database_collation = record.database_collation;
  program.time_zone = record.time_zone;
  program.status = record.status;
  program.table = record.table;
  program.order = record.order;
  program.grants = record.grants;
  return program;
}

unsigned NextGeneration(const std::vector<RestoreMember>& members,
                        const std::set<std::string>& databases) {
  unsigned highest = 0;
  for (const std::string& name : databases) {
    const unsigned generation = GenerationOf(name);
    if (generation <= highest) continue;
    for (const RestoreMember& member : members) {
      if (DisplacedName(member.live, generation) == name) highest = generation;
    }
  }
  return highest + 1;
}

std::vector<InboundKey> KeysLeftBehind(const PreparedSet& set, std::vector<InboundKey> keys) {
  std::set<TableName> leaving;
  for (std::size_t i = 0; i < set.members.size(); ++i) {
    for (const std::string& table : set.outgoing[i]) leaving.emplace(set.members[i].live, table);
  }
  std::erase_if(keys, [&](const InboundKey& key) {
    return leaving.contains({key.database, key.table}) ||
           !leaving.contains({key.parent_database, key.parent_table});
  });
  return keys;
}

PreparedSet MakeSet(const RestoreContent& content, const std::vector<RestoreMember>& members,
                    const RestoreFacts& facts) {
  PreparedSet set;
  set.operation = kOperationRestore;
  set.root_digest = content.root_digest;
  set.generation = NextGeneration(members, facts.databases);
  const DatabaseMap renamed = ArchivedToLive(members);
  for (const RestoreMember& member : members) {
    set.members.push_back({member.live, member.staging, member.displaced});
    const Database* found = facts.live.Find(member.live);
    Database before;
    if (found != nullptr) before = *found;
    before.name = member.live;
    LeaveOutKept(NamesIn(content, member.archived), before);
    Database wanted = WantedDatabase(content, member, before, facts.traits, renamed);

    AddKeysToStaying(content, member, renamed, set.returning_keys);

    std::vector<std::string> incoming;
    std::vector<std::string> outgoing;
    for (const auto* objects : {&content.tables, &content.sequences}) {
      if (objects == &content.sequences && !facts.traits.has_sequences_in_tables) continue;
      for (const ContentObject& object : *objects) {
        if (object.record.id.database == member.archived) incoming.push_back(object.record.id.name);
      }
    }
    const auto leave = [&](ObjectId id) {
      id.database = member.archived;
      if (content.Covers(id)) outgoing.push_back(id.name);
    };
    for (const Table& table : before.tables) leave(table.id);
    for (const Sequence& sequence : before.sequences) {
      if (sequence.is_table) leave(sequence.id);
    }
    set.only.push_back(content.OnlyOf(member.archived));
    set.incoming.push_back(std::move(incoming));
    set.outgoing.push_back(std::move(outgoing));
    set.before.push_back(std::move(before));
    set.wanted.push_back(std::move(wanted));
  }
  return set;
}

RestorePlan MakePlan(const RestoreContent& content, const std::vector<RestoreMember>& members,
                     const RestoreFacts& facts, OtherSessions other_sessions) {
  return Planner(content, members, facts).Make(other_sessions);
}

Error RefusalOf(const std::vector<std::string>& problems) {
  std::string message =
      fmt::format("the restore cannot be done as asked, {}", Counted(problems.size(), "problem"));
  for (const std::string& problem : problems) message += "\n  - " + problem;
  return Error(ErrorCode::kRestorePreflight, std::move(message),
               "Nothing was changed. Put these right and run the same command again.");
}

}  // namespace dbomsbak
