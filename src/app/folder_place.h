// Where a folder of archives is: on this machine, or in an object store.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dbomsbak/base/file.h"
#include "dbomsbak/objects/object_store.h"

namespace dbomsbak {

struct FolderItem {
  std::string name;  // without the folder
  std::uint64_t bytes = 0;
  std::int64_t modified = 0;  // seconds since 1970
  bool regular = true;        // a file, and no link to one
};

// What FileSystem does not tell of folders. Paths are whole. Errors: kIo, and those of the store.
class FolderPlace {
 public:
  virtual ~FolderPlace() = default;

  // By name. On this machine a folder that is not there is kIo; in a store it is an empty one.
  virtual std::vector<FolderItem> Items(const std::string& folder) const = 0;
  virtual std::optional<FolderItem> Find(const std::string& path) const = 0;
  // Where a file may not just be moved, it is copied and removed, and both may be there.
  virtual bool moves() const = 0;
  // Gives up what killed runs were writing to files right in `folder` whose names are `ours`; how
  // many that were.
  virtual unsigned AbortWrites(const std::string& folder,
                               const std::function<bool(const std::string& name)>& ours) const = 0;

  // `files` must outlive it.
  static std::unique_ptr<FolderPlace> Of(FileSystem& files, const std::string& folder);
};

// Error kInternal where `files` knows no objects.
ObjectStore& StoreOf(FileSystem& files, const std::string& path);

}  // namespace dbomsbak
