#include "engine/staging.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <map>
#include <set>
#include <utility>

#include "dbomsbak/base/ascii.h"
#include "dbomsbak/base/task_group.h"
#include "dbomsbak/base/units.h"
#include "dbomsbak/sql/create_table.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/sql/rename_databases.h"
#include "dbomsbak/transport/passing_error.h"
#include "engine/constraint_names.h"
#include "engine/definition_text.h"
#include "engine/foreign_key_checks.h"
#include "engine/foreign_key_lines.h"
#include "engine/keys_behind_rows.h"
#include "engine/live_names.h"
#include "engine/object_creator.h"
#include "engine/object_trial.h"
#include "engine/prepared_copy.h"
#include "engine/set_history.h"
#include "engine/set_names.h"
#include "engine/set_sweep.h"
#include "engine/staging_note.h"
#include "engine/staging_proof.h"
#include "engine/staging_refusals.h"
#include "engine/stubs.h"
#include "engine/table_statistics.h"

namespace dbomsbak {
namespace {

// Steps of the journal.
constexpr char kStructureStep[] = "structure";  // sequences and empty tables stand
constexpr char kRowsStep[] = "rows";            // all rows are there, proved

// Fewer tables are made sooner than one more session.
constexpr std::size_t kTablesASession = 4;

DatabaseMap ToStaging(const std::vector<RestoreMember>& members) {
  DatabaseMap map;
  for (const RestoreMember& member : members) map[member.archived] = member.staging;
  return map;
}

void Use(Session& session, const std::string& database) {
  session.Execute("USE " + QuoteIdentifier(database));
}

bool IsDone(const std::vector<JournalEntry>& entries, std::string_view step) {
  return std::any_of(entries.begin(), entries.end(), [&](const JournalEntry& entry) {
    return entry.event == "done" && entry.step == step;
  });
}

// A table that names a charset and no collation has the charset's usual one: servers leave out only
// that when they print it. Some have another default of their own, which is set aside meanwhile.
class UsualCollations {
 public:
  explicit UsualCollations(Session& session) : session_(session) {
    Try("SET SESSION character_set_collations=''");
    Try("SET SESSION default_collation_for_utf8mb4=utf8mb4_general_ci");
  }
  ~UsualCollations() {
    Try("SET SESSION character_set_collations=DEFAULT");
    Try("SET SESSION default_collation_for_utf8mb4=DEFAULT");
  }
  UsualCollations(const UsualCollations&) = delete;
  UsualCollations& operator=(const UsualCollations&) = delete;

