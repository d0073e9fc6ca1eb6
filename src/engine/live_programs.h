// Routines, packages, their grants, and events in the window.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/engine/step_runner.h"
#include "engine/live_schema.h"
#include "engine/window_context.h"

namespace dbomsbak {

// All must outlive it; one thread. `live`: what is there behind the RENAME.
class LivePrograms {
 public:
  LivePrograms(WindowContext& context, LiveSchema& schema);

  Step DisableEvents();
  Step Events(const std::vector<Database>& live);

  Step Routines(const std::vector<Database>& live);
  Step RoutinesAgain();
  // Behind the views.
  Step ExtraRoutines(const std::vector<Database>& live);

 private:
  void SetEventState(const StoredProgram& event, std::string_view state);
  void PutEvents(const Database& live, const Database& wanted, const std::string& database);
  void Grant(const std::vector<std::string>& grants);
  std::vector<std::string> GrantsOf(const StoredProgram& routine, std::size_t member) const;
  void DropExtraRoutines(const Database& live, std::size_t member,
                         const std::function<bool(const ObjectId&)>& choose);
  void PutRoutines(const Database& live, std::size_t member);

  Session& session_;
  const ServerTraits& traits_;
  const PreparedSet& set_;
  Observer& observer_;
  ObjectCreator& creator_;
  LiveSchema& schema_;
};

}  // namespace dbomsbak
