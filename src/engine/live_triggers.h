// Triggers in the window: the RENAME refuses tables that have any (1435), on either side.
#pragma once

#include <string>
#include <vector>

#include "dbomsbak/engine/step_runner.h"
#include "engine/live_schema.h"
#include "engine/table_swap.h"
#include "engine/window_context.h"

namespace dbomsbak {

// All must outlive it; one thread.
class LiveTriggers {
 public:
  LiveTriggers(WindowContext& context, TableSwap& tables, LiveSchema& schema);

  Step SourceTriggers();
  Step DropTriggers();
  Step CreateTriggers();

 private:
  // What is to be created for these to be the tables' triggers, in this order. What is there and
  // does not begin the list is dropped.
  std::vector<const StoredProgram*> TriggersDue(const std::string& live, const Database& state,
                                                const std::vector<std::string>& tables);
  void PutTriggers(const std::vector<Database>& state,
                   const std::vector<std::vector<std::string>>& tables);
  bool TriggersAre(const std::vector<Database>& state,
                   const std::vector<std::vector<std::string>>& tables);

  Session& session_;
  const PreparedSet& set_;
  ObjectCreator& creator_;
  TableSwap& tables_;
  LiveSchema& schema_;
};

}  // namespace dbomsbak
