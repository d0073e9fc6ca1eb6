#include "engine/plain_row_loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include "dbomsbak/base/error.h"
#include "dbomsbak/base/task_group.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/sql/session_settings.h"
#include "dbomsbak/transport/server_numbers.h"
#include "engine/definition_text.h"
#include "engine/plain_proof.h"
#include "engine/staging.h"

namespace dbomsbak {
namespace {

constexpr unsigned kTries = 10;
constexpr auto kPauseBetweenTries = std::chrono::milliseconds(50);

// Warnings that say nothing of a value: what was deprecated, ignored for a generated column, or
// delayed.
constexpr std::array<unsigned, 6> kHarmless{1287, 1681, 1906, 3005, 3719, 3778};
constexpr unsigned kDataTruncated = 1265;

// Ends a task when another has failed, whose error is told. Never seen outside.
struct Stopped {};

// How the statement wants to be read; how values become what they were is ours.
std::string SettingsText(const DumpSettings& settings) {
  return fmt::format("SET SESSION sql_mode={}{}{}', time_zone={}",
                     kTextMode.substr(0, kTextMode.size() - 1),  // its closing quote comes behind
                     settings.ansi_quotes ? ",ANSI_QUOTES" : "",
                     settings.backslash_escapes ? "" : ",NO_BACKSLASH_ESCAPES",
                     settings.time_zone.empty() ? "DEFAULT" : QuoteString(settings.time_zone));
}

std::string HexLiteral(std::string_view text) {
  std::string literal;
  AppendHexLiteral(text, literal);
  return literal;
}

}  // namespace

PlainRowLoader::PlainRowLoader(SessionFactory& sessions, const ServerTraits& traits,
                               std::shared_ptr<const RandomAccessFile> file,
                               const PlainDumpOptions& options, const RestoreContent& content,
                               const ContentSource& source, const std::vector<LoadTarget>& targets,
                               const std::vector<bool>& done, std::string load_table,
                               std::size_t max_memory_bytes, Observer& observer,
                               const CancelToken& cancel)
    : sessions_(sessions),
      traits_(traits),
      file_(std::move(file)),
      options_(options),
      content_(content),
      source_(source),
      targets_(targets),
      done_(done),
      load_table_(std::move(load_table)),
      max_bytes_(max_memory_bytes),
      observer_(observer),
      cancel_(cancel) {
  for (std::size_t i = 0; i < content.tables.size(); ++i) {
    tables_[content.tables[i].record.id] = static_cast<std::uint32_t>(i);
  }
  progress_.phase = "load";
  progress_.rows_total = content.rows;
}

void PlainRowLoader::Run(unsigned jobs) {
  jobs = std::max(1U, jobs);
  jobs_.emplace(jobs);
  TaskGroup group([this] { Close(); });
  group.Start([this] { Produce(); });
  for (unsigned i = 0; i < jobs; ++i) {
    group.Start([this, i] { Work(i); });
  }
  group.Wait();
  progress_.rows_done = content_.RowsOf(source_);  // with what an earlier run has loaded
  jobs_->CopyTo(progress_.jobs);
  observer_.Update(progress_);
}

bool PlainRowLoader::IsDone(const Unit& unit) const {
  const auto begin = content_.units.begin() + static_cast<std::ptrdiff_t>(source_.first_unit);
  const auto end = begin + static_cast<std::ptrdiff_t>(source_.unit_count);
  const auto found = std::lower_bound(
      begin, end, unit.number,
      [](const LoadUnit& each, std::uint64_t number) { return each.frame < number; });
  if (found == end || found->frame != unit.number) return true;
  return done_.at(static_cast<std::size_t>(found - content_.units.begin()));
}

void PlainRowLoader::Produce() {
  UnitCutter cutter;
  std::optional<Unit> unit;
  const auto flush = [&] {
    if (unit && !IsDone(*unit)) Push(std::move(*unit));
    unit.reset();
  };
  const auto take = [&](const DumpStatement& statement) {
    if (statement.role != DumpStatement::Role::kRows) return;
    if (cutter.Add(statement)) {
      flush();
      unit.emplace();
      unit->number = cutter.number();
      // Of a table that is not wanted, IsDone() tells.
      const auto table = tables_.find(statement.object->id);
      unit->table = table == tables_.end() ? 0 : table->second;
      unit->settings = *statement.settings;
    }
    unit->bytes += statement.text.size();
    unit->rows += statement.rows;
    if (IsDone(*unit)) return;
    unit->statements.emplace_back(statement.text);
    unit->lines.push_back(statement.line);
  };
  DumpReader reader(ReaderOptions(file_->name(), options_), take);
  PlainProver prover(file_->name());
  ForEachTextPiece(file_, cancel_, [&](std::string_view piece) {
    prover.Feed(piece);
    reader.Feed(piece);
    std::lock_guard lock(mutex_);
    if (closed_) throw Stopped();
  });
  reader.Finish();
  flush();
  if (prover.Finish().sha256.hex() != source_.digest) {
    throw Error(ErrorCode::kDamaged,
                fmt::format("'{}' is not what it was when it was checked", file_->name()),
                "Somebody wrote to the file meanwhile. Nothing was swapped: what is live is as it "
                "was.")
        .About(file_->name());
  }
  std::lock_guard lock(mutex_);
  finished_ = true;
  changed_.notify_all();
}

// One unit always has room.
void PlainRowLoader::Push(Unit unit) {
  std::unique_lock lock(mutex_);
  changed_.wait(
      lock, [&] { return closed_ || units_.empty() || waiting_bytes_ + unit.bytes <= max_bytes_; });
  if (closed_) throw Stopped();
  waiting_bytes_ += unit.bytes;
  units_.push_back(std::move(unit));
  changed_.notify_all();
}

bool PlainRowLoader::Pop(Unit& unit) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return closed_ || finished_ || !units_.empty(); });
  if (closed_ || units_.empty()) return false;
  unit = std::move(units_.front());
  units_.pop_front();
  waiting_bytes_ -= unit.bytes;
  changed_.notify_all();
  return true;
}

