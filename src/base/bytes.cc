#include "dbomsbak/base/bytes.h"

#include <cstring>

namespace dbomsbak {
namespace {

template <typename T>
void Put(std::string& out, T value) {
  char bytes[sizeof(T)];
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    bytes[i] = static_cast<char>((value >> (8 * i)) & 0xFF);
  }
  out.append(bytes, sizeof(T));
}

template <typename T>
T Get(const char* data) noexcept {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value = static_cast<T>(
        value | static_cast<T>(static_cast<T>(static_cast<unsigned char>(data[i])) << (8 * i)));
  }
  return value;
}

}  // namespace

void PutU16(std::string& out, std::uint16_t value) { Put(out, value); }
void PutU32(std::string& out, std::uint32_t value) { Put(out, value); }
void PutU64(std::string& out, std::uint64_t value) { Put(out, value); }

std::uint16_t GetU16(const char* data) noexcept { return Get<std::uint16_t>(data); }
std::uint32_t GetU32(const char* data) noexcept { return Get<std::uint32_t>(data); }
std::uint64_t GetU64(const char* data) noexcept { return Get<std::uint64_t>(data); }

std::uint16_t ByteReader::U16() noexcept {
  const std::string_view bytes = Bytes(2);
  return failed_ ? 0 : GetU16(bytes.data());
}

std::uint32_t ByteReader::U32() noexcept {
  const std::string_view bytes = Bytes(4);
  return failed_ ? 0 : GetU32(bytes.data());
}

std::uint64_t ByteReader::U64() noexcept {
  const std::string_view bytes = Bytes(8);
  return failed_ ? 0 : GetU64(bytes.data());
}

std::string_view ByteReader::Bytes(std::size_t count) noexcept {
  if (failed_ || count > rest_.size()) {
    failed_ = true;
    return {};
  }
  const std::string_view bytes = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return bytes;
}

std::string ToHex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

}  // namespace dbomsbak
