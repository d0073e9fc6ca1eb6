// Does a server's text of an object say all that another text of it says?
#pragma once

#include <string>
#include <string_view>

namespace dbomsbak {

// Both are CREATE statements of one object, from servers that may print it in other words, or from
// the text of a dump. Empty when every word of `wanted` stands in `printed`, in the same order;
// else the first that does not. Not looked at: the case of words, parentheses, the display width of
// integers, DEFAULT NULL, quotes around numbers, charset introducers, a collation that is its
// charset's usual one, two names of one charset (utf8), and, of tables, what the checks say beyond
// their number. `printed` may say more: servers fill in what they assume.
std::string FirstWordMissing(std::string_view wanted, std::string_view printed);

// Do both say the same, and neither of them more? Empty when they do; else a word that the one says
// and the other does not, or not there. Not looked at: the case of words, the order of keys and
// checks, names that servers give to checks, doubled and empty parentheses, the display width of
// integers without ZEROFILL, DEFAULT NULL, quotes around numbers, introducers of UTF-8, whether a
// column's collation is its own or the table's, ENGINE=InnoDB where the other names no engine.
// Where servers print one thing in two ways beyond that, there is a word.
std::string FirstWordOtherwise(std::string_view one, std::string_view other);

}  // namespace dbomsbak
