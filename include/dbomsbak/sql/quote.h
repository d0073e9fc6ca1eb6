// Identifiers and strings as SQL text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dbomsbak {

// `a``b`: back-ticks doubled. Valid under every sql_mode.
std::string QuoteIdentifier(std::string_view name);
// `db`.`name`
std::string QuoteQualified(std::string_view database, std::string_view name);

// What stands behind COLLATE. MySQL 5.6 and OceanBase take `binary` in back-ticks alone.
std::string QuoteCollation(std::string_view name);

// 'it\'s': a string literal for sessions without NO_BACKSLASH_ESCAPES. Bytes are taken as they are.
std::string QuoteString(std::string_view text);
void AppendQuotedString(std::string_view text, std::string& out);

// 0x…; '' for the empty string (0x alone is no literal).
void AppendHexLiteral(std::string_view bytes, std::string& out);

// A pattern for LIKE that matches `text` itself ("\_", "\%"), not yet quoted as a string.
std::string EscapeLike(std::string_view text);

// Text that may stand behind "-- " or within /* */: newlines and comment ends made harmless.
std::string CommentSafe(std::string_view text);

// Undoes AppendQuotedString and the server's own escapes (\0 \n \r \t \b \Z \\ \' \" \% \_, '').
// `quoted` includes the quotes. Without `backslash_escapes` only quotes that are doubled are
// undone. Throws Error kDamaged when it is no string literal.
std::string UnquoteString(std::string_view quoted, bool backslash_escapes = true);

}  // namespace dbomsbak
