// One HTTP request and its answer, behind an interface, so that tests can make every one fail.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dbomsbak/base/cancel.h"

namespace dbomsbak {

struct HttpRequest {
  std::string method;
  std::string url;  // with the query, encoded
  std::vector<std::pair<std::string, std::string>> headers;
  std::string_view body;                   // must outlive the call
  std::size_t largest_answer = 16u << 20;  // bytes; more of them is a failure
  const CancelToken* cancel = nullptr;     // ends the request within a second
  unsigned connect_timeout_s = 10;
  unsigned stalled_timeout_s = 30;  // without a byte in either direction
  bool direct = false;              // through no proxy
};

struct HttpAnswer {
  int status = 0;                              // 0: there was no answer, and `failure` says why
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  std::string failure;
  bool worth_another_try = false;  // of a failure
  bool never_reached = false;      // no connection was made
  bool too_long = false;           // more bytes than the request takes
  bool not_trusted = false;        // ... as its certificate is not that of who was asked

  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
  }
};

// Any number of threads.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  virtual HttpAnswer Do(const HttpRequest& request) = 0;

  // By libcurl; connections are kept. Certificates of https are proved by the authorities in the
  // file `certificates`, or by the system's where that is empty; no redirect is followed.
  static std::unique_ptr<HttpClient> Curl(std::string certificates);
};

}  // namespace dbomsbak
