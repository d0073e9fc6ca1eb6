#include "engine/definition_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include "dbomsbak/base/ascii.h"
#include "dbomsbak/catalog/catalog.h"
#include "dbomsbak/sql/create_table.h"
#include "dbomsbak/sql/named_constraints.h"
#include "dbomsbak/sql/quote.h"
#include "engine/definition_differences.h"
#include "engine/event_text.h"
#include "engine/unified_diff.h"
#include "sql/definition_match.h"
#include "sql/portable_table.h"
#include "sql/table_outline.h"
#include "sql/tokenizer.h"

namespace dbomsbak {
namespace {

using namespace std::string_view_literals;

constexpr char kMaybeOver[] =
    "it is disabled live: it may have run for the last time, or someone has disabled it";

// `live` with the archive's names for those constraints that no one named. The names are the
// server's, and change when a table is made again.
std::string WithNamesOf(const std::string& archived, const std::string& live,
                        const std::string& table) {
  std::vector<std::pair<std::string, std::string>> named;  // definition, name
  for (const NamedConstraint& each : FindNamedConstraints(archived)) {
    if (!IsAutomaticConstraintName(each.name, table)) continue;
    named.emplace_back(archived.substr(each.definition_offset, each.definition_length), each.name);
  }
  const std::vector<NamedConstraint> there = FindNamedConstraints(live);
  std::vector<std::pair<const NamedConstraint*, std::string>> renames;
  for (const NamedConstraint& each : there) {
    if (!IsAutomaticConstraintName(each.name, table)) continue;
    const auto same = std::find_if(named.begin(), named.end(), [&](const auto& candidate) {
      return candidate.first == live.substr(each.definition_offset, each.definition_length);
    });
    if (same == named.end()) continue;
    renames.emplace_back(&each, same->second);
    named.erase(same);
  }
  std::string text = live;
  for (auto each = renames.rbegin(); each != renames.rend(); ++each) {
    text.replace(each->first->name_offset, each->first->name_length, QuoteIdentifier(each->second));
  }
  return text;
}

// Lines without their commas, those of constraints in one order: that of constraints without a
// name is the order they were made in.
std::vector<std::string> LinesInOrder(const std::string& create) {
  std::vector<std::string> lines, constraints;
  std::string_view rest = create;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string line(rest.substr(0, end));
    if (line.ends_with(',')) line.pop_back();
    (line.starts_with("  CONSTRAINT ") ? constraints : lines).push_back(std::move(line));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  std::sort(constraints.begin(), constraints.end());
  lines.insert(lines.end(), constraints.begin(), constraints.end());
  return lines;
}

bool StandsBefore(const std::vector<SqlToken>& tokens, std::size_t i, char sign) {
  return i + 1 < tokens.size() && tokens[i + 1].IsSign(sign);
}

// A server prints a view in one line. In several, a change can be seen.
std::string ViewInLines(const std::string& create) {
  static constexpr std::array kClauses{"select"sv, "from"sv,  "where"sv, "group"sv, "having"sv,
                                       "order"sv,  "limit"sv, "union"sv, "with"sv,  "window"sv};
  static constexpr std::array kJoins{"left"sv, "right"sv,   "inner"sv,        "cross"sv,
                                     "join"sv, "natural"sv, "straight_join"sv};
  const std::vector<SqlToken> tokens = TokensOf(create);
  std::string text;
  std::size_t copied = 0;
  int depth = 0;
  bool after_join_word = false;
  const auto break_at = [&](std::size_t offset) {
    std::size_t end = offset;
    while (end > copied && create[end - 1] == ' ') --end;
    if (end == 0) return;
    text.append(create, copied, end - copied);
    text += "\n  ";
    copied = offset;
  };
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const SqlToken& token = tokens[i];
    if (token.IsSign('(')) ++depth;
    if (token.IsSign(')')) --depth;
    const bool in_list = i > 0 && tokens[i - 1].IsSign(',') && depth == 0;
    const auto is = [&](std::string_view word) { return token.IsWord(word); };
    const bool clause = std::any_of(kClauses.begin(), kClauses.end(), is);
    const bool join =
        std::any_of(kJoins.begin(), kJoins.end(), is) && !StandsBefore(tokens, i, '(');
    if (in_list || clause || (join && !after_join_word)) break_at(token.offset);
    after_join_word = join || token.IsWord("outer");
  }
  text.append(create, copied, std::string::npos);
  return text;
}

std::string ReadableText(const DefinitionSide& side) {
  switch (side.record.id.kind) {
    case ObjectKind::kTable:
      return WithoutAutoIncrement(side.create);
    case ObjectKind::kView:
      return ViewInLines(side.create);
    default:
      return side.create;
  }
}

// A comma more or less, for another line comes behind, is no change to show.
std::string WithoutCommas(const std::string& create) {
  std::string text;
  std::string_view rest = create;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    if (line.ends_with(',')) line.remove_suffix(1);
    text += line;
    text += '\n';
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return text;
}

struct Setting {
  std::string_view name;
  std::string archived, live;
};

std::vector<Setting> SettingsOf(const DefinitionSide& archived, const DefinitionSide& live) {
  const ObjectRecord& a = archived.record;
  const ObjectRecord& b = live.record;
  const auto lines = [](const std::vector<std::string>& list) {
    std::string text;
    for (const std::string& each : list) text += (text.empty() ? "" : "; ") + each;
    return text;
  };
  return {{"CHARACTER SET", a.charset, b.charset},
          {"COLLATE", a.collation, b.collation},
          {"COMMENT", a.comment.value_or(b.comment.value_or("")), b.comment.value_or("")},
          {"sql_mode", a.sql_mode, b.sql_mode},
          {"character_set_client", a.character_set_client, b.character_set_client},
          {"collation_connection", a.collation_connection, b.collation_connection},
          {"collation of its database", a.database_collation, b.database_collation},
          {"time_zone", a.time_zone, b.time_zone},
          {"order", archived.firing_order, live.firing_order},
          {"grants", lines(a.grants), lines(b.grants)}};
}

// Definitions with those settings before them that are not the same.
std::string DiffOf(const std::string& archived, const std::string& live,
                   const std::vector<Setting>& settings) {
  std::string a, b;
  for (const Setting& setting : settings) {
    if (setting.archived == setting.live) continue;
    a += fmt::format("# {}: {}\n", setting.name, setting.archived);
    b += fmt::format("# {}: {}\n", setting.name, setting.live);
  }
  return UnifiedDiff(a + archived, b + live);
}

StoredProgram ProgramOf(const DefinitionSide& side) {
  StoredProgram program;
  const ObjectRecord& record = side.record;
  program.id = record.id;
  program.create = side.create;
  program.sql_mode = record.sql_mode;
  program.character_set_client = record.character_set_client;
  program.collation_connection = record.collation_connection;
  program.database_collation = record.database_collation;
  program.time_zone = record.time_zone;
  return program;
}

Database DatabaseWith(const DefinitionSide& side) {
  Database database;
  switch (side.record.id.kind) {
    case ObjectKind::kView: {
      View view;
      view.id = side.record.id;
      view.create = side.create;
      view.character_set_client = side.record.character_set_client;
      view.collation_connection = side.record.collation_connection;
      database.views.push_back(std::move(view));
      break;
    }
    case ObjectKind::kTrigger:
      database.triggers.push_back(ProgramOf(side));
      break;
    case ObjectKind::kEvent:
      database.events.push_back(ProgramOf(side));
      break;
    default:
      database.routines.push_back(ProgramOf(side));
  }
  return database;
}

// Names that the index may have which InnoDB makes for a foreign key by itself: the constraint's,
// or that of its first column.
std::set<std::string> ForeignKeyIndexes(const TableOutline& outline) {
  std::set<std::string> names;
  for (const TableItem& item : outline.items) {
    if (item.kind != TableItem::Kind::kForeignKey) continue;
    names.insert(LowerAscii(item.name));
    const auto column = std::find_if(
        item.tokens.begin() + static_cast<std::ptrdiff_t>(item.body), item.tokens.end(),
        [](const SqlToken& token) { return token.kind == SqlToken::Kind::kQuotedName; });
    if (column != item.tokens.end()) names.insert(LowerAscii(NameOf(*column)));
  }
  return names;
}

// Columns, keys and foreign keys that only the live table has: the archive's text, all of whose
// words may be there, says nothing of them.
bool HasMore(const std::string& archived, const std::string& live) {
  using Kind = TableItem::Kind;
  const auto items_of = [](const TableOutline& outline) {
    std::multiset<std::pair<Kind, std::string>> items;
    const std::set<std::string> of_foreign_keys = ForeignKeyIndexes(outline);
    for (const TableItem& item : outline.items) {
      const std::string name = LowerAscii(item.name);
      if (item.kind == Kind::kKey && of_foreign_keys.contains(name)) continue;
      if (item.kind == Kind::kColumn || item.kind == Kind::kKey) {
        items.emplace(item.kind, name);
      } else if (item.kind == Kind::kForeignKey) {
        items.emplace(item.kind, "");
      }
    }
    return items;
  };
  const auto a = items_of(OutlineOf(archived));
  const auto b = items_of(OutlineOf(live));
  return !std::includes(a.begin(), a.end(), b.begin(), b.end());
}

// utf8 and utf8mb3 are one charset under two names.
std::string WithOneName(std::string charset) {
  if (charset == "utf8" || charset.starts_with("utf8_")) charset.replace(0, 4, "utf8mb3");
  return charset;
}

// Where the one server tells where a table is stored, and the other does not.
void DropPlacement(std::string& archived, std::string& live) {
  std::string a = WithoutPlacementOptions(archived);
  std::string b = WithoutPlacementOptions(live);
  if (a != archived && b != live) return;
  archived = std::move(a);
  live = std::move(b);
}

struct TableTexts {
  std::string archived, live;
};

TableTexts ComparableTables(const DefinitionSide& archived, const DefinitionSide& live) {
  TableTexts texts{WithoutAutoIncrement(archived.create), WithoutAutoIncrement(live.create)};
  DropPlacement(texts.archived, texts.live);
  texts.live = WithNamesOf(texts.archived, texts.live, archived.record.id.name);
  return texts;
}

bool SaysTheSame(const DefinitionSide& archived, const DefinitionSide& live) {
  switch (archived.record.id.kind) {
    case ObjectKind::kDatabase:
      return WithOneName(archived.record.charset) == WithOneName(live.record.charset) &&
             (archived.record.collation.empty() ||
              WithOneName(archived.record.collation) == WithOneName(live.record.collation));
    case ObjectKind::kTable: {
      const TableTexts texts = ComparableTables(archived, live);
      return FirstWordMissing(texts.archived, texts.live).empty() &&
             !HasMore(texts.archived, texts.live);
    }
    case ObjectKind::kSequence:
      return FirstWordMissing(archived.create, live.create).empty();
    default:
      return CompareSaidDefinitions(DatabaseWith(archived), DatabaseWith(live)).differences.empty();
  }
}

std::string TextOf(const DefinitionSide& side) {
  switch (side.record.id.kind) {
    case ObjectKind::kEvent:
      return WithoutEventState(side.create);
    case ObjectKind::kTable:
      return WithoutAutoIncrement(side.create);
    default:
      return side.create;
  }
}

// To the letter, but for white space, comments and the case of words.
bool SameTokens(const std::string& archived, const std::string& live) {
  const std::vector<SqlToken> a = TokensOf(archived);
  const std::vector<SqlToken> b = TokensOf(live);
  return std::equal(
      a.begin(), a.end(), b.begin(), b.end(), [](const SqlToken& one, const SqlToken& other) {
        if (one.kind != other.kind) return false;
        return one.text == other.text ||
               (one.kind == SqlToken::Kind::kWord && EqualIgnoringCase(one.text, other.text));
      });
}

// What a table or event counts or is switched to by itself.
void TellCounters(const DefinitionSide& archived, const DefinitionSide& live,
                  DefinitionDiff& found) {
  if (archived.record.id.kind == ObjectKind::kTable) {
    const auto a = archived.record.auto_increment, b = live.record.auto_increment;
    if (a != b) {
      const auto text = [](const std::optional<std::uint64_t>& value) {
        return value ? fmt::format("{}", *value) : std::string("1");
      };
      found.notes.push_back(
          fmt::format("its AUTO_INCREMENT is {} now and was {}", text(b), text(a)));
    }
  }
  if (archived.record.id.kind == ObjectKind::kSequence && !archived.restart.empty() &&
      !live.restart.empty() && archived.restart != live.restart) {
    found.notes.push_back(
        fmt::format("it stands at {} now and stood at {}", live.restart, archived.restart));
  }
}

// A sequence that stands in a list of its own begins at its value.
std::string WithoutStart(const std::string& create) {
  const std::vector<SqlToken> tokens = TokensOf(create);
  for (std::size_t i = 0; i + 3 < tokens.size(); ++i) {
    if (!tokens[i].IsWord("start") || !tokens[i + 1].IsWord("with")) continue;
    const std::size_t number = tokens[i + 2].IsSign('-') ? i + 3 : i + 2;
    return create.substr(0, tokens[i].offset) + create.substr(tokens[number].end());
  }
  return create;
}

// Another state of an event, and no other difference: may the server have switched it off?
bool IsSwitchedOff(const DefinitionSide& archived, const DefinitionSide& live, EventEnd end,
                   DefinitionDiff& found) {
  if (end == EventEnd::kToCome || archived.record.status != "ENABLED" ||
      live.record.status != "DISABLED") {
    return false;
  }
  if (end == EventEnd::kPast) {
    found.notes.emplace_back("the server has disabled it, for its time is over");
  } else {
    found.doubt = kMaybeOver;
  }
  return true;
}

// Both print alike, and not the same: is it no more than what changes by itself?
bool DiffersByItself(const DefinitionSide& archived, const DefinitionSide& live, EventEnd end,
                     DefinitionDiff& found) {
  const ObjectRecord& record = archived.record;
  if (record.id.kind == ObjectKind::kEvent) {
    return WithoutEventState(archived.create) == WithoutEventState(live.create) &&
           IsSwitchedOff(archived, live, end, found);
  }
  if (record.id.kind == ObjectKind::kSequence &&
      WithoutStart(archived.create) == WithoutStart(live.create)) {
    found.notes.emplace_back("it stands at another value now");
    return true;
  }
  if (record.id.kind != ObjectKind::kTable) return false;
  const auto normal = [](const std::string& create) {
    return WithInheritedCollations(WithoutAutoIncrement(create));
  };
  const std::string a = normal(archived.create);
  const std::string b = normal(live.create);
  if (a == b) {
    found.notes.emplace_back(
        "its columns' collations are given now and were inherited, or the "
        "other way round");
    return true;
  }
  if (LinesInOrder(a) == LinesInOrder(WithNamesOf(a, b, record.id.name))) {
    found.notes.emplace_back("the server gave other names to constraints that have none");
    return true;
  }
  return false;
}

// All that the archive says is there. False where more is said live, or something in a way that
// must mean something else; what is not to be known becomes a doubt.
bool SaysNoMore(const DefinitionSide& archived, const DefinitionSide& live, Printed printed,
                EventEnd end, DefinitionDiff& found) {
  const ObjectKind kind = archived.record.id.kind;
  if (kind == ObjectKind::kDatabase) return true;
  if (kind == ObjectKind::kEvent && archived.record.status != live.record.status &&
      !IsSwitchedOff(archived, live, end, found)) {
    return false;
  }
  if (SameTokens(TextOf(archived), TextOf(live))) return true;
  const bool copied = printed == Printed::kCopied;
  if (kind != ObjectKind::kTable) {
    if (kind == ObjectKind::kSequence && FirstWordOtherwise(archived.create, live.create).empty()) {
      return true;
    }
    if (copied) return false;
    found.doubt =
        "its definition has more words live, or other signs, as that of a server of "
        "another kind may";
    return true;
  }
  if (copied && DiffersByItself(archived, live, end, found)) return true;
  const TableTexts texts = ComparableTables(archived, live);
  const std::string word = FirstWordOtherwise(texts.archived, texts.live);
  if (!copied) {
    if (!word.empty()) {
      found.doubt =
          fmt::format("its definition says more live, as that of a server of another kind may ({})",
                      word.starts_with('`') || word.starts_with('\'') ? word + word.front() : word);
    }
    return true;
  }
  if (word.empty()) {
    found.doubt = "the dump has its definition in other words than the server";
    return true;
  }
  if (!OutlineOf(texts.archived).options.empty()) return false;
  found.doubt = "the dump leaves out the table's options";
  return true;
}

}  // namespace

