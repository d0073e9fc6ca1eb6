// Requests to one bucket of S3: addressed, signed, tried again, and told of when they fail.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/objects/object_store.h"
#include "objects/sigv4.h"

namespace dbomsbak {

// What is asked, before it is signed.
struct Asked {
  std::string method;
  std::string key;  // empty: the bucket
  Fields query = {};
  Fields headers = {};
  std::string_view body = {};
  std::string doing;               // "read", for messages
  std::vector<int> expected = {};  // statuses besides 2xx that are answers
  std::size_t largest_answer = 16u << 20;
  bool even_if_cancelled = false;
  bool takes_long = false;   // without a byte of an answer
  bool patient = false;      // see RetryPolicy
  bool takes_whole = false;  // an answer that is too long is one
  // What a good answer has; one without was cut on its way.
  std::function<bool(const HttpAnswer&)> whole = {};
};

struct Sent {
  HttpAnswer answer;
  unsigned tries = 1;
};

// Any number of threads. `http` and `cancel` must outlive it. Errors: those of ObjectStore.
class S3Requests {
 public:
  S3Requests(std::string bucket, const S3Settings& settings, HttpClient& http,
             const CancelToken& cancel, RetryPolicy retries);

  // An answer of 2xx, or one that is expected.
  Sent Send(const Asked& asked);
  // "Not found", as `answer` says, may be the bucket, or the account: an Error then. Asked of the
  // store until the bucket is known to be there.
  void RequireBucket(const Asked& asked, const HttpAnswer& answer);
  bool cancelled() const { return cancel_.cancelled(); }

 private:
  void Address(const Asked& asked, const std::string& region, std::string& host,
               std::string& origin, std::string& path) const;
  std::string Region();
  HttpAnswer SendOnce(const Asked& asked, const std::string& region);
  // How long it was.
  std::chrono::milliseconds Pause(const Asked& asked, unsigned tries, const HttpAnswer& answer);
  HttpAnswer InWords(const Asked& asked, HttpAnswer answer);
  [[noreturn]] void Throw(const Asked& asked, const HttpAnswer& answer, unsigned tries) const;

  const std::string bucket_;
  const S3Settings settings_;
  HttpClient& http_;
  const CancelToken& cancel_;
  const RetryPolicy retries_;
  std::atomic<bool> reached_ = false;  // the bucket is there, and these credentials are known
  std::mutex mutex_;
  std::string region_;
  std::mt19937_64 random_{std::random_device()()};
};

}  // namespace dbomsbak
