// The journal as a table of the server, in the first database of a prepared set.
// It moves with the RENAME: its place tells whether the swap happened.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dbomsbak/engine/step_runner.h"
#include "dbomsbak/transport/session.h"

namespace dbomsbak {

// `session` must outlive the journal; its thread. Every Append is committed before it returns.
class ServerJournal final : public JournalStore {
 public:
  static std::unique_ptr<ServerJournal> Create(Session& session, std::string database);
  static std::unique_ptr<ServerJournal> Open(Session& session, std::string database);
  static bool Exists(Session& session, const std::string& database);

  void Append(std::string_view event, std::string_view step, std::string_view payload) override;
  std::vector<JournalEntry> Load() override;

  // After the RENAME the same table is found in the displaced copy.
  void MovedTo(std::string database) { database_ = std::move(database); }
  const std::string& database() const { return database_; }

 private:
  ServerJournal(Session& session, std::string database);
  Session& session_;
  std::string database_;
};

}  // namespace dbomsbak