DefinitionDiff CompareDefinitionTexts(const DefinitionSide& archived, const DefinitionSide& live,
                                      Printed printed, EventEnd end) {
  DefinitionDiff found;
  std::vector<Setting> settings = SettingsOf(archived, live);
  const auto forget = [&](auto which) { std::erase_if(settings, which); };
  forget([](const Setting& setting) { return setting.archived == setting.live; });
  // An archive does not say whether its writer was allowed to see who may execute a routine.
  forget(
      [](const Setting& setting) { return setting.name == "grants" && setting.archived.empty(); });
  TellCounters(archived, live, found);
  bool same = false;
  if (printed == Printed::kAlike) {
    const bool same_text = ReadableText(archived) == ReadableText(live);
    same = settings.empty() && (same_text || DiffersByItself(archived, live, end, found));
  } else {
    // Grants and order are names alone.
    const bool same_names = std::none_of(settings.begin(), settings.end(), [](const Setting& each) {
      return each.name == "order" || each.name == "grants";
    });
    same = same_names && SaysTheSame(archived, live);
    if (same) same = SaysNoMore(archived, live, printed, end, found);
    // What the archive does not tell is not shown as a difference.
    forget([](const Setting& setting) {
      return setting.archived.empty() && setting.name != "sql_mode";
    });
  }
  found.differs = !same;
  if (found.differs) found.doubt.clear();
  if (!found.differs && found.doubt.empty()) return found;
  std::string there = ReadableText(live);
  std::string was = ReadableText(archived);
  if (archived.record.id.kind == ObjectKind::kTable) {
    there = WithoutCommas(WithNamesOf(was, there, archived.record.id.name));
    was = WithoutCommas(was);
  }
  found.diff = DiffOf(was, there, settings);
  return found;
}

}  // namespace dbomsbak
