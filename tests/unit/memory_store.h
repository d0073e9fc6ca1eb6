// An object store in memory, any call of which may fail.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

#include "dbomsbak/base/error.h"
#include "dbomsbak/objects/object_store.h"

namespace dbomsbak {

// What is in it outlives the stores that show it.
struct MemoryBucket {
  struct Object {
    std::string bytes, etag, mark;
    std::int64_t modified = 0;
  };
  struct Unfinished {
    std::string key, mark;
    std::map<unsigned, std::string> parts;
  };
  std::mutex mutex;
  std::map<std::string, Object> objects;
  std::map<std::string, Unfinished> uploads;
  unsigned calls = 0, fail_at = 0;  // from 1 on; 0: none fails
  bool goes_on_failing = false;
  bool lose_completed = false;  // an upload that is completed is gone at once
  bool answer_is_lost = false;  // ... is completed, and nobody hears of it
  bool no_date = false;         // answers do not tell the time
  std::vector<std::pair<std::uint64_t, std::size_t>> reads;
  std::vector<std::size_t> parts;  // bytes of each that arrived
  unsigned made = 0;
  std::atomic<std::int64_t> clock = 1'000'000;  // tests move it while a lock is renewed
};

class MemoryStore final : public ObjectStore {
 public:
  explicit MemoryStore(MemoryBucket& bucket) : b_(bucket) {}

  std::optional<ObjectFacts> Head(const std::string& key, bool = false) override {
    const auto lock = Call();
    const auto found = b_.objects.find(key);
    if (found == b_.objects.end()) return std::nullopt;
    ObjectFacts facts;
    facts.bytes = found->second.bytes.size();
    facts.etag = found->second.etag;
    facts.made_by = found->second.mark;
    facts.modified = found->second.modified;
    facts.now = b_.no_date ? 0 : b_.clock.load();
    return facts;
  }
  std::string Read(const std::string& key, const std::string& etag, std::uint64_t offset,
                   std::size_t size) override {
    const auto lock = Call();
    const auto found = b_.objects.find(key);
    if (found == b_.objects.end() || found->second.etag != etag) {
      throw Error(ErrorCode::kIo, "replaced");
    }
    b_.reads.emplace_back(offset, size);
    return found->second.bytes.substr(static_cast<std::size_t>(offset), size);
  }
  bool Put(const std::string& key, std::string_view bytes, const std::string& mark,
           const WriteCondition& condition) override {
    const auto lock = Call();
    if (!Holds(key, condition)) return false;
    Set(key, std::string(bytes), mark);
    return true;
  }
  std::string BeginUpload(const std::string& key, const std::string& mark) override {
    const auto lock = Call();
    const std::string id = "u" + std::to_string(++b_.made);
    b_.uploads[id] = {key, mark, {}};
    return id;
  }
  std::string UploadPart(const std::string&, const std::string& id, unsigned number,
                         std::string_view bytes) override {
    const auto lock = Call();
    b_.uploads.at(id).parts[number] = bytes;
    b_.parts.push_back(bytes.size());
    return "p" + std::to_string(number);
  }
  std::string CopyPart(const std::string&, const std::string& id, unsigned number,
                       const std::string& from, const std::string&, std::uint64_t offset,
                       std::uint64_t size) override {
    const auto lock = Call();
    b_.uploads.at(id).parts[number] = b_.objects.at(from).bytes.substr(
        static_cast<std::size_t>(offset), static_cast<std::size_t>(size));
    return "p" + std::to_string(number);
  }
  bool CompleteUpload(const std::string& key, const std::string& id,
                      const std::vector<std::string>& etags, const std::string& mark,
                      const WriteCondition& condition) override {
    const auto lock = Call();
    if (!Holds(key, condition)) return false;
    std::string bytes;
    for (std::size_t i = 0; i < etags.size(); ++i) {
      if (etags[i] != "p" + std::to_string(i + 1)) throw Error(ErrorCode::kIo, "InvalidPartOrder");
      bytes += b_.uploads.at(id).parts.at(static_cast<unsigned>(i + 1));
    }
    b_.uploads.erase(id);
    if (!b_.lose_completed) Set(key, std::move(bytes), mark);
    if (b_.answer_is_lost) {
      if (b_.goes_on_failing) b_.fail_at = b_.calls;
      throw Error(ErrorCode::kTerminated, "terminated");
    }
    return true;
  }
  void AbortUpload(const std::string&, const std::string& id) override {
    const auto lock = Call();
    b_.uploads.erase(id);
  }
  void Delete(const std::string& key) override {
    const auto lock = Call();
    b_.objects.erase(key);
  }
  std::vector<ListedObject> List(const std::string& prefix) override {
    const auto lock = Call();
    std::vector<ListedObject> listed;
    for (const auto& [key, object] : b_.objects) {
      if (!key.starts_with(prefix) || key.find('/', prefix.size()) != std::string::npos) continue;
      listed.push_back({key, object.bytes.size(), object.modified});
    }
    return listed;
  }
  std::vector<LeftUpload> Uploads(const std::string& prefix) override {
    const auto lock = Call();
    std::vector<LeftUpload> left;
    for (const auto& [id, upload] : b_.uploads) {
      if (upload.key.starts_with(prefix)) left.push_back({upload.key, id});
    }
    return left;
  }

 private:
  std::unique_lock<std::mutex> Call() {
    std::unique_lock lock(b_.mutex);
    ++b_.calls;
    if (b_.fail_at != 0 &&
        (b_.calls == b_.fail_at || (b_.goes_on_failing && b_.calls > b_.fail_at))) {
      throw Error(ErrorCode::kIo, "the store fails");
    }
    return lock;
  }
  bool Holds(const std::string& key, const WriteCondition& condition) const {
    const auto found = b_.objects.find(key);
    if (condition.only_if_absent && found != b_.objects.end()) return false;
    return condition.only_if_etag.empty() ||
           (found != b_.objects.end() && found->second.etag == condition.only_if_etag);
  }
  void Set(const std::string& key, std::string bytes, const std::string& mark) {
    b_.objects[key] = {std::move(bytes), "e" + std::to_string(++b_.made), mark, b_.clock};
  }

  MemoryBucket& b_;
};

}  // namespace dbomsbak
