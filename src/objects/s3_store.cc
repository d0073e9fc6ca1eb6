#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <mutex>
#include <random>
#include <thread>

#include "dbomsbak/base/digest.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/base/utc_time.h"
#include "dbomsbak/objects/object_store.h"
#include "objects/answers.h"
#include "objects/sigv4.h"

namespace dbomsbak {
namespace {

constexpr char kMark[] = "x-amz-meta-dbomsbak-upload";

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
  bool takes_long = false;  // without a byte of an answer
  // What a good answer has; one without was cut on its way.
  std::function<bool(const HttpAnswer&)> whole = {};
};

bool HasLength(const HttpAnswer& answer) {
  const std::string length = answer.header("content-length");
  return !length.empty() && length.size() <= 18 &&
         length.find_first_not_of("0123456789") == std::string::npos;
}
bool HasEtag(const HttpAnswer& answer) { return !answer.header("etag").empty(); }
bool HasElement(const HttpAnswer& answer, const char* tag) {
  return !XmlParts(answer.body, tag).empty();
}

struct Sent {
  HttpAnswer answer;
  unsigned tries = 1;
};

class S3Store final : public ObjectStore {
 public:
  S3Store(std::string bucket, const S3Settings& settings, HttpClient& http,
          const CancelToken& cancel, RetryPolicy retries)
      : bucket_(std::move(bucket)),
        settings_(settings),
        http_(http),
        cancel_(cancel),
        retries_(std::move(retries)),
        region_(settings.region) {}

  std::optional<ObjectFacts> Head(const std::string& key) override {
    const Asked asked{
        .method = "HEAD", .key = key, .doing = "examine", .expected = {404}, .whole = HasLength};
    const HttpAnswer answer = Send(asked).answer;
    if (answer.status == 404) {
      if (!reached_) RequireBucket(asked, answer);
      return std::nullopt;
    }
    ObjectFacts facts;
    facts.bytes = std::stoull(answer.header("content-length"));
    facts.etag = answer.header("etag");
    facts.modified = TimeOf(answer.header("last-modified"));
    facts.now = TimeOf(answer.header("date"));
    facts.made_by = answer.header(kMark);
    return facts;
  }

  std::string Read(const std::string& key, const std::string& etag, std::uint64_t offset,
                   std::size_t size) override {
    Asked asked{.method = "GET", .key = key, .doing = "read", .expected = {404, 412, 416}};
    asked.headers.emplace_back("range", fmt::format("bytes={}-{}", offset, offset + size - 1));
    if (!etag.empty()) asked.headers.emplace_back("if-match", etag);
    asked.largest_answer = size + (64u << 10);  // an error's text
    asked.whole = [size, offset](const HttpAnswer& answer) {
      return answer.body.size() == size &&
             (answer.status == 206 || (answer.status == 200 && offset == 0));
    };
    HttpAnswer answer = Send(asked).answer;
    const bool other = !etag.empty() && answer.status / 100 == 2 &&
                       !answer.header("etag").empty() && answer.header("etag") != etag;
    if (answer.status / 100 != 2 || other) {
      throw Error(ErrorCode::kIo,
                  fmt::format("'{}' {} while it was read", Name(key),
                              answer.status == 404 ? "was removed" : "was replaced by another"),
                  "Run it again on what is there now.")
          .About(Name(key));
    }
    return std::move(answer.body);
  }

  bool Put(const std::string& key, std::string_view bytes, const std::string& mark,
           const WriteCondition& condition) override {
    Asked asked{.method = "PUT", .key = key, .body = bytes, .doing = "write"};
    asked.headers.emplace_back(kMark, mark);
    return Conditionally(std::move(asked), mark, condition).has_value();
  }

  std::string BeginUpload(const std::string& key, const std::string& mark) override {
    Asked asked{.method = "POST", .key = key, .query = {{"uploads", ""}}, .doing = "write"};
    asked.headers.emplace_back(kMark, mark);
    asked.whole = [](const HttpAnswer& answer) { return HasElement(answer, "UploadId"); };
    const HttpAnswer answer = Send(asked).answer;
    return XmlText(answer.body, "UploadId").value_or("");
  }

