// The numbers in a JSON text that would not come back from the text alone: DECIMAL values, since
// servers read each number with a fraction as a DOUBLE, and on some servers DOUBLE values too.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dbomsbak {

struct JsonNumber {
  std::string path;         // as JSON_REPLACE takes it: $."a"[0]
  std::string_view number;  // its text, within the JSON text
  bool is_double = false;   // else a DECIMAL
};

// How the server that is to read the text makes doubles of it.
enum class JsonDoubles {
  kExact,    // each is the double that is nearest
  kRounded,  // by a product of rounded factors: long digits and far powers may become neighbours
};

// `json` is JSON as a server with a JSON type prints it. What is no JSON gives nothing.
std::vector<JsonNumber> FindJsonNumbers(std::string_view json, JsonDoubles doubles);

}  // namespace dbomsbak
