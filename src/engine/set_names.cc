#include "engine/set_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <set>
#include <string_view>

#include "dbomsbak/base/ascii.h"
#include "dbomsbak/base/digest.h"
#include "dbomsbak/base/utf8.h"

namespace dbomsbak {
namespace {

// Identifiers are at most 64 characters on every server we meet.
constexpr std::size_t kMaxNameCharacters = 64;
constexpr std::size_t kRunIdLength = 8;
constexpr std::size_t kHashLength = 8;
constexpr std::string_view kStagingMark = "__dbomsbak_new_";
constexpr std::string_view kDisplacedMark = "__dbomsbak_old_";

std::string WithSuffix(const std::string& live, const std::string& suffix) {
  const std::size_t room = kMaxNameCharacters - suffix.size();
  if (CountCharacters(live) <= room) return live + suffix;
  const std::string hash = Sha256(live).hex().substr(0, kHashLength);
  return fmt::format("{}_{}{}", FirstCharacters(live, room - kHashLength - 1), hash, suffix);
}

// What follows the last `mark` in `name`; empty when the mark is not there.
std::string_view Behind(std::string_view name, std::string_view mark) {
  const std::size_t at = name.rfind(mark);
  return at == std::string_view::npos ? std::string_view() : name.substr(at + mark.size());
}

bool IsRunCharacter(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'); }

}  // namespace

std::string NewRunId() {
  constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuvwxyz";
  std::random_device device;
  std::uniform_int_distribution<std::size_t> digit(0, kDigits.size() - 1);
  std::string run;
  for (std::size_t i = 0; i < kRunIdLength; ++i) run += kDigits[digit(device)];
  return run;
}

std::string StagingName(const std::string& live, const std::string& run) {
  return WithSuffix(live, std::string(kStagingMark) + run);
}

std::string DisplacedName(const std::string& live, unsigned generation) {
  return WithSuffix(live, std::string(kDisplacedMark) + std::to_string(generation));
}

bool IsServersOwn(const std::string& name) {
  static const std::set<std::string> own = {
      "information_schema", "performance_schema", "mysql",    "sys",    "oceanbase",
      "__recyclebin",       "sys_external_tbs",   "__public", "ndbinfo"};
  return own.count(LowerAscii(name)) > 0;
}

bool IsStagingName(const std::string& name) {
  const std::string_view run = Behind(name, kStagingMark);
  return run.size() == kRunIdLength && std::all_of(run.begin(), run.end(), IsRunCharacter);
}

std::string RunOf(const std::string& staging_name) {
  return IsStagingName(staging_name) ? std::string(Behind(staging_name, kStagingMark)) : "";
}

bool IsDisplacedName(const std::string& name) { return GenerationOf(name) != 0; }

unsigned GenerationOf(const std::string& displaced_name) {
  const std::string_view digits = Behind(displaced_name, kDisplacedMark);
  if (digits.empty() || digits.size() > 9 || digits[0] == '0') return 0;
  unsigned generation = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return 0;
    generation = generation * 10 + static_cast<unsigned>(c - '0');
  }
  return generation;
}

std::string LiveNameOf(const std::string& name) {
  return name.substr(0, name.rfind(IsStagingName(name) ? kStagingMark : kDisplacedMark));
}

}  // namespace dbomsbak
