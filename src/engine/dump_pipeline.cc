#include "engine/dump_pipeline.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "dbomsbak/base/task_group.h"
#include "dbomsbak/base/utc_time.h"
#include "engine/chunk_handoff.h"
#include "engine/chunk_planner.h"
#include "engine/chunk_reader.h"
#include "engine/dump_memory.h"
#include "engine/frame_outputs.h"
#include "engine/job_board.h"
#include "engine/plain_proof.h"
#include "engine/serial_observer.h"
#include "engine/set_text.h"
#include "engine/snapshot_rows.h"
#include "engine/text_assembler.h"
#include "engine/text_plan.h"
#include "engine/throttle.h"

namespace dbomsbak {
namespace {

// What the protocol adds to a statement, and room to spare.
constexpr std::size_t kPacketSlack = 1024;

class Pipeline {
 public:
  Pipeline(DumpSet& set, SessionRegistry& registry, const DumpOptions& options, DumpFormat format,
           WritableFile& out, Observer& observer, const CancelToken& cancel);
  DumpResult Run();

 private:
  std::vector<TableToRead> TablesToRead() const;
  HeaderRecord Header() const;

  void Assemble();
  // Each reader calls it at its end; the last one checks, while what was read is still compressed.
  void CheckBehindLastReader();

  // The caller's thread.
  void WatchOver(TaskGroup& group);
  void StopAll();
  Progress ProgressNow();

  DumpSet& set_;
  SessionRegistry& registry_;
  const DumpOptions& options_;
  const DumpFormat format_;
  SerialObserver telling_;
  const CancelToken& cancel_;
  const bool create_databases_;
  const MemoryPlan memory_;
  const std::size_t packet_limit_;
  SnapshotRecord snapshot_;
  TextPlan plan_;

  HashingFile file_;
  std::optional<ArchiveWriter> writer_;
  std::optional<ArchiveFrames> archive_frames_;
  std::optional<PlainFrames> plain_frames_;
  std::optional<TextAssembler> assembler_;
  ChunkHandoff handoff_;
  Throttle throttle_;
  ChunkPlanner planner_;
  DumpCounters counters_;
  JobBoard jobs_;  // one a reader, and behind them one for who holds locks
  ChunkReader reader_;
  std::optional<SetText> text_;

