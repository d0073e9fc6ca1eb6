// Journaled steps: check, run, undo. Restore, undo and the upgrade wrapper stand on it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/engine/observer.h"

namespace dbomsbak {

struct JournalEntry {
  std::uint64_t sequence = 0;
  std::string time;     // UTC
  std::string event;    // "begin", "done", "undone", "note"
  std::string step;     // the step's name
  std::string payload;  // JSON, may be empty
};

// Durable, append only. The journal records intent; what is true is asked from the world.
class JournalStore {
 public:
  virtual ~JournalStore() = default;
  virtual void Append(std::string_view event, std::string_view step, std::string_view payload) = 0;
  virtual std::vector<JournalEntry> Load() = 0;
};

struct Step {
  std::string name;
  std::string description;     // for people: "swap 3 databases in one RENAME"
  std::function<bool()> done;  // asked of the world, not of the journal; cheap. Empty: never
  std::function<void()> run;   // safe to run again after a crash in the middle
  std::function<void()> undo;  // likewise, also when only part of the effect is there;
                               // empty: nothing to undo
};

// One thread. `journal` and `observer` must outlive the runner. `scope` tells the steps of one
// operation from those of others in the same journal: entries are named `scope/step`.
class StepRunner {
 public:
  StepRunner(JournalStore& journal, Observer& observer, std::string scope = {});

  // In order; a step whose `done` holds is skipped. Each is journaled before and after, and `done`
  // is asked again after `run`: Error kInternal when the effect is not there.
  void Run(const std::vector<Step>& steps);
  // In reverse order, those the journal saw begin and not yet undone: what `Run` skipped because it
  // was there already is not this runner's to take away.
  void Undo(const std::vector<Step>& steps);

 private:
  std::string JournalName(const Step& step) const;

  JournalStore& journal_;
  Observer& observer_;
  std::string scope_;
};

}  // namespace dbomsbak
