#include "dbomsbak/objects/object_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <future>
#include <system_error>
#include <utility>

#include "dbomsbak/base/error.h"
#include "objects/mark.h"
#include "objects/remote_file.h"

namespace dbomsbak {
namespace {

constexpr std::string_view kPartial = ".partial";
constexpr std::size_t kMostParts = 10'000;  // of S3, and so of all others
constexpr std::size_t kPartsUnderWay = 3;   // two on their way, and one that fills

[[noreturn]] void ThrowWouldOverwrite(const std::string& name) {
  throw Error(ErrorCode::kWouldOverwrite, fmt::format("'{}' already exists", name),
              "Choose another name, or add --overwrite.")
      .About(name);
}

ObjectPath ParseObject(const std::string& path) {
  ObjectPath parsed = ParseObjectPath(path);
  if (!parsed.key.empty() && !parsed.key.ends_with('/')) return parsed;
  throw Error(ErrorCode::kUsage, fmt::format("'{}' is a folder, not a file", path),
              "Name an object: s3://BUCKET/KEY.")
      .About(path);
}

// What every bucket of a run shares.
struct Shared {
  std::unique_ptr<HttpClient> metadata, store;
  S3Settings settings;
};

}  // namespace

ObjectFiles::OpenStore S3ByEnvironment(std::string endpoint, const CancelToken& cancel) {
  auto shared = std::make_shared<Shared>();
  return [shared, endpoint = std::move(endpoint), &cancel](const std::string& bucket) {
    if (!shared->store) {
      if (!shared->metadata) shared->metadata = HttpClient::Curl("");
      shared->settings = FindS3Settings(ProcessEnvironment(), endpoint, *shared->metadata);
      shared->store = HttpClient::Curl(shared->settings.certificates);
    }
    return OpenS3(bucket, shared->settings, *shared->store, cancel);
  };
}

std::size_t MemoryBeside(std::size_t taken_bytes, std::size_t max_memory_bytes) {
  constexpr std::size_t kLeast = std::size_t{16} << 20;
  const std::size_t left = max_memory_bytes - std::min(taken_bytes, max_memory_bytes);
  return std::max(left, std::min(kLeast, max_memory_bytes));
}

std::size_t PartBytes(std::size_t max_memory_bytes) {
  constexpr std::size_t kMiB = std::size_t{1} << 20;
  return std::clamp(max_memory_bytes / (4 * kPartsUnderWay) / kMiB * kMiB, 8 * kMiB, 1024 * kMiB);
}

std::uint64_t LargestObject(std::size_t max_memory_bytes) {
  constexpr std::uint64_t kOfS3 = std::uint64_t{5} << 40;
  return std::min(kOfS3, std::uint64_t{kMostParts} * PartBytes(max_memory_bytes));
}

std::size_t WritingBytes(std::size_t max_memory_bytes) {
  return kPartsUnderWay * PartBytes(max_memory_bytes);
}

// One object on its way. One thread appends; parts are sent behind its back.
class ObjectFiles::Upload {
 public:
  Upload(ObjectStore& store, ObjectPath path, std::size_t part_bytes)
      : store_(store),
        path_(std::move(path)),
        part_bytes_(part_bytes),
        name_(path_.text()),
        mark_(NewMark()) {
    id_ = store_.BeginUpload(path_.key, mark_);
  }
  ~Upload() { Abandon(); }
  Upload(const Upload&) = delete;
  Upload& operator=(const Upload&) = delete;

  void Append(std::string_view bytes) {
    while (!bytes.empty()) {
      if (filling_.empty()) filling_.reserve(part_bytes_);
      const std::size_t room = part_bytes_ - filling_.size();
      filling_ += bytes.substr(0, room);
      bytes.remove_prefix(std::min(room, bytes.size()));
      if (filling_.size() == part_bytes_) SendPart();
    }
  }

  // All that was appended has arrived. What is too short for a part stays for the last one.
  void Sync() {
    while (!sending_.empty()) AwaitOne();
  }

  void Complete(bool replace) {
    if (!filling_.empty() || (sent_ == 0)) SendPart();
    Sync();
    WriteCondition condition;
    condition.only_if_absent = !replace;
    // Also asked of stores that do not look at conditions.
    if (!replace && store_.Head(path_.key)) ThrowWouldOverwrite(name_);
    bool held = true;
    try {
      held = store_.CompleteUpload(path_.key, id_, etags_, mark_, condition);
    } catch (const Error& failure) {
      Settle(failure);
    }
    if (!held) ThrowWouldOverwrite(name_);
    const auto facts = Look();
    if (!facts || facts->made_by != mark_) {
      throw Error(ErrorCode::kIo,
                  fmt::format("'{}' was written, and is not what the store has there", name_),
                  "Another program writes there, too, or something between here and the store "
                  "answers for it; run this again.")
          .About(name_);
    }
    if (facts->bytes != bytes_) {
      throw Error(ErrorCode::kIo,
                  fmt::format("'{}' was written with {} bytes, and the store has {}", name_, bytes_,
                              facts->bytes),
                  "Do not trust it: dbomsbak verify tells what it is, and run this again.")
          .About(name_);
    }
    id_.clear();
  }