 private:
  void Try(const char* statement) noexcept {
    try {
      session_.Execute(statement);
    } catch (const Error&) {  // not a variable of this server, or the session is lost: that is told
    }
  }
  Session& session_;
};

constexpr char kChangedHint[] =
    "Somebody has changed it. Nothing was swapped: what is live is as it was. Save from there what "
    "you need: the same command again drops it and starts over.";

// The last of them: a run that goes on from proved staging proves it again.
std::optional<ProvedStaging> ProvedIn(const std::vector<JournalEntry>& entries) {
  const auto last = std::find_if(entries.rbegin(), entries.rend(), [](const JournalEntry& entry) {
    return entry.event == "done" && entry.step == kRowsStep;
  });
  if (last == entries.rend()) return std::nullopt;
  return ProvedStagingFromJson(last->payload);
}

// A sweep that is killed leaves nothing that looks whole. On a full disk it goes on without this.
void GiveUp(ServerJournal& journal) {
  try {
    GiveUpStaging(journal);
  } catch (const ServerError& error) {
    if (error.code() == ErrorCode::kConnectionLost) throw;
  }
}

bool HasSequence(const Catalog& live, const std::string& database, const std::string& name) {
  const Database* found = live.Find(database);
  return found != nullptr &&
         std::any_of(found->sequences.begin(), found->sequences.end(),
                     [&](const Sequence& sequence) { return sequence.id.name == name; });
}

}  // namespace

void PrepareForDefinitions(Session& session) {
  constexpr std::array<const char*, 3> kSettings = {
      "SET SESSION sql_mode=CONCAT(@@sql_mode,',NO_ENGINE_SUBSTITUTION')",
      // A TIMESTAMP column that says nothing gets nothing.
      "SET SESSION explicit_defaults_for_timestamp=1",
      // Other servers let a foreign key point to what is no unique key.
      "SET SESSION restrict_fk_on_non_standard_key=0"};
  for (const char* setting : kSettings) {
    try {
      session.Execute(setting);
    } catch (const ServerError& e) {  // not a variable of this server
      if (IsPassing(e)) throw;
    }
  }
}

bool IsInternalTable(const std::string& name) {
  // Tables of a restore in place are those of others under names of ours.
  return name.starts_with("__dbomsbak_") && !name.starts_with("__dbomsbak_new_") &&
         !name.starts_with("__dbomsbak_old_");
}

FoundStaging FindStaging(Session& session, const RestoreContent& content,
                         const std::vector<RestoreMember>& members,
                         const std::set<std::string>& databases) {
  // Names tell which databases may be ours, the journal in the first of a run tells the rest.
  std::map<std::string, std::vector<std::string>> by_run;
  for (const std::string& name : databases) {
    const std::string run = RunOf(name);
    if (run.empty()) continue;
    for (const RestoreMember& member : members) {
      if (StagingName(member.live, run) == name) by_run[run].push_back(name);
    }
  }
  FoundStaging found;
  for (const auto& [run, names] : by_run) {
    const std::string first = StagingName(members.front().live, run);
    std::optional<StagingNote> note;
    bool structure = false;
    bool first_is_there = std::find(names.begin(), names.end(), first) != names.end();
    if (first_is_there && ServerJournal::Exists(session, first)) {
      const std::vector<JournalEntry> entries = ServerJournal::Open(session, first)->Load();
      note = StagingNote::Find(entries);
      structure = IsDone(entries, kStructureStep) && !IsGivenUp(entries) &&
                  (IsDone(entries, kRowsStep) || ServerJournal::Exists(session, first, kLoadTable));
    }
    bool same_set =
        note && note->members.size() == members.size() && names.size() == members.size();
    for (std::size_t i = 0; same_set && i < members.size(); ++i) {
      same_set = note->members[i].live == members[i].live;
    }
    if (same_set && structure && note->root_digest == content.root_digest && !found.resumable) {
      found.resumable = run;
    } else {
      found.others.insert(found.others.end(), names.begin(), names.end());
    }
  }
  return found;
}

void SweepStaging(Session& session, std::vector<std::string> databases, Observer& observer) {
  std::stable_partition(databases.begin(), databases.end(), [&](const std::string& name) {
    return !ServerJournal::Exists(session, name);
  });
  for (const std::string& name : databases) {
    if (!ServerJournal::Exists(session, name)) continue;
    const auto journal = ServerJournal::Open(session, name);
    DropStubsLeft(session, *journal);
    GiveUp(*journal);
  }
  // Keys lead from one staging database into the other, in any order.
  WithoutForeignKeyChecks(session, [&] {
    for (const std::string& name : databases) {
      if (!IsStagingName(name)) {
        throw Error(ErrorCode::kInternal, QuoteIdentifier(name) + " is no staging, and stays");
      }
      DropOurs(session, name, observer);
    }
  });
}

Staging::Staging(Session& session, const ServerTraits& traits, const RestoreContent& content,
                 const std::vector<RestoreMember>& members, std::string run, Observer& observer,
                 const CancelToken& cancel)
    : session_(session),
      traits_(traits),
      content_(content),
      members_(members),
      run_(std::move(run)),
      observer_(observer),
      cancel_(cancel) {}

Staging::~Staging() = default;

std::vector<std::string> Staging::databases() const {
  std::vector<std::string> names;
  for (const RestoreMember& member : members_) names.push_back(member.staging);
  return names;
}

std::string Staging::load_table() const {
  return QuoteQualified(members_.front().staging, kLoadTable);
}

const RestoreMember& Staging::MemberOf(const std::string& archived) const {
  return members_[PlaceOf(members_, archived)];
}

void Staging::CreateDatabase(const RestoreMember& member) {
  if (member.in_place()) return;
  std::string options;
  for (const ContentObject& object : content_.databases) {
    if (object.record.id.name == member.archived) {
      options = fmt::format(" DEFAULT CHARACTER SET {} COLLATE {}", object.record.charset,
                            QuoteCollation(object.record.collation));
    }
  }
  session_.Execute(fmt::format("CREATE DATABASE {}{}", QuoteIdentifier(member.staging), options));
}

void Staging::Create(const Catalog& live, StagingOrigin origin, SessionFactory& sessions,
                     unsigned jobs) {
  observer_.Phase(fmt::format("creating {} in staging (run {})",
                              Counted(content_.tables.size(), "table"), run_));
  StagingNote note;
  note.run = run_;
  note.root_digest = content_.root_digest;
  note.origin = std::move(origin);
  for (const RestoreMember& member : members_) {
    note.members.push_back({member.live, member.staging, {}});
  }
  CreateDatabase(members_.front());
  journal_ = ServerJournal::Create(session_, members_.front().staging);
  journal_->Append("begin", kStagingStep, note.ToJson());
  for (std::size_t i = 1; i < members_.size(); ++i) CreateDatabase(members_[i]);
  session_.Execute(fmt::format(
      "CREATE TABLE {} (`database_name` VARBINARY(256) NOT NULL, `table_name` VARBINARY(256) NOT "
      "NULL, `frame` BIGINT UNSIGNED NOT NULL, PRIMARY KEY "
      "(`database_name`,`table_name`,`frame`)) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4",
      load_table()));
  CreateTables(live, sessions, jobs);
  journal_->Append("done", kStructureStep, "");
}

void Staging::CreateTables(const Catalog& live, SessionFactory& sessions, unsigned jobs) {
  StagingRefusals refusals;
  const auto run = [&](const ContentObject& object, const std::string& statement) {
    cancel_.ThrowIfCancelled();
    refusals.Try("creating", object.record.id, [&] { session_.Execute(statement); });
  };
  for (const ContentObject& sequence : content_.sequences) {
    const RestoreMember& member = MemberOf(sequence.record.id.database);
    // Where no RENAME moves sequences there is nothing to be made beside a live one.
    if (member.in_place() && !traits_.has_sequences_in_tables) continue;
    const std::string& name = member.StagedTable(sequence.record.id.name);
    Use(session_, member.staging);
    run(sequence, WithFirstName(sequence.create, name));
    if (!sequence.restart.empty()) run(sequence, WithFirstName(sequence.restart, name));
  }
  std::optional<UsualCollations> usual;
  if (!AllPrintAlike(content_, traits_)) usual.emplace(session_);
  const DatabaseMap to_staging = ToStaging(members_);
  std::map<std::string, std::string> live_of;
  for (const RestoreMember& member : members_) live_of[member.archived] = member.live;
  std::vector<std::pair<const ContentObject*, std::string>> late_keys;
  std::vector<Creation> creations;
  const std::vector<std::vector<PlainKey>> behind_rows = KeysBehindRows(content_, traits_);
  for (std::size_t i = 0; i < content_.tables.size(); ++i) {
    const ContentObject& table = content_.tables[i];
    const RestoreMember& member = MemberOf(table.record.id.database);
    std::string create =
        WithFirstName(RenameDatabases(ObjectKind::kTable, table.StagedCreate(), to_staging),
                      member.StagedTable(table.record.id.name));
    // A default that takes from a sequence does not follow the RENAME: it names the live one from
    // the start if that is there, as the server wants; else the window changes it afterwards.
    DatabaseMap sequences_live;
    for (const auto& [database, name] : SequencesUsedBy(table.create)) {
      const auto found = live_of.find(database);
      if (found == live_of.end()) continue;
      if (!HasSequence(live, found->second, name)) continue;
      sequences_live[to_staging.at(database)] = found->second;
    }
    if (!sequences_live.empty()) create = WithSequenceDatabases(create, sequences_live);
    if (traits_.constraint_names_block_rename) {
      NoteCutConstraintNames(create, *journal_);
      create = WithStagedConstraintNames(create);
    }
    if (traits_.outside_keys_need_parents) {
      LateKeys split = WithoutLateKeys(create);
      create = std::move(split.create);
      for (std::string& key : split.keys) late_keys.emplace_back(&table, std::move(key));
    }
    if (!behind_rows[i].empty()) create = WithoutPlainKeys(create).create;
    creations.push_back({&table, &member.staging, std::move(create), false, nullptr});
  }
  // A server that can be killed between two of them must have none half made.
  if (traits_.has_atomic_ddl && !traits_.outside_keys_need_parents) {
    CreateAtOnce(sessions, jobs, creations);
  }
  for (const Creation& creation : creations) {
    if (creation.done) continue;
    cancel_.ThrowIfCancelled();
    refusals.Try("creating", creation.table->record.id, [&] {
      if (creation.failure) std::rethrow_exception(creation.failure);
      Use(session_, *creation.database);
      session_.Execute(creation.statement);
    });
  }
  for (const auto& [table, key] : late_keys) {
    const std::string& staging = MemberOf(table->record.id.database).staging;
    Use(session_, staging);
    run(*table,
        fmt::format("ALTER TABLE {} ADD {}", QuoteQualified(staging, table->record.id.name), key));
  }
  refusals.ThrowIfAny();
  if (!AllPrintAlike(content_, traits_)) CompareTables();
}

// A server waits for its disk with each table, but not with each in turn.
void Staging::CreateAtOnce(SessionFactory& sessions, unsigned jobs,
                           std::vector<Creation>& creations) {
  // Those with foreign keys lock each other's names: they are made one by one.
  std::set<std::pair<std::string, std::string>> bound;
  for (const ContentObject& table : content_.tables) {
    const ObjectId& id = table.record.id;
    for (const ForeignKeyLine& key : ForeignKeyLines(table.create)) {
      bound.emplace(id.database, LowerAscii(id.name));
      bound.emplace(key.parent_database.empty() ? id.database : key.parent_database,
                    LowerAscii(key.parent_table));
    }
  }
  std::vector<Creation*> free;
  for (Creation& creation : creations) {
    const ObjectId& id = creation.table->record.id;
    if (!bound.contains({id.database, LowerAscii(id.name)})) free.push_back(&creation);
  }
  if (jobs < 2 || free.size() < kTablesASession * 2) return;
  const std::size_t workers = std::min<std::size_t>(jobs, free.size() / kTablesASession);
  std::atomic<std::size_t> next{0};
  std::atomic<bool> stopped{false};
  TaskGroup group([&] { stopped = true; });
  for (std::size_t i = 0; i < workers; ++i) {
    group.Start([&] {
      const std::unique_ptr<Session> session = sessions.Connect();
      PrepareSession(*session, traits_, true);
      PrepareForDefinitions(*session);
      std::optional<UsualCollations> usual;
      if (!AllPrintAlike(content_, traits_)) usual.emplace(*session);
      for (std::size_t at = next++; at < free.size() && !stopped; at = next++) {
        cancel_.ThrowIfCancelled();
        Creation& creation = *free[at];
        try {
          Use(*session, *creation.database);
          session->Execute(creation.statement);
          creation.done = true;
        } catch (const Error& e) {  // told in their order
          if (e.code() != ErrorCode::kQueryRefused || IsPassing(e)) throw;
          creation.failure = std::current_exception();
        }
      }
    });
  }
  group.Wait();
}

// Before the rows are loaded: a server of another kind may have made something else of a table.
void Staging::CompareTables() {
  const Catalog staged = ReadCatalog(session_, traits_, {databases(), true, false});
  const std::vector<std::string> differences =
      CompareDefinitions(content_, members_, staged, traits_, Counters::kNotYet);
  if (differences.empty()) return;
  std::string message = "the server makes something else of what the archive holds";
  for (const std::string& difference : differences) message += "\n  - " + difference;
  throw Error(ErrorCode::kRestorePreflight, std::move(message),
              "Nothing live was changed. dbomsbak cat writes the SQL text of these objects.");
}

std::vector<bool> Staging::Resume() {
  journal_ = ServerJournal::Open(session_, members_.front().staging);
  DropStubsLeft(session_, *journal_);
  const std::vector<JournalEntry> entries = journal_->Load();
  proved_ = ProvedIn(entries);
  if (proved_) {
    for (const ObjectId& id : ObjectTrial::LeftIn(entries)) DropObject(session_, id);
    return std::vector<bool>(content_.units.size(), true);
  }
  DropEverythingButTables();

  // Which rows are there, by table and frame.
  std::map<std::pair<std::string, std::string>, std::set<std::uint64_t>> loaded;
  const ResultSet rows = session_.Query(
      fmt::format("SELECT `database_name`,`table_name`,`frame` FROM {}", load_table()));
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    loaded[{rows.Text(i, 0), rows.Text(i, 1)}].insert(std::stoull(rows.Text(i, 2)));
  }
  std::vector<bool> done(content_.units.size());
  std::vector<std::size_t> units_left(content_.tables.size());
  for (std::size_t i = 0; i < content_.units.size(); ++i) {
    const LoadUnit& unit = content_.units[i];
    const ObjectId& id = content_.tables[unit.table].record.id;
    const auto found = loaded.find({id.database, id.name});
    done[i] = found != loaded.end() && found->second.contains(unit.frame);
    if (!done[i]) ++units_left[unit.table];
  }

