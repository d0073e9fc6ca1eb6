// Rows from the archive into staging: frames by several sessions at once.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/archive/archive_reader.h"
#include "dbomsbak/base/cancel.h"
#include "dbomsbak/catalog/server_traits.h"
#include "dbomsbak/engine/observer.h"
#include "dbomsbak/transport/session.h"
#include "engine/restore_content.h"
#include "engine/restore_facts.h"

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

  // Errors: the first of any session; those of a refused row name the table.
  void Run(unsigned jobs);

  // The first warning of each table's INSERTs: what to tell when the copy differs.
  const std::map<std::uint32_t, std::string>& warnings() const { return warnings_; }

 private:
  // Units of one frame that are committed together.
  struct Batch {
    std::vector<const LoadUnit*> units;
  };

  void Work();
  void LoadBatch(Session& session, const Batch& batch, std::string_view text);
  void SendUnit(Session& session, const LoadUnit& unit, std::string_view text);
  void NoteUnits(Session& session, const Batch& batch);
  void NoteWarning(Session& session, std::uint32_t table);
  void Report(const Batch& batch);

  SessionFactory& sessions_;
  const ServerTraits& traits_;
  const ArchiveReader& archive_;
  const RestoreContent& content_;
  const std::vector<LoadTarget>& targets_;
  const std::string load_table_;
  Observer& observer_;
  const CancelToken& cancel_;
  std::vector<std::string> heads_, staged_heads_;     // INSERT heads, one a table
  std::vector<std::vector<const LoadUnit*>> frames_;  // what is left, by frame
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;
  Progress progress_;
  std::map<std::uint32_t, std::string> warnings_;
};

}  // namespace dbomsbak