  void Abandon() noexcept {
    for (auto& part : sending_) {
      try {
        part.get();
      } catch (...) {  // it is given up anyway
      }
    }
    sending_.clear();
    if (id_.empty()) return;
    try {
      store_.AbortUpload(path_.key, std::exchange(id_, ""));
    } catch (...) {  // the next run of the folder, or a rule of the bucket, removes it
    }
  }

  const std::string& name() const { return name_; }

 private:
  // Also by a run that is stopped meanwhile.
  std::optional<ObjectFacts> Look() {
    try {
      return store_.Head(path_.key, true);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kInterrupted || error.code() == ErrorCode::kTerminated) {
        return store_.Head(path_.key, true);
      }
      throw;
    }
  }
  bool IsOurs() {
    const auto facts = Look();
    return facts && facts->made_by == mark_;
  }

  // Its completion failed, or was not heard of: was it carried out? Once it is given up it never
  // will be. Returns when it was; else throws.
  void Settle(const Error& failure) {
    if (failure.code() == ErrorCode::kPrivilege) throw failure;  // it was not even begun
    bool unclear = false;
    try {
      if (IsOurs()) return;
      store_.AbortUpload(path_.key, id_);
      id_.clear();
      if (IsOurs()) return;
    } catch (const Error&) {
      unclear = true;
    }
    if (!unclear) throw failure;
    Error told(failure.code(), failure.message(),
               fmt::format("{}{}The store was asked to complete it, and does not tell whether it "
                           "has: '{}' may be the new one, or as it was before. dbomsbak info shows "
                           "which one is there; then run it again.",
                           failure.hint(), failure.hint().empty() ? "" : " ", name_));
    throw told.About(name_);
  }

  void SendPart() {
    if (sent_ == kMostParts) {
      throw Error(ErrorCode::kIo,
                  fmt::format("'{}' needs more than {} parts of {} MiB, and an object has no more",
                              name_, kMostParts, part_bytes_ >> 20),
                  "Raise --max-memory: a part is a twelfth of it.")
          .About(name_);
    }
    while (sending_.size() + 1 >= kPartsUnderWay) AwaitOne();
    const unsigned number = ++sent_;
    bytes_ += filling_.size();
    const auto part = std::make_shared<std::string>(std::exchange(filling_, std::string()));
    const auto send = [this, number, part] {
      return store_.UploadPart(path_.key, id_, number, *part);
    };
    try {
      sending_.push_back(std::async(std::launch::async, send));
    } catch (const std::system_error&) {  // no more threads: by this one, when it is waited for
      sending_.push_back(std::async(std::launch::deferred, send));
    }
  }

  void AwaitOne() {
    std::future<std::string> oldest = std::move(sending_.front());
    sending_.pop_front();
    etags_.push_back(oldest.get());
  }

  ObjectStore& store_;
  const ObjectPath path_;
  const std::size_t part_bytes_;
  const std::string name_;
  const std::string mark_;
  std::string id_;  // empty: completed, or given up
  std::string filling_;
  std::uint64_t bytes_ = 0;
  unsigned sent_ = 0;
  std::vector<std::string> etags_;
  std::deque<std::future<std::string>> sending_;
};

class ObjectFiles::UploadFile final : public WritableFile {
 public:
  explicit UploadFile(std::shared_ptr<Upload> upload) : upload_(std::move(upload)) {}
  void Append(std::string_view bytes) override { upload_->Append(bytes); }
  void Sync() override { upload_->Sync(); }
  void Close() override {}
  const std::string& name() const override { return upload_->name(); }

 private:
  const std::shared_ptr<Upload> upload_;
};

ObjectFiles::ObjectFiles(FileSystem& files, OpenStore open, std::size_t part_bytes)
    : files_(files), open_(std::move(open)), part_bytes_(part_bytes) {}
ObjectFiles::~ObjectFiles() { uploads_.clear(); }

ObjectStore& ObjectFiles::Store(const std::string& bucket) {
  const std::scoped_lock lock(mutex_);
  std::unique_ptr<ObjectStore>& store = stores_[bucket];
  if (!store) store = open_(bucket);
  return *store;
}

std::unique_ptr<RandomAccessFile> ObjectFiles::OpenForReading(const std::string& path) {
  if (!IsObjectPath(path)) return files_.OpenForReading(path);
  const ObjectPath object = ParseObject(path);
  ObjectStore& store = Store(object.bucket);
  const auto facts = store.Head(object.key);
  if (!facts) {
    throw Error(ErrorCode::kIo, fmt::format("cannot open '{}': there is no such object", path),
                "Check bucket and key, and whether --s3-endpoint names the right store.")
        .About(path);
  }
  return std::make_unique<RemoteFile>(store, object.key, path, *facts, kReadingBytes);
}

