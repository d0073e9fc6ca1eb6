// The live databases themselves: charsets, views, sequences and defaults, foreign keys.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "dbomsbak/engine/step_runner.h"
#include "engine/table_swap.h"
#include "engine/window_context.h"

namespace dbomsbak {

// "CHARACTER SET … COLLATE …", with the comment if there is one.
std::string CharsetClause(const Database& like);

// `context` and `tables` must outlive it; one thread. `live`: what is there behind the RENAME.
class LiveSchema {
 public:
  LiveSchema(WindowContext& context, TableSwap& tables);

  // Before the triggers: a trigger remembers the collation its database has when it is created.
  Step DatabaseCharsets();
  // Whatever borrowed a collation for the moment and was killed.
  void TakeBackCharsets();

  Step DropViewsInTheWay();
  Step Views(const std::vector<Database>& live);

  Step SequenceDefaults();
  Step Sequences(const std::vector<Database>& live);

  Step ReturningKeys();
  Step OutsideKeys();

 private:
  void SetCharset(const std::string& database, const Database& like);
  void SetCharsets(const std::vector<Database>& like);
  bool HasCharset(std::size_t member, const Database& like);
  bool HasCharsets(const std::vector<Database>& like);
  void CreateViews(const std::vector<const View*>& views, const std::vector<Database>& state);
  bool HasKey(const std::string& database, const KeyDefinition& key);

  Session& session_;
  const ServerTraits& traits_;
  const PreparedSet& set_;
  ServerJournal& journal_;
  ObjectCreator& creator_;
  TableSwap& tables_;
};

}  // namespace dbomsbak
