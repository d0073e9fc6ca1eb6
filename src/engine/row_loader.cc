#include "engine/row_loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "dbomsbak/base/error.h"
#include "dbomsbak/base/task_group.h"
#include "dbomsbak/sql/insert_parser.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/transport/server_numbers.h"
#include "engine/staging.h"

namespace dbomsbak {
namespace {

constexpr unsigned kTries = 10;
constexpr auto kPauseBetweenTries = std::chrono::milliseconds(50);

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
      cancel_(cancel) {
  for (std::size_t i = 0; i < content.tables.size(); ++i) {
    const ObjectRecord& record = content.tables[i].record;
    std::vector<std::string> names;
    for (const ColumnRecord& column : record.columns) names.push_back(column.name);
    heads_.push_back(InsertHead(record.id.name, names));
    staged_heads_.push_back(InsertHead(targets[i].table, names));
  }
  const std::size_t end = source.first_unit + source.unit_count;
  for (std::size_t i = source.first_unit; i < end; ++i) {
    const LoadUnit& unit = content.units[i];
    if (done[i]) continue;
    if (frames_.empty() || frames_.back().front()->frame != unit.frame) frames_.emplace_back();
    frames_.back().push_back(&unit);
  }
  progress_.phase = "load";
  progress_.rows_total = content.rows;
  progress_.objects_total = content.tables.size();
}

void RowLoader::Run(unsigned jobs) {
  TaskGroup group([this] { stopped_ = true; });
  const std::size_t workers = std::min<std::size_t>(std::max(1U, jobs), frames_.size());
  for (std::size_t i = 0; i < workers; ++i) {
    group.Start([this] { Work(); });
  }
  group.Wait();
}

void RowLoader::Work() {
  const std::unique_ptr<Session> session = sessions_.Connect();
  PrepareSession(*session, traits_, true);
  PrepareForDefinitions(*session);
  std::string text;
  for (;;) {
    const std::size_t next = next_++;
    if (next >= frames_.size() || stopped_) return;
    cancel_.ThrowIfCancelled();
    const std::vector<const LoadUnit*>& units = frames_[next];
    archive_.ReadFrame(units.front()->frame, text);
    // Many small tables share a frame and are committed together; a table without transactions is
    // noted on its own, and never tried twice.
    Batch batch;
    for (const LoadUnit* unit : units) {
      if (targets_[unit->table].transactional) {
        batch.units.push_back(unit);
      } else {
        LoadBatch(*session, {{unit}}, text);
      }
    }
    if (!batch.units.empty()) LoadBatch(*session, batch, text);
  }
}

void RowLoader::LoadBatch(Session& session, const Batch& batch, std::string_view text) {
  const bool repeatable = targets_[batch.units.front()->table].transactional;
  for (unsigned attempt = 1;; ++attempt) {
    try {
      session.Execute("START TRANSACTION");
      for (const LoadUnit* unit : batch.units) {
        if (stopped_) return;  // the session goes, and the transaction with it
        SendUnit(session, *unit, text);
      }
      NoteUnits(session, batch);
      session.Execute("COMMIT");
      break;
    } catch (const ServerError& e) {
      const bool again = e.number() == kDeadlock || e.number() == kLockWaitTimeout;
      if (!again || !repeatable || attempt == kTries) throw;
      session.Execute("ROLLBACK");
      std::this_thread::sleep_for(attempt * kPauseBetweenTries);
    }
  }
  Report(batch);
}

void RowLoader::SendUnit(Session& session, const LoadUnit& unit, std::string_view text) {
  const ObjectId& id = content_.tables[unit.table].record.id;
  try {
    if (unit.offset > text.size() || unit.length > text.size() - unit.offset) {
      throw Error(ErrorCode::kDamaged, fmt::format("its rows run past frame {}", unit.frame));
    }
    session.Execute("USE " + QuoteIdentifier(targets_[unit.table].database));
    const std::string& head = heads_[unit.table];
    const std::string& staged_head = staged_heads_[unit.table];
    std::string elsewhere;
    ForEachInsert(text.substr(unit.offset, unit.length), head,
                  [&](std::string_view statement, std::uint64_t) {
                    if (head != staged_head) {
                      elsewhere.assign(staged_head);
                      elsewhere.append(statement.substr(head.size()));
                      statement = elsewhere;
                    }
                    session.Execute(statement);
                    if (session.warning_count() != 0) NoteWarning(session, unit.table);
                  });
  } catch (Error& e) {
    e.While(fmt::format("loading {} from frame {}", id.Describe(), unit.frame));
    e.About(id.Describe());
    throw;
  }
}

void RowLoader::NoteUnits(Session& session, const Batch& batch) {
  std::string values;
  for (const LoadUnit* unit : batch.units) {
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

void RowLoader::Report(const Batch& batch) {
  std::lock_guard lock(mutex_);
  for (const LoadUnit* unit : batch.units) {
    const ContentObject& table = content_.tables[unit->table];
    progress_.bytes_done += unit->length;
    // Rows of a table are as good as evenly spread over its text.
    const std::uint64_t size = table.record.data ? table.record.data->length : 0;
    if (size != 0) {
      progress_.rows_done += static_cast<std::uint64_t>(static_cast<double>(table.record.rows) *
                                                        unit->length / static_cast<double>(size));
    }
    progress_.object = table.record.id.Describe();
  }
  observer_.Update(progress_);
}

}  // namespace dbomsbak