  std::string UploadPart(const std::string& key, const std::string& id, unsigned number,
                         std::string_view bytes) override {
    return Send({.method = "PUT",
                 .key = key,
                 .query = {{"partNumber", std::to_string(number)}, {"uploadId", id}},
                 .body = bytes,
                 .doing = "write",
                 .whole = HasEtag})
        .answer.header("etag");
  }

  std::string CopyPart(const std::string& key, const std::string& id, unsigned number,
                       const std::string& from, const std::string& from_etag, std::uint64_t offset,
                       std::uint64_t size) override {
    Asked asked{.method = "PUT",
                .key = key,
                .query = {{"partNumber", std::to_string(number)}, {"uploadId", id}},
                .doing = "copy to"};
    asked.headers.emplace_back("x-amz-copy-source",
                               fmt::format("/{}/{}", bucket_, UriEncode(from, true)));
    if (!from_etag.empty()) asked.headers.emplace_back("x-amz-copy-source-if-match", from_etag);
    asked.headers.emplace_back("x-amz-copy-source-range",
                               fmt::format("bytes={}-{}", offset, offset + size - 1));
    asked.whole = [](const HttpAnswer& answer) { return HasElement(answer, "ETag"); };
    asked.takes_long = true;
    return XmlText(Send(asked).answer.body, "ETag").value_or("");
  }

  bool CompleteUpload(const std::string& key, const std::string& id,
                      const std::vector<std::string>& etags, const std::string& mark,
                      const WriteCondition& condition) override {
    std::string body = "<CompleteMultipartUpload>";
    for (std::size_t i = 0; i < etags.size(); ++i) {
      body += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>", i + 1,
                          XmlEscaped(etags[i]));
    }
    body += "</CompleteMultipartUpload>";
    Asked asked{.method = "POST",
                .key = key,
                .query = {{"uploadId", id}},
                .body = body,
                .doing = "write",
                .expected = {404}};
    asked.takes_long = true;
    const auto answer = Conditionally(std::move(asked), mark, condition);
    if (!answer) return false;
    if (answer->status == 404 && !IsOurs(key, mark)) {
      throw Error(ErrorCode::kIo,
                  fmt::format("the upload of '{}' was given up by somebody else", Name(key)),
                  "A rule of the bucket, or another run, has removed it: run it again.")
          .About(Name(key));
    }
    return true;
  }

  void AbortUpload(const std::string& key, const std::string& id) override {
    Send({.method = "DELETE",
          .key = key,
          .query = {{"uploadId", id}},
          .doing = "give up",
          .expected = {404},
          .even_if_cancelled = true});
  }

  void Delete(const std::string& key) override {
    Send({.method = "DELETE",
          .key = key,
          .doing = "remove",
          .expected = {404},
          .even_if_cancelled = cancel_.cancelled()});
  }

  std::vector<ListedObject> List(const std::string& prefix) override {
    std::vector<ListedObject> objects;
    std::string token;
    do {
      Asked asked{.method = "GET",
                  .key = "",
                  .query = {{"list-type", "2"},
                            {"delimiter", "/"},
                            {"encoding-type", "url"},
                            {"prefix", prefix}},
                  .doing = "list"};
      asked.whole = [](const HttpAnswer& answer) { return HasElement(answer, "ListBucketResult"); };
      if (!token.empty()) asked.query.emplace_back("continuation-token", token);
      const HttpAnswer answer = Send(asked).answer;
      const bool encoded = XmlText(answer.body, "EncodingType").value_or("") == "url";
      for (const std::string_view part : XmlParts(answer.body, "Contents")) {
        ListedObject object;
        object.key = XmlText(part, "Key").value_or("");
        if (encoded) object.key = UriDecoded(object.key);
        const std::string size = XmlText(part, "Size").value_or("");
        if (size.empty() || size.size() > 18 ||
            size.find_first_not_of("0123456789") != std::string::npos) {
          throw Error(ErrorCode::kIo, fmt::format("cannot read the list of '{}'", Name(prefix)),
                      "Is it an object store that speaks S3?")
              .About(Name(prefix));
        }
        object.bytes = std::stoull(size);
        object.modified = TimeOf(XmlText(part, "LastModified").value_or(""));
        objects.push_back(std::move(object));
      }
      const std::string next = XmlText(answer.body, "NextContinuationToken").value_or("");
      const bool more = XmlText(answer.body, "IsTruncated").value_or("") == "true";
      if (more && (next.empty() || next == token)) {
        throw Error(ErrorCode::kIo, fmt::format("the list of '{}' has no end", Name(prefix)))
            .About(Name(prefix));
      }
      token = more ? next : "";
    } while (!token.empty());
    return objects;
  }

