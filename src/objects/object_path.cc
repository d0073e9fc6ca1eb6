#include "dbomsbak/objects/object_path.h"

#include <fmt/format.h>

#include <algorithm>

#include "dbomsbak/base/error.h"

namespace dbomsbak {

std::string ObjectPath::text() const { return fmt::format("s3://{}/{}", bucket, key); }

bool IsObjectPath(std::string_view path) { return path.starts_with("s3://"); }

ObjectPath ParseObjectPath(const std::string& path) {
  const std::string rest = path.substr(5);
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  ObjectPath parsed{rest.substr(0, slash), rest.substr(std::min(slash + 1, rest.size()))};
  const bool plain = parsed.bucket.size() >= 3 && parsed.bucket.size() <= 255 &&
                     parsed.bucket.front() != '.' &&
                     std::all_of(parsed.bucket.begin(), parsed.bucket.end(), [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
                     });
  if (!plain || parsed.key.size() > 1024) {
    throw Error(ErrorCode::kUsage,
                fmt::format("'{}' names no object{}", path,
                            plain ? ": its key is longer than 1024 bytes" : ""),
                "It is s3://BUCKET/KEY; a bucket's name has letters, digits, '.', '-' and '_', and "
                "3 of them at least.")
        .About(path);
  }
  return parsed;
}

}  // namespace dbomsbak
