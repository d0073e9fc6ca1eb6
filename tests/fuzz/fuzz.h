// What the fuzz targets share. A target is a file with LLVMFuzzerTestOneInput: it takes any bytes,
// never throws, and aborts where a sentence that shall be true is not.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#define DBOMSBAK_FUZZ_TARGET(text)                                                    \
  static void FuzzOne(std::string_view text);                                         \
  extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { \
    FuzzOne({reinterpret_cast<const char*>(data), size});                             \
    return 0;                                                                         \
  }                                                                                   \
  static void FuzzOne(std::string_view text)

namespace dbomsbak::fuzz {

inline void Require(bool is_true, const std::string& sentence) {
  if (is_true) return;
  std::fprintf(stderr, "not true: %s\n", sentence.c_str());
  std::abort();
}

// Takes numbers and texts off the front of an input.
class Input {
 public:
  explicit Input(std::string_view bytes) : rest_(bytes) {}

  bool empty() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }

  // Below `bound`, at most 256; 0 when nothing is left.
  std::size_t Below(std::size_t bound) {
    if (rest_.empty()) return 0;
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return byte % bound;
  }
  std::string_view Take(std::size_t size) {
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(taken.size());
    return taken;
  }

 private:
  std::string_view rest_;
};

}  // namespace dbomsbak::fuzz
