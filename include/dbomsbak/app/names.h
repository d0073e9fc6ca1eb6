// Names of databases and tables as people type them.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dbomsbak {

// "db.table" or "`db`.`table`" (a back-tick within is doubled). A name that has a dot itself needs
// the back-ticks. `option` is named in the error. Errors: kUsage.
std::pair<std::string, std::string> ParseTableName(std::string_view text, std::string_view option);

// Up to three of `known` that are likely meant by `word`, nearest first.
std::vector<std::string> NearNames(std::string_view word, const std::vector<std::string>& known);

// "did you mean 'a' or 'b'?", or "" when there is nothing near.
std::string DidYouMean(std::string_view word, const std::vector<std::string>& known);

}  // namespace dbomsbak
