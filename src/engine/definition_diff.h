// What two definitions of one object differ in, as text for people.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/archive/records.h"
#include "engine/event_text.h"

namespace dbomsbak {

// One side. `record` as the index of an archive has it; `create` is empty for databases.
struct DefinitionSide {
  ObjectRecord record;
  std::string create;
  std::string restart;  // sequences
  // Triggers: the names of those of its table that both sides have, in the order they fire in.
  std::string firing_order;
};

// How the archive's text came to be.
enum class Printed {
  kAlike,     // a server of the live one's series printed both
  kCopied,    // a dump program wrote down what such a server printed
  kOtherwise  // one is from a server of another kind: what is the same may be in other words
};

struct DefinitionDiff {
  bool differs = false;
  std::string doubt;               // no difference that is certain, and not surely equal: why
  std::string diff;                // unified, from the archive's to the live one
  std::vector<std::string> notes;  // what changes by itself, and is no difference
};

// Never equal where one of both says what the other does not. `end`, of events: where the live
// server stands to the archive's schedule.
DefinitionDiff CompareDefinitionTexts(const DefinitionSide& archived, const DefinitionSide& live,
                                      Printed printed, EventEnd end);

}  // namespace dbomsbak
