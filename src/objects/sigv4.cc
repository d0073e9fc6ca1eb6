#include "objects/sigv4.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "dbomsbak/base/ascii.h"
#include "dbomsbak/base/bytes.h"
#include "dbomsbak/base/digest.h"
#include "dbomsbak/base/hmac.h"
#include "dbomsbak/base/utc_time.h"

namespace dbomsbak {
namespace {

// Without the blanks around it, and one of several within.
std::string Trimmed(std::string_view value) {
  std::string text;
  for (const char c : value) {
    if (c == ' ' && (text.empty() || text.back() == ' ')) continue;
    text += c;
  }
  if (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

}  // namespace

std::string UriEncode(std::string_view text, bool keep_slashes) {
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~' || (c == '/' && keep_slashes);
    if (plain) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

std::string CanonicalQuery(const Fields& query) {
  Fields encoded;
  for (const auto& [name, value] : query) {
    encoded.emplace_back(UriEncode(name, false), UriEncode(value, false));
  }
  std::sort(encoded.begin(), encoded.end());
  std::string text;
  for (const auto& [name, value] : encoded) {
    text += fmt::format("{}{}={}", text.empty() ? "" : "&", name, value);
  }
  return text;
}

std::string SignV4(const RequestToSign& request, const S3Credentials& credentials,
                   const std::string& region, std::int64_t time) {
  std::map<std::string, std::string> headers;
  for (const auto& [name, value] : request.headers) headers[LowerAscii(name)] = Trimmed(value);
  std::string lines, names;
  for (const auto& [name, value] : headers) {
    lines += fmt::format("{}:{}\n", name, value);
    names += fmt::format("{}{}", names.empty() ? "" : ";", name);
  }
  const std::string canonical = fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, request.path,
                                            request.query, lines, names, request.payload_sha256);
  const std::string stamp = FormatCompactUtc(time);
  const std::string day = stamp.substr(0, 8);
  const std::string scope = fmt::format("{}/{}/s3/aws4_request", day, region);
  const std::string to_sign =
      fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", stamp, scope, Sha256(canonical).hex());
  std::string seed = "AWS4" + credentials.secret_key.Reveal();
  Secret key = HmacSha256(seed, day);
  Wipe(seed.data(), seed.size());
  for (const std::string_view step :
       {std::string_view(region), std::string_view("s3"), std::string_view("aws4_request")}) {
    key = HmacSha256(key.Reveal(), step);
  }
  return fmt::format("AWS4-HMAC-SHA256 Credential={}/{},SignedHeaders={},Signature={}",
                     credentials.access_key, scope, names,
                     ToHex(HmacSha256(key.Reveal(), to_sign).Reveal()));
}

}  // namespace dbomsbak
