#include "engine/spelled_content.h"

#include <fmt/format.h>

#include <cstddef>

#include "dbomsbak/base/units.h"
#include "engine/definition_text.h"
#include "engine/staging_proof.h"
#include "sql/portable_table.h"
#include "sql/version_comments.h"

namespace dbomsbak {

std::string SpelledTable(std::string_view create, const DefinitionTraits& traits) {
  const std::string opened = WithoutUnicodeIntroducers(WithVersionCommentsOpened(create));
  return traits.has_placement_options ? opened : WithoutPlacementOptions(opened);
}

std::string SpelledMode(std::string_view sql_mode, const DefinitionTraits& traits) {
  if (!traits.grants_create_no_accounts) return std::string(sql_mode);
  return WithoutSqlMode(sql_mode, "NO_AUTO_CREATE_USER");
}

std::vector<std::string> SpellFor(const RestoreFacts& facts, RestoreContent& content) {
  std::vector<std::string> notes;
  const auto is_own = [&](const ContentObject& object) {
    return PrintsAlike(content, object.record.id.database, facts.traits);
  };
  std::size_t placed = 0;
  for (ContentObject& table : content.tables) {
    if (is_own(table)) continue;
    const bool is_placed = WithoutPlacementOptions(table.create) != table.create;
    if (is_placed && !facts.definitions.has_placement_options) ++placed;
    table.create = SpelledTable(table.create, facts.definitions);
  }
  if (placed > 0) {
    notes.push_back(fmt::format(
        "where and how {} stored (replicas, tablets, blocks, compression) is left out: this server "
        "has no such options",
        placed == 1 ? "a table is" : fmt::format("{} are", Counted(placed, "table"))));
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
