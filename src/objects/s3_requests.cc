#include "objects/s3_requests.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "dbomsbak/base/digest.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/base/utc_time.h"
#include "dbomsbak/objects/object_path.h"
#include "objects/answers.h"

namespace dbomsbak {
namespace {

// The region that the bucket is in, where the answer says that it was asked in another one.
std::string OtherRegion(const HttpAnswer& answer) {
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
bool IsBelatedError(const Asked& asked, const HttpAnswer& answer) {
  return answer.status == 200 && (asked.method == "POST" || asked.method == "PUT") &&
         !XmlParts(answer.body, "Error").empty();
}

bool WorthAnotherTry(const HttpAnswer& answer) {
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
             code == "ConditionalRequestConflict" || code == "BadDigest" ||
             code == "XAmzContentSHA256Mismatch" || code == "IncompleteBody";
    }
    default:
      return false;
  }
}

// An answer that ends well and is not what was asked for.
bool IsNoS3(const HttpAnswer& answer) {
  return answer.status / 100 == 2 && XmlText(answer.body, "Code").value_or("").empty();
}

// The store's own words, as far as they fit a line.
std::string SaidBy(const HttpAnswer& answer) {
  constexpr std::size_t kMostShown = 300;
  const std::string code = XmlText(answer.body, "Code").value_or("");
  if (IsNoS3(answer)) {
    return fmt::format("the answer ({}) lacks what it should have", answer.status);
  }
  if (code.empty()) return fmt::format("the store answers {}", answer.status);
  std::string said = XmlText(answer.body, "Message").value_or("");
  if (said.size() > kMostShown) said.resize(kMostShown);
  for (char& c : said) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  return fmt::format("{} ({}){}{}", code, answer.status, said.empty() ? "" : ": ", said);
}

std::string WithTries(const std::string& why, unsigned tries) {
  return tries > 1 ? fmt::format("{} (tried {} times)", why, tries) : why;
}

// `there`: the store's clock, 0 where it did not tell.
std::string WithClock(const std::string& why, std::int64_t there) {
  const std::int64_t off = there == 0 ? 0 : UtcNow() - there;
  if (off == 0) return why;
  return fmt::format("{}; the clock here is {} s {} the store's", why, off < 0 ? -off : off,
                     off < 0 ? "behind" : "ahead of");
}

}  // namespace

S3Requests::S3Requests(std::string bucket, const S3Settings& settings, HttpClient& http,
                       const CancelToken& cancel, RetryPolicy retries)
    : bucket_(std::move(bucket)),
      settings_(settings),
      http_(http),
      cancel_(cancel),
      retries_(std::move(retries)),
      region_(settings.region) {}

