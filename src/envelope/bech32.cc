#include "envelope/bech32.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "dbomsbak/base/ascii.h"

namespace dbomsbak {
namespace {

constexpr std::string_view kAlphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
constexpr std::size_t kChecksumSize = 6;

class Checksum {
 public:
  // `prefix` is in lower case.
  explicit Checksum(std::string_view prefix) {
    for (const char c : prefix) Add(static_cast<unsigned char>(c) >> 5);
    Add(0);
    for (const char c : prefix) Add(static_cast<unsigned char>(c) & 31U);
  }
  void Add(std::uint32_t five_bits) {
    static constexpr std::array<std::uint32_t, 5> kGenerator = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa,
                                                                0x3d4233dd, 0x2a1462b3};
    const std::uint32_t top = value_ >> 25;
    value_ = (value_ & 0x1ffffff) << 5 ^ five_bits;
    for (std::size_t i = 0; i < kGenerator.size(); ++i) {
      if ((top >> i & 1) != 0) value_ ^= kGenerator[i];
    }
  }
  std::uint32_t value() const { return value_; }

 private:
  std::uint32_t value_ = 1;
};

bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsLower(char c) { return c >= 'a' && c <= 'z'; }

}  // namespace

std::optional<Secret> DecodeBech32(std::string_view text, std::string_view prefix) {
  if (!text.starts_with(prefix) || text.size() < prefix.size() + 1 + kChecksumSize ||
      text[prefix.size()] != '1') {
    return std::nullopt;
  }
  if (std::any_of(text.begin(), text.end(), IsUpper) &&
      std::any_of(text.begin(), text.end(), IsLower)) {
    return std::nullopt;
  }
  Checksum checksum(LowerAscii(prefix));
  std::string bytes;
  bytes.reserve(text.size());
  std::uint32_t bits = 0;
  unsigned count = 0;
  const std::string_view data = text.substr(prefix.size() + 1);
  for (std::size_t i = 0; i < data.size(); ++i) {
    const std::size_t value = kAlphabet.find(LowerAscii(data[i]));
    if (value == std::string_view::npos) return std::nullopt;
    checksum.Add(static_cast<std::uint32_t>(value));
    if (i >= data.size() - kChecksumSize) continue;
    bits = (bits << 5 | static_cast<std::uint32_t>(value)) & 0xfff;
    count += 5;
    if (count >= 8) {
      count -= 8;
      bytes += static_cast<char>(bits >> count & 255);
    }
  }
  const bool left_over = count >= 5 || (bits & ((1U << count) - 1)) != 0;
  Secret secret(bytes);
  Wipe(bytes.data(), bytes.size());
  if (checksum.value() != 1 || left_over) return std::nullopt;
  return secret;
}

std::string EncodeBech32(std::string_view prefix, std::string_view bytes) {
  std::vector<std::uint32_t> fives;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : bytes) {
    bits = (bits << 8 | static_cast<unsigned char>(c)) & 0xfff;
    for (count += 8; count >= 5;) {
      count -= 5;
      fives.push_back(bits >> count & 31);
    }
  }
  if (count > 0) fives.push_back(bits << (5 - count) & 31);
  Checksum checksum(prefix);
  std::string text(prefix);
  text += '1';
  for (const std::uint32_t five : fives) {
    checksum.Add(five);
    text += kAlphabet[five];
  }
  for (std::size_t i = 0; i < kChecksumSize; ++i) checksum.Add(0);
  const std::uint32_t sum = checksum.value() ^ 1;
  for (std::size_t i = 0; i < kChecksumSize; ++i) {
    text += kAlphabet[sum >> (5 * (kChecksumSize - 1 - i)) & 31];
  }
  return text;
}

}  // namespace dbomsbak