  // A table without transactions may hold half a unit: it starts afresh.
  const TableNames transactional = TransactionalIn(ReadTables(false));
  std::vector<bool> emptied(content_.tables.size());
  for (std::size_t i = 0; i < content_.tables.size(); ++i) {
    const ObjectId& id = content_.tables[i].record.id;
    const std::string& staging = MemberOf(id.database).staging;
    if (units_left[i] == 0 || transactional.contains({staging, id.name})) continue;
    session_.Execute(fmt::format("DELETE FROM {} WHERE `database_name`={} AND `table_name`={}",
                                 load_table(), QuoteString(id.database), QuoteString(id.name)));
    session_.Execute("TRUNCATE TABLE " + QuoteQualified(staging, id.name));
    emptied[i] = true;
  }
  for (std::size_t i = 0; i < done.size(); ++i) {
    if (emptied[content_.units[i].table]) done[i] = false;
  }
  return done;
}

Catalog Staging::ReadTables(bool definitions) {
  return ReadCatalog(session_, traits_,
                     {.databases = databases(),
                      .definitions = definitions,
                      .routine_grants = false,
                      .tables_only = !definitions});  // else columns are not read
}

Staging::TableNames Staging::TransactionalIn(const Catalog& staged) {
  TableNames transactional;
  for (const Database& database : staged.databases) {
    for (const Table& table : database.tables) {
      if (table.transactional) transactional.emplace(database.name, table.id.name);
    }
  }
  return transactional;
}