// Bucket names with dots do not fit the certificate of AWS; other stores know names in the path.
void S3Requests::Address(const Asked& asked, const std::string& region, std::string& host,
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

std::string S3Requests::Region() {
  const std::scoped_lock lock(mutex_);
  return region_;
}

HttpAnswer S3Requests::SendOnce(const Asked& asked, const std::string& region) {
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

std::chrono::milliseconds S3Requests::Pause(const Asked& asked, unsigned tries,
                                            const HttpAnswer& answer) {
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
    pause = std::max<milliseconds>(
        pause,
        std::min<milliseconds>(std::chrono::seconds(std::stoi(wanted)), std::chrono::seconds(30)));
  }
  if (retries_.pause) {
    retries_.pause(pause);
    return pause;
  }
  const auto until = std::chrono::steady_clock::now() + pause;
  while (std::chrono::steady_clock::now() < until) {
    if (!asked.even_if_cancelled) cancel_.ThrowIfCancelled();
    std::this_thread::sleep_for(milliseconds(20));
  }
  return pause;
}

// A HEAD is answered without a word of what is wrong.
HttpAnswer S3Requests::InWords(const Asked& asked, HttpAnswer answer) {
  if (asked.method != "HEAD" || answer.status < 400) return answer;
  Asked again = asked;
  again.method = "GET";
  again.headers.emplace_back("range", "bytes=0-0");
  HttpAnswer told = SendOnce(again, Region());
  return told.status == answer.status ? told : answer;
}

void S3Requests::RequireBucket(const Asked& asked, const HttpAnswer& answer) {
  if (reached_) return;
  const HttpAnswer told = InWords(asked, answer);
  const std::string code = XmlText(told.body, "Code").value_or("");
  if (!code.empty() && code != "NoSuchKey" && code != "NotFound") Throw(asked, told, 1);
  reached_ = true;
}

Sent S3Requests::Send(const Asked& asked) {
  const unsigned most = asked.even_if_cancelled ? 2 : retries_.tries;
  unsigned moves = 0;
  // Pauses count also where a test makes none; tries take their time, too.
  std::chrono::milliseconds paused{0};
  const auto began = std::chrono::steady_clock::now();
  const auto is_over = [&](unsigned tries) {
    if (tries < most) return false;
    return !asked.patient || paused >= retries_.patience ||
           std::chrono::steady_clock::now() - began >= retries_.patience;
  };
  for (unsigned tries = 1;; ++tries) {
    if (!asked.even_if_cancelled) cancel_.ThrowIfCancelled();
    HttpAnswer answer = SendOnce(asked, Region());
    if (!asked.even_if_cancelled) cancel_.ThrowIfCancelled();
    const bool belated = IsBelatedError(asked, answer);
    const bool cut = answer.status / 100 == 2 && asked.whole && !asked.whole(answer);
    const bool again = WorthAnotherTry(answer) || belated || cut;
    const bool good = answer.status / 100 == 2 && !again;
    const bool expected = std::find(asked.expected.begin(), asked.expected.end(), answer.status) !=
                          asked.expected.end();
    if (answer.too_long && asked.takes_whole) return {std::move(answer), tries};
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
    if (!again || is_over(tries)) {
      Throw(asked, InWords(asked, std::move(answer)), tries);
    }
    paused += Pause(asked, tries, answer);
  }
}

void S3Requests::Throw(const Asked& asked, const HttpAnswer& answer, unsigned tries) const {
  const std::string name = ObjectPath{bucket_, asked.key}.text();
  const auto fail = [&](ErrorCode error, const std::string& why, std::string hint) {
    throw Error(error, fmt::format("cannot {} '{}': {}", asked.doing, name, WithTries(why, tries)),
                std::move(hint))
        .About(name);
  };
  if (answer.status == 0) {
    if (answer.not_trusted) {
      fail(ErrorCode::kConnect, answer.failure,
           settings_.certificates.empty()
               ? "Name the authority that signed the store's certificate: AWS_CA_BUNDLE=FILE (PEM)."
               : fmt::format("Does '{}' (AWS_CA_BUNDLE) hold the authority that signed the store's "
                             "certificate, in PEM?",
                             settings_.certificates));
    }
    if (answer.never_reached) {
      fail(ErrorCode::kConnect, answer.failure,
           settings_.endpoint.empty() ? "Name the store with --s3-endpoint where it is not AWS's."
                                      : fmt::format("Is the store at {}?", settings_.endpoint));
    }
    fail(ErrorCode::kIo, answer.failure, "The connection to the store broke; run it again.");
  }
  const std::string code = XmlText(answer.body, "Code").value_or("");
  const bool no_s3 = IsNoS3(answer);
  const std::string why = SaidBy(answer);
  if (code == "RequestTimeTooSkewed") {
    fail(ErrorCode::kConnect, WithClock(why, TimeOf(answer.header("date"))),
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
         "s3:AbortMultipartUpload and, for the bucket, s3:ListBucket and "
         "s3:ListBucketMultipartUploads.");
  }
  if (answer.status == 404) fail(ErrorCode::kIo, why, "Check the name.");
  if (answer.status == 301 || answer.status == 307 || answer.status == 308) {
    fail(ErrorCode::kIo, why,
         "The store sends elsewhere, and does not say to which region: name it in AWS_REGION.");
  }
  if (no_s3) fail(ErrorCode::kIo, why, "Is it an object store that speaks S3, with ranges?");
  fail(ErrorCode::kIo, why, answer.status >= 500 ? "The store has a fault; run it again." : "");
  throw Error(ErrorCode::kInternal, "an error without words");
}

}  // namespace dbomsbak
