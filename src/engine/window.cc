#include "engine/window.h"

#include <algorithm>

namespace dbomsbak {

Window::Window(Session& session, const ServerTraits& traits, const PreparedSet& set,
               ServerJournal& journal, Observer& observer)
    : context_{session, traits, set, journal, observer, ObjectCreator(session)},
      tables_(context_),
      schema_(context_, tables_),
      triggers_(context_, tables_, schema_),
      programs_(context_, schema_),
      twins_(context_) {}

std::vector<Step> Window::Preparation() {
  if (context_.set.in_place) return {};
  std::vector<Step> steps{tables_.DisplacedDatabases(), tables_.LiveDatabases(),
                          triggers_.SourceTriggers()};
  if (context_.traits.constraint_names_block_rename) steps.push_back(tables_.SourceConstraints());
  steps.push_back(twins_.Make());
  return steps;
}

std::vector<Step> Window::Opening() {
  // Views go before the triggers: under the lock that is taken for those, DROP VIEW is refused.
  return {programs_.DisableEvents(), schema_.DatabaseCharsets(), schema_.DropViewsInTheWay(),
          triggers_.DropTriggers()};
}

std::vector<Step> Window::Closing(const std::vector<Database>& live) {
  // Charsets again: a kill while an object with another collation was created may have left one.
  Step charsets = schema_.DatabaseCharsets();
  charsets.name = "charsets-again";
  // Routines come before the views that call them.
  std::vector<Step> steps{charsets,
                          triggers_.CreateTriggers(),
                          schema_.SequenceDefaults(),
                          schema_.ReturningKeys(),
                          schema_.Sequences(live),
                          programs_.Routines(live),
                          schema_.Views(live),
                          programs_.RoutinesAgain(),
                          programs_.ExtraRoutines(live),
                          programs_.Events(live)};
  if (context_.set.in_place) steps.insert(steps.begin(), tables_.DisplacedConstraints());
  return steps;
}

std::vector<Step> Window::Aftermath() {
  if (context_.set.in_place) return {};
  std::vector<Step> steps{twins_.Replace(), schema_.OutsideKeys()};
  if (context_.traits.constraint_names_block_rename) steps.push_back(tables_.LiveConstraints());
  return steps;
}

std::vector<Database> Window::BehindOpening() const {
  std::vector<Database> live = context_.set.before;
  for (std::size_t i = 0; i < live.size(); ++i) {
    for (StoredProgram& event : live[i].events) {
      if (event.status == "ENABLED") event.status = "DISABLED";
    }
    std::erase_if(live[i].views, [&](const View& view) {
      return Contains(context_.set.incoming[i], view.id.name);
    });
  }
  return live;
}

}  // namespace dbomsbak
