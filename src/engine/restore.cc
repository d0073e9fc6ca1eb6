// The state machine of a restore: open, check, load, prove, window, finish. In two acts: all up to
// the proof (--prepare), and the rest (--swap) from what that left on the server.
#include "dbomsbak/engine/restore.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "dbomsbak/base/ascii.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/base/task_group.h"
#include "dbomsbak/sql/create_table.h"
#include "dbomsbak/sql/quote.h"
#include "engine/definition_differences.h"
#include "engine/frame_memory.h"
#include "engine/heal.h"
#include "engine/in_place.h"
#include "engine/key_twins.h"
#include "engine/keys_behind_rows.h"
#include "engine/orphans.h"
#include "engine/prepared_copy.h"
#include "engine/restore_choice.h"
#include "engine/restore_content.h"
#include "engine/restore_facts.h"
#include "engine/restore_files.h"
#include "engine/restore_input.h"
#include "engine/restore_lock.h"
#include "engine/restore_planner.h"
#include "engine/server_journal.h"
#include "engine/server_refusals.h"
#include "engine/set_history.h"
#include "engine/set_names.h"
#include "engine/set_swap.h"
#include "engine/spelled_content.h"
#include "engine/staged_choice.h"
#include "engine/staging.h"
#include "engine/staging_proof.h"
#include "engine/window_estimate.h"
#include "engine/write_times.h"

namespace dbomsbak {
namespace {

// What may not be restored so, whatever the server is like.
void RefuseWithoutLeave(const ContentSource& source, const RestoreOptions& options) {
  const std::string& name = source.name;
  const HeaderRecord& header = source.header;
  if (source.partial && !options.allow_partial) {
    throw Error(ErrorCode::kRestorePreflight,
                fmt::format("'{}' is partial: objects in its scope were left out", name),
                "See what is missing with dbomsbak info; --allow-partial restores the rest.")
        .About(name);
  }
  if (header.scope.filtered() && !options.allow_filtered) {
    throw Error(
        ErrorCode::kRestorePreflight,
        fmt::format("'{}' does not hold all rows of its tables", name),
        "It was made with --where, --no-data or --no-create-info; --allow-filtered restores "
        "it all the same, if it has definitions.")
        .About(name);
  }
  // What belongs to the server cannot be swapped under it.
  for (const std::string& database : header.scope.databases) {
    if (!IsServersOwn(database)) continue;
    throw Error(ErrorCode::kRestorePreflight,
                fmt::format("'{}' speaks for {}, a database of the server itself, which is never "
                            "restored",
                            name, QuoteIdentifier(database)),
                "Nothing was changed. dbomsbak cat writes its SQL text; take from it what you "
                "need.")
        .About(database);
  }
}

// A plain dump of one database does not say how that is made: it is as it is live, or as the server
// makes one. Programs of which the dump does not say it were made in the database as it is.
void CompleteDatabases(Session& session, const std::vector<RestoreMember>& members,
                       const Catalog& live, RestoreContent& content) {
  for (const RestoreMember& member : members) {
    if (!content.SourceOf(member.archived).plain) continue;
    auto place = std::find_if(
        content.databases.begin(), content.databases.end(),
        [&](const ContentObject& object) { return object.record.id.name == member.archived; });
    if (place == content.databases.end()) {
      ContentObject object;
      object.record.id = {member.archived, ObjectKind::kDatabase, member.archived};
      if (const Database* database = live.Find(member.live)) {
        object.record.charset = database->charset;
        object.record.collation = database->collation;
      } else {
        const ResultSet usual = session.Query("SELECT @@character_set_server, @@collation_server");
        object.record.charset = usual.Text(0, 0);
        object.record.collation = usual.Text(0, 1);
      }
      content.databases.push_back(std::move(object));
      place = std::prev(content.databases.end());
    }
    const std::string collation = place->record.collation;
    for (auto* programs : {&content.routines, &content.triggers, &content.events}) {
      for (ContentObject& program : *programs) {
        if (program.record.id.database != member.archived) continue;
        if (program.record.database_collation.empty()) {
          program.record.database_collation = collation;
        }
      }
    }
  }
}

class Stopwatch {
 public:
  std::uint64_t ms() const {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                          std::chrono::steady_clock::now() - start_)
                                          .count());
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// A look at what is live holds so long: the window looks at names once more.
constexpr std::uint64_t kLookHoldsMs = 1000;

class Restore {
 public:
  Restore(SessionFactory& sessions, const RestoreOptions& options, const ConfirmRestore& confirm,
          Observer& observer, const CancelToken& cancel)
      : sessions_(sessions),
        options_(options),
        confirm_(confirm),
        observer_(observer),
        cancel_(cancel),
        jobs_(options.jobs != 0 ? options.jobs
                                : std::max(1U, std::thread::hardware_concurrency())) {}

