#include "engine/live_triggers.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "dbomsbak/base/error.h"
#include "engine/live_names.h"
#include "engine/server_files.h"

namespace dbomsbak {
namespace {

std::vector<const StoredProgram*> TriggersOn(const Database& database,
                                             const std::vector<std::string>& tables) {
  std::vector<const StoredProgram*> triggers;
  for (const StoredProgram& trigger : database.triggers) {
    if (Contains(tables, trigger.table)) triggers.push_back(&trigger);
  }
  return triggers;
}

// MySQL 5.6 keeps a trigger in two files; a crash between their removals leaves the one that takes
// the name, and no statement gets rid of that.
void RefuseFileOfCrash(Session& session, const ServerError& refused, const std::string& database,
                       const std::string& trigger) {
  constexpr unsigned kTriggerExists = 1359;
  if (refused.number() != kTriggerExists) return;
  const std::vector<TriggerName> there = ReadTriggerNames(session, database);
  if (std::any_of(there.begin(), there.end(),
                  [&](const TriggerName& other) { return other.name == trigger; })) {
    return;
  }
  throw Error(ErrorCode::kNeedsHelp,
              fmt::format("the server has no such trigger, but keeps its name, as after a crash "
                          "while it was dropped: delete the file {}.TRN on the server",
                          PathOfTable(session, database, trigger)),
              "No rows are touched by that. Then run the same command again.");
}

std::vector<TriggerName> LiveTriggersOn(Session& session, const std::string& database,
                                        const std::vector<std::string>& tables) {
  std::vector<TriggerName> triggers = ReadTriggerNames(session, database);
  std::erase_if(triggers,
                [&](const TriggerName& trigger) { return !Contains(tables, trigger.table); });
  return triggers;
}

}  // namespace

LiveTriggers::LiveTriggers(WindowContext& context, TableSwap& tables, LiveSchema& schema)
    : session_(context.session),
      set_(context.set),
      creator_(context.creator),
      tables_(tables),
      schema_(schema) {}

Step LiveTriggers::SourceTriggers() {
  Step step{"source-triggers", "drop triggers of the tables that go live", {}, {}, {}};
  step.done = [this] {
    return std::all_of(set_.members.begin(), set_.members.end(), [this](const SetMember& member) {
      return ReadTriggerNames(session_, member.source).empty();
    });
  };
  step.run = [this] {
    for (const SetMember& member : set_.members) {
      for (const TriggerName& trigger : ReadTriggerNames(session_, member.source)) {
        DropObject(session_, {member.source, ObjectKind::kTrigger, trigger.name});
      }
    }
  };
  return step;
}

// Last to first, so that those still there after a kill are a beginning of the list: appending the
// rest then restores the order they fire in.
Step LiveTriggers::DropTriggers() {
  Step step{"triggers-off", "drop the live triggers", {}, {}, {}};
  step.done = [this] {
    for (std::size_t i = 0; i < set_.members.size(); ++i) {
      if (!LiveTriggersOn(session_, set_.members[i].live, set_.outgoing[i]).empty()) return false;
    }
    return true;
  };
  step.run = [this] {
    tables_.LockOutgoing();
    for (std::size_t i = 0; i < set_.members.size(); ++i) {
      const std::string& live = set_.members[i].live;
      const std::vector<TriggerName> triggers = LiveTriggersOn(session_, live, set_.outgoing[i]);
      for (auto trigger = triggers.rbegin(); trigger != triggers.rend(); ++trigger) {
        DropObject(session_, {live, ObjectKind::kTrigger, trigger->name});
      }
    }
  };
  step.undo = [this] {
    tables_.Unlock();
    PutTriggers(set_.before, set_.outgoing);
    // As behind events, which need not have been touched: a trigger borrows the collation, too.
    schema_.TakeBackCharsets();
  };
  return step;
}

std::vector<const StoredProgram*> LiveTriggers::TriggersDue(
    const std::string& live, const Database& state, const std::vector<std::string>& tables) {
  std::vector<const StoredProgram*> wanted = TriggersOn(state, tables);
  const std::vector<TriggerName> there = LiveTriggersOn(session_, live, tables);
  const auto head =
      wanted.begin() + static_cast<std::ptrdiff_t>(std::min(there.size(), wanted.size()));
  const bool is_head = there.size() <= wanted.size() &&
                       std::all_of(there.begin(), there.end(), [&](const TriggerName& trigger) {
                         return std::any_of(wanted.begin(), head, [&](const StoredProgram* other) {
                           return other->id.name == trigger.name;
                         });
                       });
  if (is_head) {
    wanted.erase(wanted.begin(), head);
    return wanted;
  }
  for (auto trigger = there.rbegin(); trigger != there.rend(); ++trigger) {
    DropObject(session_, {live, ObjectKind::kTrigger, trigger->name});
  }
  return wanted;
}

// Behind those that can be created under the lock, if it is still held: all on tables of which one
// cannot, for on a table they fire in the order they were created in.
void LiveTriggers::PutTriggers(const std::vector<Database>& state,
                               const std::vector<std::vector<std::string>>& tables) {
  std::vector<std::pair<const std::string*, const StoredProgram*>> due, behind_lock;
  for (std::size_t i = 0; i < set_.members.size(); ++i) {
    const std::string& live = set_.members[i].live;
    std::set<std::string> late_tables;
    const std::vector<const StoredProgram*> triggers = TriggersDue(live, state[i], tables[i]);
    for (const StoredProgram* trigger : triggers) {
      if (tables_.locked() && creator_.BorrowsCollation(live, SettingsOf(*trigger))) {
        late_tables.insert(trigger->table);
      }
    }
    for (const StoredProgram* trigger : triggers) {
      auto& list = late_tables.contains(trigger->table) ? behind_lock : due;
      list.emplace_back(&live, trigger);
    }
  }
  const auto create = [this](const auto& triggers) {
    for (const auto& [live, trigger] : triggers) {
      try {
        try {
          creator_.Create(*live, SettingsOf(*trigger), trigger->create);
        } catch (const ServerError& refused) {
          RefuseFileOfCrash(session_, refused, *live, trigger->id.name);
          throw;
        }
      } catch (Error& error) {
        error.While(fmt::format("creating {}", trigger->id.Describe()));
        throw;
      }
    }
  };
  create(due);
  if (behind_lock.empty()) return;
  tables_.Unlock();
  create(behind_lock);
}

bool LiveTriggers::TriggersAre(const std::vector<Database>& state,
                               const std::vector<std::vector<std::string>>& tables) {
  for (std::size_t i = 0; i < set_.members.size(); ++i) {
    std::set<std::string> wanted, there;
    for (const StoredProgram* trigger : TriggersOn(state[i], tables[i])) {
      wanted.insert(trigger->id.name);
    }
    for (const TriggerName& trigger : LiveTriggersOn(session_, set_.members[i].live, tables[i])) {
      there.insert(trigger.name);
    }
    if (wanted != there) return false;
  }
  return true;
}

Step LiveTriggers::CreateTriggers() {
  Step step{"triggers", "create the triggers", {}, {}, {}};
  step.done = [this] {
    const bool done = TriggersAre(set_.wanted, set_.incoming);
    if (done) tables_.Unlock();
    return done;
  };
  step.run = [this] { PutTriggers(set_.wanted, set_.incoming); };
  return step;
}

}  // namespace dbomsbak
