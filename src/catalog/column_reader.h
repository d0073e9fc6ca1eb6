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

// Does the text of a value of "enum('a','b')" tell which member it is? Not when a member is empty,
// as the error value's text is, nor when the collation may take two members for the same (a server
// that is not strict lets such columns be made, and reads the text back as the first of them).
bool TextTellsMember(std::string_view column_type, std::string_view collation);

}  // namespace dbomsbak
