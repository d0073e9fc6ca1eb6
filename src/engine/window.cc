#include "engine/window.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "dbomsbak/base/ascii.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/sql/quote.h"
#include "engine/constraint_names.h"
#include "engine/definition_differences.h"
#include "engine/event_text.h"
#include "engine/live_names.h"
#include "engine/stubs.h"
#include "engine/view_builder.h"

namespace dbomsbak {
namespace {

constexpr unsigned kNoSuchEvent = 1539;
constexpr unsigned kEventInThePast = 1544;
constexpr unsigned kEventDroppedAtOnce = 1588;

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

template <typename Object>
const Object* Find(const std::vector<Object>& objects, const ObjectId& id) {
  for (const Object& object : objects) {
    if (object.id.kind == id.kind && object.id.name == id.name) return &object;
  }
  return nullptr;
}

std::vector<const StoredProgram*> TriggersOn(const Database& database,
                                             const std::vector<std::string>& tables) {
  std::vector<const StoredProgram*> triggers;
  for (const StoredProgram& trigger : database.triggers) {
    if (Contains(tables, trigger.table)) triggers.push_back(&trigger);
  }
  return triggers;
}

std::vector<TriggerName> LiveTriggersOn(Session& session, const std::string& database,
                                        const std::vector<std::string>& tables) {
  std::vector<TriggerName> triggers = ReadTriggerNames(session, database);
  std::erase_if(triggers,
                [&](const TriggerName& trigger) { return !Contains(tables, trigger.table); });
  return triggers;
}

std::string CharsetClause(const Database& like) {
  std::string clause = fmt::format("CHARACTER SET {} COLLATE {}", like.charset, like.collation);
  if (!like.comment.empty()) clause += fmt::format(" COMMENT {}", QuoteString(like.comment));
  return clause;
}

std::string ReplaceAll(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

// A step that has run once has nothing left to do; before that, `needed` decides.
std::shared_ptr<bool> Flag(bool needed) { return std::make_shared<bool>(!needed); }

}  // namespace

Window::Window(Session& session, const ServerTraits& traits, const PreparedSet& set,
               ServerJournal& journal, Observer& observer)
    : session_(session),
      traits_(traits),
      set_(set),
      journal_(journal),
      observer_(observer),
      creator_(session) {}

// --- Preparation -------------------------------------------------------------------------------

std::vector<Step> Window::Preparation() {
  std::vector<Step> steps{DisplacedDatabases(), LiveDatabases(), SourceTriggers()};
  if (traits_.constraint_names_block_rename) steps.push_back(SourceConstraints());
  return steps;
}

Step Window::DisplacedDatabases() {
  Step step{"displaced-databases", "create databases for the displaced copy", {}, {}, {}};
  step.done = [this] {
    return std::all_of(set_.members.begin(), set_.members.end(), [this](const SetMember& member) {
      return DatabaseExists(session_, member.displaced);
    });
  };
  step.run = [this] {
    for (std::size_t i = 0; i < set_.members.size(); ++i) {
      const Database& like = set_.before[i].create.empty() ? set_.wanted[i] : set_.before[i];
      const std::string charset = like.charset.empty() ? ""
                                                       : fmt::format(" CHARACTER SET {} COLLATE {}",
                                                                     like.charset, like.collation);
      session_.Execute(fmt::format("CREATE DATABASE IF NOT EXISTS {}{}",
                                   QuoteIdentifier(set_.members[i].displaced), charset));
    }
  };
  step.undo = [this] {
    for (const SetMember& member : set_.members) DropIfEmpty(member.displaced);
  };
  return step;
}

Step Window::LiveDatabases() {
  Step step{"live-databases", "create databases that do not exist", {}, {}, {}};
  const auto missing = [this](std::size_t i) {
    return !set_.wanted[i].create.empty() && !DatabaseExists(session_, set_.members[i].live);
  };
  step.done = [this, missing] {
    for (std::size_t i = 0; i < set_.members.size(); ++i) {
      if (missing(i)) return false;
    }
    return true;
  };
  step.run = [this, missing] {
    for (std::size_t i = 0; i < set_.members.size(); ++i) {
      if (!missing(i)) continue;
      session_.Execute(fmt::format("CREATE DATABASE {} {}", QuoteIdentifier(set_.members[i].live),
                                   CharsetClause(set_.wanted[i])));
    }
  };
  step.undo = [this] {
    for (std::size_t i = 0; i < set_.members.size(); ++i) {
      if (set_.before[i].create.empty()) DropIfEmpty(set_.members[i].live);
    }
  };
  return step;
}

// The RENAME refuses tables with triggers (1435), on either side.
Step Window::SourceTriggers() {
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

bool Window::ConstraintsAre(std::string SetMember::*where, bool staged) {
  for (std::size_t i = 0; i < set_.members.size(); ++i) {
    if (!ConstraintNamesAre(session_, set_.members[i].*where, set_.incoming[i], staged)) {
      return false;
    }
  }
  return true;
}

void Window::NameConstraints(std::string SetMember::*where, bool staged) {
  for (std::size_t i = 0; i < set_.members.size(); ++i) {
    SetConstraintNames(session_, traits_, set_.members[i].*where, set_.incoming[i], staged,
                       journal_);
  }
}

// Staging has other names from the start; a displaced copy that comes back gets them here.
Step Window::SourceConstraints() {
  Step step{
      "source-constraints", "give constraints that go live other names for a while", {}, {}, {}};
  step.done = [this] { return ConstraintsAre(&SetMember::source, true); };
  step.run = [this] { NameConstraints(&SetMember::source, true); };
  step.undo = [this] { NameConstraints(&SetMember::source, false); };
  return step;
}

Step Window::LiveConstraints() {
  Step step{"live-constraints", "give constraints their names again", {}, {}, {}};
  step.done = [this] { return ConstraintsAre(&SetMember::live, false); };
  step.run = [this] { NameConstraints(&SetMember::live, false); };
  return step;
}

// --- Opening -----------------------------------------------------------------------------------

std::vector<Step> Window::Opening() {
  // Views go before the triggers: under the lock that is taken for those, DROP VIEW is refused.
  return {DisableEvents(), DatabaseCharsets(), DropViewsInTheWay(), DropTriggers()};
}

// ALTER EVENT writes definer, charsets and the database's collation anew: it runs under the event's
// own.
void Window::SetEventState(const StoredProgram& event, std::string_view state) {
  const std::string statement = fmt::format("ALTER {}EVENT {} {}", DefinerClause(event.definer),
                                            QuoteIdentifier(event.id.name), state);
  try {
    creator_.Create(event.id.database, SettingsOf(event),
                    FromUtf8(session_, statement, event.character_set_client));
  } catch (const ServerError& error) {
    // It has fired for the last time meanwhile, and dropped itself; or its time is over.
    if (error.number() != kNoSuchEvent && error.number() != kEventInThePast &&
        error.number() != kEventDroppedAtOnce) {
      throw;
    }
    observer_.Notice(fmt::format("{} is over and was left as it is", event.id.Describe()));
  }
}

Step Window::DisableEvents() {
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
    TakeBackCharsets();
  };
  return step;
}

bool Window::HasCharset(std::size_t member, const Database& like) {
  if (like.create.empty()) return true;
  const bool with_comment = set_.before[member].comment != set_.wanted[member].comment;
  const ResultSet now = session_.Query(fmt::format(
      "SELECT SCHEMA_NAME, DEFAULT_COLLATION_NAME, {} FROM information_schema.SCHEMATA WHERE "
      "SCHEMA_NAME = {}",
      with_comment ? "SCHEMA_COMMENT" : "''", QuoteString(set_.members[member].live)));
  for (std::size_t row = 0; row < now.rows.size(); ++row) {
    if (now.Text(row, 0) != set_.members[member].live) continue;
    if (now.Text(row, 1) != like.collation) return false;
    if (with_comment && now.Text(row, 2) != like.comment) return false;
  }
  return true;
}

bool Window::HasCharsets(const std::vector<Database>& like) {
  for (std::size_t i = 0; i < set_.members.size(); ++i) {
    if (!HasCharset(i, like[i])) return false;
  }
  return true;
}

void Window::SetCharset(const std::string& database, const Database& like) {
  const std::string comment = like.comment.empty() && traits_.flavour == ServerFlavour::kMariaDb &&
                                      traits_.version_number >= 100500
                                  ? " COMMENT ''"
                                  : "";
  session_.Execute(fmt::format("ALTER DATABASE {} {}{}", QuoteIdentifier(database),
                               CharsetClause(like), comment));
}

void Window::SetCharsets(const std::vector<Database>& like) {
  Unlock();  // ALTER DATABASE is refused under it
  for (std::size_t i = 0; i < set_.members.size(); ++i) {
    // New MySQL waits for every open transaction in the database, also where nothing changes.
    if (!HasCharset(i, like[i])) SetCharset(set_.members[i].live, like[i]);
  }
}

void Window::TakeBackCharsets() {
  if (!HasCharsets(set_.before)) SetCharsets(set_.before);
}

// Before the triggers: a trigger remembers the collation its database has when it is created.
Step Window::DatabaseCharsets() {
  Step step{"charsets", "set the databases' charset and collation", {}, {}, {}};
  step.done = [this] { return HasCharsets(set_.wanted); };
  step.run = [this] { SetCharsets(set_.wanted); };
  step.undo = [this] { TakeBackCharsets(); };
  return step;
}

Step Window::DropViewsInTheWay() {
  Step step{"views-in-the-way", "drop views that stand where a table goes live", {}, {}, {}};
  const auto in_the_way = [this] {
    std::vector<const View*> views;
    for (std::size_t i = 0; i < set_.members.size(); ++i) {
      for (const View& view : set_.before[i].views) {
        if (Contains(set_.incoming[i], view.id.name)) views.push_back(&view);
      }
    }
    return views;
  };
  const auto is_there = [this](const View* view) {
    return ReadLiveNames(session_, view->id.database).views.contains(view->id.name);
  };
  step.done = [in_the_way, is_there] {
    const std::vector<const View*> views = in_the_way();
    return std::none_of(views.begin(), views.end(), is_there);
  };
  step.run = [this, in_the_way] {
    for (const View* view : in_the_way()) {
      DropObject(session_, view->id);
    }
  };
  step.undo = [this, in_the_way, is_there] {
    std::vector<const View*> views = in_the_way();
    std::erase_if(views, is_there);
    // Where another stood in a view's place when an earlier attempt was killed.
    const std::vector<ObjectId> lent = LentViewsLeft(journal_);
    for (const Database& database : set_.before) {
      for (const View& view : database.views) {
        if (std::find(lent.begin(), lent.end(), view.id) != lent.end()) views.push_back(&view);
      }
    }
    CreateViews(views, set_.before);
    if (!lent.empty()) NoteLentViewsBack(journal_);
  };
  return step;
}

void Window::LockOutgoing() {
  if (locked_ || !traits_.has_real_table_locks) return;
  std::string list;
  const auto add = [&list](const std::string& database, const std::string& table) {
    list += fmt::format("{}{} WRITE", list.empty() ? "" : ", ", QuoteQualified(database, table));
  };
  for (std::size_t i = 0; i < set_.members.size(); ++i) {
    std::set<std::string> sequences;
    for (const Sequence& sequence : set_.before[i].sequences) sequences.insert(sequence.id.name);
    for (const std::string& table : set_.outgoing[i]) {
      if (!sequences.contains(table)) add(set_.members[i].live, table);
    }
    if (!traits_.rename_allowed_under_lock_tables) continue;
    for (const std::string& table : set_.incoming[i]) add(set_.members[i].source, table);
  }
  if (list.empty()) return;
  add(journal_.database(), kJournalTable);
  try {
    session_.Execute("LOCK TABLES " + list);
    locked_ = true;
  } catch (const ServerError& error) {
    if (error.code() == ErrorCode::kBusy || error.code() == ErrorCode::kConnectionLost) throw;
    // Without the privilege, or where a trigger names what is not there, the window opens without
    // the lock: a few writes may then meet a table without its triggers.
    session_.Execute("UNLOCK TABLES");
    observer_.Notice(fmt::format("triggers are swapped without a table lock: {}", error.message()));
  }
}

void Window::Unlock() {
  if (!locked_) return;
  locked_ = false;
  session_.Execute("UNLOCK TABLES");
}

// Last to first, so that those still there after a kill are a beginning of the list: appending the
// rest then restores the order they fire in.
Step Window::DropTriggers() {
  Step step{"triggers-off", "drop the live triggers", {}, {}, {}};
  step.done = [this] {
    for (std::size_t i = 0; i < set_.members.size(); ++i) {
      if (!LiveTriggersOn(session_, set_.members[i].live, set_.outgoing[i]).empty()) return false;
    }
    return true;
  };
  step.run = [this] {
    LockOutgoing();
    for (std::size_t i = 0; i < set_.members.size(); ++i) {
      const std::string& live = set_.members[i].live;
      const std::vector<TriggerName> triggers = LiveTriggersOn(session_, live, set_.outgoing[i]);
      for (auto trigger = triggers.rbegin(); trigger != triggers.rend(); ++trigger) {
        DropObject(session_, {live, ObjectKind::kTrigger, trigger->name});
      }
    }
  };
  step.undo = [this] {
    Unlock();
    PutTriggers(set_.before, set_.outgoing);
    // As behind events, which need not have been touched: a trigger borrows the collation, too.
    TakeBackCharsets();
  };
  return step;
}

// --- The swap ----------------------------------------------------------------------------------

std::vector<Window::Pair> Window::AllPairs() const {
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < set_.members.size(); ++i) {
    const SetMember& member = set_.members[i];
    for (const std::string& table : set_.outgoing[i]) {
      pairs.push_back({member.live, table, member.displaced, table, true});
    }
  }
  for (std::size_t i = 0; i < set_.members.size(); ++i) {
    const SetMember& member = set_.members[i];
    for (const std::string& table : set_.incoming[i]) {
      pairs.push_back({member.source, table, member.live, table, false});
    }
  }
  pairs.push_back(
      {set_.members[0].source, kJournalTable, set_.members[0].displaced, kJournalTable, false});
  return pairs;
}

std::vector<Window::Pair> Window::PendingPairs() {
  std::map<std::string, std::set<std::string>> tables;
  const auto exists = [&](const std::string& database, const std::string& table) {
    auto found = tables.find(database);
    if (found == tables.end()) {
      found = tables.emplace(database, ReadTableNames(session_, database)).first;
    }
    return found->second.contains(table);
  };
  std::vector<Pair> pending;
  for (const Pair& pair : AllPairs()) {
    // Live names stand on either side of the RENAME; the far ends tell what has happened.
    const bool moved = pair.outgoing ? exists(pair.to_database, pair.to_table)
                                     : !exists(pair.from_database, pair.from_table);
    if (!moved) pending.push_back(pair);
  }
  return pending;
}

void Window::Rename(const std::vector<Pair>& pairs) {
  std::string list;
  for (const Pair& pair : pairs) {
    list += fmt::format("{}{} TO {}", list.empty() ? "" : ", ",
                        QuoteQualified(pair.from_database, pair.from_table),
                        QuoteQualified(pair.to_database, pair.to_table));
  }
  if (!traits_.rename_allowed_under_lock_tables) Unlock();
  const auto rename = [&] { session_.Execute("RENAME TABLE " + list); };
  if (guard_) {
    guard_(pairs.size(), rename);
  } else {
    rename();
  }
  journal_.MovedTo(set_.members[0].displaced);
}

Step Window::Swap() {
  Step step{
      "swap", fmt::format("swap {} databases in one RENAME", set_.members.size()), {}, {}, {}};
  if (set_.members.size() == 1) step.description = "swap the database in one RENAME";
  step.done = [this] {
    if (!ServerJournal::Exists(session_, set_.members[0].displaced)) return false;
    journal_.MovedTo(set_.members[0].displaced);
    return true;
  };
  step.run = [this] { Rename(AllPairs()); };
  return step;
}

// --- Closing -----------------------------------------------------------------------------------

std::vector<Step> Window::Closing(const std::vector<Database>& live) {
  // Charsets again: a kill while an object with another collation was created may have left one.
  Step charsets = DatabaseCharsets();
  charsets.name = "charsets-again";
  // Routines come before the views that call them.
  return {
      charsets,       CreateTriggers(), SequenceDefaults(), ReturningKeys(),     Sequences(live),
      Routines(live), Views(live),      RoutinesAgain(),    ExtraRoutines(live), Events(live)};
}

std::vector<Database> Window::BehindOpening() const {
  std::vector<Database> live = set_.before;
  for (std::size_t i = 0; i < live.size(); ++i) {
    for (StoredProgram& event : live[i].events) {
      if (event.status == "ENABLED") event.status = "DISABLED";
    }
    std::erase_if(live[i].views,
                  [&](const View& view) { return Contains(set_.incoming[i], view.id.name); });
  }
  return live;
}

std::vector<const StoredProgram*> Window::TriggersDue(const std::string& live,
                                                      const Database& state,
                                                      const std::vector<std::string>& tables) {
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
void Window::PutTriggers(const std::vector<Database>& state,
                         const std::vector<std::vector<std::string>>& tables) {
  std::vector<std::pair<const std::string*, const StoredProgram*>> due, behind_lock;
  for (std::size_t i = 0; i < set_.members.size(); ++i) {
    const std::string& live = set_.members[i].live;
    std::set<std::string> late_tables;
    const std::vector<const StoredProgram*> triggers = TriggersDue(live, state[i], tables[i]);
    for (const StoredProgram* trigger : triggers) {
      if (locked_ && creator_.BorrowsCollation(live, SettingsOf(*trigger))) {
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
        creator_.Create(*live, SettingsOf(*trigger), trigger->create);
      } catch (Error& error) {
        error.While(fmt::format("creating {}", trigger->id.Describe()));
        throw;
      }
    }
  };
  create(due);
  if (behind_lock.empty()) return;
  Unlock();
  create(behind_lock);
}

bool Window::TriggersAre(const std::vector<Database>& state,
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

Step Window::CreateTriggers() {
  Step step{"triggers", "create the triggers", {}, {}, {}};
  step.done = [this] {
    const bool done = TriggersAre(set_.wanted, set_.incoming);
    if (done) Unlock();
    return done;
  };
  step.run = [this] { PutTriggers(set_.wanted, set_.incoming); };
  return step;
}

bool Window::HasKey(const std::string& database, const KeyDefinition& key) {
  const ResultSet keys = session_.Query(fmt::format(
      "SELECT CONSTRAINT_SCHEMA, TABLE_NAME, CONSTRAINT_NAME FROM "
      "information_schema.TABLE_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = {} AND TABLE_NAME "
      "= {} AND CONSTRAINT_TYPE = 'FOREIGN KEY'",
      QuoteString(database), QuoteString(key.table)));
  for (std::size_t i = 0; i < keys.rows.size(); ++i) {
    if (keys.Text(i, 0) == database && keys.Text(i, 1) == key.table &&
        keys.Text(i, 2) == key.name) {
      return true;
    }
  }
  return false;
}

// Without a look at the rows, which would take as long as there are rows: they were right when they
// were put aside. An index that the server had made for the key by itself may come out in another
// place of the list of indexes.
Step Window::ReturningKeys() {
  Step step{"returning-keys", "add foreign keys that the displaced copy had lost", {}, {}, {}};
  step.done = [this] {
    return std::all_of(set_.returning_keys.begin(), set_.returning_keys.end(),
                       [this](const KeyDefinition& key) { return HasKey(key.database, key); });
  };
  step.run = [this] {
    const auto checks = session_.QueryValue("SELECT @@foreign_key_checks").value_or("1");
    session_.Execute("SET foreign_key_checks = 0");
    for (const KeyDefinition& key : set_.returning_keys) {
      if (HasKey(key.database, key)) continue;
      session_.Execute("USE " + QuoteIdentifier(key.database));
      session_.Execute(fmt::format("ALTER TABLE {} ADD {}", QuoteQualified(key.database, key.table),
                                   key.definition));
    }
    session_.Execute("SET foreign_key_checks = " + checks);
  };
  return step;
}

std::vector<Step> Window::Aftermath() {
  std::vector<Step> steps{OutsideKeys()};
  if (traits_.constraint_names_block_rename) steps.push_back(LiveConstraints());
  return steps;
}

Step Window::OutsideKeys() {
  Step step{
      "outside-keys", "free other tables from foreign keys of the displaced copy", {}, {}, {}};
  const auto displaced = [this](const KeyDefinition& key) {
    for (const SetMember& member : set_.members) {
      if (member.live == key.database) return member.displaced;
    }
    return key.database;
  };
  step.done = [this, displaced] {
    return std::none_of(
        set_.outside_keys.begin(), set_.outside_keys.end(),
        [this, displaced](const KeyDefinition& key) { return HasKey(displaced(key), key); });
  };
  step.run = [this, displaced] {
    for (const KeyDefinition& key : set_.outside_keys) {
      if (!HasKey(displaced(key), key)) continue;
      session_.Execute(fmt::format("ALTER TABLE {} DROP FOREIGN KEY {}",
                                   QuoteQualified(displaced(key), key.table),
                                   QuoteIdentifier(key.name)));
    }
  };
  return step;
}

// A column default with nextval() or lastval() names its sequence with the database it had when the
// table was created, and does not follow a RENAME.
Step Window::SequenceDefaults() {
  Step step{"sequence-defaults", "let column defaults name the live sequences", {}, {}, {}};
  const bool any = traits_.has_sequences && std::any_of(set_.wanted.begin(), set_.wanted.end(),
                                                        [](const Database& database) {
                                                          return !database.sequences.empty();
                                                        });
  const auto ran = Flag(any);
  step.done = [ran] { return *ran; };
  step.run = [this, ran] {
    for (std::size_t i = 0; i < set_.members.size(); ++i) {
      const std::string& live = set_.members[i].live;
      const ResultSet columns = session_.Query(
          fmt::format("SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, COLUMN_DEFAULT FROM "
                      "information_schema.COLUMNS WHERE TABLE_SCHEMA = {} AND "
                      "(COLUMN_DEFAULT LIKE '%nextval(%' OR COLUMN_DEFAULT LIKE '%lastval(%')",
                      QuoteString(live)));
      for (std::size_t row = 0; row < columns.rows.size(); ++row) {
        if (columns.Text(row, 0) != live || !Contains(set_.incoming[i], columns.Text(row, 1))) {
          continue;
        }
        const std::string before = columns.Text(row, 3);
        std::string expression = before;
        for (const SetMember& member : set_.members) {
          expression = ReplaceAll(expression, QuoteIdentifier(member.source) + ".",
                                  QuoteIdentifier(member.live) + ".");
        }
        if (expression == before) continue;
        const bool plain =
            expression.starts_with("nextval(") && expression.find(')') == expression.size() - 1;
        session_.Execute(fmt::format("ALTER TABLE {} ALTER COLUMN {} SET DEFAULT {}",
                                     QuoteQualified(live, columns.Text(row, 1)),
                                     QuoteIdentifier(columns.Text(row, 2)),
                                     plain ? expression : "(" + expression + ")"));
      }
    }
    *ran = true;
  };
  return step;
}

// Those that no RENAME moves.
Step Window::Sequences(const std::vector<Database>& live) {
  Step step{"sequences", "create the sequences", {}, {}, {}};
  std::vector<ObjectId> extra;
  std::vector<const Sequence*> changed;
  for (std::size_t i = 0; i < set_.members.size(); ++i) {
    for (const Sequence& sequence : live[i].sequences) {
      if (!sequence.is_table && Find(set_.wanted[i].sequences, sequence.id) == nullptr) {
        extra.push_back({set_.members[i].live, ObjectKind::kSequence, sequence.id.name});
      }
    }
    for (const Sequence& sequence : set_.wanted[i].sequences) {
      if (sequence.is_table) continue;
      const Sequence* there = Find(live[i].sequences, sequence.id);
      if (there == nullptr || there->create != sequence.create) changed.push_back(&sequence);
    }
  }
  const auto ran = Flag(!extra.empty() || !changed.empty());
  step.done = [ran] { return *ran; };
  step.run = [this, ran, extra, changed] {
    for (const ObjectId& id : extra) DropObject(session_, id);
    for (const Sequence* sequence : changed) {
      DropObject(session_, sequence->id);
      session_.Execute("USE " + QuoteIdentifier(sequence->id.database));
      session_.Execute(sequence->create);
    }
    *ran = true;
  };
  return step;
}

void Window::Grant(const std::vector<std::string>& grants) {
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

std::vector<std::string> Window::GrantsOf(const StoredProgram& routine, std::size_t member) const {
  std::vector<std::string> grants = routine.grants;
  // Who could call what was live shall go on to, also where replacing it took the grant away.
  if (const StoredProgram* before = Find(set_.before[member].routines, routine.id)) {
    for (const std::string& grant : before->grants) {
      if (!Contains(grants, grant)) grants.push_back(grant);
    }
  }
  return grants;
}

void Window::DropExtraRoutines(const Database& live, std::size_t member,
                               const std::function<bool(const ObjectId&)>& choose) {
  // A package takes its body along.
  for (const bool bodies : {true, false}) {
    for (const StoredProgram& routine : live.routines) {
      if ((routine.id.kind == ObjectKind::kPackageBody) != bodies) continue;
      if (Find(set_.wanted[member].routines, routine.id) != nullptr || !choose(routine.id))
        continue;
      DropObject(session_, {set_.members[member].live, routine.id.kind, routine.id.name});
    }
  }
}

void Window::PutRoutines(const Database& live, std::size_t member) {
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
      const StoredProgram* there = Find(live.routines, routine.id);
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

Step Window::Routines(const std::vector<Database>& live) {
  Step step{"routines", "create the routines", {}, {}, {}};
  bool needed = false;
  for (std::size_t i = 0; i < set_.members.size(); ++i) {
    for (const StoredProgram& routine : set_.wanted[i].routines) {
      const StoredProgram* there = Find(live[i].routines, routine.id);
      needed |= there == nullptr || !SameDefinition(*there, routine);
      for (const std::string& grant : GrantsOf(routine, i)) {
        needed |= there == nullptr || !Contains(there->grants, grant);
      }
    }
  }
  const auto ran = Flag(needed);
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
Step Window::RoutinesAgain() {
  Step step{"routines-again", "create routines anew that need a view", {}, {}, {}};
  const bool any = std::any_of(set_.wanted.begin(), set_.wanted.end(), [](const Database& wanted) {
    return !wanted.routines.empty() && !wanted.views.empty();
  });
  const auto ran = Flag(traits_.routines_need_their_views && any);
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

Step Window::ExtraRoutines(const std::vector<Database>& live) {
  Step step{"extra-routines", "drop routines that are not wanted", {}, {}, {}};
  bool needed = false;
  for (std::size_t i = 0; i < set_.members.size(); ++i) {
    for (const StoredProgram& routine : live[i].routines) {
      needed |= Find(set_.wanted[i].routines, routine.id) == nullptr;
    }
  }
  const auto ran = Flag(needed);
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

void Window::CreateViews(const std::vector<const View*>& views,
                         const std::vector<Database>& state) {
  if (views.empty()) return;
  std::vector<const View*> known;
  for (const Database& database : state) {
    for (const View& view : database.views) known.push_back(&view);
  }
  ViewBuilder(session_, creator_, journal_, LiveGround(set_)).Create(views, known);
}

Step Window::Views(const std::vector<Database>& live) {
  Step step{"views", "create the views", {}, {}, {}};
  std::vector<ObjectId> extra;
  std::vector<const View*> changed;
  for (std::size_t i = 0; i < set_.members.size(); ++i) {
    for (const View& view : live[i].views) {
      if (Find(set_.wanted[i].views, view.id) == nullptr) extra.push_back(view.id);
    }
    for (const View& view : set_.wanted[i].views) {
      const View* there = Find(live[i].views, view.id);
      if (there == nullptr || !SameDefinition(*there, view)) changed.push_back(&view);
    }
  }
  const auto ran = Flag(!extra.empty() || !changed.empty());
  step.done = [ran] { return *ran; };
  step.run = [this, ran, extra, changed] {
    for (const ObjectId& id : extra) {
      DropObject(session_, id);
    }
    CreateViews(changed, set_.wanted);
    *ran = true;
  };
  return step;
}

void Window::PutEvents(const Database& live, const Database& wanted, const std::string& database) {
  for (const StoredProgram& event : live.events) {
    if (Find(wanted.events, event.id) != nullptr) continue;
    DropObject(session_, {database, ObjectKind::kEvent, event.id.name});
  }
  for (const StoredProgram& event : wanted.events) {
    const StoredProgram* there = Find(live.events, event.id);
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
    } catch (const ServerError& error) {
      if (error.number() == kEventInThePast || error.number() == kEventDroppedAtOnce) {
        observer_.Notice(fmt::format("{} is over and was not created", event.id.Describe()));
        continue;
      }
      throw;
    }
  }
}

Step Window::Events(const std::vector<Database>& live) {
  Step step{"events", "create and enable the events", {}, {}, {}};
  step.done = [this, live] {
    for (std::size_t i = 0; i < set_.members.size(); ++i) {
      const auto states = ReadEventStates(session_, set_.members[i].live);
      for (const auto& [name, state] : states) {
        const ObjectId id{set_.members[i].live, ObjectKind::kEvent, name};
        if (Find(set_.wanted[i].events, id) == nullptr) return false;
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
        const StoredProgram* there = Find(live[i].events, event.id);
        if (there == nullptr || !SameButState(*there, event) || there->status != event.status) {
          return false;
        }
      }
    }
    return true;
  };
  const auto ran = Flag(!unchanged());
  step.done = [ran, there = step.done] { return *ran && there(); };
  step.run = [this, ran, live] {
    for (std::size_t i = 0; i < set_.members.size(); ++i) {
      PutEvents(live[i], set_.wanted[i], set_.members[i].live);
    }
    *ran = true;
  };
  return step;
}

// --- Sweeping ----------------------------------------------------------------------------------

void Window::DropIfEmpty(const std::string& database) {
  const LiveNames names = ReadLiveNames(session_, database);
  if (names.exists && names.HoldsNothing()) {
    session_.Execute("DROP DATABASE " + QuoteIdentifier(database));
  }
}

void Window::Sweep() {
  try {
    DropStubsLeft(session_, journal_);
    for (std::size_t i = 0; i < set_.members.size(); ++i) {
      if (set_.wanted[i].create.empty()) DropIfEmpty(set_.members[i].live);
    }
    // The first source holds the copy of the journal: it goes last.
    for (auto member = set_.members.rbegin(); member != set_.members.rend(); ++member) {
      std::set<std::string> tables = ReadTableNames(session_, member->source);
      tables.erase(kJournalCopyTable);
      tables.erase(kLoadTable);
      if (!tables.empty()) {
        observer_.Warning(
            fmt::format("database {} holds tables that are not of this set and was "
                        "left: {}",
                        QuoteIdentifier(member->source), *tables.begin()));
        continue;
      }
      session_.Execute("DROP DATABASE IF EXISTS " + QuoteIdentifier(member->source));
    }
  } catch (const ServerError& error) {
    if (error.code() == ErrorCode::kConnectionLost) throw;
    observer_.Warning(
        fmt::format("what is left of staging could not be dropped: {}", error.message()));
  }
}

}  // namespace dbomsbak