  RestoreResult Run(RestoreInput& input) {
    content_ = input.Read(options_.only, jobs_, options_.max_memory_bytes, observer_, cancel_);
    for (const ContentSource& source : content_.sources) RefuseWithoutLeave(source, options_);
    ApplyOptions(options_, content_);
    if (options_.in_place) PrepareInPlace(content_);
    Connect();
    healed_ = options_.healed;
    LockAndHeal();
    Check(input.name());
    const bool swaps = !options_.rehearse && !options_.prepare;
    if (swaps && IsDoneByHealing()) return std::move(result_);
    if (options_.dry_run) return std::move(result_);
    Ask("the restore was not confirmed; nothing was changed");
    if (options_.in_place && !options_.rehearse) TakeSafetyDump();
    try {
      Load(input);
      if (options_.rehearse || options_.prepare) RehearseSwap();
      Prove();
      if (options_.prepare) Leave();
    } catch (...) {
      CleanUpAfter(std::current_exception());
    }
    if (options_.prepare) return std::move(result_);
    if (options_.rehearse) {
      Sweep();
      cancel_.ThrowIfCancelled();
      observer_.Notice(fmt::format(
          "rehearsed: {} rows in {} tables proved; swapping them would take about {} ms",
          result_.rows_proved, result_.tables_proved, result_.plan.expected_window_ms));
      return std::move(result_);
    }
    Swap();
    Finish();
    return std::move(result_);
  }

  // The second act, from what Leave() left.
  RestoreResult SwapPrepared(const StagedChoice& choice) {
    Connect();
    LockAndHeal();
    if (IsSwappedByHealing(choice)) return std::move(result_);
    prepared_ = SelectPrepared(*session_, choice);
    const PreparedContent left = TakeUp();
    CheckPrepared(left);
    if (options_.dry_run) return std::move(result_);
    Ask("the swap was not confirmed; nothing was changed");
    ProveAgain(left);
    Swap();
    Finish();
    return std::move(result_);
  }

 private:
  void Connect() {
    session_ = sessions_.Connect();
    traits_ = ProbeServerTraits(*session_);
    if (options_.in_place) traits_ = InPlaceTraits(traits_);
    PrepareSession(*session_, traits_, true);
    PrepareForDefinitions(*session_);
    UseCatalogue(*session_);
  }

  // A plan alone changes nothing, so it heals nothing, and holds up nobody.
  void LockAndHeal() {
    if (options_.dry_run) return;
    lock_.emplace(*session_, options_.lock_wait_s);
    for (HealedSet& healed : HealWithLock(*session_, traits_, observer_)) {
      observer_.Notice(healed.line);
      healed_.push_back(std::move(healed));
    }
  }

  void Ask(const char* refused) {
    if (!result_.plan.problems.empty() && confirm_) confirm_(result_.plan);
    RefuseProblems();
    if (confirm_ && !confirm_(result_.plan)) throw Error(ErrorCode::kInterrupted, refused);
  }

  // What the archive would change and what stands against it. Changes nothing.
  void Check(const std::string& input_name) {
    observer_.Phase("checking what the restore would change");
    members_ = MembersOf(options_, content_);
    if (traits_.lower_case_table_names == 1) {
      for (RestoreMember& member : members_) {
        if (member.live != member.archived) member.live = LowerAscii(member.live);
      }
    }
    if (members_.empty()) {
      throw Error(ErrorCode::kRestorePreflight, fmt::format("'{}' holds no database", input_name),
                  "");
    }
    std::set<std::string> databases;
    for (std::string& name : ListDatabases(*session_)) databases.insert(std::move(name));
    if (!options_.in_place) found_ = FindStaging(*session_, content_, members_, databases);
    run_ = found_.resumable.value_or(NewRunId());
    const std::vector<std::string> in_the_way = MindPrepared();
    NameDisplaced(databases);
    for (RestoreMember& member : members_) {
      member.staging = options_.in_place ? member.live : StagingName(member.live, run_);
    }
    facts_ = ReadServerFacts(*session_);
    ReadFactsOfNow(*session_, members_, content_.Definers(), facts_);
    CompleteDatabases(*session_, members_, facts_.live, content_);
    const std::vector<std::string> respelled = SpellFor(facts_, content_);
    if (!AllPrintAlike(content_, traits_)) refusals_ = Refusals(*session_, content_, cancel_);
    MakeSetOfFacts();
    NameStagedTables(set_, members_);
    result_.plan =
        MakePlan(content_, members_, facts_,
                 options_.force || options_.rehearse || options_.prepare ? OtherSessions::kTell
                                                                         : OtherSessions::kRefuse);
    std::vector<std::string>& problems = result_.plan.problems;
    problems.insert(problems.end(), in_the_way.begin(), in_the_way.end());
    if (options_.in_place) CompletePlanInPlace();
    for (const std::string& note : respelled) result_.plan.warnings.push_back(note);
    for (const std::string& line : NamedStill(content_, members_)) {
      result_.plan.warnings.push_back(line);
    }
    if (prepared_) {
      result_.plan.warnings.push_back(
          fmt::format("these files are loaded already, prepared {}: nothing is loaded again",
                      prepared_->note.time));
    } else if (found_.resumable) {
      result_.plan.warnings.push_back(fmt::format(
          "an earlier run of this restore was interrupted; it goes on from there (run {})", run_));
    }
    if (!found_.others.empty()) {
      result_.plan.warnings.push_back(fmt::format(
          "staging that earlier restores left is dropped: {}", QuotedList(found_.others)));
    }
  }

