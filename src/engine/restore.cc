// The state machine of a restore: open, check, load, prove, window, finish. In two acts: all up to
// the proof (--prepare), and the rest (--swap) from what that left on the server.
#include "dbomsbak/engine/restore.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <utility>

#include "dbomsbak/base/error.h"
#include "dbomsbak/base/task_group.h"
#include "dbomsbak/base/units.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/sql/row_digest.h"
#include "dbomsbak/transport/passing_error.h"
#include "engine/heal.h"
#include "engine/in_place.h"
#include "engine/keys_behind_rows.h"
#include "engine/live_comparison.h"
#include "engine/pruned_tables.h"
#include "engine/restore_choice.h"
#include "engine/restore_content.h"
#include "engine/restore_facts.h"
#include "engine/restore_files.h"
#include "engine/restore_input.h"
#include "engine/restore_planner.h"
#include "engine/restore_run.h"
#include "engine/server_journal.h"
#include "engine/set_history.h"
#include "engine/set_names.h"
#include "engine/set_swap.h"
#include "engine/staged_choice.h"
#include "engine/staging.h"
#include "engine/staging_proof.h"
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
  if (header.scope.filtered() && !header.scope.only_pruned() && !options.allow_filtered) {
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

constexpr char kStagingIsLeft[] =
    "Nothing live was changed; dbomsbak restore --abort drops the staging.";

// Tells what an interruption, or a file that is damaged, left; what it says itself comes behind.
void TellWhatIsLeft(Error& error, std::string left) {
  const bool interrupted =
      error.code() == ErrorCode::kInterrupted || error.code() == ErrorCode::kTerminated;
  const bool unreadable =
      error.code() == ErrorCode::kDamaged || error.code() == ErrorCode::kIncomplete;
  const bool told = error.message().find("nothing was changed") != std::string::npos;
  if ((!interrupted && !unreadable) || told) return;
  if (!error.hint().empty()) left += " " + error.hint();
  error.set_hint(std::move(left));
}

// A look at what is live holds so long: the window looks at names once more.
constexpr std::uint64_t kLookHoldsMs = 1000;

}  // namespace

bool RestoreRun::Plan(RestoreInput& input) {
  content_ = input.Read(options_.only, jobs_, options_.max_memory_bytes, observer_, cancel_);
  for (const ContentSource& source : content_.sources) RefuseWithoutLeave(source, options_);
  ApplyOptions(options_, content_);
  for (const ContentObject& table : content_.tables) {
    if (table.record.pruned) content_.notes.push_back(DescribePruned(table.record));
  }
  if (options_.in_place) PrepareInPlace(content_);
  Connect();
  healed_ = options_.healed;
  LockAndHeal();
  Check(input.name());
  const bool swaps = !options_.rehearse && !options_.prepare;
  if (swaps && unfinished_.empty() && IsDoneByHealing()) return false;
  if (options_.dry_run) return false;
  Ask("the restore was not confirmed; nothing was changed");
  return true;
}

RestoreResult RestoreRun::Run(RestoreInput& input) {
  try {
    if (!Plan(input)) return std::move(result_);
  } catch (Error& e) {
    if (!options_.throwaway_server) {
      TellWhatIsLeft(e, healed_.empty() ? "Nothing on the server was changed."
                                        : "Nothing was changed but what an interrupted run left.");
    }
    throw;
  }
  if (options_.in_place && !options_.rehearse) {
    GiveUpUnfinished();
    TakeSafetyDump();
  }
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
    if (options_.throwaway_server) return std::move(result_);
    observer_.Notice(fmt::format("rehearsed: {} in {} proved; swapping them would take about {}",
                                 Counted(result_.rows_proved, "row"),
                                 Counted(result_.tables_proved, "table"),
                                 HumanDuration(result_.plan.expected_window_ms)));
    return std::move(result_);
  }
  Swap();
  Finish();
  return std::move(result_);
}

void RestoreRun::Connect() {
  session_ = sessions_.Connect();
  traits_ = ProbeServerTraits(*session_);
  if (options_.in_place) traits_ = InPlaceTraits(traits_);
  PrepareSession(*session_, traits_, true);
  PrepareForDefinitions(*session_);
  UseCatalogue(*session_);
}

