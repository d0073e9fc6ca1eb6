// The journal as a table of the server, in the first database of a prepared set.
// It moves with the RENAME: its place tells whether the swap happened.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/engine/step_runner.h"
#include "dbomsbak/transport/session.h"
#include "engine/set_names.h"

namespace dbomsbak {

// `session` must outlive the journal; its thread, and its sql_mode is PrepareSession's at every
// call. Every Append is committed before it returns (the session is in autocommit, no transaction
// open). One writer at a time: whoever holds the RestoreLock.
class ServerJournal final : public JournalStore {
 public:
  static std::unique_ptr<ServerJournal> Create(Session& session, std::string database,
                                               std::string table = kJournalTable);
  static std::unique_ptr<ServerJournal> Open(Session& session, std::string database,
                                             std::string table = kJournalTable);
  // Asked by a SELECT: information_schema shows half-moved states while a RENAME runs.
  static bool Exists(Session& session, const std::string& database,
                     const std::string& table = kJournalTable);

  void Append(std::string_view event, std::string_view step, std::string_view payload) override;
  std::vector<JournalEntry> Load() override;

  // An entry whose payload is a file of the server's disk, in hex. The server reads it itself
  // (FILE, secure_file_priv). The number of the entry; 0 when the server cannot hold so much in one
  // value.
  std::uint64_t AppendFile(std::string_view event, std::string_view step, std::string_view path);
  // The bytes of such an entry, as a file that is not there yet.
  void WriteFile(std::uint64_t entry, std::string_view path);

  // After the RENAME the same table is found in the displaced copy.
  void MovedTo(std::string database) { database_ = std::move(database); }
  const std::string& database() const { return database_; }

 private:
  ServerJournal(Session& session, std::string database, std::string table);
  std::string QuotedTable() const;
  std::uint64_t NextSequence();

  Session& session_;
  std::string database_;
  std::string table_;
  std::uint64_t next_sequence_ = 0;  // 0: not asked yet
};

}  // namespace dbomsbak
