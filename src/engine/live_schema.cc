#include "engine/live_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "dbomsbak/base/error.h"
#include "dbomsbak/sql/quote.h"
#include "engine/definition_differences.h"
#include "engine/foreign_key_checks.h"
#include "engine/live_names.h"
#include "engine/stubs.h"
#include "engine/view_builder.h"

namespace dbomsbak {
namespace {

std::string ReplaceAll(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

}  // namespace

std::string CharsetClause(const Database& like) {
  std::string clause =
      fmt::format("CHARACTER SET {} COLLATE {}", like.charset, QuoteCollation(like.collation));
  if (!like.comment.empty()) clause += fmt::format(" COMMENT {}", QuoteString(like.comment));
  return clause;
}

LiveSchema::LiveSchema(WindowContext& context, TableSwap& tables)
    : session_(context.session),
      traits_(context.traits),
      set_(context.set),
      journal_(context.journal),
      creator_(context.creator),
      tables_(tables) {}

bool LiveSchema::HasCharset(std::size_t member, const Database& like) {
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

bool LiveSchema::HasCharsets(const std::vector<Database>& like) {
  for (std::size_t i = 0; i < set_.members.size(); ++i) {
    if (!HasCharset(i, like[i])) return false;
  }
  return true;
}

void LiveSchema::SetCharset(const std::string& database, const Database& like) {
  const std::string comment = like.comment.empty() && traits_.flavour == ServerFlavour::kMariaDb &&
                                      traits_.version_number >= 100500
                                  ? " COMMENT ''"
                                  : "";
  session_.Execute(fmt::format("ALTER DATABASE {} {}{}", QuoteIdentifier(database),
                               CharsetClause(like), comment));
}

void LiveSchema::SetCharsets(const std::vector<Database>& like) {
  tables_.Unlock();  // ALTER DATABASE is refused under it
  for (std::size_t i = 0; i < set_.members.size(); ++i) {
    // New MySQL waits for every open transaction in the database, also where nothing changes.
    if (!HasCharset(i, like[i])) SetCharset(set_.members[i].live, like[i]);
  }
}

void LiveSchema::TakeBackCharsets() {
  if (!HasCharsets(set_.before)) SetCharsets(set_.before);
}

Step LiveSchema::DatabaseCharsets() {
  Step step{"charsets", "set the databases' charset and collation", {}, {}, {}};
  step.done = [this] { return HasCharsets(set_.wanted); };
  step.run = [this] { SetCharsets(set_.wanted); };
  step.undo = [this] { TakeBackCharsets(); };
  return step;
}

Step LiveSchema::DropViewsInTheWay() {
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

void LiveSchema::CreateViews(const std::vector<const View*>& views,
                             const std::vector<Database>& state) {
  if (views.empty()) return;
  std::vector<const View*> known;
  for (const Database& database : state) {
    for (const View& view : database.views) known.push_back(&view);
  }
  ViewBuilder(session_, creator_, journal_, LiveGround(set_)).Create(views, known);
}

Step LiveSchema::Views(const std::vector<Database>& live) {
  Step step{"views", "create the views", {}, {}, {}};
  std::vector<ObjectId> extra;
  std::vector<const View*> changed;
  for (std::size_t i = 0; i < set_.members.size(); ++i) {
    for (const View& view : live[i].views) {
      if (FindObject(set_.wanted[i].views, view.id) == nullptr) extra.push_back(view.id);
    }
    for (const View& view : set_.wanted[i].views) {
      const View* there = FindObject(live[i].views, view.id);
      if (there == nullptr || !SameDefinition(*there, view)) changed.push_back(&view);
    }
  }
  const auto ran = RanUnless(!extra.empty() || !changed.empty());
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

// A column default with nextval() or lastval() names its sequence with the database it had when the
// table was created, and does not follow a RENAME.
Step LiveSchema::SequenceDefaults() {
  Step step{"sequence-defaults", "let column defaults name the live sequences", {}, {}, {}};
  const bool any = traits_.has_sequences && std::any_of(set_.wanted.begin(), set_.wanted.end(),
                                                        [](const Database& database) {
                                                          return !database.sequences.empty();
                                                        });
  const auto ran = RanUnless(any);
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
Step LiveSchema::Sequences(const std::vector<Database>& live) {
  Step step{"sequences", "create the sequences", {}, {}, {}};
  std::vector<ObjectId> extra;
  std::vector<const Sequence*> changed;
  for (std::size_t i = 0; i < set_.members.size(); ++i) {
    for (const Sequence& sequence : live[i].sequences) {
      if (!sequence.is_table && FindObject(set_.wanted[i].sequences, sequence.id) == nullptr) {
        extra.push_back({set_.members[i].live, ObjectKind::kSequence, sequence.id.name});
      }
    }
    for (const Sequence& sequence : set_.wanted[i].sequences) {
      if (sequence.is_table) continue;
      const Sequence* there = FindObject(live[i].sequences, sequence.id);
      if (there == nullptr || there->create != sequence.create) changed.push_back(&sequence);
    }
  }
  const auto ran = RanUnless(!extra.empty() || !changed.empty());
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

bool LiveSchema::HasKey(const std::string& database, const KeyDefinition& key) {
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

// Without a look at the rows: they were right when they were put aside. An index that the server
// had made for the key by itself may come out in another place of the list of indexes.
Step LiveSchema::ReturningKeys() {
  Step step{"returning-keys", "add foreign keys that the displaced copy had lost", {}, {}, {}};
  step.done = [this] {
    return std::all_of(set_.returning_keys.begin(), set_.returning_keys.end(),
                       [this](const KeyDefinition& key) { return HasKey(key.database, key); });
  };
  step.run = [this] {
    WithoutForeignKeyChecks(session_, [this] {
      for (const KeyDefinition& key : set_.returning_keys) {
        if (HasKey(key.database, key)) continue;
        session_.Execute("USE " + QuoteIdentifier(key.database));
        const std::string table = QuoteQualified(key.database, key.table);
        try {
          session_.Execute(fmt::format("ALTER TABLE {} ADD {}", table, key.definition));
        } catch (Error& error) {
          error.While(fmt::format("adding foreign key {} to {}", QuoteIdentifier(key.name), table));
          throw;
        }
      }
    });
  };
  return step;
}

Step LiveSchema::OutsideKeys() {
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

}  // namespace dbomsbak