void RestoreRun::LockAndHeal() {
  if (options_.dry_run) return;
  lock_.emplace(*session_, options_.lock_wait_s);
  TakeUnfinished take;
  // A rehearsal gives up nothing, and there is no room beside the other's journal.
  if (options_.in_place && !options_.rehearse) {
    take = [this](const InPlaceRun& run, const Error& reason) {
      if (!Replaces(run)) return false;
      unfinished_.emplace_back(run, reason.message());
      return true;
    };
  }
  HealWithLock(*session_, traits_, observer_, healed_, take);
}

void RestoreRun::Ask(const char* refused) {
  if (!result_.plan.problems.empty() && confirm_) confirm_(result_.plan);
  RefuseProblems();
  if (confirm_ && !confirm_(result_.plan)) {
    throw Error(ErrorCode::kInterrupted, refused, "Answer y to do what is shown, or add --yes.");
  }
}

void RestoreRun::Load(RestoreInput& input) {
  const Stopwatch watch;
  SweepStaging(*session_, found_.others, observer_);
  staging_ =
      std::make_unique<Staging>(*session_, traits_, content_, members_, run_, observer_, cancel_);
  std::vector<bool> done(content_.units.size());
  if (found_.resumable) {
    done = staging_->Resume();
    TakeProvedForTruth();
    const auto kept = std::count(done.begin(), done.end(), true);
    observer_.Notice(fmt::format("going on from run {}: {} of {} are there already", run_,
                                 Grouped(static_cast<std::uint64_t>(kept)),
                                 Counted(done.size(), "load unit")));
  } else {
    staging_->Create(facts_.live, OriginOf(content_, options_), sessions_, jobs_);
  }
  if (!options_.in_place) staging_->TryObjects(set_);
  observer_.Phase(fmt::format("loading {} into staging", Counted(content_.rows, "row")));
  const bool proves = ProvesWhileLoading();
  const Catalog staged = staging_->ReadTables(proves);
  const std::vector<LoadTarget> targets = Targets(staged);
  std::optional<RowProof> proof;
  if (proves) proof.emplace(sessions_, traits_, content_, members_, staged, observer_, cancel_);
  try {
    load_warnings_ = input.LoadRows({sessions_, traits_, content_, content_.sources.front(),
                                     targets, done, staging_->load_table(), jobs_, observer_,
                                     cancel_, proof ? &*proof : nullptr});
  } catch (Error& e) {
    // A row that the server does not take is one more thing that it cannot hold.
    const bool loading = !proof || !proof->failed();
    if (loading && e.code() == ErrorCode::kQueryRefused && !IsPassing(e))
      e.set_code(ErrorCode::kRestorePreflight);
    throw;
  }
  if (proof && proof->complete()) {
    TakeProof(proof->Finish());
    rows_proved_ = true;
  }
  result_.load_ms = watch.ms();
}

bool RestoreRun::ProvesWhileLoading() const {
  // Prepared: when it was written to last is to be known before. Late keys have the proof beside
  // them.
  if (options_.prepare || traits_.prefers_late_keys) return false;
  // All definitions are read once more for it: for many small tables that costs more than it gains.
  constexpr std::uint64_t kBytesATable = std::uint64_t{256} << 10;
  std::uint64_t bytes = 0;
  for (const LoadUnit& unit : content_.units) bytes += unit.length;
  return bytes >= content_.tables.size() * kBytesATable;
}