void Staging::DropEverythingButTables() {
  const Catalog staged = ReadCatalog(session_, traits_, {databases(), false, false});
  std::set<ObjectId> wanted;
  for (const auto* objects : {&content_.tables, &content_.sequences}) {
    for (const ContentObject& object : *objects) {
      ObjectId id = object.record.id;
      id.database = MemberOf(id.database).staging;
      wanted.insert(std::move(id));
    }
  }
  const auto drop = [&](const auto& objects) {
    for (const auto& object : objects) {
      if (!wanted.contains(object.id) && !IsInternalTable(object.id.name)) {
        DropObject(session_, object.id);
      }
    }
  };
  for (const Database& database : staged.databases) {
    drop(database.events);
    drop(database.triggers);
    drop(database.views);
    drop(database.routines);
    drop(database.tables);
  }
}

void Staging::TryObjects(const PreparedSet& set) {
  ObjectTrial(session_, traits_, content_, members_, set, *journal_, observer_).Run();
}

bool Staging::SetAutoIncrement(const Catalog& staged) {
  bool any = false;
  std::map<std::pair<std::string, std::string>, const Table*> tables;
  for (const Database& database : staged.databases) {
    for (const Table& table : database.tables) tables[{database.name, table.id.name}] = &table;
  }
  for (const ContentObject& object : content_.tables) {
    const std::optional<std::uint64_t> wanted = AutoIncrementOf(object.create);
    const RestoreMember& member = MemberOf(object.record.id.database);
    const std::string& table = member.StagedTable(object.record.id.name);
    const auto found = tables.find({member.staging, table});
    if (!wanted || found == tables.end()) continue;
    if (AutoIncrementOf(found->second->create) == wanted) continue;
    session_.Execute(fmt::format("ALTER TABLE {} AUTO_INCREMENT={}",
                                 QuoteQualified(member.staging, table), *wanted));
    any = true;
  }
  return any;
}

