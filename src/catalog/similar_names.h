// What may have been meant by a name that is not there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/transport/session.h"

namespace dbomsbak {

bool EqualIgnoringCase(std::string_view a, std::string_view b);

// At most three of `candidates`, the likeliest first.
std::vector<std::string> SimilarNames(std::string_view name,
                                   const std::vector<std::string>& candidates);

// Error kUsage: names what is near, or asks whether a table of one of the `asked` databases was
// meant (`dump db t1`, as mysqldump has it).
[[noreturn]] void ThrowUnknownDatabase(Session& session, const std::string& name,
                                       const std::vector<std::string>& asked,
                                       const std::vector<std::string>& existing);

}  // namespace dbomsbak
