// The head of a file of age: for whom the file key is wrapped, and how it is known that it was not
// changed.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/base/secret.h"
#include "dbomsbak/envelope/age.h"

namespace dbomsbak {

constexpr std::size_t kFileKeyBytes = 16;
constexpr std::size_t kMostHeaderBytes = std::size_t{1} << 20;  // thousands of recipients

struct AgeStanza {
  std::vector<std::string> arguments;  // the first one tells the kind
  std::string body;
};

struct AgeHeader {
  std::vector<AgeStanza> stanzas;
  std::string mac;
  std::string text;      // what the MAC is of
  std::size_t size = 0;  // where the payload begins
};

// Thrown for a head that is none. `cut`: it might go on; `too_much`: it is sound, and asks for more
// than is taken on.
struct AgeHeaderFault {
  std::string what;
  bool cut = false;
  bool too_much = false;
};

// Throws AgeHeaderFault.
AgeHeader ParseAgeHeader(std::string_view bytes);

// Throws AgeHeaderFault for stanzas that are not as they should be. Nothing when no key opens it.
// `asked` tells whether a passphrase was tried.
std::optional<Secret> UnwrapFileKey(const AgeHeader& header, const AgeKeys& keys,
                                    const std::string& name, bool& asked);
bool HasPassphrase(const AgeHeader& header);

std::string HeaderMac(const Secret& file_key, std::string_view text);

// A whole head.
std::string FormatAgeHeader(const Secret& file_key, const AgeRecipients& recipients);

}  // namespace dbomsbak
