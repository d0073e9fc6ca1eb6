// The numbers in a JSON text that are DECIMAL values in the server, and would not come back from
// the text alone: the server reads each number with a fraction as a DOUBLE.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dbomsbak {

struct JsonDecimal {
  std::string path;         // as JSON_REPLACE takes it: $."a"[0]
  std::string_view number;  // its text, within the JSON text
};

// `json` is JSON as a server with a JSON type prints it. What is no JSON gives nothing.
std::vector<JsonDecimal> FindJsonDecimals(std::string_view json);

}  // namespace dbomsbak
