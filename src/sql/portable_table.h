// SHOW CREATE TABLE texts in words that servers of other kinds know.
#pragma once

#include <string>
#include <string_view>

namespace dbomsbak {

// The same text with what stands in version comments (/*!80023 INVISIBLE */) as part of it: a
// server that does not know it refuses the table then, and does not make it without a word.
std::string WithVersionCommentsOpened(std::string_view create_table);

// OceanBase tells with each table where and how it is stored: replicas, tablets, blocks. The same
// table without that, as other servers know it. Texts without such options stay as they are, and so
// do options that mean more.
std::string WithoutPlacementOptions(std::string_view create_table);

}  // namespace dbomsbak
