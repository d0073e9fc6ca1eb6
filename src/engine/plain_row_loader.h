// Rows of a plain dump into staging: one thread reads the text, several sessions load.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "dbomsbak/base/cancel.h"
#include "dbomsbak/catalog/server_traits.h"
#include "dbomsbak/engine/observer.h"
#include "dbomsbak/transport/session.h"
#include "engine/job_board.h"
#include "engine/plain_content.h"
#include "engine/row_loader.h"

namespace dbomsbak {

// Memory: `max_memory_bytes` of statements on their way, or one load unit a session where that is
// more. One Run a loader.
class PlainRowLoader {
 public:
  // All must outlive it; as for RowLoader.
  PlainRowLoader(SessionFactory& sessions, const ServerTraits& traits,
                 std::shared_ptr<const RandomAccessFile> file, const PlainDumpOptions& options,
                 const RestoreContent& content, const ContentSource& source,
                 const std::vector<LoadTarget>& targets, const std::vector<bool>& done,
                 std::string load_table, std::size_t max_memory_bytes, Observer& observer,
                 const CancelToken& cancel);

  // Errors: the first of any session, naming table and line; kDamaged when the file is no longer
  // what it was when it was checked.
  void Run(unsigned jobs);

  // The first warning of each table's INSERTs. Values that the server changed are errors.
  const std::map<std::uint32_t, std::string>& warnings() const { return warnings_; }

 private:
  struct Unit {
    std::uint64_t number = 0;
    std::uint32_t table = 0;
    DumpSettings settings;
    std::vector<std::string> statements;
    std::vector<std::uint64_t> lines;
    std::uint64_t bytes = 0, rows = 0;
  };

  // Is it there already, or not wanted at all?
  bool IsDone(const Unit& unit) const;
  void Produce();
  void Push(Unit unit);
  bool Pop(Unit& unit);
  void Close();
  void Work(std::size_t job);  // of the board
  void Load(Session& session, const Unit& unit);
  void Send(Session& session, const Unit& unit);
  void JudgeWarnings(Session& session, const Unit& unit, std::size_t statement);

  SessionFactory& sessions_;
  const ServerTraits& traits_;
  const std::shared_ptr<const RandomAccessFile> file_;
  const PlainDumpOptions options_;
  const RestoreContent& content_;
  const ContentSource& source_;
  const std::vector<LoadTarget>& targets_;
  const std::vector<bool>& done_;
  const std::string load_table_;
  const std::size_t max_bytes_;
  Observer& observer_;
  const CancelToken& cancel_;
  std::map<ObjectId, std::uint32_t> tables_;
  std::optional<JobBoard> jobs_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<Unit> units_;
  std::uint64_t waiting_bytes_ = 0;
  bool finished_ = false, closed_ = false;
  Progress progress_;
  std::map<std::uint32_t, std::string> warnings_;
};

}  // namespace dbomsbak
