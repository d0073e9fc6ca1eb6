#include "engine/spelled_content.h"

#include <fmt/format.h>

#include <cstddef>
#include <string_view>

#include "dbomsbak/base/ascii.h"
#include "engine/staging_proof.h"
#include "sql/portable_table.h"

namespace dbomsbak {
namespace {

// A list of modes without one of them.
std::string WithoutMode(std::string_view modes, std::string_view mode) {
  std::string left;
  while (!modes.empty()) {
    const std::size_t comma = modes.find(',');
    const std::string_view each = modes.substr(0, comma);
    if (!EqualIgnoringCase(each, mode)) {
      if (!left.empty()) left += ',';
      left += each;
    }
    modes = comma == std::string_view::npos ? std::string_view{} : modes.substr(comma + 1);
  }
  return left;
}

}  // namespace

std::string SpelledTable(std::string_view create, const DefinitionTraits& traits) {
  const std::string opened = WithVersionCommentsOpened(create);
  return traits.has_placement_options ? opened : WithoutPlacementOptions(opened);
}

std::string SpelledMode(std::string_view sql_mode, const DefinitionTraits& traits) {
  if (!traits.grants_create_no_accounts) return std::string(sql_mode);
  return WithoutMode(sql_mode, "NO_AUTO_CREATE_USER");
}

std::vector<std::string> SpellFor(const RestoreFacts& facts, RestoreContent& content) {
  std::vector<std::string> notes;
  const auto is_own = [&](const ContentObject& object) {
    return SameSeries(content, object.record.id.database, facts.traits);
  };
  std::size_t placed = 0;
  for (ContentObject& table : content.tables) {
    if (is_own(table)) continue;
    const std::string opened = WithVersionCommentsOpened(table.create);
    table.create = SpelledTable(table.create, facts.definitions);
    if (table.create != opened) ++placed;
  }
  if (placed > 0) {
    notes.push_back(fmt::format(
        "where and how {} stored (replicas, tablets, blocks, compression) is left out: this server "
        "has no such options",
        placed == 1 ? "a table is" : fmt::format("{} tables are", placed)));
  }
  for (auto* programs : {&content.routines, &content.triggers, &content.events}) {
    for (ContentObject& program : *programs) {
      if (is_own(program)) continue;
      program.record.sql_mode = SpelledMode(program.record.sql_mode, facts.definitions);
    }
  }
  return notes;
}

}  // namespace dbomsbak