void PlainRowLoader::Close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

void PlainRowLoader::Work(std::size_t job) {
  const std::unique_ptr<Session> session = sessions_.Connect();
  PrepareSession(*session, traits_, true);
  PrepareForDefinitions(*session);
  Unit unit;
  while (Pop(unit)) {
    cancel_.ThrowIfCancelled();
    jobs_->Take(job, progress_.phase, content_.tables[unit.table].record.id.Describe());
    Load(*session, unit);
    jobs_->Add(job, unit.rows, unit.bytes);
    std::lock_guard lock(mutex_);
    progress_.rows_done += unit.rows;
    progress_.bytes_done += unit.bytes;
    progress_.object = content_.tables[unit.table].record.id.Describe();
    jobs_->CopyTo(progress_.jobs);
    observer_.Update(progress_);
  }
  jobs_->Rest(job);
}

// The unit and the note that it is there commit together; tables without transactions get their
// rows once, and start afresh when a run was killed.
void PlainRowLoader::Load(Session& session, const Unit& unit) {
  const ObjectId& id = content_.tables[unit.table].record.id;
  for (unsigned attempt = 1;; ++attempt) {
    try {
      session.Execute("START TRANSACTION");
      Send(session, unit);
      session.Execute(
          fmt::format("INSERT INTO {} (`database_name`,`table_name`,`frame`) VALUES ({},{},{})",
                      load_table_, HexLiteral(id.database), HexLiteral(id.name), unit.number));
      session.Execute("COMMIT");
      return;
    } catch (const ServerError& e) {
      const bool again = e.number() == kDeadlock || e.number() == kLockWaitTimeout;
      if (!again || !targets_[unit.table].transactional || attempt == kTries) throw;
      session.Execute("ROLLBACK");
      std::this_thread::sleep_for(attempt * kPauseBetweenTries);
    }
  }
}

void PlainRowLoader::Send(Session& session, const Unit& unit) {
  const ObjectId& id = content_.tables[unit.table].record.id;
  session.Execute("SET NAMES utf8mb4");
  session.Execute("USE " + QuoteIdentifier(targets_[unit.table].database));
  session.Execute(SettingsText(unit.settings));
  if (unit.settings.client_charset != "utf8mb4") {
    session.Execute("SET NAMES " + unit.settings.client_charset);
  }
  for (std::size_t i = 0; i < unit.statements.size(); ++i) {
    try {
      session.Execute(unit.statements[i]);
      if (session.warning_count() != 0) JudgeWarnings(session, unit, i);
    } catch (Error& e) {
      e.While(fmt::format("loading {} from line {}", id.Describe(), unit.lines[i]));
      e.About(id.Describe());
      throw;
    }
  }
  session.Execute("SET NAMES utf8mb4");
}

// A dump's values are those its table held: one that the server changes is not what was there. But
// the text '' may be an ENUM's error value, which comes back by just such a warning.
void PlainRowLoader::JudgeWarnings(Session& session, const Unit& unit, std::size_t statement) {
  const ContentObject& table = content_.tables[unit.table];
  const ResultSet answer = session.Query("SHOW WARNINGS");
  for (std::size_t row = 0; row < answer.rows.size(); ++row) {
    const auto number = static_cast<unsigned>(std::stoul(answer.Text(row, 1)));
    if (std::find(kHarmless.begin(), kHarmless.end(), number) != kHarmless.end()) continue;
    const std::string said = answer.Text(row, 2);
    if (number == kDataTruncated && HasEnumColumn(table.create)) {
      std::lock_guard lock(mutex_);
      warnings_.emplace(unit.table, said);
      continue;
    }
    throw Error(ErrorCode::kCopyDiffers,
                fmt::format("the server changed values of {} (line {}): {} (warning {})",
                            table.record.id.Describe(), unit.lines[statement], said, number),
                "Nothing was swapped: what is live is as it was.")
        .About(table.record.id.Describe());
  }
}

}  // namespace dbomsbak