std::vector<LoadTarget> RestoreRun::Targets(const Catalog& staged) const {
  const Staging::TableNames transactional = Staging::TransactionalIn(staged);
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

void RestoreRun::Prove() {
  const Stopwatch watch;
  cancel_.ThrowIfCancelled();
  observer_.Phase("proving the staged copy");
  const CatalogRequest request{staging_->databases(), true, false};
  // Keys that come behind the rows are built while these are read; definitions are compared when
  // all of them are whole.
  const std::vector<std::vector<PlainKey>> keys = KeysBehindRows(content_, traits_);
  const bool keys_missing =
      std::any_of(keys.begin(), keys.end(), [](const auto& of_table) { return !of_table.empty(); });
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
  const bool statistics_set = staging_->SetStatistics(staged);
  if (staging_->SetAutoIncrement(staged) || statistics_set) {
    staged = ReadCatalog(*session_, traits_, request);
  }
  RefuseDifferences(staged);
  if (!keys_missing && !rows_proved_) ProveStaged(staged);
  if (!options_.in_place) NoteWhatIsProved(staged);
  result_.prove_ms = watch.ms();
}

void RestoreRun::NoteWhatIsProved(const Catalog& staged) {
  ProvedStaging proved = ProvedStagingOf(staged, traits_);
  for (std::size_t i = 0; i < content_.tables.size(); ++i) {
    const auto [database, table] = StagedName(content_.tables[i]);
    proved.objects[{database, ObjectKind::kTable, table}].row_digest = digests_[i].value;
  }
  staging_->NoteProved(proved);
}

void RestoreRun::TakeProvedForTruth() {
  const ProvedStaging* proved = staging_->proved();
  if (proved == nullptr) return;
  staging_->RefuseChanged(ReadCatalog(*session_, traits_, {staging_->databases(), true, false}));
  for (ContentObject& table : content_.tables) {
    const auto [database, name] = StagedName(table);
    const auto found = proved->objects.find({database, ObjectKind::kTable, name});
    if (found == proved->objects.end() || table.record.row_digest) continue;
    table.record.row_digest = RowDigestRecord{std::string(kRowDigestId), found->second.row_digest};
  }
}

void RestoreRun::RefuseDifferences(const Catalog& staged) {
  const std::vector<std::string> differences =
      CompareDefinitions(content_, members_, staged, traits_);
  if (differences.empty()) return;
  std::string message = fmt::format("the restored copy differs: {}", differences.front());
  for (std::size_t i = 1; i < differences.size(); ++i) message += "\n  - " + differences[i];
  throw Error(ErrorCode::kCopyDiffers, std::move(message),
              "Nothing was swapped: what is live is as it was.");
}

void RestoreRun::ReadTablesAgain(Catalog& staged) {
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

void RestoreRun::ProveStaged(const Catalog& staged) {
  if (options_.prepare) {
    times_ = ReadSettledWriteTimes(*session_, traits_, staging_->databases());
  }
  TakeProof(ProveRows(sessions_, traits_, content_, members_, staged, load_warnings_, jobs_,
                      observer_, cancel_));
}

void RestoreRun::TakeProof(StagingProof proof) {
  result_.rows_proved = proof.rows;
  result_.tables_proved = proof.tables;
  digests_ = std::move(proof.digests);
}

void RestoreRun::CleanUpAfter(const std::exception_ptr& failure) {
  bool lost = false, keep = prepared_.has_value();
  std::string fate;
  try {
    std::rethrow_exception(failure);
  } catch (const Error& e) {
    lost = e.code() == ErrorCode::kConnectionLost;
    // It was whole when this began: somebody has changed it, and may want to see.
    const bool changed =
        e.code() == ErrorCode::kCopyDiffers && staging_ && staging_->proved() != nullptr;
    if (changed && !staging_->given_up()) {
      try {
        staging_->GiveUp();
      } catch (const Error& failed) {
        fate = failed.message();
      }
    }
    keep = changed || (keep && e.code() != ErrorCode::kCopyDiffers) ||
           (staging_ && staging_->given_up());
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
  // Lost before it came to load anything: what an earlier run left, if anything, was told by the
  // plan.
  const bool left = (lost && staging_) || keep || !fate.empty();
  if (left) NameStaging(fate);
  try {
    std::rethrow_exception(failure);
  } catch (Error& e) {
    if (!options_.throwaway_server) {
      TellWhatIsLeft(e, left && !options_.in_place ? kStagingIsLeft
                        : left || !staging_
                            ? "Nothing live was changed."
                            : "Nothing live was changed, and what was loaded is dropped again.");
    }
    throw;
  }
}

void RestoreRun::NameStaging(const std::string& reason) {
  if (options_.throwaway_server) return;
  std::vector<std::string> names;
  for (const RestoreMember& member : members_) names.push_back(member.staging);
  if (options_.in_place) {
    observer_.Warning(fmt::format(
        "tables {}… were left in {}; the same command drops them first and starts over{}{}",
        LoadedTableName(run_, 0), QuotedList(names), reason.empty() ? "" : ": ", reason));
    return;
  }
  const bool changed = staging_ && staging_->given_up();
  observer_.Warning(fmt::format("staging was left on the server: {}; the same command {}{}{}",
                                QuotedList(names),
                                changed ? "drops it and starts over" : "goes on from it",
                                reason.empty() ? "" : ": ", reason));
}

void RestoreRun::Sweep() {
  std::vector<std::string> names;
  for (const RestoreMember& member : members_) names.push_back(member.staging);
  if (options_.in_place) {
    SweepInPlace(*session_, run_, names);
  } else {
    SweepStaging(*session_, std::move(names), observer_);
  }
}

bool RestoreRun::StagingIsLeft(ErrorCode code, bool at_swap) {
  if (code == ErrorCode::kConnectionLost) return !at_swap;
  if (code == ErrorCode::kNeedsHelp) return false;
  try {
    return ServerJournal::Exists(*session_, members_.front().staging);
  } catch (const Error&) {
    return false;
  }
}

void RestoreRun::Swap() {
  bool at_swap = false;
  try {
    cancel_.ThrowIfCancelled();
    if (!looked_ || looked_->ms() > kLookHoldsMs) LookAgain();
    RefuseOrphans();
    // That may have taken its time, and what goes in place comes back from the safety dump alone.
    if (options_.in_place) LookAgain();
    at_swap = true;
    result_.window_ms = SwapLive(
        *session_, traits_, set_, staging_->journal(),
        {options_.lock_wait_s, options_.lock_tries, &sessions_, &cancel_, &taken_}, observer_);
  } catch (Error& e) {
    if (StagingIsLeft(e.code(), at_swap)) {
      // Somebody was in the way: what is loaded and proved is worth keeping, but not in a live
      // database.
      if (options_.in_place) CleanUpAfter(std::current_exception());
      NameStaging("");
      if (!at_swap) TellWhatIsLeft(e, kStagingIsLeft);
    }
    throw;
  }
  if (options_.in_place) EndSwapInPlace();
  result_.swapped = true;
}

void RestoreRun::Finish() {
  CatalogRequest request;
  request.guess_views = true;
  for (const RestoreMember& member : members_) request.databases.push_back(member.live);
  RestoreFacts after;
  after.traits = traits_;
  try {
    after.live = ReadCatalog(*session_, traits_, request);
    if (options_.in_place) LeaveOutRun(run_, members_.front().live, after.live);
  } catch (const Error& e) {
    throw Error(ErrorCode::kNeedsHelp,
                fmt::format("the restored databases are live, but could not be read again to "
                            "compare their definitions: {}",
                            e.message()),
                "Rows are proved and live; do not restore again. See that the application works, "
                "or " +
                    WayBack());
  }
  std::vector<RestoreMember> members = members_;
  for (RestoreMember& member : members) member.exists = true;
  const std::vector<std::string> differences =
      LiveDifferences(MakeSet(content_, members, after), content_, members_, traits_, observer_);
  if (differences.empty()) return;
  std::string message = "the restored databases are live, but not all is as it shall be";
  for (const std::string& difference : differences) message += "\n  - " + difference;
  throw Error(ErrorCode::kNeedsHelp, std::move(message),
              "Rows are proved and live. Put these objects right by hand, or " + WayBack());
}

RestoreResult RunRestore(SessionFactory& sessions,
                         const std::vector<std::shared_ptr<const RandomAccessFile>>& files,
                         const RestoreOptions& options, const ConfirmRestore& confirm,
                         Observer& observer, const CancelToken& cancel) {
  const std::unique_ptr<RestoreInput> input =
      OpenInputs(files, options.into,
                 // What its header tells is enough to refuse it, before all of it is read.
                 [&](const ContentSource& source) { RefuseWithoutLeave(source, options); });
  return RestoreRun(sessions, options, confirm, observer, cancel).Run(*input);
}

RestoreResult RunSwapPrepared(SessionFactory& sessions,
                              const std::vector<std::shared_ptr<const RandomAccessFile>>& files,
                              const RestoreOptions& options, const ConfirmRestore& confirm,
                              Observer& observer, const CancelToken& cancel) {
  const StagedChoice choice = ChoiceOf(files, options, observer, cancel);
  return RestoreRun(sessions, options, confirm, observer, cancel).SwapPrepared(choice);
}

}  // namespace dbomsbak
