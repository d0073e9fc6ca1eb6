// The steps of the window, each idempotent and with its way back, for StepRunner.
#pragma once

#include <vector>

#include "dbomsbak/engine/step_runner.h"
#include "engine/key_twins.h"
#include "engine/live_programs.h"
#include "engine/live_schema.h"
#include "engine/live_triggers.h"
#include "engine/table_swap.h"
#include "engine/window_context.h"

namespace dbomsbak {

// All references must outlive it. One thread, one session. What it knows comes from the set (which
// is in the journal) and from the server.
class Window {
 public:
  Window(Session& session, const ServerTraits& traits, const PreparedSet& set,
         ServerJournal& journal, Observer& observer);

  // Changes nothing that applications see, but for databases that do not exist yet, and keys that
  // hold tables which stay to what is to come as well. Where it waits, it may be run again.
  std::vector<Step> Preparation();
  // From the first statement that changes something live up to the RENAME, without it.
  std::vector<Step> Opening();
  Step Swap() { return tables_.Swap(); }
  // From the RENAME to the last event. `live`: what is there besides tables and triggers.
  std::vector<Step> Closing(const std::vector<Database>& live);

  // Behind the window: what concerns the displaced copy alone, or names only.
  std::vector<Step> Aftermath();

  // What `before` has become by Opening: the `live` of a window that was never interrupted.
  std::vector<Database> BehindOpening() const;

  TableSwap& tables() { return tables_; }

 private:
  WindowContext context_;
  TableSwap tables_;
  LiveSchema schema_;
  LiveTriggers triggers_;
  LivePrograms programs_;
  KeyTwins twins_;
};

}  // namespace dbomsbak
