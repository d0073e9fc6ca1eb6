// OMS's config.yaml: what is read holds nothing that a name or password cannot, and what is refused
// is told without its values.
#include <cctype>
#include <vector>

#include "dbomsbak/app/oms_config.h"
#include "dbomsbak/base/error.h"
#include "fuzz/file_of.h"
#include "fuzz/fuzz.h"

namespace dbomsbak {
namespace {

using fuzz::Require;

void IsSound(const std::string& value) {
  Require(std::none_of(value.begin(), value.end(),
                       [](unsigned char c) { return c < ' ' || c == 0x7F; }),
          "a value is one line of text");
}

// The texts behind "oms_meta_password:" that would be known again: long ones, and not of letters
// and signs that a message may have side by side by itself.
std::vector<std::string> Passwords(std::string_view text) {
  constexpr std::string_view kKey = "oms_meta_password:";
  std::vector<std::string> found;
  for (std::size_t at = text.find(kKey); at != text.npos; at = text.find(kKey, at + 1)) {
    std::string_view value = text.substr(at + kKey.size());
    value = value.substr(0, value.find_first_of("\r\n"));
    while (value.starts_with(' ')) value.remove_prefix(1);
    while (value.ends_with(' ')) value.remove_suffix(1);
    const bool of_words = std::all_of(value.begin(), value.end(), [](unsigned char c) {
      return std::isalnum(c) != 0 ||
             std::string_view(" _.,:;'()/-").find(static_cast<char>(c)) != std::string_view::npos;
    });
    if (value.size() >= 8 && !of_words) found.emplace_back(value);
  }
  return found;
}

}  // namespace

DBOMSBAK_FUZZ_TARGET(text) {
  const fuzz::FileOf file(text);
  std::vector<std::string> notices;
  try {
    OmsConfig config = ReadOmsConfigs({file.path()}, OmsNeeds{}, notices);
    IsSound(config.host);
    IsSound(config.user);
    Require(config.port != 0, "there is a port");
    Require(!config.host.empty() && !config.user.empty() && config.password.has_value(),
            "nothing is missing");
    IsSound(std::string(config.password->Reveal()));
    Require(!config.databases.empty() && config.databases.size() <= 3, "there are databases");
    for (const std::string& database : config.databases) {
      IsSound(database);
      Require(!database.empty() && database.size() <= std::size_t{64} * 4, "each has a name");
    }
    const OmsConfig twice = ReadOmsConfigs({file.path(), file.path()}, OmsNeeds{}, notices);
    Require(twice.databases == config.databases && twice.host == config.host,
            "a file given twice says the same");
  } catch (const Error& e) {
    Require(e.code() == ErrorCode::kUsage, "only the text can be wrong: " + e.message());
    for (const std::string& password : Passwords(text)) {
      Require((e.message() + e.hint()).find(password) == std::string::npos,
              "a message does not quote a value: " + e.message());
    }
  }
}

}  // namespace dbomsbak
