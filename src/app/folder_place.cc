#include "app/folder_place.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "dbomsbak/app/envelope.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/objects/object_files.h"

namespace dbomsbak {
namespace {

namespace fs = std::filesystem;

std::string NameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

class OnThisMachine final : public FolderPlace {
 public:
  std::vector<FolderItem> Items(const std::string& folder) const override {
    std::error_code error;
    fs::directory_iterator entries(folder, error);
    std::vector<FolderItem> items;
    for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
      if (auto item = Facts(entries->path().string())) items.push_back(std::move(*item));
    }
    if (error) {
      throw Error(ErrorCode::kIo,
                  fmt::format("cannot read folder '{}': {}", folder, error.message()),
                  "Check that it is there (its disk may not be mounted), and that this user may "
                  "read it.")
          .About(folder);
    }
    std::sort(items.begin(), items.end(),
              [](const FolderItem& a, const FolderItem& b) { return a.name < b.name; });
    return items;
  }
  std::optional<FolderItem> Find(const std::string& path) const override {
    auto item = Facts(path);
    return item && item->regular ? std::move(item) : std::nullopt;
  }
  bool moves() const override { return true; }
  unsigned AbortWrites(const std::string&,
                       const std::function<bool(const std::string&)>&) const override {
    return 0;
  }

 private:
  static std::optional<FolderItem> Facts(const std::string& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) return std::nullopt;
    return FolderItem{NameOf(path), static_cast<std::uint64_t>(status.st_size),
                      static_cast<std::int64_t>(status.st_mtime), S_ISREG(status.st_mode)};
  }
};

class InAStore final : public FolderPlace {
 public:
  explicit InAStore(ObjectStore& store) : store_(store) {}

  std::vector<FolderItem> Items(const std::string& folder) const override {
    const std::string prefix = Prefix(folder);
    std::vector<FolderItem> items;
    for (const ListedObject& object : store_.List(prefix)) {
      std::string name = object.key.substr(std::min(prefix.size(), object.key.size()));
      if (name.empty()) continue;  // what some programs make to show a folder
      items.push_back({std::move(name), object.bytes, object.modified, true});
    }
    std::sort(items.begin(), items.end(),
              [](const FolderItem& a, const FolderItem& b) { return a.name < b.name; });
    return items;
  }
  std::optional<FolderItem> Find(const std::string& path) const override {
    const auto facts = store_.Head(ParseObjectPath(path).key);
    if (!facts) return std::nullopt;
    return FolderItem{NameOf(path), facts->bytes, facts->modified, true};
  }
  bool moves() const override { return false; }
  unsigned AbortWrites(const std::string& folder,
                       const std::function<bool(const std::string&)>& ours) const override {
    unsigned aborted = 0;
    const std::string prefix = Prefix(folder);
    for (const LeftUpload& upload : store_.Uploads(prefix)) {
      if (!upload.key.starts_with(prefix)) continue;
      const std::string name = upload.key.substr(prefix.size());
      if (name.find('/') != std::string::npos || !ours(name)) continue;  // another program's
      store_.AbortUpload(upload.key, upload.id);
      ++aborted;
    }
    return aborted;
  }

 private:
  static std::string Prefix(const std::string& folder) {
    std::string key = ParseObjectPath(folder).key;
    if (!key.empty() && !key.ends_with('/')) key += '/';
    return key;
  }

  ObjectStore& store_;
};

}  // namespace

std::unique_ptr<FolderPlace> FolderPlace::Of(FileSystem& files, const std::string& folder) {
  if (!IsObjectPath(folder)) return std::make_unique<OnThisMachine>();
  return std::make_unique<InAStore>(StoreOf(files, folder));
}

ObjectStore& StoreOf(FileSystem& files, const std::string& path) {
  const std::string bucket = ParseObjectPath(path).bucket;
  auto* const decrypting = dynamic_cast<EncryptedFiles*>(&files);
  auto* const objects =
      dynamic_cast<ObjectFiles*>(decrypting == nullptr ? &files : &decrypting->stored());
  if (objects == nullptr) {
    throw Error(ErrorCode::kInternal, fmt::format("no object store is at hand for '{}'", path));
  }
  return objects->Store(bucket);
}

}  // namespace dbomsbak
