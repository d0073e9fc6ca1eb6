// Settings of a session as dumps spell them, where more than one writer or reader needs the words.
#pragma once

#include <string_view>

namespace dbomsbak {

// The sql_mode, quoted, by which the text of tables, views and rows is read. What programs are made
// under is their own. ALLOW_INVALID_DATES: a DATE '2000-02-31' is a value and must not become zero.
// PIPES_AS_CONCAT: where a server prints || in a view or a CHECK (OceanBase does), it means CONCAT;
// for OR all print the word.
inline constexpr std::string_view kTextMode =
    "'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,PIPES_AS_CONCAT'";

// Rows of a system-versioned table keep their row_start and row_end. Only in texts that have such
// rows: an account may lack the right to it. Ends with the session; MariaDB takes it from 10.11 on.
inline constexpr std::string_view kKeepHistory =
    "/*M!101100 SET SESSION system_versioning_insert_history=1 */;\n";

// OceanBase ends statements after ten seconds by default, also the INSERT of a large dump. It alone
// takes this comment, whatever its number. Ends with the session.
inline constexpr std::string_view kLongStatements =
    "/*!99999 SET SESSION ob_query_timeout=86400000000, ob_trx_timeout=86400000000 */;\n";

}  // namespace dbomsbak
