// Rows from the archive into staging: frames by several sessions at once, or whole tables, where
// the server takes those for less.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/archive/archive_reader.h"
#include "dbomsbak/base/cancel.h"
#include "dbomsbak/catalog/server_traits.h"
#include "dbomsbak/engine/observer.h"
#include "dbomsbak/sql/field_rows.h"
#include "dbomsbak/transport/session.h"
#include "engine/job_board.h"
#include "engine/load_form.h"
#include "engine/restore_content.h"
#include "engine/restore_facts.h"
#include "engine/staging_proof.h"

namespace dbomsbak {

// Where the rows of each table go, and what the server said about them.
struct LoadTarget {
  std::string database;        // staging
  std::string table;           // its name there
  bool transactional = false;  // as it stands there, whatever the archive says
};

// Memory: a frame and its text a job. One Run a loader.
class RowLoader {
 public:
  // All must outlive it. `source`: what of `content` is in `archive`. `targets`: one for each of
  // content.tables. `done`: units that are there already. `load_table`: where units are noted,
  // quoted.
  RowLoader(SessionFactory& sessions, const ServerTraits& traits, const ArchiveReader& archive,
            const RestoreContent& content, const ContentSource& source,
            const std::vector<LoadTarget>& targets, const std::vector<bool>& done,
            std::string load_table, Observer& observer, const CancelToken& cancel);

  // Errors: the first of any session; those of a refused row name the table. `proof`: gets each
  // table of `source` as soon as it is whole, and sessions that have nothing more to load work for
  // it; `source` is all of `content`, then.
  void Run(unsigned jobs, RowProof* proof = nullptr);

  // The first warning of each table's INSERTs: what to tell when the copy differs.
  const std::map<std::uint32_t, std::string>& warnings() const { return warnings_; }

 private:
  using Units = std::vector<const LoadUnit*>;
  // Units of one frame, or all of one table.
  struct Task {
    Units units;
    bool whole = false;
  };

  void PlanTasks(const ContentSource& source, const std::vector<bool>& done, unsigned jobs);
  // Whether the table may go in one transaction.
  bool MayBeWhole(std::uint32_t table, const Units& units) const;
  std::optional<Task> NextTask();
  // `job`: of the board.
  void Work(std::size_t job);
  void LoadTasks(std::size_t job);
  // Tables whose units are committed together. The first error of a table without transactions is
  // the last.
  void LoadBatch(Session& session, std::size_t job, const Units& units, std::string_view text);
  void SendUnit(Session& session, std::size_t job, const LoadUnit& unit, std::string_view text);
  void SendInserts(Session& session, const LoadUnit& unit, std::string_view text);
  // False: a value has no such form, and some rows may be there.
  bool SendFields(Session& session, const LoadUnit& unit, std::string_view text);
  // Where the table does not go in so, nothing of it is there, and its units are tasks again.
  void LoadWhole(Session& session, std::size_t job, const Task& task);
  // False: as above.
  bool SendWhole(Session& session, std::size_t job, const Task& task);
  // LOAD DATA LOCAL into the table of `unit`.
  std::string LoadStatement(std::uint32_t table) const;
  FieldRows FieldsOf(std::uint32_t table) const;
  std::string_view TextOf(const LoadUnit& unit, std::string_view frame_text) const;
  void NoteUnits(Session& session, const Units& units);
  void NoteWarning(Session& session, std::uint32_t table);
  std::uint64_t RowsIn(const LoadUnit& unit) const;  // about
  // `is_there` false: what was reported is not, after all.
  void Report(std::size_t job, const LoadUnit* unit, bool is_there);
  // The job begins it.
  void Take(std::size_t job, const LoadUnit& unit);
  // These are committed: what is whole now goes to the proof.
  void Release(const Units& units);
  void ReleaseTable(std::uint32_t table);
  // All is there: as many rows as there are, not as units are expected to have. Before the last
  // table goes to the proof, which then tells of itself. Under the mutex.
  void TellEnd();

  SessionFactory& sessions_;
  const ServerTraits& traits_;
  const ArchiveReader& archive_;
  const RestoreContent& content_;
  const std::vector<LoadTarget>& targets_;
  const std::string load_table_;
  Observer& observer_;
  const CancelToken& cancel_;
  std::vector<std::string> heads_, staged_heads_;  // INSERT heads, one a table
  std::vector<LoadForm> forms_;                    // one a table
  const ContentSource& source_;
  const std::vector<bool>& done_;
  RowProof* proof_ = nullptr;
  std::optional<JobBoard> jobs_;
  struct TableUnits {
    std::size_t first = 0, count = 0;  // in content_.units, where they stand together
  };
  std::vector<TableUnits> units_of_;  // one a table
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;                     // of all below
  std::vector<std::size_t> units_left_;  // not committed yet, one a table
  std::size_t tables_left_ = 0;          // that have some
  std::deque<Task> tasks_;
  Progress progress_;
  std::map<std::uint32_t, std::string> warnings_;
};

}  // namespace dbomsbak
