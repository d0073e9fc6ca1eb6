// Journaled steps: check, run, undo. Restore, undo and the upgrade wrapper stand on it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
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
  std::string description;             // for people: "swap 3 databases in one RENAME"
  std::function<bool()> done;          // asked of the world, not of the journal; cheap
  std::function<void()> run;           // safe to run again after a crash in the middle
  std::function<void()> undo;          // empty: nothing to undo
};

class StepRunner {
 public:
  StepRunner(JournalStore& journal, Observer& observer);

  // In order; a step whose `done` holds is skipped. Each is journaled before and after.
  void Run(const std::vector<Step>& steps);
  // In reverse order, those whose effect is there.
  void Undo(const std::vector<Step>& steps);

 private:
  JournalStore& journal_;
  Observer& observer_;
};

}  // namespace dbomsbak