  // Run again after a kill behind its swap, a restore that healing has finished is done: another
  // would make what it has just brought the displaced copy that undo goes back to.
  bool IsDoneByHealing() {
    std::vector<std::string> names;
    for (const RestoreMember& member : members_) names.push_back(member.live);
    std::sort(names.begin(), names.end());
    for (const HealedSet& healed : healed_) {
      if (healed.operation != "restore" || !healed.live || healed.databases != names ||
          healed.root_digest != content_.root_digest || !LiveIsArchived()) {
        continue;
      }
      result_.swapped = result_.healed = true;
      result_.plan.generation = healed.generation;
      result_.plan.safety_dump.clear();  // this run takes none
      return true;
    }
    return false;
  }

  // Whether nobody has changed what is live since it came from these files: all definitions, and
  // all rows, which are read. Of a plain dump too little is known to tell.
  bool LiveIsArchived() {
    if (std::any_of(content_.sources.begin(), content_.sources.end(),
                    [](const ContentSource& source) { return source.plain; }) ||
        !Differences(set_).empty()) {
      return false;
    }
    std::vector<RestoreMember> live = members_;
    for (RestoreMember& member : live) {
      member.staging = member.live;
      member.staged_tables.clear();
    }
    for (const auto* objects : {&content_.tables, &content_.sequences}) {
      for (const ContentObject& object : *objects) {
        const ObjectId& id = object.record.id;
        live[PlaceOf(live, id.database)].staged_tables[id.name] = id.name;
      }
    }
    ServerTraits traits = traits_;
    traits.constraint_names_block_rename = false;  // live they have their own names
    // A server that was killed may have lost its counters, where it keeps them in memory alone.
    const Counters counters = traits.has_atomic_ddl ? Counters::kSet : Counters::kNotYet;
    if (!CompareDefinitions(content_, live, facts_.live, traits, counters).empty()) return false;
    try {
      ProveRows(sessions_, traits_, content_, live, facts_.live, {}, jobs_, observer_, cancel_);
      return true;
    } catch (const Error& e) {
      if (e.code() != ErrorCode::kCopyDiffers) throw;
      return false;
    }
  }

  void ReadKeysToRepoint() {
    if (!options_.repoint_foreign_keys) return;
    set_.repointed_keys =
        ReadKeyDefinitions(*session_, KeysLeftBehind(set_, facts_.keys_into_set.keys));
    facts_.repointed_keys = set_.repointed_keys;
  }

  void NameDisplaced(const std::set<std::string>& databases) {
    const unsigned generation = NextGeneration(members_, databases);
    for (RestoreMember& member : members_) {
      member.displaced = options_.in_place ? member.live : DisplacedName(member.live, generation);
    }
  }

  void MakeSetOfFacts() {
    set_ = MakeSet(content_, members_, facts_);
    facts_.unmet_views = UnmetViewsOf(*session_, set_);
    facts_.refusals = refusals_;
    ReadKeysToRepoint();
    set_.run = run_;
    if (!options_.in_place) return;
    set_.in_place = true;
    set_.generation = 0;
  }

  // A prepared copy is not dropped, and no other made beside it, unless the operator says so. That
  // of the same files is gone on from. Returns what stands in the way.
  std::vector<std::string> MindPrepared() {
    std::vector<std::string> problems;
    for (PreparedCopy& copy : FindPrepared(*session_)) {
      const bool same = found_.resumable && RunOf(copy.holder) == *found_.resumable;
      const std::vector<std::string> live = copy.LiveNames();
      const bool shares = std::any_of(members_.begin(), members_.end(), [&](const auto& member) {
        return std::binary_search(live.begin(), live.end(), member.live);
      });
      if (same && !options_.rehearse) {
        prepared_ = std::move(copy);
      } else if (shares) {
        problems.push_back(fmt::format(
            "a restore of {} from {} is prepared: make it live with `dbomsbak restore --swap`, or "
            "drop it with `dbomsbak restore --abort`, before another is {}",
            QuotedList(live), copy.note.origin.Describe(),
            options_.rehearse ? "rehearsed" : "begun"));
      }
    }
    return problems;
  }

  void CompletePlanInPlace() {
    RestorePlan& plan = result_.plan;
    plan.generation = 0;
    plan.safety_dump = options_.safety_dump_name;
    for (std::string& problem : InPlaceProblems(set_, members_, facts_)) {
      plan.problems.push_back(std::move(problem));
    }
    for (std::string& warning : InPlaceWarnings(content_, traits_)) {
      plan.warnings.push_back(std::move(warning));
    }
  }

  // Read back from the file: what it holds is proved before anything changes.
  void TakeSafetyDump() {
    observer_.Phase("dumping what is live");
    std::vector<std::string> databases;
    for (const RestoreMember& member : members_) databases.push_back(member.live);
    try {
      const auto file = options_.safety_dump(databases);
      unsigned jobs = jobs_;
      safety_ =
          OpenInput(file, "", false)->Read({}, jobs, options_.max_memory_bytes, observer_, cancel_);
    } catch (Error& e) {
      e.While("taking the safety dump");
      throw;
    }
  }

