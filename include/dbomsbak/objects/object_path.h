// Names of objects.
#pragma once

#include <string>
#include <string_view>

namespace dbomsbak {

// "s3://bucket/key". The key may be empty, or end in '/': a folder.
struct ObjectPath {
  std::string bucket, key;

  std::string text() const;
};
bool IsObjectPath(std::string_view path);  // begins with s3://
// Error kUsage for what IsObjectPath() says yes to and is none.
ObjectPath ParseObjectPath(const std::string& path);

}  // namespace dbomsbak
