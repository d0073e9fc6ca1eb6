// One row of information_schema.COLUMNS as a Column.
#pragma once

#include <cstddef>
#include <string_view>

#include "catalog/answer.h"
#include "dbomsbak/catalog/catalog.h"

namespace dbomsbak {

// Throws Error kUnsupported for a type this program does not know.
Column ReadColumn(const Answer& columns, std::size_t row);

// Can literals of this column serve as boundaries of key ranges?
bool IsUsableInKey(const Column& column);

// Has "enum('a','')" a member whose text is empty, like that of the error value?
bool HasEmptyMember(std::string_view column_type);

}  // namespace dbomsbak