  void RefuseProblems() {
    const std::vector<std::string>& problems = result_.plan.problems;
    if (problems.empty()) return;
    std::string message = fmt::format("the restore cannot be done as asked, {} problem{}",
                                      problems.size(), problems.size() == 1 ? "" : "s");
    for (const std::string& problem : problems) message += "\n  - " + problem;
    throw Error(ErrorCode::kRestorePreflight, std::move(message),
                "Nothing was changed. Put these right and run the same command again.");
  }

  void Load(RestoreInput& input) {
    const Stopwatch watch;
    SweepStaging(*session_, found_.others, observer_);
    staging_ =
        std::make_unique<Staging>(*session_, traits_, content_, members_, run_, observer_, cancel_);
    std::vector<bool> done(content_.units.size());
    if (found_.resumable) {
      done = staging_->Resume();
      const auto kept = std::count(done.begin(), done.end(), true);
      observer_.Notice(fmt::format("going on from run {}: {} of {} load units are there already",
                                   run_, kept, done.size()));
    } else {
      staging_->Create(facts_.live, OriginOf(content_, options_));
    }
    if (!options_.in_place) staging_->TryObjects(set_);
    observer_.Phase(fmt::format("loading {} rows into staging", content_.rows));
    const std::vector<LoadTarget> targets = Targets();
    try {
      load_warnings_ =
          input.LoadRows({sessions_, traits_, content_, content_.sources.front(), targets, done,
                          staging_->load_table(), jobs_, observer_, cancel_});
    } catch (Error& e) {
      // A row that the server does not take is one more thing that it cannot hold.
      if (e.code() == ErrorCode::kQueryRefused) e.set_code(ErrorCode::kRestorePreflight);
      throw;
    }
    result_.load_ms = watch.ms();
  }

  // Where each table's rows go, and whether a transaction there is one.
  std::vector<LoadTarget> Targets() {
    const Staging::TableNames transactional = staging_->TransactionalTables();
    std::vector<LoadTarget> targets;
    for (const ContentObject& table : content_.tables) {
      const ObjectId& id = table.record.id;
      const RestoreMember& member = members_[PlaceOf(members_, id.database)];
      LoadTarget target;
      target.database = member.staging;
      target.table = member.StagedTable(id.name);
      target.transactional = transactional.contains({target.database, target.table});
      targets.push_back(std::move(target));
    }
    return targets;
  }

  void Prove() {
    const Stopwatch watch;
    cancel_.ThrowIfCancelled();
    observer_.Phase("proving the staged copy");
    const CatalogRequest request{staging_->databases(), true, false};
    // Keys that come behind the rows are built while these are read; definitions are compared when
    // all of them are whole.
    const std::vector<std::vector<PlainKey>> keys = KeysBehindRows(content_, traits_);
    const bool keys_missing = std::any_of(keys.begin(), keys.end(),
                                          [](const auto& of_table) { return !of_table.empty(); });
    TaskGroup building;
    if (keys_missing) {
      building.Start([&] {
        const std::unique_ptr<Session> session = sessions_.Connect();
        PrepareSession(*session, traits_, true);
        PrepareForDefinitions(*session);
        BuildKeysBehindRows(*session, content_, members_, keys, jobs_);
      });
    }
    Catalog staged = ReadCatalog(*session_, traits_, request);
    if (keys_missing) {
      ProveStaged(staged);
      if (!options_.in_place) PrepareSwap(*session_, members_.front().staging);
      AskAhead();
      building.Wait();
      ReadTablesAgain(staged);
    }
    if (staging_->SetAutoIncrement(staged)) staged = ReadCatalog(*session_, traits_, request);
    RefuseDifferences(staged);
    if (!keys_missing) ProveStaged(staged);
    result_.prove_ms = watch.ms();
  }

  void RefuseDifferences(const Catalog& staged) {
    const std::vector<std::string> differences =
        CompareDefinitions(content_, members_, staged, traits_);
    if (differences.empty()) return;
    std::string message = fmt::format("the restored copy differs: {}", differences.front());
    for (std::size_t i = 1; i < differences.size(); ++i) message += "\n  - " + differences[i];
    throw Error(ErrorCode::kCopyDiffers, std::move(message),
                "Nothing was swapped: what is live is as it was.");
  }

  // Keys change nothing but the definitions of tables.
  void ReadTablesAgain(Catalog& staged) {
    const Catalog now = ReadCatalog(
        *session_, traits_,
        {.databases = staging_->databases(), .routine_grants = false, .tables_only = true});
    for (Database& database : staged.databases) {
      const Database* found = now.Find(database.name);
      // Our own are none of the set.
      std::map<std::string, const Table*> tables;
      if (found != nullptr) {
        for (const Table& table : found->tables) {
          if (!IsInternalTable(table.id.name)) tables[table.id.name] = &table;
        }
      }
      std::erase_if(database.tables,
                    [](const Table& table) { return IsInternalTable(table.id.name); });
      for (Table& table : database.tables) {
        const auto again = tables.find(table.id.name);
        table.create = again == tables.end() ? "" : again->second->create;
        if (again != tables.end()) tables.erase(again);
      }
      std::erase_if(database.tables, [](const Table& table) { return table.create.empty(); });
      for (const auto& [name, table] : tables) database.tables.push_back(*table);
    }
  }

