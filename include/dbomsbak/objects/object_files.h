// Objects as files: s3://bucket/key wherever a file is named.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "dbomsbak/base/cancel.h"
#include "dbomsbak/base/file.h"
#include "dbomsbak/objects/object_path.h"
#include "dbomsbak/objects/object_store.h"

namespace dbomsbak {

// All parts of an object but the last have one size, as some stores want it. An object has 10,000
// parts at most: of 8 MiB each, or more where `max_memory_bytes` has room for three of them in a
// quarter.
std::size_t PartBytes(std::size_t max_memory_bytes = 0);
// Bytes of an object of so many parts.
std::uint64_t LargestObject(std::size_t max_memory_bytes);
// What a dump to an object takes of it for parts under way.
std::size_t WritingBytes(std::size_t max_memory_bytes);

// Files of `files`, and objects. What is written as NAME.partial is an upload of NAME that has not
// been completed: no object is there before Rename() to NAME, which completes it and proves that
// all of it arrived. Removing it, and letting its file go, gives the upload up.
// Renaming an object copies it within the store and removes the first one, so both may be there
// between. Any number of threads, but each file as file.h says. `files` must outlive it.
class ObjectFiles final : public FileSystem {
 public:
  // Called at the first use of a bucket.
  using OpenStore = std::function<std::unique_ptr<ObjectStore>(const std::string& bucket)>;

  // `part_bytes`: PartBytes(), or less in tests.
  ObjectFiles(FileSystem& files, OpenStore open, std::size_t part_bytes = PartBytes());
  ~ObjectFiles() override;

  std::unique_ptr<RandomAccessFile> OpenForReading(const std::string& path) override;
  std::unique_ptr<WritableFile> CreateLocked(const std::string& path) override;
  bool Exists(const std::string& path) override;
  void Rename(const std::string& from, const std::string& to, bool replace) override;
  void Remove(const std::string& path) override;
  void SyncFolderOf(const std::string& path) override;

  // Of a bucket, which is opened when it has to be. Stays as long as this does.
  ObjectStore& Store(const std::string& bucket);

  // What reading an object may keep.
  static constexpr std::size_t kReadingBytes = std::size_t{16} << 20;

 private:
  class Upload;
  class UploadFile;

  std::shared_ptr<Upload> TakeUpload(const std::string& path);
  void Copy(const ObjectPath& from, const ObjectPath& to, bool replace);

  FileSystem& files_;
  const OpenStore open_;
  const std::size_t part_bytes_;
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<ObjectStore>> stores_;
  std::map<std::string, std::shared_ptr<Upload>> uploads_;  // by the path of NAME.partial
};

// What is left of `max_memory_bytes` beside `taken_bytes`: 16 MiB at least, as long as it has them.
std::size_t MemoryBeside(std::size_t taken_bytes, std::size_t max_memory_bytes);

// Opens S3 as FindS3Settings() finds it, at the first use; `endpoint` is that of --s3-endpoint, or
// empty. `cancel` must outlive what it opens.
ObjectFiles::OpenStore S3ByEnvironment(std::string endpoint, const CancelToken& cancel);

}  // namespace dbomsbak
