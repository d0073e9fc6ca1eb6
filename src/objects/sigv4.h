// Signatures of requests: AWS Signature Version 4, with the payload's digest in a header.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dbomsbak/objects/settings.h"

namespace dbomsbak {

// Everything but letters, digits and "-._~" as %XX; '/' stays where it is wanted so.
std::string UriEncode(std::string_view text, bool keep_slashes);

using Fields = std::vector<std::pair<std::string, std::string>>;

// Name and value encoded, by name: "a=1&b=".
std::string CanonicalQuery(const Fields& query);

struct RequestToSign {
  std::string method;
  std::string path;   // encoded
  std::string query;  // canonical
  Fields headers;     // all are signed; "host" is among them
  std::string payload_sha256;
};

// The value of the header Authorization. `headers` must hold x-amz-date of the same `time`.
std::string SignV4(const RequestToSign& request, const S3Credentials& credentials,
                   const std::string& region, std::int64_t time);

}  // namespace dbomsbak