  void ProveStaged(const Catalog& staged) {
    if (options_.prepare) {
      times_ = ReadSettledWriteTimes(*session_, traits_, staging_->databases());
    }
    StagingProof proof = ProveRows(sessions_, traits_, content_, members_, staged, load_warnings_,
                                   jobs_, observer_, cancel_);
    result_.rows_proved = proof.rows;
    result_.tables_proved = proof.tables;
    digests_ = std::move(proof.digests);
  }

  void RehearseSwap() {
    RefuseOrphans();
    observer_.Phase("rehearsing the RENAME in staging");
    const std::optional<double> move_ms = staging_->MeasureRename();
    if (move_ms) result_.plan.expected_window_ms = EstimateWindow(set_, *move_ms);
  }

  // Everything that --swap needs stays on the server.
  void Leave() {
    staging_->NoteProved();
    PreparedContent left;
    left.server = ServerName();
    left.set_digest = SetDigest(set_);
    left.log_bin = LogBin();
    left.members = members_;
    left.content = content_;
    // A plain dump tells no digests: that of its rows as they were loaded is what must not change.
    for (std::size_t i = 0; i < content_.tables.size(); ++i) {
      left.content.tables[i].record.row_digest = digests_[i];
    }
    // What was altered since, though by us, may have been written as well.
    const WriteTimes now = ReadWriteTimes(*session_, traits_, staging_->databases());
    std::erase_if(times_, [&](const auto& time) {
      const auto found = now.find(time.first);
      return found == now.end() || found->second != time.second;
    });
    left.times = times_;
    PreparedNote note;
    note.origin = OriginOf(content_, options_);
    note.tables = result_.tables_proved;
    note.rows = result_.rows_proved;
    note.prove_ms = result_.prove_ms;
    note.expected_window_ms = result_.plan.expected_window_ms;
    for (const ContentObject& table : content_.tables) {
      if (!times_.contains(StagedName(table))) note.rows_unwatched += table.record.rows;
    }
    LeavePrepared(*session_, staging_->journal(), note, left);
    result_.prepared = true;
    result_.rows_unwatched = note.rows_unwatched;
  }

  std::pair<std::string, std::string> StagedName(const ContentObject& table) const {
    const ObjectId& id = table.record.id;
    return {members_[PlaceOf(members_, id.database)].staging, id.name};
  }

  std::string ServerName() const {
    return fmt::format("{} {}", traits_.FlavourName(), traits_.version);
  }

  // Whether replicas hear of what this session does; empty where the server has no such switch.
  std::string LogBin() {
    try {
      return session_->QueryValue("SELECT @@SESSION.sql_log_bin").value_or("");
    } catch (const ServerError& e) {
      if (e.code() == ErrorCode::kConnectionLost) throw;
      return {};
    }
  }

  // As if these files had just been read, loaded and proved.
  PreparedContent TakeUp() {
    PreparedContent left = ReadPrepared(*session_, *prepared_);
    content_ = std::move(left.content);
    members_ = left.members;
    run_ = prepared_->staging.run;
    result_.tables_proved = prepared_->note.tables;
    result_.rows_proved = prepared_->note.rows;
    return left;
  }

  // What is live may have become another since: the plan is made anew.
  void CheckPrepared(const PreparedContent& left) {
    observer_.Phase("checking what the swap would change");
    std::set<std::string> databases;
    for (std::string& name : ListDatabases(*session_)) databases.insert(std::move(name));
    NameDisplaced(databases);
    facts_ = ReadServerFacts(*session_);
    ReadFactsOfNow(*session_, members_, content_.Definers(), facts_);
    looked_ = Stopwatch();
    MakeSetOfFacts();
    result_.plan = MakePlan(content_, members_, facts_,
                            options_.force ? OtherSessions::kTell : OtherSessions::kRefuse);
    result_.plan.rows = 0;  // to load
    if (prepared_->note.expected_window_ms > 0) {
      result_.plan.expected_window_ms = prepared_->note.expected_window_ms;
    }
    if (SetDigest(set_) != left.set_digest) {
      result_.plan.warnings.push_back(
          "what is live has other definitions now than when this was prepared; the plan is made "
          "anew from them");
    }
    if (LogBin() != left.log_bin) {
      result_.plan.problems.push_back(fmt::format(
          "it was prepared {} --skip-binlog, and replicas have it so: swap it {} that option",
          left.log_bin == "0" ? "with" : "without", left.log_bin == "0" ? "with" : "without"));
    }
  }

