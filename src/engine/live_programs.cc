#include "engine/live_programs.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "dbomsbak/base/ascii.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/sql/quote.h"
#include "engine/definition_differences.h"
#include "engine/event_text.h"
#include "engine/live_names.h"

namespace dbomsbak {
namespace {

constexpr unsigned kNoSuchEvent = 1539;
constexpr unsigned kEventInThePast = 1544;
constexpr unsigned kEventDroppedAtOnce = 1588;

}  // namespace

LivePrograms::LivePrograms(WindowContext& context, LiveSchema& schema)
    : session_(context.session),
      traits_(context.traits),
      set_(context.set),
      observer_(context.observer),
      creator_(context.creator),
      schema_(schema) {}

// ALTER EVENT writes definer, charsets and the database's collation anew: it runs under the event's
// own.
void LivePrograms::SetEventState(const StoredProgram& event, std::string_view state) {
  const std::string statement = fmt::format("ALTER {}EVENT {} {}", DefinerClause(event.definer),
                                            QuoteIdentifier(event.id.name), state);
  try {
    creator_.Create(event.id.database, SettingsOf(event),
                    FromUtf8(session_, statement, event.character_set_client));
  } catch (ServerError& error) {
    // It has fired for the last time meanwhile, and dropped itself; or its time is over.
    if (error.number() != kNoSuchEvent && error.number() != kEventInThePast &&
        error.number() != kEventDroppedAtOnce) {
      error.While(fmt::format("setting the state of {}", event.id.Describe()));
      throw;
    }
    observer_.Notice(fmt::format("{} is over and was left as it is", event.id.Describe()));
  }
}

Step LivePrograms::DisableEvents() {
  Step step{"events-off", "disable the live events", {}, {}, {}};
  step.done = [this] {
    for (std::size_t i = 0; i < set_.members.size(); ++i) {
      const auto states = ReadEventStates(session_, set_.members[i].live);
      for (const auto& [name, state] : states) {
        if (state == "ENABLED") return false;
      }
    }
    return true;
  };
  step.run = [this] {
    for (const Database& database : set_.before) {
      for (const StoredProgram& event : database.events) {
        if (event.status == "ENABLED") SetEventState(event, "DISABLE");
      }
    }
  };
  step.undo = [this] {
    for (const Database& database : set_.before) {
      const auto states = ReadEventStates(session_, database.name);
      for (const StoredProgram& event : database.events) {
        const auto state = states.find(event.id.name);
        if (event.status == "ENABLED" && state != states.end() && state->second != "ENABLED") {
          SetEventState(event, "ENABLE");
        }
      }
    }
    // ALTER EVENT borrows the database's collation: a kill meanwhile may have left it so. This is
    // the first step of the window, and so the last that is taken back.
    schema_.TakeBackCharsets();
  };
  return step;
}

void LivePrograms::Grant(const std::vector<std::string>& grants) {
  if (grants.empty()) return;
  // Without this mode old servers and MariaDB create an account that a GRANT names but that is
  // gone.
  const auto mode = session_.QueryValue("SELECT @@sql_mode").value_or("");
  try {
    session_.Execute(fmt::format("SET sql_mode = {}", QuoteString(mode + ",NO_AUTO_CREATE_USER")));
  } catch (const ServerError& error) {
    if (error.code() == ErrorCode::kConnectionLost) throw;
  }
  for (const std::string& grant : grants) {
    try {
      session_.Execute(grant);
    } catch (const ServerError& error) {
      if (error.code() == ErrorCode::kConnectionLost) throw;
      observer_.Warning(fmt::format("not granted again: {} ({})", grant, error.message()));
    }
  }
  session_.Execute(fmt::format("SET sql_mode = {}", QuoteString(mode)));
}

std::vector<std::string> LivePrograms::GrantsOf(const StoredProgram& routine,
                                                std::size_t member) const {
  std::vector<std::string> grants = routine.grants;
  // Who could call what was live shall go on to, also where replacing it took the grant away.
  if (const StoredProgram* before = FindObject(set_.before[member].routines, routine.id)) {
    for (const std::string& grant : before->grants) {
      if (!Contains(grants, grant)) grants.push_back(grant);
    }
  }
  return grants;
}

void LivePrograms::DropExtraRoutines(const Database& live, std::size_t member,
                                     const std::function<bool(const ObjectId&)>& choose) {
  // A package takes its body along.
  for (const bool bodies : {true, false}) {
    for (const StoredProgram& routine : live.routines) {
      if ((routine.id.kind == ObjectKind::kPackageBody) != bodies) continue;
      if (FindObject(set_.wanted[member].routines, routine.id) != nullptr || !choose(routine.id))
        continue;
      DropObject(session_, {set_.members[member].live, routine.id.kind, routine.id.name});
    }
  }
}

void LivePrograms::PutRoutines(const Database& live, std::size_t member) {
  const Database& wanted = set_.wanted[member];
  const std::string& database = set_.members[member].live;
  // What is extra goes last, behind the views: one that is wanted may be broken without it, and is
  // then created while it is still there. But names that differ in case only are one name to the
  // server.
  DropExtraRoutines(live, member, [&](const ObjectId& id) {
    return std::any_of(
        wanted.routines.begin(), wanted.routines.end(), [&](const StoredProgram& routine) {
          return routine.id.kind == id.kind && EqualIgnoringCase(routine.id.name, id.name);
        });
  });
  std::set<std::string> packages_replaced;
  for (const bool bodies : {false, true}) {
    for (const StoredProgram& routine : wanted.routines) {
      if ((routine.id.kind == ObjectKind::kPackageBody) != bodies) continue;
      const StoredProgram* there = FindObject(live.routines, routine.id);
      const bool body_lost = bodies && packages_replaced.contains(routine.id.name);
      const bool keep = there != nullptr && !body_lost && SameDefinition(*there, routine);
      const bool replace = traits_.create_or_replace_keeps_grants && there != nullptr && !body_lost;
      if (!keep) {
        try {
          if (!replace) {
            DropObject(session_, {database, routine.id.kind, routine.id.name});
          }
          creator_.Create(database, SettingsOf(routine),
                          replace ? WithOrReplace(routine.create) : routine.create);
        } catch (Error& error) {
          error.While(fmt::format("creating {}", routine.id.Describe()));
          throw;
        }
        if (routine.id.kind == ObjectKind::kPackage) packages_replaced.insert(routine.id.name);
      }
      std::vector<std::string> grants = GrantsOf(routine, member);
      if (keep) {
        std::erase_if(grants,
                      [&](const std::string& grant) { return Contains(there->grants, grant); });
      }
      Grant(grants);
    }
  }
}

Step LivePrograms::Routines(const std::vector<Database>& live) {
  Step step{"routines", "create the routines", {}, {}, {}};
  bool needed = false;
  for (std::size_t i = 0; i < set_.members.size(); ++i) {
    for (const StoredProgram& routine : set_.wanted[i].routines) {
      const StoredProgram* there = FindObject(live[i].routines, routine.id);
      needed |= there == nullptr || !SameDefinition(*there, routine);
      for (const std::string& grant : GrantsOf(routine, i)) {
        needed |= there == nullptr || !Contains(there->grants, grant);
      }
    }
  }
  const auto ran = RanUnless(needed);
  step.done = [ran] { return *ran; };
  step.run = [this, ran, live] {
    for (std::size_t i = 0; i < set_.members.size(); ++i) {
      PutRoutines(live[i], i);
    }
    *ran = true;
  };
  return step;
}

// OceanBase compiles a routine when it is created, and forgets what it declares of its data when a
// view it names is not there yet.
Step LivePrograms::RoutinesAgain() {
  Step step{"routines-again", "create routines anew that need a view", {}, {}, {}};
  const bool any = std::any_of(set_.wanted.begin(), set_.wanted.end(), [](const Database& wanted) {
    return !wanted.routines.empty() && !wanted.views.empty();
  });
  const auto ran = RanUnless(traits_.routines_need_their_views && any);
  step.done = [ran] { return *ran; };
  step.run = [this, ran] {
    CatalogRequest request;
    for (const Database& wanted : set_.wanted) {
      if (!wanted.routines.empty()) request.databases.push_back(wanted.name);
    }
    const Catalog catalog = ReadCatalog(session_, traits_, request);
    for (std::size_t i = 0; i < set_.members.size(); ++i) {
      const Database* live = catalog.Find(set_.members[i].live);
      if (live != nullptr) PutRoutines(*live, i);
    }
    *ran = true;
  };
  return step;
}

Step LivePrograms::ExtraRoutines(const std::vector<Database>& live) {
  Step step{"extra-routines", "drop routines that are not wanted", {}, {}, {}};
  bool needed = false;
  for (std::size_t i = 0; i < set_.members.size(); ++i) {
    for (const StoredProgram& routine : live[i].routines) {
      needed |= FindObject(set_.wanted[i].routines, routine.id) == nullptr;
    }
  }
  const auto ran = RanUnless(needed);
  step.done = [ran] { return *ran; };
  step.run = [this, ran, live] {
    for (std::size_t i = 0; i < set_.members.size(); ++i) {
      // A name that is wanted in another case is gone already, and now means the wanted one.
      DropExtraRoutines(live[i], i, [&](const ObjectId& id) {
        return std::none_of(set_.wanted[i].routines.begin(), set_.wanted[i].routines.end(),
                            [&](const StoredProgram& routine) {
                              return routine.id.kind == id.kind &&
                                     EqualIgnoringCase(routine.id.name, id.name);
                            });
      });
    }
    *ran = true;
  };
  return step;
}

void LivePrograms::PutEvents(const Database& live, const Database& wanted,
                             const std::string& database) {
  for (const StoredProgram& event : live.events) {
    if (FindObject(wanted.events, event.id) != nullptr) continue;
    DropObject(session_, {database, ObjectKind::kEvent, event.id.name});
  }
  for (const StoredProgram& event : wanted.events) {
    const StoredProgram* there = FindObject(live.events, event.id);
    if (there != nullptr && SameButState(*there, event)) {
      if (there->status == event.status) continue;
      if (event.status == "ENABLED" || event.status == "DISABLED") {
        SetEventState(event, event.status == "ENABLED" ? "ENABLE" : "DISABLE");
        continue;
      }
    }
    try {
      DropObject(session_, {database, ObjectKind::kEvent, event.id.name});
      creator_.Create(database, SettingsOf(event), event.create);
    } catch (ServerError& error) {
      if (error.number() == kEventInThePast || error.number() == kEventDroppedAtOnce) {
        observer_.Notice(fmt::format("{} is over and was not created", event.id.Describe()));
        continue;
      }
      error.While(fmt::format("creating {}", event.id.Describe()));
      throw;
    }
  }
}

Step LivePrograms::Events(const std::vector<Database>& live) {
  Step step{"events", "create and enable the events", {}, {}, {}};
  step.done = [this, live] {
    for (std::size_t i = 0; i < set_.members.size(); ++i) {
      const auto states = ReadEventStates(session_, set_.members[i].live);
      for (const auto& [name, state] : states) {
        const ObjectId id{set_.members[i].live, ObjectKind::kEvent, name};
        if (FindObject(set_.wanted[i].events, id) == nullptr) return false;
      }
      for (const StoredProgram& event : set_.wanted[i].events) {
        if (MayBeOver(event.create)) continue;
        const auto state = states.find(event.id.name);
        if (state == states.end() || state->second != event.status) return false;
      }
    }
    return true;
  };
  const auto unchanged = [this, live] {
    for (std::size_t i = 0; i < set_.members.size(); ++i) {
      for (const StoredProgram& event : set_.wanted[i].events) {
        const StoredProgram* there = FindObject(live[i].events, event.id);
        if (there == nullptr || !SameButState(*there, event) || there->status != event.status) {
          return false;
        }
      }
    }
    return true;
  };
  const auto ran = RanUnless(!unchanged());
  step.done = [ran, there = step.done] { return *ran && there(); };
  step.run = [this, ran, live] {
    for (std::size_t i = 0; i < set_.members.size(); ++i) {
      PutEvents(live[i], set_.wanted[i], set_.members[i].live);
    }
    *ran = true;
  };
  return step;
}

}  // namespace dbomsbak
