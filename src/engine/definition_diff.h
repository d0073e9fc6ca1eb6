// What two definitions of one object differ in, as text for people.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/archive/records.h"

namespace dbomsbak {

// One side. `record` as the index of an archive has it; `create` is empty for databases.
struct DefinitionSide {
  ObjectRecord record;
  std::string create;
  std::string restart;  // sequences
  // Triggers: the names of those of its table that both sides have, in the order they fire in.
  std::string firing_order;
};

// Whether both texts were printed by servers of one series, or the one is from another server's or
// program's text: then whatever the archive says must be there, in whatever words.
enum class Printed { kAlike, kOtherwise };

struct DefinitionDiff {
  bool differs = false;
  // Printed::kOtherwise, views and programs: all that the archive says is there, and more.
  bool says_more = false;
  std::string diff;                // unified, from the archive's to the live one
  std::vector<std::string> notes;  // what changes by itself, and is no difference
};

// `today`, as the server has it: "2026-11-26".
DefinitionDiff CompareDefinitionTexts(const DefinitionSide& archived, const DefinitionSide& live,
                                      Printed printed, std::string_view today);

// Names that servers give to constraints which have none: `t_ibfk_1`, `CONSTRAINT_1`, `t_chk_1` …
bool IsAutomaticConstraintName(std::string_view name, std::string_view table);

}  // namespace dbomsbak