  // Staging is what was proved. Rows are read again where the server does not tell that nobody has
  // written any.
  void ProveAgain(const PreparedContent& left) {
    const Stopwatch watch;
    observer_.Phase("checking that the prepared copy is as it was proved");
    staging_ =
        std::make_unique<Staging>(*session_, traits_, content_, members_, run_, observer_, cancel_);
    staging_->Resume();
    try {
      const CatalogRequest request{staging_->databases(), true, false};
      Catalog staged = ReadCatalog(*session_, traits_, request);
      if (staging_->SetAutoIncrement(staged)) staged = ReadCatalog(*session_, traits_, request);
      RefuseDifferences(staged);
      const RestoreContent unsure = NotSurelyAsProved(left);
      if (unsure.rows > 0) {
        observer_.Notice(fmt::format(
            "reading {} rows again: the server does not tell that nobody has written any",
            unsure.rows));
      }
      ProveRows(sessions_, traits_, unsure, members_, staged, {}, jobs_, observer_, cancel_);
    } catch (Error& e) {
      if (e.code() == ErrorCode::kCopyDiffers) {
        GiveUpStaging(staging_->journal());
        e.set_hint(
            "Somebody has changed the prepared copy. Nothing was swapped: what is live is as it "
            "was. `dbomsbak restore --prepare` with the same files makes the copy anew.");
      }
      throw;
    }
    if (SetDigest(set_) != left.set_digest || ServerName() != left.server) {
      staging_->TryObjects(set_);
    }
    result_.prove_ms = watch.ms();
  }

  // Tables that may have been written since, as a content of their own.
  RestoreContent NotSurelyAsProved(const PreparedContent& left) {
    const WriteTimes now = ReadWriteTimes(*session_, traits_, staging_->databases());
    RestoreContent unsure;
    unsure.sources = content_.sources;
    for (const ContentObject& table : content_.tables) {
      const auto name = StagedName(table);
      const auto then = left.times.find(name), time = now.find(name);
      if (then != left.times.end() && time != now.end() && then->second == time->second &&
          (table.record.rows == 0 || HoldsRows(*session_, name.first, name.second))) {
        continue;
      }
      unsure.rows += table.record.rows;
      unsure.tables.push_back(table);
    }
    return unsure;
  }

  // As IsDoneByHealing. A set that only had to be swept up may be an old one: it counts where
  // nothing else can be meant.
  bool IsSwappedByHealing(const StagedChoice& choice) {
    for (const HealedSet& healed : healed_) {
      if (healed.operation != "restore" || !healed.live) continue;
      const auto note = StagingNote::Find(ServerJournal::Open(*session_, healed.journal)->Load());
      if (!note || !choice.Means(note->origin)) continue;
      if (!healed.was_open && !FindPrepared(*session_).empty()) continue;
      result_.swapped = result_.healed = true;
      result_.plan.databases = healed.databases;
      result_.plan.generation = healed.generation;
      return true;
    }
    return false;
  }

  // Live is untouched. Staging goes, unless the server cannot be reached: then it is named, and
  // the same command goes on from it.
  [[noreturn]] void CleanUpAfter(const std::exception_ptr& failure) {
    bool lost = false, keep = prepared_.has_value();
    std::string fate;
    try {
      std::rethrow_exception(failure);
    } catch (const Error& e) {
      lost = e.code() == ErrorCode::kConnectionLost;
      keep = keep && e.code() != ErrorCode::kCopyDiffers;  // it was whole when this began
    } catch (const std::exception&) {
      lost = false;
    }
    if (!lost && !keep) {
      try {
        Sweep();
      } catch (const Error& e) {
        fate = e.message();
      }
    }
    if (lost || keep || !fate.empty()) NameStaging(fate);
    std::rethrow_exception(failure);
  }

  void NameStaging(const std::string& reason) {
    if (options_.in_place) {
      observer_.Warning(fmt::format(
          "tables {}… were left in {}; the same command drops them first and starts over{}{}",
          LoadedTableName(run_, 0), QuotedList(staging_->databases()), reason.empty() ? "" : ": ",
          reason));
      return;
    }
    std::vector<std::string> names;
    for (const RestoreMember& member : members_) names.push_back(member.staging);
    observer_.Warning(
        fmt::format("staging was left on the server: {}; the same command goes on from it{}{}",
                    QuotedList(names), reason.empty() ? "" : ": ", reason));
  }

  void Sweep() {
    std::vector<std::string> names;
    for (const RestoreMember& member : members_) names.push_back(member.staging);
    if (options_.in_place) {
      SweepInPlace(*session_, run_, names);
    } else {
      SweepStaging(*session_, std::move(names), observer_);
    }
  }

  // Loading took its time: how the live databases are to be put back by undo, and which objects
  // need no touching, is read again just before the window.
  void LookAgain() {
    const PreparedSet planned = std::move(set_);
    ReadFactsOfNow(*session_, members_, content_.Definers(), facts_);
    if (options_.in_place) {
      LeaveOutRun(run_, facts_.live);
      std::erase_if(facts_.leftovers,
                    [&](const Leftover& leftover) { return leftover.run == run_; });
    }
    MakeSetOfFacts();
    set_.generation = planned.generation;
    // A foreign key into the set, or the application, may have come meanwhile.
    RestorePlan now = MakePlan(content_, members_, facts_,
                               options_.force ? OtherSessions::kTell : OtherSessions::kRefuse);
    for (const std::string& warning : now.warnings) {
      const std::vector<std::string>& told = result_.plan.warnings;
      if (std::find(told.begin(), told.end(), warning) == told.end()) observer_.Warning(warning);
    }
    result_.plan.problems = std::move(now.problems);
    if (options_.in_place) {
      // The safety dump must be the way back to it.
      for (const std::string& object : ChangedBetween(planned.before, set_.before)) {
        result_.plan.problems.push_back(object + " was changed since the safety dump was taken");
      }
    }
    RefuseProblems();
    if (options_.in_place) return;
    // Live triggers that the archive does not speak for go onto the restored tables, too.
    if (!SameTriggers(planned, set_)) staging_->TryObjects(set_);
    if (planned.outgoing == set_.outgoing) return;
    observer_.Warning(
        "tables were created or dropped in the live databases while this ran; what is "
        "there now goes into the displaced copy");
  }

