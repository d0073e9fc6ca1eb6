// Objects of one bucket: the few things that are asked of an object store.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/base/cancel.h"
#include "dbomsbak/objects/http.h"
#include "dbomsbak/objects/settings.h"

namespace dbomsbak {

struct ObjectFacts {
  std::uint64_t bytes = 0;
  std::string etag;           // as the store spells it, with its quotes
  std::int64_t modified = 0;  // seconds since 1970, by the store's clock
  std::int64_t now = 0;       // by the same clock, when it answered
  std::string made_by;        // the mark of the upload that made it; empty: another program's
};

struct ListedObject {
  std::string key;
  std::uint64_t bytes = 0;
  std::int64_t modified = 0;
};

struct LeftUpload {
  std::string key, id;
};

// When something is written.
struct WriteCondition {
  bool only_if_absent = false;
  std::string only_if_etag;  // empty: whatever is there
};

// Any number of threads. Errors, which name the object: kPrivilege for what these credentials may
// not; kConnect for a store that is not reached, wrong credentials, a clock that is off; kIo for
// everything else, such as a bucket that is not there, an object that was replaced meanwhile, or a
// store that fails over and over. What may have been an accident is tried again.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  // `even_if_cancelled`: what a run that is being stopped must still know.
  virtual std::optional<ObjectFacts> Head(const std::string& key,
                                          bool even_if_cancelled = false) = 0;
  // `size` bytes from `offset`, which are there. kIo when the object is not that of `etag` any
  // more.
  virtual std::string Read(const std::string& key, const std::string& etag, std::uint64_t offset,
                           std::size_t size) = 0;
  // False when the condition did not hold. `mark` is what Head() then tells as made_by.
  virtual bool Put(const std::string& key, std::string_view bytes, const std::string& mark,
                   const WriteCondition& condition) = 0;

  // Several parts, from 1 on, that become an object at once.
  virtual std::string BeginUpload(const std::string& key, const std::string& mark) = 0;
  // The part's ETag.
  virtual std::string UploadPart(const std::string& key, const std::string& id, unsigned number,
                                 std::string_view bytes) = 0;
  virtual std::string CopyPart(const std::string& key, const std::string& id, unsigned number,
                               const std::string& from, const std::string& from_etag,
                               std::uint64_t offset, std::uint64_t size) = 0;
  // False when the condition did not hold.
  virtual bool CompleteUpload(const std::string& key, const std::string& id,
                              const std::vector<std::string>& etags, const std::string& mark,
                              const WriteCondition& condition) = 0;
  // Done also when the run is being stopped.
  virtual void AbortUpload(const std::string& key, const std::string& id) = 0;

  virtual void Delete(const std::string& key) = 0;  // also one that is not there
  // All keys that begin with `prefix`; without those that have another '/' behind it.
  virtual std::vector<ListedObject> List(const std::string& prefix) = 0;
  // None where the store does not tell.
  virtual std::vector<LeftUpload> Uploads(const std::string& prefix) = 0;
};

// How often and how long it is tried again.
struct RetryPolicy {
  unsigned tries = 8;
  // Writing what a dump of hours ends in goes on so long, however often.
  std::chrono::milliseconds patience{300'000};
  std::chrono::milliseconds first_pause{200}, longest_pause{10'000};
  // Pauses; tests have their own. Empty: for real, and not longer than a cancelled run goes on.
  std::function<void(std::chrono::milliseconds)> pause;
};

// S3, or what speaks its language. `http` must outlive it, and so must `cancel`.
std::unique_ptr<ObjectStore> OpenS3(const std::string& bucket, const S3Settings& settings,
                                    HttpClient& http, const CancelToken& cancel,
                                    RetryPolicy retries = {});

}  // namespace dbomsbak
