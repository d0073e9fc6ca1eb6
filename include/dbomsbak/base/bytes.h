// Little-endian integers in byte strings, and a reader that cannot run past its end.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dbomsbak {

void PutU16(std::string& out, std::uint16_t value);
void PutU32(std::string& out, std::uint32_t value);
void PutU64(std::string& out, std::uint64_t value);

// Unchecked: the caller has made sure that the bytes are there.
std::uint16_t GetU16(const char* data) noexcept;
std::uint32_t GetU32(const char* data) noexcept;
std::uint64_t GetU64(const char* data) noexcept;

// Takes fields from the front of a byte string. A read past the end sets failed() and gives zeros,
// so that a record can be parsed in one go and judged once.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) noexcept : rest_(bytes) {}

  std::uint16_t U16() noexcept;
  std::uint32_t U32() noexcept;
  std::uint64_t U64() noexcept;
  std::string_view Bytes(std::size_t count) noexcept;

  std::size_t remaining() const noexcept { return rest_.size(); }
  bool failed() const noexcept { return failed_; }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

std::string ToHex(std::string_view bytes);

}  // namespace dbomsbak
