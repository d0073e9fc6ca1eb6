#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "dbomsbak/base/error.h"
#include "dbomsbak/envelope/age.h"
#include "envelope/bech32.h"
#include "envelope/primitives.h"

namespace dbomsbak {
namespace {

constexpr std::string_view kRecipient = "age", kIdentity = "AGE-SECRET-KEY-";

// Each line that says something, with its number.
void ForEachLine(std::string_view text,
                 const std::function<void(std::string_view line, std::size_t number)>& each) {
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty() && !line.starts_with('#')) each(line, number);
  }
}

// What is no key of age's is told by its kind, never by its text, which may be a secret.
std::string WhyNoRecipient(std::string_view text) {
  if (text.starts_with("AGE-")) return "a secret key where the public one belongs";
  if (text.starts_with("ssh-")) return "an SSH key, which is not taken here";
  if (text.starts_with("age1pq1")) return "a post-quantum key, which is not taken here";
  const std::size_t one = text.rfind('1');
  if (text.starts_with("age1") && one > 3 && one != std::string_view::npos) {
    return "a recipient of a plugin, or misspelt";
  }
  return "no recipient of age";
}

}  // namespace

std::string ParseAgeRecipient(std::string_view text) {
  const std::optional<Secret> key = DecodeBech32(text, kRecipient);
  if (key && key->Reveal().size() == kKeyBytes) return key->Reveal();
  throw Error(ErrorCode::kUsage,
              fmt::format("a recipient is wrong: it is {}", WhyNoRecipient(text)),
              "A recipient is what age-keygen prints behind \"Public key:\", age1 and 58 more "
              "characters.");
}

std::vector<std::string> ParseAgeRecipients(std::string_view text, const std::string& name) {
  std::vector<std::string> keys;
  ForEachLine(text, [&](std::string_view line, std::size_t number) {
    try {
      keys.push_back(ParseAgeRecipient(line));
    } catch (Error& error) {
      error.While(fmt::format("'{}', line {}", name, number));
      throw;
    }
  });
  if (!keys.empty()) return keys;
  throw Error(ErrorCode::kUsage, fmt::format("'{}' names no recipient", name),
              "It holds recipients (age1…), one a line.")
      .About(name);
}

std::vector<Secret> ParseAgeIdentities(std::string_view text, const std::string& name) {
  std::vector<Secret> identities;
  ForEachLine(text, [&](std::string_view line, std::size_t number) {
    std::optional<Secret> key = DecodeBech32(line, kIdentity);
    if (key && key->Reveal().size() == kKeyBytes) {
      identities.push_back(std::move(*key));
      return;
    }
    throw Error(
        ErrorCode::kUsage,
        fmt::format("'{}', line {}: no identity of age{}", name, number,
                    line.starts_with("age1") ? ", but a public key"
                    : line.starts_with("-----BEGIN OPENSSH")
                        ? ", but an SSH key, which is not taken here"
                    : line.starts_with("AGE-PLUGIN-") ? ", but a plugin's, which is not taken here"
                                                      : ""),
        "An identity file is what age-keygen -o FILE writes.")
        .About(name);
  });
  if (!identities.empty()) return identities;
  throw Error(ErrorCode::kUsage, fmt::format("'{}' holds no identity", name),
              "An identity file is what age-keygen -o FILE writes.")
      .About(name);
}

}  // namespace dbomsbak