  // Asks what is asked again just before the window, for nothing but that the server has planned it
  // by then: OceanBase takes 10 to 100 ms for each, of which it would be idle here.
  void AskAhead() {
    std::vector<RestoreMember> members = members_;
    RestoreFacts facts = facts_;
    ReadFactsOfNow(*session_, members, content_.Definers(), facts);
    try {
      CheckUnchanged(*session_, set_);
    } catch (const Error& e) {
      // The last look says so, when all is loaded and worth keeping.
      if (e.code() != ErrorCode::kRestorePreflight) throw;
    }
  }

  // The window adds and moves keys without a look at the rows.
  void RefuseOrphans() {
    result_.plan.problems =
        FindOrphans(*session_, options_.in_place ? WithKeysToStaying(set_) : set_);
    RefuseProblems();
  }

  static bool SameTriggers(const PreparedSet& a, const PreparedSet& b) {
    const auto same = [](const StoredProgram& x, const StoredProgram& y) {
      return x.id == y.id && x.table == y.table && SameDefinition(x, y);
    };
    for (std::size_t i = 0; i < a.wanted.size(); ++i) {
      const std::vector<StoredProgram>& x = a.wanted[i].triggers;
      const std::vector<StoredProgram>& y = b.wanted[i].triggers;
      if (!std::equal(x.begin(), x.end(), y.begin(), y.end(), same)) return false;
    }
    return true;
  }

  // May the same command find its staging again? Behind the RENAME it is gone, and where the
  // session was lost at the swap nobody knows.
  bool StagingIsLeft(ErrorCode code, bool at_swap) {
    if (code == ErrorCode::kConnectionLost) return !at_swap;
    if (code == ErrorCode::kNeedsHelp) return false;
    try {
      return ServerJournal::Exists(*session_, members_.front().staging);
    } catch (const Error&) {
      return false;
    }
  }

  void Swap() {
    bool at_swap = false;
    try {
      cancel_.ThrowIfCancelled();
      if (!looked_ || looked_->ms() > kLookHoldsMs) LookAgain();
      RefuseOrphans();
      if (!prepared_) staging_->NoteProved();
      at_swap = true;
      result_.window_ms =
          SwapLive(*session_, traits_, set_, staging_->journal(),
                   {options_.lock_wait_s, options_.lock_tries, &sessions_, &cancel_}, observer_);
    } catch (const Error& e) {
      if (StagingIsLeft(e.code(), at_swap)) {
        // Somebody was in the way: what is loaded and proved is worth keeping, but not in a live
        // database.
        if (options_.in_place) CleanUpAfter(std::current_exception());
        NameStaging("");
      }
      throw;
    }
    if (options_.in_place) EndSwapInPlace();
    result_.swapped = true;
  }

  // What was live goes if all of it is in the safety dump: rows may have been written since.
  void EndSwapInPlace() {
    observer_.Phase("comparing what was live with the safety dump");
    EndInPlace(*session_, traits_, set_, staging_->journal(), DisplacedIsInSafetyDump(), observer_);
  }

  bool DisplacedIsInSafetyDump() {
    DisplacedProof proof;
    if (!MakeDisplacedProof(set_, safety_, proof)) return false;
    try {
      const Catalog live = ReadCatalog(*session_, traits_, {staging_->databases(), true, false});
      if (!SameSequences(set_, safety_, live)) return false;
      ProveRows(sessions_, traits_, proof.content, proof.members, live, {}, jobs_, observer_,
                cancel_);
      return true;
    } catch (const Error& e) {
      if (e.code() == ErrorCode::kConnectionLost) throw;
      if (e.code() != ErrorCode::kCopyDiffers) observer_.Warning(e.message());
      return false;
    }
  }

  // What is live now is what the archive holds, within its scope.
  void Finish() {
    CatalogRequest request;
    request.guess_views = true;
    for (const RestoreMember& member : members_) request.databases.push_back(member.live);
    RestoreFacts after;
    after.traits = traits_;
    try {
      after.live = ReadCatalog(*session_, traits_, request);
      if (options_.in_place) LeaveOutRun(run_, after.live);
    } catch (const Error& e) {
      throw Error(ErrorCode::kNeedsHelp,
                  fmt::format("the restored databases are live, but could not be read again to "
                              "compare their definitions: {}",
                              e.message()),
                  "Rows are proved and live; do not restore again. See that the application works, "
                  "or undo.");
    }
    std::vector<RestoreMember> members = members_;
    for (RestoreMember& member : members) member.exists = true;
    const std::vector<std::string> differences = Differences(MakeSet(content_, members, after));
    if (differences.empty()) return;
    std::string message = "the restored databases are live, but not all is as it shall be";
    for (const std::string& difference : differences) message += "\n  - " + difference;
    throw Error(ErrorCode::kNeedsHelp, std::move(message),
                "Rows are proved and live. Put these objects right by hand, or undo.");
  }