  std::vector<LeftUpload> Uploads(const std::string& prefix) override {
    std::vector<LeftUpload> uploads;
    Asked asked{.method = "GET",
                .key = "",
                .query = {{"uploads", ""}, {"encoding-type", "url"}, {"prefix", prefix}},
                .doing = "list"};
    asked.whole = [](const HttpAnswer& answer) {
      return HasElement(answer, "ListMultipartUploadsResult");
    };
    const HttpAnswer answer = Send(asked).answer;  // a thousand; the next run sees the others
    const bool encoded = XmlText(answer.body, "EncodingType").value_or("") == "url";
    for (const std::string_view part : XmlParts(answer.body, "Upload")) {
      LeftUpload upload{XmlText(part, "Key").value_or(""), XmlText(part, "UploadId").value_or("")};
      if (encoded) upload.key = UriDecoded(upload.key);
      uploads.push_back(std::move(upload));
    }
    return uploads;
  }

 private:
  std::string Name(const std::string& key) const { return ObjectPath{bucket_, key}.text(); }

  // "Not found" may be the bucket, or the account.
  void RequireBucket(const Asked& asked, const HttpAnswer& answer) {
    const HttpAnswer told = InWords(asked, answer);
    const std::string code = XmlText(told.body, "Code").value_or("");
    if (!code.empty() && code != "NoSuchKey" && code != "NotFound") Throw(asked, told, 1);
    reached_ = true;
  }

  bool IsOurs(const std::string& key, const std::string& mark) {
    const auto facts = Head(key);
    return facts && facts->made_by == mark;
  }

  // Nothing when the condition did not hold. A store that does not know conditions is asked
  // first, as well as that can be done.
  std::optional<HttpAnswer> Conditionally(Asked asked, const std::string& mark,
                                          const WriteCondition& condition) {
    const Fields without = asked.headers;
    if (condition.only_if_absent) asked.headers.emplace_back("if-none-match", "*");
    if (!condition.only_if_etag.empty()) {
      asked.headers.emplace_back("if-match", condition.only_if_etag);
    }
    const bool conditional = asked.headers.size() != without.size();
    if (conditional) asked.expected.insert(asked.expected.end(), {409, 412, 501});
    if (!condition.only_if_etag.empty()) asked.expected.push_back(404);
    Sent sent = Send(asked);
    if (sent.answer.status == 501) {
      const auto there = Head(asked.key);
      if (condition.only_if_absent && there) return std::nullopt;
      if (!condition.only_if_etag.empty() && (!there || there->etag != condition.only_if_etag)) {
        return std::nullopt;
      }
      asked.headers = without;
      std::erase(asked.expected, 501);
      sent = Send(asked);
    }
    const bool gone = sent.answer.status == 404 && !condition.only_if_etag.empty();
    if (sent.answer.status == 412 || sent.answer.status == 409 || gone) {
      // The first try may have been carried out, and its answer lost.
      if (sent.tries > 1 && IsOurs(asked.key, mark)) return sent.answer;
      return std::nullopt;
    }
    return sent.answer;
  }

