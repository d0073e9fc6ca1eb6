// The one table of fields in --json answers: documents are rendered from it, and what the program
// writes is checked against it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command_table.h"

namespace dbomsbak {

// Besides commands: those of their answers that have other fields.
inline constexpr CommandSet kJsonCheckRestore = 1U << 29;
inline constexpr CommandSet kJsonRestoreAbort = 1U << 30;
inline constexpr CommandSet kJsonUpgradeReport = 1U << 31;

struct JsonField {
  CommandSet commands;
  // "databases[]", "snapshot.time"; what "?" stands behind may be missing.
  std::string_view path;
  std::string_view type;  // "string", "number", "boolean", "array of string" …
  std::string_view meaning;
};

std::span<const JsonField> JsonFieldTable();

// A member of the events that --progress=json writes.
struct JsonEventField {
  std::string_view name;
  std::string_view type;
  std::string_view events;  // "all", or the values of `event`: "notice, warning"
  std::string_view meaning;
};

std::span<const JsonEventField> JsonEventTable();
// "dump", "restore --abort".
std::vector<std::string> JsonAnswersOf(CommandSet commands);

}  // namespace dbomsbak
