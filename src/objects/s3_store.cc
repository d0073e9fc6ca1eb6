#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "dbomsbak/base/error.h"
#include "dbomsbak/objects/object_path.h"
#include "dbomsbak/objects/object_store.h"
#include "objects/answers.h"
#include "objects/s3_requests.h"

namespace dbomsbak {
namespace {

constexpr char kMark[] = "x-amz-meta-dbomsbak-upload";

bool HasLength(const HttpAnswer& answer) {
  const std::string length = answer.header("content-length");
  return !length.empty() && length.size() <= 18 &&
         length.find_first_not_of("0123456789") == std::string::npos;
}
bool HasEtag(const HttpAnswer& answer) { return !answer.header("etag").empty(); }
bool HasElement(const HttpAnswer& answer, const char* tag) {
  return !XmlParts(answer.body, tag).empty();
}

class S3Store final : public ObjectStore {
 public:
  S3Store(const std::string& bucket, const S3Settings& settings, HttpClient& http,
          const CancelToken& cancel, RetryPolicy retries)
      : bucket_(bucket), requests_(bucket, settings, http, cancel, std::move(retries)) {}

  std::optional<ObjectFacts> Head(const std::string& key, bool even_if_cancelled) override {
    const Asked asked{.method = "HEAD",
                      .key = key,
                      .doing = "examine",
                      .expected = {404},
                      .even_if_cancelled = even_if_cancelled && requests_.cancelled(),
                      .whole = HasLength};
    const HttpAnswer answer = requests_.Send(asked).answer;
    if (answer.status == 404) {
      requests_.RequireBucket(asked, answer);
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
    const auto is_all_of_it = [size, offset](const HttpAnswer& answer) {
      return answer.status == 200 && (offset != 0 || answer.body.size() > size);
    };
    asked.whole = [&](const HttpAnswer& answer) {
      return answer.body.size() == size || is_all_of_it(answer);
    };
    asked.takes_whole = true;
    HttpAnswer answer = requests_.Send(asked).answer;
    if (answer.too_long || is_all_of_it(answer)) {
      throw Error(ErrorCode::kIo,
                  fmt::format("cannot read '{}': a part of it was asked for, and all of it is "
                              "answered",
                              Name(key)),
                  "The store, or a proxy before it, does not know ranges (Range: bytes=…): ask the "
                  "store itself (--s3-endpoint, no_proxy), or fetch the file first.")
          .About(Name(key));
    }
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
    const HttpAnswer answer = requests_.Send(asked).answer;
    return XmlText(answer.body, "UploadId").value_or("");
  }

  std::string UploadPart(const std::string& key, const std::string& id, unsigned number,
                         std::string_view bytes) override {
    return requests_
        .Send({.method = "PUT",
               .key = key,
               .query = {{"partNumber", std::to_string(number)}, {"uploadId", id}},
               .body = bytes,
               .doing = "write",
               .patient = true,
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
    asked.takes_long = asked.patient = true;
    return XmlText(requests_.Send(asked).answer.body, "ETag").value_or("");
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
    asked.whole = [](const HttpAnswer& answer) {
      return answer.body.find("<CompleteMultipartUploadResult") != std::string::npos;
    };
    asked.takes_long = asked.patient = true;
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
    requests_.Send({.method = "DELETE",
                    .key = key,
                    .query = {{"uploadId", id}},
                    .doing = "give up",
                    .expected = {404},
                    .even_if_cancelled = true});
  }

  void Delete(const std::string& key) override {
    requests_.Send({.method = "DELETE",
                    .key = key,
                    .doing = "remove",
                    .expected = {404},
                    .even_if_cancelled = requests_.cancelled()});
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
      const HttpAnswer answer = requests_.Send(asked).answer;
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
      if (more && (next.empty() || next == token)) ThrowEndless(prefix);
      token = more ? next : "";
    } while (!token.empty());
    return objects;
  }

  std::vector<LeftUpload> Uploads(const std::string& prefix) override {
    std::vector<LeftUpload> uploads;
    std::string next_key, next_id;
    bool more = true;
    while (more) {
      Asked asked{.method = "GET",
                  .key = "",
                  .query = {{"uploads", ""}, {"encoding-type", "url"}, {"prefix", prefix}},
                  .doing = "list",
                  .expected = {405, 501}};
      asked.whole = [](const HttpAnswer& answer) {
        return HasElement(answer, "ListMultipartUploadsResult");
      };
      if (!next_key.empty()) {
        asked.query.emplace_back("key-marker", next_key);
        asked.query.emplace_back("upload-id-marker", next_id);
      }
      const HttpAnswer answer = requests_.Send(asked).answer;
      if (answer.status / 100 != 2)
        break;  // it tells of none, and sweeps them by a rule of its own
      const bool encoded = XmlText(answer.body, "EncodingType").value_or("") == "url";
      const auto key_of = [encoded](std::string_view xml, const char* tag) {
        const std::string key = XmlText(xml, tag).value_or("");
        return encoded ? UriDecoded(key) : key;
      };
      for (const std::string_view part : XmlParts(answer.body, "Upload")) {
        uploads.push_back({key_of(part, "Key"), XmlText(part, "UploadId").value_or("")});
      }
      more = XmlText(answer.body, "IsTruncated").value_or("") == "true";
      const std::string key = key_of(answer.body, "NextKeyMarker");
      const std::string id = XmlText(answer.body, "NextUploadIdMarker").value_or("");
      if (more && (key.empty() || (key == next_key && id == next_id))) ThrowEndless(prefix);
      next_key = key;
      next_id = id;
    }
    return uploads;
  }

 private:
  [[noreturn]] void ThrowEndless(const std::string& prefix) const {
    throw Error(ErrorCode::kIo, fmt::format("the list of '{}' has no end", Name(prefix)),
                "Is it an object store that speaks S3?")
        .About(Name(prefix));
  }

  std::string Name(const std::string& key) const { return ObjectPath{bucket_, key}.text(); }

  bool IsOurs(const std::string& key, const std::string& mark) {
    const auto facts = Head(key, true);
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
    Sent sent = requests_.Send(asked);
    if (sent.answer.status == 501) {
      const auto there = Head(asked.key, false);
      if (condition.only_if_absent && there) return std::nullopt;
      if (!condition.only_if_etag.empty() && (!there || there->etag != condition.only_if_etag)) {
        return std::nullopt;
      }
      asked.headers = without;
      std::erase(asked.expected, 501);
      sent = requests_.Send(asked);
    }
    const bool gone = sent.answer.status == 404 && !condition.only_if_etag.empty();
    if (sent.answer.status == 412 || sent.answer.status == 409 || gone) {
      // The first try may have been carried out, and its answer lost.
      if (IsOurs(asked.key, mark)) return sent.answer;  // it was carried out, unheard
      return std::nullopt;
    }
    return sent.answer;
  }

  const std::string bucket_;
  S3Requests requests_;
};

}  // namespace

std::unique_ptr<ObjectStore> OpenS3(const std::string& bucket, const S3Settings& settings,
                                    HttpClient& http, const CancelToken& cancel,
                                    RetryPolicy retries) {
  return std::make_unique<S3Store>(bucket, settings, http, cancel, std::move(retries));
}

}  // namespace dbomsbak
