// A restore in two acts: all up to the proof (--prepare), and the rest (--swap) from what that left
// on the server.
#include <fmt/format.h>

#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "dbomsbak/base/error.h"
#include "dbomsbak/base/units.h"
#include "dbomsbak/transport/passing_error.h"
#include "engine/prepared_copy.h"
#include "engine/proved_staging.h"
#include "engine/restore_content.h"
#include "engine/restore_facts.h"
#include "engine/restore_input.h"
#include "engine/restore_planner.h"
#include "engine/restore_run.h"
#include "engine/server_journal.h"
#include "engine/set_history.h"
#include "engine/set_swap.h"
#include "engine/staged_choice.h"
#include "engine/staging.h"
#include "engine/staging_proof.h"
#include "engine/window_estimate.h"
#include "engine/write_times.h"

namespace dbomsbak {
RestoreResult RestoreRun::SwapPrepared(const StagedChoice& choice) {
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

void RestoreRun::RehearseSwap() {
  RefuseOrphans();
  observer_.Phase("rehearsing the RENAME in staging");
  const std::optional<double> move_ms = staging_->MeasureRename();
  if (move_ms) result_.plan.expected_window_ms = EstimateWindow(set_, *move_ms);
}

void RestoreRun::Leave() {
  PreparedContent left;
  left.server = NameOfServer(traits_);
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

std::pair<std::string, std::string> RestoreRun::StagedName(const ContentObject& table) const {
  const ObjectId& id = table.record.id;
  return {members_[PlaceOf(members_, id.database)].staging, id.name};
}

std::string RestoreRun::LogBin() {
  try {
    return session_->QueryValue("SELECT @@SESSION.sql_log_bin").value_or("");
  } catch (const ServerError& e) {
    if (IsPassing(e)) throw;
    return {};
  }
}

PreparedContent RestoreRun::TakeUp() {
  PreparedContent left = ReadPrepared(*session_, *prepared_);
  content_ = std::move(left.content);
  members_ = left.members;
  run_ = prepared_->staging.run;
  result_.tables_proved = prepared_->note.tables;
  result_.rows_proved = prepared_->note.rows;
  return left;
}

void RestoreRun::CheckPrepared(const PreparedContent& left) {
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
  RequireDatabases(prepared_->note.origin.options.find("--only ") != std::string::npos);
  RefuseHeartbeats();
  if (LogBin() != left.log_bin) {
    result_.plan.problems.push_back(
        left.log_bin == "0"
            ? "it was prepared with --skip-binlog, and replicas have it so: swap it with that "
              "option, too"
            : "it was prepared without --skip-binlog, and replicas have it so: swap it without "
              "that option, too");
  }
}

void RestoreRun::ProveAgain(const PreparedContent& left) {
  const Stopwatch watch;
  observer_.Phase("checking that the prepared copy is as it was proved");
  staging_ =
      std::make_unique<Staging>(*session_, traits_, content_, members_, run_, observer_, cancel_);
  staging_->Resume();
  try {
    const CatalogRequest request{staging_->databases(), true, false};
    Catalog staged = ReadCatalog(*session_, traits_, request);
    staging_->RefuseChanged(staged);
    if (staging_->SetAutoIncrement(staged)) staged = ReadCatalog(*session_, traits_, request);
    RefuseDifferences(staged);
    const RestoreContent unsure = NotSurelyAsProved(left);
    if (unsure.rows > 0) {
      observer_.Notice(
          fmt::format("reading {} again: the server does not tell that nobody has written any",
                      Counted(unsure.rows, "row")));
    }
    ProveRows(sessions_, traits_, unsure, members_, staged, {}, jobs_, observer_, cancel_);
  } catch (Error& e) {
    if (e.code() == ErrorCode::kCopyDiffers) {
      if (!staging_->given_up()) staging_->GiveUp();
      e.set_hint(
          "Somebody has changed the prepared copy. Nothing was swapped: what is live is as it "
          "was. `dbomsbak restore --prepare` with the same files makes the copy anew.");
    }
    throw;
  }
  if (SetDigest(set_) != left.set_digest || NameOfServer(traits_) != left.server) {
    staging_->TryObjects(set_);
  }
  result_.prove_ms = watch.ms();
}

RestoreContent RestoreRun::NotSurelyAsProved(const PreparedContent& left) {
  const WriteTimes now = ReadWriteTimes(*session_, traits_, staging_->databases());
  RestoreContent unsure;
  unsure.sources = content_.sources;
  for (const ContentObject& table : content_.tables) {
    const auto name = StagedName(table);
    const auto then = left.times.find(name), time = now.find(name);
    if (then != left.times.end() && time != now.end() && then->second == time->second) continue;
    unsure.rows += table.record.rows;
    unsure.tables.push_back(table);
  }
  return unsure;
}

bool RestoreRun::IsSwappedByHealing(const StagedChoice& choice) {
  for (const HealedSet& healed : healed_) {
    const bool staged = !healed.journal.empty();  // not in place
    if (healed.operation != kOperationRestore || !healed.live || !staged) continue;
    const auto copy =
        PreparedIn(healed.journal, ServerJournal::Open(*session_, healed.journal)->Load());
    if (!copy || !choice.Means(copy->note.origin)) continue;
    for (const PreparedCopy& other : FindPrepared(*session_)) {
      if (!choice.Means(other.note.origin)) continue;
      throw Error(ErrorCode::kUsage,
                  fmt::format("{}; a restore of {} from {} is prepared as well", healed.line,
                              QuotedList(other.LiveNames()), other.note.origin.Describe()),
                  "If it is to be swapped now, too, run the same command again.");
    }
    result_.swapped = result_.healed = true;
    result_.plan.databases = healed.databases;
    result_.plan.generation = healed.generation;
    return true;
  }
  return false;
}

}  // namespace dbomsbak
