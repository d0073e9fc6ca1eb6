// Two texts line by line, as `diff -u` shows them. A pure function.
#pragma once

#include <string>
#include <string_view>

namespace dbomsbak {

// Hunks ("@@ -1,4 +1,5 @@", then lines that begin with ' ', '-' or '+') with up to three lines
// around each change; empty when the texts are equal. Ends with a newline. A text's last line
// counts as the same with and without its newline. Memory and time are bounded: of texts that have
// hardly a line in common, a change may come out longer than it must be.
std::string UnifiedDiff(std::string_view before, std::string_view after);

}  // namespace dbomsbak
