#include "dbomsbak/engine/step_runner.h"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "dbomsbak/base/error.h"

namespace dbomsbak {

StepRunner::StepRunner(JournalStore& journal, Observer& observer, std::string scope)
    : journal_(journal), observer_(observer), scope_(std::move(scope)) {}

std::string StepRunner::JournalName(const Step& step) const {
  return scope_.empty() ? step.name : scope_ + "/" + step.name;
}

void StepRunner::Run(const std::vector<Step>& steps) {
  for (const Step& step : steps) {
    if (step.done && step.done()) continue;
    const std::string name = JournalName(step);
    observer_.Phase(step.description);
    journal_.Append("begin", name, "");
    try {
      step.run();
    } catch (Error& error) {
      error.While(step.description);
      throw;
    }
    if (step.done && !step.done()) {
      throw Error(ErrorCode::kInternal,
                  fmt::format("{}: every statement succeeded, but the effect is not there",
                              step.description),
                  "Something else changes the same objects, or the server does not do what it "
                  "says. Look at them, then run the same command again.");
    }
    journal_.Append("done", name, "");
  }
}

void StepRunner::Undo(const std::vector<Step>& steps) {
  std::set<std::string> begun;
  for (const JournalEntry& entry : journal_.Load()) {
    if (entry.event == "begin") begun.insert(entry.step);
    if (entry.event == "undone") begun.erase(entry.step);
  }
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    const std::string name = JournalName(*step);
    if (!begun.contains(name)) continue;
    if (step->undo) {
      observer_.Phase(fmt::format("taking back: {}", step->description));
      try {
        step->undo();
      } catch (Error& error) {
        error.While(fmt::format("taking back: {}", step->description));
        throw;
      }
    }
    journal_.Append("undone", name, "");
  }
}

}  // namespace dbomsbak
