#include "engine/row_loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "dbomsbak/base/error.h"
#include "dbomsbak/base/task_group.h"
#include "dbomsbak/sql/column_kind.h"
#include "dbomsbak/sql/field_rows.h"
#include "dbomsbak/sql/insert_parser.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/transport/server_numbers.h"
#include "engine/staging.h"
#include "engine/table_statistics.h"

namespace dbomsbak {
namespace {

constexpr unsigned kTries = 10;
constexpr auto kPauseBetweenTries = std::chrono::milliseconds(50);

// Units of fewer bytes are not worth the statements around them. Of larger ones the text is enough
// memory without their fields.
constexpr std::uint64_t kSmallestConverted = std::uint64_t{64} << 10;
constexpr std::uint64_t kLargestConverted = std::uint64_t{8} << 20;

// What a row costs a server beside its bytes, as bytes: MariaDB takes 150 MB of 2.9 million rows
// with an index in 11 s, and of a tenth as many rows in 4 s.
constexpr std::uint64_t kBytesARow = 100;

// Of so many bytes of its rows, which are as good as evenly spread over its text.
std::uint64_t WeightOf(const ObjectRecord& table, std::uint64_t bytes) {
  if (bytes == 0) return 0;
  const double share = static_cast<double>(bytes) / static_cast<double>(table.data->length);
  return bytes + static_cast<std::uint64_t>(share * static_cast<double>(table.rows * kBytesARow));
}

// What is thrown through the client library, which reports it back. Caught within this file.
struct NoFields {};
struct Stopped {};

bool MayTryAgain(const ServerError& e) {
  return e.number() == kDeadlock || e.number() == kLockWaitTimeout;
}

}  // namespace

RowLoader::RowLoader(SessionFactory& sessions, const ServerTraits& traits,
                     const ArchiveReader& archive, const RestoreContent& content,
                     const ContentSource& source, const std::vector<LoadTarget>& targets,
                     const std::vector<bool>& done, std::string load_table, Observer& observer,
                     const CancelToken& cancel)
    : sessions_(sessions),
      traits_(traits),
      archive_(archive),
      content_(content),
      targets_(targets),
      load_table_(std::move(load_table)),
      observer_(observer),
      cancel_(cancel),
      source_(source),
      done_(done) {
  for (std::size_t i = 0; i < content.tables.size(); ++i) {
    const ObjectRecord& record = content.tables[i].record;
    std::vector<std::string> names;
    for (const ColumnRecord& column : record.columns) names.push_back(column.name);
    heads_.push_back(InsertHead(record.id.name, names));
    staged_heads_.push_back(InsertHead(targets[i].table, names));
  }
  for (const ContentObject& table : content.tables) {
    // Of a set of many small tables no definition is looked at.
    const bool small = !table.record.data || table.record.data->length < kSmallestConverted;
    forms_.push_back(small ? LoadForm::kInserts : LoadFormOf(table, traits));
  }
  progress_.phase = "load";
  progress_.rows_total = content.rows;
}

void RowLoader::Run(unsigned jobs, RowProof* proof) {
  jobs = std::max(1U, jobs);
  proof_ = proof;
  PlanTasks(source_, done_, jobs);
  if (tables_left_ == 0) TellEnd();
  for (std::uint32_t table = 0; table < units_left_.size(); ++table) {
    if (units_left_[table] == 0) ReleaseTable(table);
  }
  TaskGroup group([this] {
    stopped_ = true;
    if (proof_ != nullptr) proof_->Stop();
  });
  const std::size_t workers = proof_ != nullptr ? jobs : std::min<std::size_t>(jobs, tasks_.size());
  jobs_.emplace(workers);
  for (std::size_t i = 0; i < workers; ++i) {
    group.Start([this, i] { Work(i); });
  }
  group.Wait();
}

void RowLoader::PlanTasks(const ContentSource& source, const std::vector<bool>& done,
                          unsigned jobs) {
  std::vector<Units> by_table(content_.tables.size());
  std::vector<std::uint64_t> weights(content_.tables.size());  // bytes, at first
  units_left_.assign(content_.tables.size(), 0);
  units_of_.assign(content_.tables.size(), {});
  const std::size_t end = source.first_unit + source.unit_count;
  for (std::size_t i = source.first_unit; i < end; ++i) {
    const LoadUnit& unit = content_.units[i];
    if (units_of_[unit.table].count++ == 0) units_of_[unit.table].first = i;
    if (done[i]) {
      forms_[unit.table] = std::min(forms_[unit.table], LoadForm::kFields);  // some rows are there
      progress_.rows_done += RowsIn(unit);
      progress_.rows_before = progress_.rows_done;
    } else {
      by_table[unit.table].push_back(&unit);
      weights[unit.table] += unit.length;
      if (++units_left_[unit.table] == 1) ++tables_left_;
    }
  }
  std::uint64_t all = 0;
  for (std::size_t table = 0; table < weights.size(); ++table) {
    weights[table] = WeightOf(content_.tables[table].record, weights[table]);
    all += weights[table];
  }
  std::vector<std::pair<std::uint64_t, Task>> whole;
  for (std::uint32_t table = 0; table < by_table.size(); ++table) {
    if (forms_[table] != LoadForm::kWhole) continue;
    // One session does in it what two would do by units.
    if (MayBeWhole(table, by_table[table]) && weights[table] / 2 <= all / jobs) {
      whole.emplace_back(weights[table], Task{std::move(by_table[table]), true});
    } else {
      forms_[table] = LoadForm::kFields;
    }
  }
  // What takes longest comes first.
  std::stable_sort(whole.begin(), whole.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  for (auto& [weight, task] : whole) tasks_.push_back(std::move(task));
  const LoadUnit* last = nullptr;
  for (std::size_t i = source.first_unit; i < end; ++i) {
    const LoadUnit& unit = content_.units[i];
    if (done[i] || forms_[unit.table] == LoadForm::kWhole) continue;
    if (last == nullptr || last->frame != unit.frame) tasks_.emplace_back();
    tasks_.back().units.push_back(&unit);
    last = &unit;
  }
}

bool RowLoader::MayBeWhole(std::uint32_t table, const Units& units) const {
  return !units.empty() && targets_[table].transactional &&
         std::all_of(units.begin(), units.end(),
                     [](const LoadUnit* unit) { return unit->length <= kLargestConverted; });
}

std::optional<RowLoader::Task> RowLoader::NextTask() {
  std::lock_guard lock(mutex_);
  if (tasks_.empty() || stopped_) return std::nullopt;
  Task task = std::move(tasks_.front());
  tasks_.pop_front();
  return task;
}

void RowLoader::Work(std::size_t job) {
  LoadTasks(job);
  jobs_->Rest(job);
  if (proof_ != nullptr && !stopped_) proof_->Work(*jobs_, job);
}

void RowLoader::LoadTasks(std::size_t job) {
  std::optional<Task> task = NextTask();
  if (!task) return;
  const std::unique_ptr<Session> session = sessions_.Connect();
  PrepareSession(*session, traits_, true);
  PrepareForDefinitions(*session);
  std::string text;
  for (; task; task = NextTask()) {
    cancel_.ThrowIfCancelled();
    if (task->whole) {
      LoadWhole(*session, job, *task);
      continue;
    }
    archive_.ReadFrame(task->units.front()->frame, text);
    // Many small tables share a frame and are committed together; a table without transactions is
    // noted on its own, and never tried twice.
    Units batch;
    for (const LoadUnit* unit : task->units) {
      if (targets_[unit->table].transactional) {
        batch.push_back(unit);
      } else {
        LoadBatch(*session, job, {unit}, text);
      }
    }
    if (!batch.empty()) LoadBatch(*session, job, batch, text);
  }
}

void RowLoader::LoadBatch(Session& session, std::size_t job, const Units& units,
                          std::string_view text) {
  const bool repeatable = targets_[units.front()->table].transactional;
  for (unsigned attempt = 1;; ++attempt) {
    try {
      session.Execute("START TRANSACTION");
      for (const LoadUnit* unit : units) {
        if (stopped_) return;  // the session goes, and the transaction with it
        SendUnit(session, job, *unit, text);
      }
      NoteUnits(session, units);
      session.Execute("COMMIT");
      break;
    } catch (const ServerError& e) {
      if (!MayTryAgain(e) || !repeatable || attempt == kTries) throw;
      session.Execute("ROLLBACK");
      std::this_thread::sleep_for(attempt * kPauseBetweenTries);
    }
  }
  for (const LoadUnit* unit : units) Report(job, unit, true);
  Release(units);
}

std::string_view RowLoader::TextOf(const LoadUnit& unit, std::string_view text) const {
  if (unit.offset > text.size() || unit.length > text.size() - unit.offset) {
    throw Error(ErrorCode::kInternal, fmt::format("its rows run past frame {}", unit.frame));
  }
  return text.substr(unit.offset, unit.length);
}

void RowLoader::SendUnit(Session& session, std::size_t job, const LoadUnit& unit,
                         std::string_view text) {
  Take(job, unit);
  const ObjectId& id = content_.tables[unit.table].record.id;
  try {
    const std::string_view own = TextOf(unit, text);
    session.Execute("USE " + QuoteIdentifier(targets_[unit.table].database));
    const bool fields = forms_[unit.table] != LoadForm::kInserts &&
                        targets_[unit.table].transactional && own.size() >= kSmallestConverted &&
                        own.size() <= kLargestConverted;
    if (fields) {
      session.Execute("SAVEPOINT `unit`");
      if (SendFields(session, unit, own)) return;
      session.Execute("ROLLBACK TO SAVEPOINT `unit`");
    }
    SendInserts(session, unit, own);
  } catch (Error& e) {
    e.While(fmt::format("loading {} from frame {}", id.Describe(), unit.frame));
    e.About(id.Describe());
    throw;
  }
}

void RowLoader::SendInserts(Session& session, const LoadUnit& unit, std::string_view text) {
  const std::string& head = heads_[unit.table];
  const std::string& staged_head = staged_heads_[unit.table];
  std::string elsewhere;
  ForEachInsert(text, head, [&](std::string_view statement, std::uint64_t) {
    if (head != staged_head) {
      elsewhere.assign(staged_head);
      elsewhere.append(statement.substr(head.size()));
      statement = elsewhere;
    }
    session.Execute(statement);
    if (session.warning_count() != 0) NoteWarning(session, unit.table);
  });
}

FieldRows RowLoader::FieldsOf(std::uint32_t table) const {
  const ObjectRecord& record = content_.tables[table].record;
  std::vector<std::string> names;
  std::vector<ColumnKind> kinds;
  for (const ColumnRecord& column : record.columns) {
    names.push_back(column.name);
    kinds.push_back(ColumnKind::Parse(column.kind).value());
  }
  return {record.id.name, names, kinds};
}

std::string RowLoader::LoadStatement(std::uint32_t table) const {
  std::string names;
  for (const ColumnRecord& column : content_.tables[table].record.columns) {
    names += (names.empty() ? "" : ",") + QuoteIdentifier(column.name);
  }
  const LoadTarget& target = targets_[table];
  return fmt::format("LOAD DATA LOCAL INFILE 'rows' INTO TABLE {} {} ({})",
                     QuoteQualified(target.database, target.table), kFieldFormat, names);
}

bool RowLoader::SendFields(Session& session, const LoadUnit& unit, std::string_view text) {
  FieldRows rows = FieldsOf(unit.table);
  std::string piece;
  try {
    session.LoadLocal(LoadStatement(unit.table), [&]() -> std::string_view {
      piece.clear();
      if (text.empty()) return {};
      const std::optional<std::size_t> taken = rows.Convert(text, piece);
      if (!taken) throw NoFields();
      text.remove_prefix(*taken);
      return piece;
    });
  } catch (const NoFields&) {
    return false;
  }
  if (session.warning_count() != 0) NoteWarning(session, unit.table);
  return true;
}

void RowLoader::LoadWhole(Session& session, std::size_t job, const Task& task) {
  const std::uint32_t table = task.units.front()->table;
  const ObjectId& id = content_.tables[table].record.id;
  bool loaded = false;
  try {
    const std::string name = QuoteQualified(targets_[table].database, targets_[table].table);
    const bool pauses = HasUsualStatistics(content_.tables[table].create);
    if (pauses) PauseStatistics(session, name);
    session.Execute("SET SESSION unique_checks=0");
    for (unsigned attempt = 1;; ++attempt) {
      try {
        loaded = SendWhole(session, job, task);
        break;
      } catch (const ServerError& e) {
        if (e.code() == ErrorCode::kConnectionLost) throw;
        session.Execute("ROLLBACK");
        // What is the matter, INSERTs will tell.
        if (!MayTryAgain(e) || attempt == kTries) break;
        std::this_thread::sleep_for(attempt * kPauseBetweenTries);
      }
    }
    session.Execute("SET SESSION unique_checks=1");
    if (pauses) ResumeStatistics(session, name);
  } catch (Error& e) {
    e.While("loading " + id.Describe());
    e.About(id.Describe());
    throw;
  }
  if (loaded) Release(task.units);
  if (loaded || stopped_) return;
  std::lock_guard lock(mutex_);
  forms_[table] = LoadForm::kInserts;
  for (const LoadUnit* unit : task.units) tasks_.push_back({{unit}, false});
}

bool RowLoader::SendWhole(Session& session, std::size_t job, const Task& task) {
  const std::uint32_t table = task.units.front()->table;
  session.Execute("START TRANSACTION");
  FieldRows rows = FieldsOf(table);
  std::string text, piece;
  std::string_view left;
  std::size_t next = 0;
  Units reported;
  try {
    session.LoadLocal(LoadStatement(table), [&]() -> std::string_view {
      if (stopped_ || cancel_.cancelled()) throw Stopped();
      while (left.empty()) {
        if (next != 0) Report(job, reported.emplace_back(task.units[next - 1]), true);
        if (next == task.units.size()) return {};
        const LoadUnit& unit = *task.units[next++];
        Take(job, unit);
        archive_.ReadFrame(unit.frame, text);
        left = TextOf(unit, text);
      }
      piece.clear();
      const std::optional<std::size_t> taken = rows.Convert(left, piece);
      if (!taken) throw NoFields();
      left.remove_prefix(*taken);
      return piece;
    });
    if (session.warning_count() != 0) NoteWarning(session, table);
    NoteUnits(session, task.units);
    session.Execute("COMMIT");
    return true;
  } catch (const Stopped&) {
    session.Execute("ROLLBACK");
    cancel_.ThrowIfCancelled();
  } catch (const NoFields&) {
    session.Execute("ROLLBACK");
  } catch (const ServerError&) {
    for (const LoadUnit* unit : reported) Report(job, unit, false);
    throw;
  }
  for (const LoadUnit* unit : reported) Report(job, unit, false);
  return false;
}

void RowLoader::NoteUnits(Session& session, const Units& units) {
  std::string values;
  for (const LoadUnit* unit : units) {
    const ObjectId& id = content_.tables[unit->table].record.id;
    values += fmt::format("{}({},{},{})", values.empty() ? "" : ",", QuoteString(id.database),
                          QuoteString(id.name), unit->frame);
  }
  session.Execute(fmt::format("INSERT INTO {} (`database_name`,`table_name`,`frame`) VALUES {}",
                              load_table_, values));
}

void RowLoader::NoteWarning(Session& session, std::uint32_t table) {
  {
    std::lock_guard lock(mutex_);
    if (warnings_.contains(table)) return;
  }
  const ResultSet answer = session.Query("SHOW WARNINGS LIMIT 1");
  std::lock_guard lock(mutex_);
  if (!answer.empty()) warnings_.emplace(table, answer.Text(0, 2));
}

void RowLoader::Release(const Units& units) {
  for (const LoadUnit* unit : units) {
    {
      std::lock_guard lock(mutex_);
      if (--units_left_[unit->table] != 0) continue;
      if (--tables_left_ == 0) TellEnd();
    }
    ReleaseTable(unit->table);
  }
}

void RowLoader::TellEnd() {
  progress_.rows_done = content_.RowsOf(source_);
  observer_.Update(progress_);
}

void RowLoader::ReleaseTable(std::uint32_t table) {
  if (proof_ == nullptr) return;
  std::string warning;
  {
    std::lock_guard lock(mutex_);
    const auto found = warnings_.find(table);
    if (found != warnings_.end()) warning = found->second;
  }
  proof_->Release(table, std::move(warning));
}

void RowLoader::Take(std::size_t job, const LoadUnit& unit) {
  const TableUnits& all = units_of_[unit.table];
  const auto place = static_cast<std::size_t>(&unit - content_.units.data());
  jobs_->Take(job, progress_.phase, content_.tables[unit.table].record.id.Describe(),
              place - all.first + 1, all.count);
}

// Rows of a table are as good as evenly spread over its text.
std::uint64_t RowLoader::RowsIn(const LoadUnit& unit) const {
  const ObjectRecord& record = content_.tables[unit.table].record;
  const std::uint64_t size = record.data ? record.data->length : 0;
  if (size == 0) return 0;
  return static_cast<std::uint64_t>(static_cast<double>(record.rows) * unit.length /
                                    static_cast<double>(size));
}

void RowLoader::Report(std::size_t job, const LoadUnit* unit, bool is_there) {
  Take(job, *unit);
  std::lock_guard lock(mutex_);
  const std::uint64_t rows = RowsIn(*unit);
  progress_.bytes_done += is_there ? unit->length : 0 - std::uint64_t{unit->length};
  progress_.rows_done += is_there ? rows : 0 - rows;
  jobs_->Add(job, is_there ? rows : 0 - rows,
             is_there ? unit->length : 0 - std::uint64_t{unit->length});
  jobs_->CopyTo(progress_.jobs);
  progress_.object = content_.tables[unit->table].record.id.Describe();
  observer_.Update(progress_);
}

}  // namespace dbomsbak
