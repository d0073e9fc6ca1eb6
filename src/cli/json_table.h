// The one table of fields in --json answers: documents are rendered from it, and what the program
// writes is checked against it.
#pragma once

#include <span>
#include <string_view>

#include "cli/command_table.h"

namespace dbomsbak {

struct JsonField {
  CommandSet commands;
  std::string_view path;  // "databases[]", "snapshot.time"
  std::string_view type;  // "string", "number", "boolean", "array of string" …
  std::string_view meaning;
};

std::span<const JsonField> JsonFieldTable();

}  // namespace dbomsbak