  // `set.before` is what is live now.
  std::vector<std::string> Differences(const PreparedSet& set) const {
    std::vector<std::string> differences;
    for (std::size_t i = 0; i < set.members.size(); ++i) {
      Compare(set.wanted[i].tables, set.before[i].tables, differences);
      Compare(set.wanted[i].sequences, set.before[i].sequences, differences);
      FindOurNames(set.before[i], differences);
      Compare(set.wanted[i].views, set.before[i].views, differences);
      Compare(set.wanted[i].routines, set.before[i].routines, differences);
      Compare(set.wanted[i].triggers, set.before[i].triggers, differences);
      Compare(set.wanted[i].events, set.before[i].events, differences);
      if (set.wanted[i].collation != set.before[i].collation) {
        differences.push_back(fmt::format("database {} has collation {}, not {}",
                                          QuoteIdentifier(set.members[i].live),
                                          set.before[i].collation, set.wanted[i].collation));
      }
      const ContentSource& source = content_.SourceOf(members_[i].archived);
      if (!PrintsAlike(source.header, traits_)) continue;
      DefinitionDifferences found = source.plain
                                        ? CompareSaidDefinitions(set.wanted[i], set.before[i])
                                        : CompareLiveDefinitions(set.wanted[i], set.before[i]);
      std::move(found.differences.begin(), found.differences.end(),
                std::back_inserter(differences));
      for (const std::string& doubt : found.doubts) {
        observer_.Warning(doubt + "\n(the view is broken: what it stands on is not there)");
      }
    }
    return differences;
  }

  // No definition may name staging where it must name the live database.
  void FindOurNames(const Database& live, std::vector<std::string>& differences) const {
    const auto find = [&](const auto& objects) {
      for (const auto& object : objects) {
        for (const RestoreMember& member : members_) {
          if (member.in_place()) continue;  // no definition names tables by other names
          if (object.create.find(member.staging) == std::string::npos) continue;
          differences.push_back(object.id.Describe() + " names " + QuoteIdentifier(member.staging));
        }
      }
    };
    find(live.tables);
    find(live.views);
    find(live.routines);
    find(live.triggers);
    find(live.events);
  }

  template <typename T>
  static void Compare(const std::vector<T>& wanted, const std::vector<T>& live,
                      std::vector<std::string>& differences) {
    std::set<ObjectId> there;
    for (const T& object : live) there.insert(object.id);
    for (const T& object : wanted) {
      // An event whose time is over does not come back: the server would not have kept it either.
      if (there.erase(object.id) == 0 && object.id.kind != ObjectKind::kEvent) {
        differences.push_back(object.id.Describe() + " is missing");
      }
    }
    for (const ObjectId& id : there) differences.push_back(id.Describe() + " is extra");
  }

  SessionFactory& sessions_;
  const RestoreOptions& options_;
  const ConfirmRestore& confirm_;
  Observer& observer_;
  const CancelToken& cancel_;
  unsigned jobs_;

  RestoreContent content_;
  std::unique_ptr<Session> session_;
  std::optional<RestoreLock> lock_;
  ServerTraits traits_;
  std::vector<RestoreMember> members_;
  std::vector<HealedSet> healed_;
  FoundStaging found_;
  std::string run_;
  RestoreFacts facts_;
  std::map<ObjectId, std::vector<std::string>> refusals_;
  PreparedSet set_;
  std::optional<PreparedCopy> prepared_;  // which this restore goes on from
  std::optional<Stopwatch> looked_;       // since the last look at what is live
  RestoreContent safety_;                 // in place: what was live
  std::unique_ptr<Staging> staging_;
  WriteTimes times_;
  std::vector<RowDigestRecord> digests_;
  std::map<std::uint32_t, std::string> load_warnings_;
  RestoreResult result_;
};

}  // namespace

RestoreResult RunRestore(SessionFactory& sessions,
                         const std::vector<std::shared_ptr<const RandomAccessFile>>& files,
                         const RestoreOptions& options, const ConfirmRestore& confirm,
                         Observer& observer, const CancelToken& cancel) {
  const std::unique_ptr<RestoreInput> input =
      OpenInputs(files, options.into,
                 // What its header tells is enough to refuse it, before all of it is read.
                 [&](const ContentSource& source) { RefuseWithoutLeave(source, options); });
  return Restore(sessions, options, confirm, observer, cancel).Run(*input);
}

RestoreResult RunSwapPrepared(SessionFactory& sessions,
                              const std::vector<std::shared_ptr<const RandomAccessFile>>& files,
                              const RestoreOptions& options, const ConfirmRestore& confirm,
                              Observer& observer, const CancelToken& cancel) {
  const StagedChoice choice = ChoiceOf(files, options, observer, cancel);
  return Restore(sessions, options, confirm, observer, cancel).SwapPrepared(choice);
}

}  // namespace dbomsbak