bool Staging::SetStatistics(const Catalog& staged) {
  bool any = false;
  std::set<std::pair<std::string, std::string>> usual;
  for (const ContentObject& object : content_.tables) {
    const RestoreMember& member = MemberOf(object.record.id.database);
    if (HasUsualStatistics(object.create)) {
      usual.emplace(member.staging, member.StagedTable(object.record.id.name));
    }
  }
  for (const Database& database : staged.databases) {
    for (const Table& table : database.tables) {
      if (!usual.contains({database.name, table.id.name})) continue;
      if (HasUsualStatistics(table.create)) continue;
      ResumeStatistics(session_, QuoteQualified(database.name, table.id.name));
      any = true;
    }
  }
  return any;
}

std::optional<double> Staging::MeasureRename() {
  if (members_.front().in_place()) return std::nullopt;  // nothing live is moved
  if (!traits_.has_atomic_ddl || traits_.constraint_names_block_rename || content_.tables.empty()) {
    return std::nullopt;
  }
  std::string list;
  for (std::size_t i = 0; i < content_.tables.size(); ++i) {
    const ObjectId& id = content_.tables[i].record.id;
    const std::string& staging = MemberOf(id.database).staging;
    const std::string here = QuoteQualified(staging, id.name);
    const std::string there = QuoteQualified(staging, fmt::format("__dbomsbak_move_{}", i));
    list += fmt::format("{}{} TO {}, {} TO {}", i == 0 ? "" : ", ", here, there, there, here);
  }
  const auto begin = std::chrono::steady_clock::now();
  session_.Execute("RENAME TABLE " + list);
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
  return took.count() / static_cast<double>(2 * content_.tables.size());
}

