#include "engine/definition_differences.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "dbomsbak/sql/quote.h"
#include "engine/event_text.h"
#include "sql/definition_match.h"

namespace dbomsbak {
namespace {

bool SameSettings(const StoredProgram& a, const StoredProgram& b) {
  return std::tie(a.sql_mode, a.character_set_client, a.collation_connection, a.database_collation,
                  a.time_zone) == std::tie(b.sql_mode, b.character_set_client,
                                           b.collation_connection, b.database_collation,
                                           b.time_zone);
}

template <typename T>
const T* Find(const std::vector<T>& objects, const ObjectId& id) {
  const auto found = std::find_if(objects.begin(), objects.end(),
                                  [&](const T& object) { return object.id == id; });
  return found == objects.end() ? nullptr : &*found;
}

template <typename T>
std::string Difference(const T& wanted, const T& live) {
  if (wanted.create == live.create) {
    return fmt::format("{} has another sql_mode, charset, collation or time zone",
                       live.id.Describe());
  }
  return fmt::format("the definition of {} is\n{}\nand shall be\n{}", live.id.Describe(),
                     live.create, wanted.create);
}

bool IsAsWanted(const StoredProgram& wanted, const StoredProgram& live) {
  const bool event = wanted.id.kind == ObjectKind::kEvent;
  return event && MayBeOver(wanted.create) ? SameButState(wanted, live)
                                           : SameDefinition(wanted, live);
}

// Modes in any order, with blanks or without.
std::set<std::string> Modes(const std::string& sql_mode) {
  std::set<std::string> modes;
  std::string mode;
  for (const char c : sql_mode + ",") {
    if (c != ',') {
      if (c != ' ') mode += c;
    } else if (!mode.empty()) {
      modes.insert(std::exchange(mode, std::string()));
    }
  }
  return modes;
}

// utf8 and utf8mb3 are one charset under two names.
bool SameCharsetName(std::string a, std::string b) {
  for (std::string* name : {&a, &b}) {
    if (*name == "utf8" || name->starts_with("utf8_")) name->replace(0, 4, "utf8mb3");
  }
  return a == b;
}

bool SaysTheSame(const View& wanted, const View& live) {
  return FirstWordMissing(wanted.create, live.create).empty() &&
         SameCharsetName(wanted.character_set_client, live.character_set_client) &&
         SameCharsetName(wanted.collation_connection, live.collation_connection);
}

bool SaysTheSame(const StoredProgram& wanted, const StoredProgram& live) {
  const bool event = wanted.id.kind == ObjectKind::kEvent && MayBeOver(wanted.create);
  const std::string text = event ? WithoutEventState(wanted.create) : wanted.create;
  return FirstWordMissing(text, live.create).empty() &&
         Modes(wanted.sql_mode) == Modes(live.sql_mode) &&
         SameCharsetName(wanted.character_set_client, live.character_set_client) &&
         SameCharsetName(wanted.collation_connection, live.collation_connection) &&
         SameCharsetName(wanted.database_collation, live.database_collation) &&
         (wanted.time_zone.empty() || wanted.time_zone == live.time_zone);
}

// Of objects that are in both.
template <typename T, typename Same>
void Compare(const std::vector<T>& wanted, const std::vector<T>& live, const Same& same,
             DefinitionDifferences& found) {
  for (const T& object : wanted) {
    const T* there = Find(live, object.id);
    if (there == nullptr || same(object, *there)) continue;
    found.differences.push_back(Difference(object, *there));
    found.objects.push_back(object.id);
  }
}

template <typename Same>
void ComparePrograms(const Database& wanted, const Database& live, const Same& same,
                     DefinitionDifferences& found) {
  Compare(wanted.routines, live.routines, same, found);
  Compare(wanted.triggers, live.triggers, same, found);
  Compare(wanted.events, live.events, same, found);
}

}  // namespace

bool SameDefinition(const View& a, const View& b) {
  return std::tie(a.create, a.character_set_client, a.collation_connection) ==
         std::tie(b.create, b.character_set_client, b.collation_connection);
}

bool SameDefinition(const StoredProgram& a, const StoredProgram& b) {
  return a.create == b.create && SameSettings(a, b);
}

bool SameButState(const StoredProgram& a, const StoredProgram& b) {
  return WithoutEventState(a.create) == WithoutEventState(b.create) && SameSettings(a, b);
}

DefinitionDifferences CompareLiveDefinitions(const Database& wanted, const Database& live) {
  DefinitionDifferences found;
  const auto same_view = [&](const View& view, const View& there) {
    if (SameDefinition(view, there)) return true;
    if (there.broken) found.doubts.push_back(Difference(view, there));
    return there.broken;
  };
  Compare(wanted.views, live.views, same_view, found);
  ComparePrograms(wanted, live, IsAsWanted, found);
  return found;
}

DefinitionDifferences CompareSaidDefinitions(const Database& wanted, const Database& live) {
  DefinitionDifferences found;
  const auto same = [](const auto& a, const auto& b) { return SaysTheSame(a, b); };
  Compare(wanted.views, live.views, same, found);
  ComparePrograms(wanted, live, same, found);
  return found;
}

std::vector<std::string> AlteredDatabases(const std::vector<Database>& wanted,
                                          const std::vector<Database>& live) {
  std::vector<std::string> altered;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const Database &then = wanted[i], &now = live[i];
    if (then.create.empty() || now.create.empty()) continue;
    std::string what;
    if (!SameCharsetName(then.collation, now.collation)) {
      what = fmt::format("collation {}, now {}", then.collation, now.collation);
    }
    if (then.comment != now.comment) what += what.empty() ? "comment" : ", and comment";
    if (!what.empty()) {
      altered.push_back(fmt::format("database {}: {}", QuoteIdentifier(then.name), what));
    }
  }
  return altered;
}

}  // namespace dbomsbak
