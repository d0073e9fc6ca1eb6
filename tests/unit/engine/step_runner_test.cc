#include "dbomsbak/engine/step_runner.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dbomsbak/base/error.h"

namespace dbomsbak {
namespace {

// What kill -9 is to the program: thrown by the fakes, caught by nobody but the test.
struct Killed {};

// Counts everything that happens and dies at the N-th event, before or after its effect.
class Fate {
 public:
  void DieAt(int event) { left_ = event; }
  void Spare() { left_.reset(); }
  void Event() {
    if (left_ && (*left_)-- == 0) throw Killed();
  }

 private:
  std::optional<int> left_;
};

class MemoryJournal final : public JournalStore {
 public:
  explicit MemoryJournal(Fate& fate) : fate_(fate) {}
  void Append(std::string_view event, std::string_view step, std::string_view payload) override {
    fate_.Event();
    entries_.push_back(
        {entries_.size() + 1, "", std::string(event), std::string(step), std::string(payload)});
    fate_.Event();
  }
  std::vector<JournalEntry> Load() override { return entries_; }

 private:
  Fate& fate_;
  std::vector<JournalEntry> entries_;
};

// A world of names. Each step brings two names one after the other, so that it can be torn.
class World {
 public:
  explicit World(Fate& fate) : fate_(fate) {}
  void Add(const std::string& name) {
    fate_.Event();
    names_.insert(name);
    fate_.Event();
  }
  void Remove(const std::string& name) {
    fate_.Event();
    names_.erase(name);
    fate_.Event();
  }
  bool Has(const std::string& name) const { return names_.contains(name); }
  const std::set<std::string>& names() const { return names_; }

 private:
  Fate& fate_;
  std::set<std::string> names_;
};

std::vector<Step> StepsOf(World& world) {
  std::vector<Step> steps;
  for (const std::string name : {"events", "triggers", "swap", "views"}) {
    Step step;
    step.name = name;
    step.description = "bring " + name;
    step.done = [&world, name] { return world.Has(name + "1") && world.Has(name + "2"); };
    step.run = [&world, name] {
      if (!world.Has(name + "1")) world.Add(name + "1");
      if (!world.Has(name + "2")) world.Add(name + "2");
    };
    step.undo = [&world, name] {
      if (world.Has(name + "2")) world.Remove(name + "2");
      if (world.Has(name + "1")) world.Remove(name + "1");
    };
    steps.push_back(step);
  }
  return steps;
}

const std::set<std::string> kEverything{"events1",   "events2",   "swap1",  "swap2",
                                        "triggers1", "triggers2", "views1", "views2"};

// Calls `body` with a kill at each event in turn until it once gets through; returns the kills.
int AtEveryEvent(const std::function<bool(Fate&, int)>& body) {
  for (int event = 0; event < 1000; ++event) {
    Fate fate;
    if (body(fate, event)) return event;
  }
  ADD_FAILURE() << "never got through";
  return 0;
}

TEST(StepRunnerTest, KilledAnywhereAndRunAgainEndsInTheSameState) {
  const int kills = AtEveryEvent([](Fate& fate, int event) {
    MemoryJournal journal(fate);
    World world(fate);
    fate.DieAt(event);
    bool survived = true;
    try {
      StepRunner(journal, SilentObserver()).Run(StepsOf(world));
    } catch (const Killed&) {
      survived = false;
      StepRunner(journal, SilentObserver()).Run(StepsOf(world));
    }
    EXPECT_EQ(world.names(), kEverything) << "killed at event " << event;
    return survived;
  });
  EXPECT_EQ(kills, 4 * (2 * 2 + 2 * 2)) << "two names and two journal entries a step";
}

TEST(StepRunnerTest, KilledAnywhereAndUndoneLeavesNothing) {
  AtEveryEvent([](Fate& fate, int event) {
    MemoryJournal journal(fate);
    World world(fate);
    fate.DieAt(event);
    bool survived = true;
    try {
      StepRunner(journal, SilentObserver()).Run(StepsOf(world));
    } catch (const Killed&) {
      survived = false;
    }
    fate.Spare();
    StepRunner(journal, SilentObserver()).Undo(StepsOf(world));
    EXPECT_TRUE(world.names().empty()) << "killed at event " << event;
    return survived;
  });
}

TEST(StepRunnerTest, UndoKilledAnywhereIsFinishedByTheNextUndo) {
  AtEveryEvent([](Fate& fate, int event) {
    MemoryJournal journal(fate);
    World world(fate);
    StepRunner(journal, SilentObserver()).Run(StepsOf(world));
    fate.DieAt(event);
    bool survived = true;
    try {
      StepRunner(journal, SilentObserver()).Undo(StepsOf(world));
    } catch (const Killed&) {
      survived = false;
      StepRunner(journal, SilentObserver()).Undo(StepsOf(world));
    }
    EXPECT_TRUE(world.names().empty()) << "killed at event " << event;
    return survived;
  });
}

TEST(StepRunnerTest, WhatWasThereBeforeIsNeitherRunNorTakenAway) {
  Fate fate;
  MemoryJournal journal(fate);
  World world(fate);
  world.Add("triggers1");
  world.Add("triggers2");
  StepRunner runner(journal, SilentObserver());
  runner.Run(StepsOf(world));
  for (const JournalEntry& entry : journal.Load()) EXPECT_NE(entry.step, "triggers");
  runner.Undo(StepsOf(world));
  EXPECT_EQ(world.names(), (std::set<std::string>{"triggers1", "triggers2"}));
}

TEST(StepRunnerTest, AStepThatSucceedsWithoutEffectIsAnError) {
  Fate fate;
  MemoryJournal journal(fate);
  Step step{"lie", "pretend", [] { return false; }, [] {}, {}};
  try {
    StepRunner(journal, SilentObserver()).Run({step});
    FAIL() << "not noticed";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInternal);
    EXPECT_NE(error.message().find("pretend"), std::string::npos);
  }
  ASSERT_EQ(journal.Load().size(), 1u);
  EXPECT_EQ(journal.Load()[0].event, "begin");
}

TEST(StepRunnerTest, AnErrorSaysWhichStepAndStopsThere) {
  Fate fate;
  MemoryJournal journal(fate);
  World world(fate);
  std::vector<Step> steps = StepsOf(world);
  steps[2].run = [] { throw Error(ErrorCode::kBusy, "table is busy"); };
  try {
    StepRunner(journal, SilentObserver()).Run(steps);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBusy);
    EXPECT_EQ(error.message(), "bring swap: table is busy");
  }
  EXPECT_FALSE(world.Has("views1"));
}

TEST(StepRunnerTest, ScopesInOneJournalDoNotMeet) {
  Fate fate;
  MemoryJournal journal(fate);
  World first(fate), second(fate);
  StepRunner(journal, SilentObserver(), "one").Run(StepsOf(first));
  second.Add("swap1");
  StepRunner(journal, SilentObserver(), "two").Undo(StepsOf(second));
  EXPECT_TRUE(second.Has("swap1")) << "scope two never began";
  EXPECT_EQ(journal.Load()[0].step, "one/events");
}

}  // namespace
}  // namespace dbomsbak