void Staging::NoteProved(const ProvedStaging& proved) {
  journal_->Append("done", kRowsStep, ToJson(proved));
}

void Staging::RefuseChanged(const Catalog& staged) {
  if (!proved_) return;
  const StagingChanges changes = ChangesSince(*proved_, staged, traits_);
  if (!changes.made.empty()) {
    GiveUp();
    std::string message = "staging is not what was proved:";
    for (const std::string& change : changes.made) message += "\n  - " + change;
    throw Error(ErrorCode::kCopyDiffers, std::move(message), kChangedHint);
  }
  std::vector<std::string> unsure;
  for (const ObjectId& id : changes.reworded) {
    if (!IsWordForWord(id)) unsure.push_back(id.Describe());
  }
  if (unsure.empty()) return;
  GiveUp();
  throw Error(
      ErrorCode::kRestorePreflight,
      fmt::format("the copy was proved on {}, and {} prints definitions otherwise: whether anybody "
                  "has changed them cannot be told: {}",
                  proved_->server, NameOfServer(traits_), JoinedSome(unsure)),
      "Nothing was swapped: what is live is as it was. `dbomsbak restore` with the same files "
      "(`--prepare`, to swap it later) drops the copy and makes it anew.");
}

bool Staging::IsWordForWord(const ObjectId& staged) const {
  return std::any_of(members_.begin(), members_.end(), [&](const RestoreMember& member) {
    if (member.staging != staged.database) return false;
    const ContentSource& source = content_.SourceOf(member.archived);
    return !source.plain && PrintsAlike(source.header, traits_);
  });
}

void Staging::GiveUp() {
  GiveUpStaging(*journal_);
  given_up_ = true;
}

}  // namespace dbomsbak
