#include <curl/curl.h>

#include <algorithm>
#include <mutex>

#include "dbomsbak/base/ascii.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/objects/http.h"

namespace dbomsbak {
namespace {

struct EasyCloser {
  void operator()(CURL* handle) const noexcept { curl_easy_cleanup(handle); }
};
using EasyHandle = std::unique_ptr<CURL, EasyCloser>;

struct ListCloser {
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};

struct Exchange {
  const HttpRequest& request;
  HttpAnswer answer;
  std::size_t sent = 0;
  bool too_large = false;
  char why[CURL_ERROR_SIZE];  // more than the word for a code
};

std::size_t TakeBody(char* data, std::size_t, std::size_t size, void* user) {
  Exchange& exchange = *static_cast<Exchange*>(user);
  if (exchange.answer.body.size() + size > exchange.request.largest_answer) {
    exchange.too_large = true;
    return 0;
  }
  exchange.answer.body.append(data, size);
  return size;
}

std::size_t GiveBody(char* out, std::size_t, std::size_t room, void* user) {
  Exchange& exchange = *static_cast<Exchange*>(user);
  const std::size_t count = exchange.request.body.copy(out, room, exchange.sent);
  exchange.sent += count;
  return count;
}

// The server may close a kept connection just as a request begins; libcurl then sends it anew.
int Rewind(void* user, curl_off_t offset, int origin) {
  if (origin != SEEK_SET) return CURL_SEEKFUNC_CANTSEEK;
  static_cast<Exchange*>(user)->sent = static_cast<std::size_t>(offset);
  return CURL_SEEKFUNC_OK;
}

std::size_t TakeHeader(char* data, std::size_t, std::size_t size, void* user) {
  Exchange& exchange = *static_cast<Exchange*>(user);
  const std::string_view line(data, size);
  if (line.starts_with("HTTP/")) {  // also behind "100 Continue"
    exchange.answer.headers.clear();
    return size;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return size;
  const std::string name = LowerAscii(line.substr(0, colon));
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  while (!value.empty() && (value.back() == '\r' || value.back() == '\n' || value.back() == ' ')) {
    value.remove_suffix(1);
  }
  exchange.answer.headers[name] = value;
  return size;
}

int StopWhenCancelled(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const CancelToken* const cancel = static_cast<Exchange*>(user)->request.cancel;
  return cancel != nullptr && cancel->cancelled() ? 1 : 0;
}

bool WorthAnotherTry(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_WRITE_ERROR:
      return true;
    default:
      return false;
  }
}

class CurlClient final : public HttpClient {
 public:
  explicit CurlClient(std::string certificates) : certificates_(std::move(certificates)) {
    static const CURLcode begun = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (begun != CURLE_OK) {
      throw Error(ErrorCode::kInternal,
                  std::string("libcurl does not start: ") + curl_easy_strerror(begun));
    }
  }

  HttpAnswer Do(const HttpRequest& request) override {
    EasyHandle handle = Take();
    Exchange exchange{request, {}, 0, false, {}};
    const std::unique_ptr<curl_slist, ListCloser> headers = HeadersOf(request);
    Prepare(handle.get(), exchange, headers.get());
    const CURLcode code = curl_easy_perform(handle.get());
    HttpAnswer& answer = exchange.answer;
    if (code != CURLE_OK) {
      answer.failure = exchange.too_large        ? "the answer is longer than asked for"
                       : exchange.why[0] != '\0' ? std::string(exchange.why)
                                                 : std::string(curl_easy_strerror(code));
      answer.too_long = exchange.too_large;
      answer.worth_another_try = WorthAnotherTry(code) && !exchange.too_large;
      answer.never_reached = code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_CONNECT ||
                             code == CURLE_COULDNT_RESOLVE_PROXY || code == CURLE_SSL_CONNECT_ERROR;
      answer.not_trusted =
          code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE;
      answer.never_reached |= answer.not_trusted;
      answer.status = 0;
      return std::move(answer);  // the handle goes with its connection
    }
    long status = 0;
    curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
    answer.status = static_cast<int>(status);
    Keep(std::move(handle));
    return std::move(answer);
  }

 private:
  static std::unique_ptr<curl_slist, ListCloser> HeadersOf(const HttpRequest& request) {
    curl_slist* list = nullptr;
    const auto add = [&](const std::string& line) {
      curl_slist* const longer = curl_slist_append(list, line.c_str());
      if (longer != nullptr) list = longer;
    };
    for (const auto& [name, value] : request.headers) {
      add(value.empty() ? name + ";" : name + ": " + value);
    }
    add("Expect:");  // a round trip for nothing
    add("Content-Type:");
    return std::unique_ptr<curl_slist, ListCloser>(list);
  }

  void Prepare(CURL* curl, Exchange& exchange, curl_slist* headers) const {
    const HttpRequest& request = exchange.request;
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);  // keys may hold "..", and are signed so
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, exchange.why);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, static_cast<long>(request.connect_timeout_s));
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, static_cast<long>(request.stalled_timeout_s));
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, TakeBody);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &exchange);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, TakeHeader);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &exchange);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, StopWhenCancelled);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &exchange);
    if (request.direct) curl_easy_setopt(curl, CURLOPT_PROXY, "");
    if (!certificates_.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, certificates_.c_str());
    if (request.method == "HEAD") {
      curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    } else if (request.method == "PUT" || request.method == "POST") {
      curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
      curl_easy_setopt(curl, CURLOPT_READFUNCTION, GiveBody);
      curl_easy_setopt(curl, CURLOPT_READDATA, &exchange);
      curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, Rewind);
      curl_easy_setopt(curl, CURLOPT_SEEKDATA, &exchange);
      curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE,
                       static_cast<curl_off_t>(request.body.size()));
      curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, 256L << 10);
    }
    if (request.method != "HEAD") {
      curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }
  }

  EasyHandle Take() {
    {
      const std::scoped_lock lock(mutex_);
      if (!idle_.empty()) {
        EasyHandle handle = std::move(idle_.back());
        idle_.pop_back();
        return handle;
      }
    }
    EasyHandle handle(curl_easy_init());
    if (!handle) throw Error(ErrorCode::kInternal, "libcurl gives no handle");
    return handle;
  }

  void Keep(EasyHandle handle) {
    constexpr std::size_t kIdle = 8;
    const std::scoped_lock lock(mutex_);
    if (idle_.size() < kIdle) idle_.push_back(std::move(handle));
  }

  const std::string certificates_;
  std::mutex mutex_;
  std::vector<EasyHandle> idle_;
};

}  // namespace

std::unique_ptr<HttpClient> HttpClient::Curl(std::string certificates) {
  return std::make_unique<CurlClient>(std::move(certificates));
}

}  // namespace dbomsbak