  std::mutex mutex_;
  std::condition_variable ended_changed_;
  std::atomic<std::size_t> still_reading_{0};
  bool ended_ = false;  // the assembler is through, or something failed
  std::uint64_t rows_total_ = 0, objects_total_ = 0;
};

Pipeline::Pipeline(DumpSet& set, SessionRegistry& registry, const DumpOptions& options,
                   DumpFormat format, WritableFile& out, Observer& observer,
                   const CancelToken& cancel)
    : set_(set),
      registry_(registry),
      options_(options),
      format_(format),
      telling_(observer),
      cancel_(cancel),
      create_databases_(options.with_create_database || set.catalog.databases.size() > 1),
      memory_(PlanMemory(options.max_memory_bytes, static_cast<unsigned>(set.readers.size()),
                         options.compression_level, format == DumpFormat::kArchive,
                         std::max(1u, std::thread::hardware_concurrency()))),
      packet_limit_(set.traits.max_allowed_packet > 2 * kPacketSlack
                        ? set.traits.max_allowed_packet - kPacketSlack
                        : std::numeric_limits<std::size_t>::max()),
      snapshot_(set.snapshot.record),
      plan_(PlanText(set.catalog, set.traits.outside_keys_need_parents)),
      file_(out),
      handoff_(memory_.handoff_bytes, memory_.reserve_bytes),
      throttle_(options.throttle, telling_),
      planner_(TablesToRead(), memory_.chunk_bytes),
      jobs_(JobsReading(set)),
      reader_(planner_, handoff_, throttle_, packet_limit_, set.traits.has_exact_json_doubles,
              set.snapshot.retention_s, counters_, jobs_, telling_) {
  if (options.source_date_epoch) {
    snapshot_.time = FormatUtc(*options.source_date_epoch);
    snapshot_.scn.clear();  // a time as well
  }
  for (const Database& database : set.catalog.databases) {
    objects_total_ += 1 + database.tables.size() + database.views.size() +
                      database.sequences.size() + database.routines.size() +
                      database.triggers.size() + database.events.size();
    for (const Table& table : database.tables) rows_total_ += table.estimated_rows;
  }
}

std::vector<TableToRead> Pipeline::TablesToRead() const {
  std::vector<TableToRead> tables;
  if (set_.scope.no_data) return tables;
  const auto& filters = set_.scope.row_filters;
  for (const TextPlan::Section& section : plan_.sections) {
    for (const Table* table : section.tables) {
      TableToRead entry{table, {}, table->NeedsLock()};
      auto filter = filters.find(table->id.database + "." + table->id.name);
      if (filter == filters.end()) filter = filters.find("*");
      if (filter != filters.end()) entry.row_filter = filter->second;
      if (!entry.non_transactional) entry.keeper = set_.KeeperOf(*table);
      tables.push_back(std::move(entry));
    }
  }
  return tables;
}

HeaderRecord Pipeline::Header() const {
  HeaderRecord header;
  header.tool = std::string("dbomsbak ") + DBOMSBAK_VERSION;
  header.created = FormatUtc(options_.source_date_epoch.value_or(UtcNow()));
  header.server_version = set_.traits.version;
  header.server_flavour = set_.traits.FlavourName();
  header.snapshot = snapshot_;
  header.scope = set_.scope;
  header.options["compression_level"] = std::to_string(options_.compression_level);
  if (options_.ddl == Ddl::kPortable) header.options["ddl"] = "portable";
  if (create_databases_) header.options["create_database"] = "true";
  if (options_.add_drop_database) header.options["add_drop_database"] = "true";
  if (options_.allow_partial) header.options["allow_partial"] = "true";
  return header;
}

void Pipeline::Assemble() {
  text_->Write();
  if (handoff_.closed()) return;
  assembler_->Finish();
  if (archive_frames_) archive_frames_->Finish();
}

void Pipeline::CheckBehindLastReader() {
  if (still_reading_.fetch_sub(1) > 1 || handoff_.closed()) return;
  set_.CheckStillGuarded();
}

// ---- the caller's thread ----

void Pipeline::StopAll() {
  handoff_.Close();
  throttle_.Close();
  planner_.Close();
  if (archive_frames_) archive_frames_->Close();
  registry_.AbortAll();
  std::lock_guard lock(mutex_);
  ended_ = true;
  ended_changed_.notify_all();
}

Progress Pipeline::ProgressNow() {
  Progress progress;
  progress.phase = kDumpPhase;
  progress.rows_done = counters_.rows.load(std::memory_order_relaxed);
  progress.rows_total = rows_total_;
  progress.bytes_done = counters_.bytes.load(std::memory_order_relaxed);
  progress.objects_done = counters_.objects.load(std::memory_order_relaxed);
  progress.objects_total = objects_total_;
  progress.object = text_->in_hand();
  jobs_.CopyTo(progress.jobs);
  return progress;
}

void Pipeline::WatchOver(TaskGroup& group) {
  constexpr auto kTick = std::chrono::milliseconds(20);
  constexpr int kTicksAnUpdate = 5;
  for (int tick = 0;; ++tick) {
    {
      std::unique_lock lock(mutex_);
      if (ended_changed_.wait_for(lock, kTick, [&] { return ended_; })) return;
    }
    try {
      cancel_.ThrowIfCancelled();
    } catch (...) {
      group.Fail(std::current_exception());
    }
    if (tick % kTicksAnUpdate == 0) telling_.Update(ProgressNow());
  }
}

DumpResult Pipeline::Run() {
  if (format_ == DumpFormat::kArchive) {
    writer_.emplace(file_, Header());
    archive_frames_.emplace(*writer_, memory_.frame_buffers);
  } else {
    plain_frames_.emplace(file_);
  }
  FrameSink& sink = archive_frames_ ? static_cast<FrameSink&>(*archive_frames_) : *plain_frames_;
  TextAssembler::Limits limits;
  limits.statement_bytes = packet_limit_;
  assembler_.emplace(sink, limits);
  text_.emplace(set_, plan_, snapshot_, create_databases_, options_.add_drop_database, format_,
                handoff_, *assembler_, counters_, telling_);
  still_reading_ = JobsReading(set_);
  {
    TaskGroup group([this] { StopAll(); });
    if (archive_frames_) {
      archive_frames_->Start(group, options_.compression_level, memory_.compressors);
    }
    group.Start([this] {
      Assemble();
      std::lock_guard lock(mutex_);
      ended_ = true;
      ended_changed_.notify_all();
    });
    if (set_.snapshot.tables_held) {
      group.Start([this] {
        reader_.ReadAll(*set_.holder, true, set_.readers.size());
        set_.ReleaseTables();
        CheckBehindLastReader();
      });
    }
    for (std::size_t job = 0; job < set_.readers.size(); ++job) {
      group.Start([this, job] {
        reader_.ReadAll(*set_.readers[job], false, job);
        CheckBehindLastReader();
      });
    }
    WatchOver(group);
    group.Wait();
  }
  cancel_.ThrowIfCancelled();

  DumpResult result;
  result.format = format_;
  result.omitted = set_.omitted;
  if (writer_) {
    result.receipt = writer_->Finish();
  } else {
    file_.Append(ProofLine(file_.sha256(), file_.bytes()));
    file_.Append(kLastLine);
    const OutputCounts& counts = plain_frames_->counts();
    FooterRecord& footer = result.receipt.footer;
    footer.object_count = counts.objects;
    footer.table_count = counts.tables;
    footer.row_count = counts.rows;
    footer.partial = counts.partial;
    footer.text_size = footer.file_size = file_.bytes();
    result.receipt.snapshot = snapshot_;
    result.receipt.databases = set_.scope.databases;
    result.receipt.pruned_tables = set_.scope.pruned_tables;
  }
  result.output_sha256 = file_.sha256();
  result.output_bytes = file_.bytes();
  Progress all = ProgressNow();  // what was estimated is known now
  all.rows_total = all.rows_done;
  all.objects_total = all.objects_done;
  telling_.Update(all);
  return result;
}

}  // namespace

DumpResult WriteDump(DumpSet& set, SessionRegistry& registry, const DumpOptions& options,
                     DumpFormat format, WritableFile& out, Observer& observer,
                     const CancelToken& cancel) {
  Pipeline pipeline(set, registry, options, format, out, observer, cancel);
  return pipeline.Run();
}

}  // namespace dbomsbak