std::unique_ptr<WritableFile> ObjectFiles::CreateLocked(const std::string& path) {
  if (!IsObjectPath(path)) return files_.CreateLocked(path);
  std::string published = path;
  if (!path.ends_with(kPartial)) {
    throw Error(ErrorCode::kInternal, fmt::format("'{}' would be there before it is whole", path));
  }
  published.resize(path.size() - kPartial.size());
  const ObjectPath object = ParseObject(published);
  // Begun now: whether that may be done at all is known before the dump is.
  auto upload = std::make_shared<Upload>(Store(object.bucket), object, part_bytes_);
  const std::scoped_lock lock(mutex_);
  uploads_[path] = upload;
  return std::make_unique<UploadFile>(std::move(upload));
}

std::shared_ptr<ObjectFiles::Upload> ObjectFiles::TakeUpload(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  const auto found = uploads_.find(path);
  if (found == uploads_.end()) return nullptr;
  std::shared_ptr<Upload> upload = std::move(found->second);
  uploads_.erase(found);
  return upload;
}

bool ObjectFiles::Exists(const std::string& path) {
  if (!IsObjectPath(path)) return files_.Exists(path);
  const ObjectPath object = ParseObject(path);
  return Store(object.bucket).Head(object.key).has_value();
}

void ObjectFiles::Rename(const std::string& from, const std::string& to, bool replace) {
  if (!IsObjectPath(from) && !IsObjectPath(to)) return files_.Rename(from, to, replace);
  if (!IsObjectPath(from) || !IsObjectPath(to)) {
    throw Error(ErrorCode::kInternal, fmt::format("'{}' and '{}' are not in one place", from, to));
  }
  const std::shared_ptr<Upload> upload = TakeUpload(from);
  if (!upload) return Copy(ParseObject(from), ParseObject(to), replace);
  if (from != to + std::string(kPartial)) {
    throw Error(ErrorCode::kInternal, fmt::format("'{}' is no upload of '{}'", from, to));
  }
  upload->Complete(replace);
}

// By parts, as an object of more than 5 GiB cannot be copied at once.
void ObjectFiles::Copy(const ObjectPath& from, const ObjectPath& to, bool replace) {
  constexpr std::uint64_t kPart = std::uint64_t{1} << 30;
  if (from.bucket != to.bucket) {
    throw Error(ErrorCode::kInternal,
                fmt::format("'{}' and '{}' are not in one bucket", from.text(), to.text()));
  }
  ObjectStore& store = Store(from.bucket);
  const auto facts = store.Head(from.key);
  if (!facts) {
    throw Error(ErrorCode::kIo,
                fmt::format("cannot rename '{}': there is no such object", from.text()),
                "Another program removed it in the meantime; run this again.")
        .About(from.text());
  }
  if (!replace && store.Head(to.key)) ThrowWouldOverwrite(to.text());
  const std::string mark = NewMark();
  const std::string id = store.BeginUpload(to.key, mark);
  try {
    std::vector<std::string> etags;
    for (std::uint64_t at = 0; at < facts->bytes; at += kPart) {
      etags.push_back(store.CopyPart(to.key, id, static_cast<unsigned>(etags.size() + 1), from.key,
                                     facts->etag, at, std::min(kPart, facts->bytes - at)));
    }
    if (etags.empty()) etags.push_back(store.UploadPart(to.key, id, 1, ""));
    WriteCondition condition;
    condition.only_if_absent = !replace;
    if (!store.CompleteUpload(to.key, id, etags, mark, condition)) ThrowWouldOverwrite(to.text());
  } catch (...) {
    try {
      store.AbortUpload(to.key, id);
    } catch (...) {
    }
    throw;
  }
  const auto copied = store.Head(to.key);
  if (!copied || copied->bytes != facts->bytes || copied->made_by != mark) {
    throw Error(ErrorCode::kIo,
                fmt::format("'{}' is not what '{}' was copied to", to.text(), from.text()),
                "Another program writes there, too; the object that was copied is kept.")
        .About(to.text());
  }
  store.Delete(from.key);
}

void ObjectFiles::Remove(const std::string& path) {
  if (!IsObjectPath(path)) return files_.Remove(path);
  if (const auto upload = TakeUpload(path)) {
    upload->Abandon();
    return;
  }
  if (path.ends_with(kPartial)) return;  // an upload that is no more
  const ObjectPath object = ParseObject(path);
  Store(object.bucket).Delete(object.key);
}

void ObjectFiles::SyncFolderOf(const std::string& path) {
  if (!IsObjectPath(path)) files_.SyncFolderOf(path);
}

}  // namespace dbomsbak