  // Bucket names with dots do not fit the certificate of AWS; other stores know names in the path.
  void Address(const Asked& asked, const std::string& region, std::string& host,
               std::string& origin, std::string& path) const {
    const std::string key = UriEncode(asked.key, true);
    if (!settings_.endpoint.empty()) {
      origin = settings_.endpoint;
      path = fmt::format("/{}{}{}", bucket_, asked.key.empty() ? "" : "/", key);
    } else {
      const std::string suffix = region.starts_with("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
      if (bucket_.find('.') == std::string::npos) {
        origin = fmt::format("https://{}.s3.{}.{}", bucket_, region, suffix);
        path = "/" + key;
      } else {
        origin = fmt::format("https://s3.{}.{}", region, suffix);
        path = fmt::format("/{}{}{}", bucket_, asked.key.empty() ? "" : "/", key);
      }
    }
    host = origin.substr(origin.find("://") + 3);
    // A port that goes without saying is not sent.
    const std::string_view usual = origin.starts_with("https:") ? ":443" : ":80";
    if (host.ends_with(usual)) host.resize(host.size() - usual.size());
  }

  std::string Region() {
    const std::scoped_lock lock(mutex_);
    return region_;
  }

  HttpAnswer SendOnce(const Asked& asked, const std::string& region) {
    const S3Credentials credentials = settings_.credentials();
    std::string host, origin;
    RequestToSign to_sign;
    Address(asked, region, host, origin, to_sign.path);
    to_sign.method = asked.method;
    to_sign.query = CanonicalQuery(asked.query);
    to_sign.headers = asked.headers;
    to_sign.payload_sha256 = Sha256(asked.body).hex();
    const std::int64_t now = UtcNow();
    to_sign.headers.emplace_back("x-amz-content-sha256", to_sign.payload_sha256);
    to_sign.headers.emplace_back("x-amz-date", FormatCompactUtc(now));
    if (!credentials.session_token.empty()) {
      to_sign.headers.emplace_back("x-amz-security-token", credentials.session_token.Reveal());
    }
    HttpRequest request;
    request.method = asked.method;
    request.headers = to_sign.headers;  // libcurl adds Host
    to_sign.headers.emplace_back("host", host);
    request.headers.emplace_back("authorization", SignV4(to_sign, credentials, region, now));
    request.url = fmt::format("{}{}{}{}", origin, to_sign.path, to_sign.query.empty() ? "" : "?",
                              to_sign.query);
    request.body = asked.body;
    request.largest_answer = asked.largest_answer;
    if (asked.even_if_cancelled) {
      request.connect_timeout_s = request.stalled_timeout_s = 5;
    } else {
      request.cancel = &cancel_;
      if (asked.takes_long) request.stalled_timeout_s = 600;
    }
    return http_.Do(request);
  }

  // The region that the bucket is in, where the answer says that it was asked in another one.
  static std::string OtherRegion(const HttpAnswer& answer) {
    const std::string code = XmlText(answer.body, "Code").value_or("");
    const bool elsewhere = answer.status == 301 || answer.status == 307 ||
                           code == "AuthorizationHeaderMalformed" ||
                           (answer.status == 400 && answer.body.empty());
    if (!elsewhere) return "";
    const std::string header = answer.header("x-amz-bucket-region");
    std::string region = header.empty() ? XmlText(answer.body, "Region").value_or("") : header;
    const bool plain = !region.empty() && region.size() < 64 &&
                       std::all_of(region.begin(), region.end(), [](char c) {
                         return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
                       });
    return plain ? region : "";
  }

  // Completing and copying begin to answer before they know: "200 OK", and an error behind it.
  static bool IsBelatedError(const Asked& asked, const HttpAnswer& answer) {
    return answer.status == 200 && (asked.method == "POST" || asked.method == "PUT") &&
           !XmlParts(answer.body, "Error").empty();
  }

  static bool WorthAnotherTry(const HttpAnswer& answer) {
    switch (answer.status) {
      case 0:
        return answer.worth_another_try;
      case 408:
      case 425:
      case 429:
      case 500:
      case 502:
      case 503:
      case 504:
        return true;
      case 400:
      case 409: {
        const std::string code = XmlText(answer.body, "Code").value_or("");
        return code == "RequestTimeout" || code == "OperationAborted" ||
               code == "ConditionalRequestConflict" || code == "BadDigest";
      }
      default:
        return false;
    }
  }

  void Pause(unsigned tries, const HttpAnswer& answer) {
    using std::chrono::milliseconds;
    auto longest = retries_.first_pause * (1u << std::min(tries - 1, 16u));
    longest = std::min<milliseconds>(longest, retries_.longest_pause);
    milliseconds pause{0};
    {
      const std::scoped_lock lock(mutex_);
      pause = milliseconds(
          std::uniform_int_distribution<long long>(longest.count() / 2, longest.count())(random_));
    }
    const std::string wanted = answer.header("retry-after");
    if (!wanted.empty() && wanted.size() < 4 &&
        wanted.find_first_not_of("0123456789") == std::string::npos) {
      pause = std::max<milliseconds>(pause,
                                     std::min<milliseconds>(std::chrono::seconds(std::stoi(wanted)),
                                                            std::chrono::seconds(30)));
    }
    if (retries_.pause) return retries_.pause(pause);
    const auto until = std::chrono::steady_clock::now() + pause;
    while (std::chrono::steady_clock::now() < until) {
      cancel_.ThrowIfCancelled();
      std::this_thread::sleep_for(milliseconds(20));
    }
  }

  // A HEAD is answered without a word of what is wrong.
  HttpAnswer InWords(const Asked& asked, HttpAnswer answer) {
    if (asked.method != "HEAD" || answer.status < 400) return answer;
    Asked again = asked;
    again.method = "GET";
    again.headers.emplace_back("range", "bytes=0-0");
    HttpAnswer told = SendOnce(again, Region());
    return told.status == answer.status ? told : answer;
  }

  Sent Send(const Asked& asked) {
    const unsigned most = asked.even_if_cancelled ? 2 : retries_.tries;
    unsigned moves = 0;
    for (unsigned tries = 1;; ++tries) {
      if (!asked.even_if_cancelled) cancel_.ThrowIfCancelled();
      HttpAnswer answer = SendOnce(asked, Region());
      if (!asked.even_if_cancelled) cancel_.ThrowIfCancelled();
      const bool belated = IsBelatedError(asked, answer);
      const bool cut = answer.status / 100 == 2 && asked.whole && !asked.whole(answer);
      const bool again = WorthAnotherTry(answer) || belated || cut;
      const bool good = answer.status / 100 == 2 && !again;
      const bool expected = std::find(asked.expected.begin(), asked.expected.end(),
                                      answer.status) != asked.expected.end();
      if (good || (expected && !again)) {
        if (answer.status == 404 && XmlText(answer.body, "Code").value_or("") == "NoSuchBucket") {
          Throw(asked, answer, tries);
        }
        if (good) reached_ = true;
        return {std::move(answer), tries};
      }
      if (const std::string region = OtherRegion(answer);
          !region.empty() && region != Region() && moves++ < 3) {
        const std::scoped_lock lock(mutex_);
        region_ = region;
        --tries;
        continue;
      }
      if (!again || tries >= most) {
        Throw(asked, InWords(asked, std::move(answer)), tries);
      }
      Pause(tries, answer);
    }
  }

  [[noreturn]] void Throw(const Asked& asked, const HttpAnswer& answer, unsigned tries) const {
    const std::string name = Name(asked.key);
    const auto fail = [&](ErrorCode error, const std::string& why, std::string hint) {
      throw Error(error,
                  fmt::format("cannot {} '{}': {}{}", asked.doing, name, why,
                              tries > 1 ? fmt::format(" (tried {} times)", tries) : ""),
                  std::move(hint))
          .About(name);
    };
    if (answer.status == 0) {
      if (answer.never_reached) {
        fail(ErrorCode::kConnect, answer.failure,
             settings_.endpoint.empty() ? "Name the store with --s3-endpoint where it is not AWS's."
                                        : fmt::format("Is the store at {}?", settings_.endpoint));
      }
      fail(ErrorCode::kIo, answer.failure, "The connection to the store broke; run it again.");
    }
    const std::string code = XmlText(answer.body, "Code").value_or("");
    std::string said = XmlText(answer.body, "Message").value_or("");
    if (said.size() > 300) said.resize(300);
    for (char& c : said) {
      if (static_cast<unsigned char>(c) < 0x20) c = ' ';
    }
    const bool no_s3 = answer.status / 100 == 2 && code.empty();
    std::string why = fmt::format("the store answers {}", answer.status);
    if (no_s3) why = fmt::format("the answer ({}) lacks what it should have", answer.status);
    if (!code.empty()) {
      why = fmt::format("{} ({}){}{}", code, answer.status, said.empty() ? "" : ": ", said);
    }
    if (code == "RequestTimeTooSkewed") {
      const std::int64_t there = TimeOf(answer.header("date"));
      const std::int64_t off = there == 0 ? 0 : UtcNow() - there;
      fail(ErrorCode::kConnect,
           off == 0 ? why
                    : fmt::format("{}; the clock here is {} s {} the store's", why,
                                  off < 0 ? -off : off, off < 0 ? "behind" : "ahead of"),
           "Set the clock of this machine (NTP).");
    }
    if (code == "InvalidAccessKeyId" || code == "SignatureDoesNotMatch" || code == "ExpiredToken" ||
        code == "InvalidToken" || code == "AuthorizationHeaderMalformed" ||
        code == "InvalidClientTokenId" || answer.status == 401) {
      fail(ErrorCode::kConnect, why,
           "Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile they come from, and "
           "the region.");
    }
    if (code == "NoSuchBucket") {
      fail(ErrorCode::kIo, why, "Create the bucket first, or check its name and --s3-endpoint.");
    }
    if (code == "InvalidObjectState") {
      fail(ErrorCode::kIo, why,
           "It lies in a storage class that must be asked for it first (RestoreObject).");
    }
    if (answer.status == 403) {
      fail(ErrorCode::kPrivilege, why,
           "These credentials need s3:GetObject and s3:PutObject there, s3:DeleteObject, "
           "s3:AbortMultipartUpload and, for the bucket, s3:ListBucket.");
    }
    if (answer.status == 404) fail(ErrorCode::kIo, why, "Check the name.");
    if (answer.status == 301 || answer.status == 307 || answer.status == 308) {
      fail(ErrorCode::kIo, why + "; it sends elsewhere, and does not say to which region",
           "Name the region in AWS_REGION.");
    }
    if (no_s3) fail(ErrorCode::kIo, why, "Is it an object store that speaks S3, with ranges?");
    fail(ErrorCode::kIo, why, answer.status >= 500 ? "The store has a fault; run it again." : "");
    throw Error(ErrorCode::kInternal, "an error without words");
  }

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

}  // namespace

std::string ObjectPath::text() const { return fmt::format("s3://{}/{}", bucket, key); }

bool IsObjectPath(std::string_view path) { return path.starts_with("s3://"); }

ObjectPath ParseObjectPath(const std::string& path) {
  const std::string rest = path.substr(5);
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  ObjectPath parsed{rest.substr(0, slash), rest.substr(std::min(slash + 1, rest.size()))};
  const bool plain = parsed.bucket.size() >= 3 && parsed.bucket.size() <= 255 &&
                     parsed.bucket.front() != '.' &&
                     std::all_of(parsed.bucket.begin(), parsed.bucket.end(), [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
                     });
  if (!plain || parsed.key.size() > 1024) {
    throw Error(ErrorCode::kUsage,
                fmt::format("'{}' names no object{}", path,
                            plain ? ": its key is longer than 1024 bytes" : ""),
                "It is s3://BUCKET/KEY; a bucket's name has letters, digits, '.', '-' and '_', and "
                "3 of them at least.")
        .About(path);
  }
  return parsed;
}

std::unique_ptr<ObjectStore> OpenS3(const std::string& bucket, const S3Settings& settings,
                                    HttpClient& http, const CancelToken& cancel,
                                    RetryPolicy retries) {
  return std::make_unique<S3Store>(bucket, settings, http, cancel, std::move(retries));
}

}  // namespace dbomsbak
