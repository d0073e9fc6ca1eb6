// Helpers of the sql tests: random values with a printed seed, cells, damage that must be reported.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/base/cell.h"
#include "dbomsbak/base/error.h"

namespace dbomsbak::test {

// A new seed a run, or DBOMSBAK_TEST_SEED to repeat one. Put SCOPED_TRACE(random.seed()) in tests.
class Random {
 public:
  Random() : seed_(Seed()), engine_(seed_) {}

  std::uint64_t seed() const { return seed_; }
  std::uint64_t Below(std::uint64_t bound) { return engine_() % bound; }
  bool Chance(unsigned percent) { return Below(100) < percent; }
  std::uint64_t Bits() { return engine_(); }

  // Bytes that are often the ones a literal has trouble with.
  std::string Bytes(std::size_t size) {
    static constexpr std::string_view kTrouble("'\"\\\0\n\r\t\x1A\x1B`%_;,()\x7F\x80\xFF", 20);
    const unsigned kind = static_cast<unsigned>(Below(4));
    std::string bytes(size, 'x');
    for (char& c : bytes) {
      switch (kind) {
        case 0:
          c = static_cast<char>(Below(256));
          break;
        case 1:
          c = static_cast<char>('a' + Below(26));
          break;
        case 2:
          c = Chance(10) ? kTrouble[Below(kTrouble.size())] : static_cast<char>(' ' + Below(95));
          break;
        default:
          c = Chance(60) ? kTrouble[Below(kTrouble.size())] : static_cast<char>(Below(128));
          break;
      }
    }
    return bytes;
  }

  std::string Ascii(std::size_t size) {
    std::string bytes = Bytes(size);
    for (char& c : bytes) c = static_cast<char>(c & 0x7F);
    return bytes;
  }

  // Valid UTF-8 of about that many characters.
  std::string Utf8(std::size_t characters, unsigned longest) {
    std::string text;
    const unsigned ascii = static_cast<unsigned>(Below(101));
    for (std::size_t i = 0; i < characters; ++i) {
      if (Chance(ascii)) {
        text += Ascii(1);
        continue;
      }
      std::uint32_t c;
      do {
        c = static_cast<std::uint32_t>(Below(longest == 4 ? 0x110000 : 0x10000));
      } while (c >= 0xD800 && c < 0xE000);
      AppendUtf8(c, text);
    }
    return text;
  }

  static void AppendUtf8(std::uint32_t c, std::string& out) {
    const auto put = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
    if (c < 0x80) {
      put(c);
    } else if (c < 0x800) {
      put(0xC0 | c >> 6);
      put(0x80 | (c & 63));
    } else if (c < 0x10000) {
      put(0xE0 | c >> 12);
      put(0x80 | (c >> 6 & 63));
      put(0x80 | (c & 63));
    } else {
      put(0xF0 | c >> 18);
      put(0x80 | (c >> 12 & 63));
      put(0x80 | (c >> 6 & 63));
      put(0x80 | (c & 63));
    }
  }

  // Mostly short, at times longer than any buffer in the code.
  std::size_t Size() {
    const auto kind = Below(100);
    if (kind < 70) return Below(40);
    if (kind < 97) return Below(2000);
    return Below(300'000);
  }

 private:
  static std::uint64_t Seed() {
    if (const char* const text = std::getenv("DBOMSBAK_TEST_SEED")) {
      return std::strtoull(text, nullptr, 10);
    }
    return std::random_device{}() * 0x100000001ULL ^ std::random_device{}();
  }
  std::uint64_t seed_;
  std::mt19937_64 engine_;
};

using Value = std::optional<std::string>;

inline std::vector<Cell> CellsOf(const std::vector<Value>& row) {
  std::vector<Cell> cells;
  for (const Value& value : row) {
    cells.push_back(value ? Cell{value->data(), value->size(), false} : Cell{});
  }
  return cells;
}

template <typename Function>
std::optional<ErrorCode> CodeOf(Function&& function) {
  try {
    function();
  } catch (const Error& error) {
    return error.code();
  }
  return std::nullopt;
}

}  // namespace dbomsbak::test
