// What may have been meant by a name that is not there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dbomsbak {

// Up to three of `known` that are likely meant by `word`, nearest first.
std::vector<std::string> NearNames(std::string_view word, const std::vector<std::string>& known);

// "Did you mean 'a' or 'b'?", or "" when there is nothing near.
std::string DidYouMean(std::string_view word, const std::vector<std::string>& known);

}  // namespace dbomsbak
