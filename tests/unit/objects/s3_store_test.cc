#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <deque>
#include <numeric>

#include "dbomsbak/base/error.h"
#include "dbomsbak/objects/object_store.h"

namespace dbomsbak {
namespace {

using testing::HasSubstr;

HttpAnswer Answer(int status, std::string body = "",
                  std::map<std::string, std::string> headers = {}) {
  HttpAnswer answer;
  answer.status = status;
  answer.body = std::move(body);
  answer.headers = std::move(headers);
  return answer;
}
HttpAnswer Refusal(int status, const std::string& code, const std::string& more = "") {
  return Answer(status, "<Error><Code>" + code + "</Code><Message>m</Message>" + more + "</Error>");
}
HttpAnswer Broken(bool reached = true) {
  HttpAnswer answer;
  answer.failure = "it broke";
  answer.worth_another_try = true;
  answer.never_reached = !reached;
  return answer;
}

// Gives the answers in turn, the last one for ever.
class Scripted final : public HttpClient {
 public:
  HttpAnswer Do(const HttpRequest& request) override {
    asked.push_back(request.method + " " + request.url);
    headers.push_back({});
    for (const auto& [name, value] : request.headers) headers.back()[name] = value;
    HttpAnswer answer = answers.front();
    if (answers.size() > 1) answers.pop_front();
    return answer;
  }
  std::deque<HttpAnswer> answers;
  std::vector<std::string> asked;
  std::vector<std::map<std::string, std::string>> headers;
};

class S3StoreTest : public testing::Test {
 protected:
  S3StoreTest() {
    settings_.region = "us-east-1";
    settings_.credentials = [] { return S3Credentials{"A", Secret("S"), Secret(), 0}; };
  }
  ObjectStore& Store(const std::string& bucket = "bucket") {
    RetryPolicy retries;
    retries.tries = 4;
    retries.pause = [this](std::chrono::milliseconds pause) { pauses_.push_back(pause.count()); };
    store_ = OpenS3(bucket, settings_, http_, cancel_, retries);
    return *store_;
  }
  Error ErrorOf(const std::function<void(ObjectStore&)>& ask) {
    try {
      ask(Store());
    } catch (const Error& error) {
      return error;
    }
    return Error(ErrorCode::kOk, "no error");
  }

  Scripted http_;
  CancelToken cancel_;
  S3Settings settings_;
  std::vector<long long> pauses_;
  std::unique_ptr<ObjectStore> store_;
};

TEST_F(S3StoreTest, AccidentsAreTriedAgainWithLongerAndLongerPauses) {
  http_.answers = {Refusal(503, "SlowDown"), Broken(), Answer(429),
                   Answer(200, "", {{"content-length", "5"}, {"etag", "\"e\""}})};
  EXPECT_EQ(Store().Head("k")->bytes, 5u);
  ASSERT_EQ(pauses_.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_GE(pauses_[i], 100 << i);
    EXPECT_LE(pauses_[i], 200 << i);
  }
}

TEST_F(S3StoreTest, WhatIsNoAccidentIsToldAtOnce) {
  http_.answers = {Refusal(403, "AccessDenied")};
  const Error denied = ErrorOf([](ObjectStore& s) { s.BeginUpload("k", "m"); });
  EXPECT_EQ(denied.code(), ErrorCode::kPrivilege);
  EXPECT_EQ(denied.object(), "s3://bucket/k");
  EXPECT_EQ(http_.asked.size(), 1u);
  http_.answers = {Refusal(403, "SignatureDoesNotMatch")};
  EXPECT_EQ(ErrorOf([](ObjectStore& s) { s.List("p/"); }).code(), ErrorCode::kConnect);
  http_.answers = {Refusal(404, "NoSuchBucket")};
  EXPECT_EQ(ErrorOf([](ObjectStore& s) { s.List("p/"); }).code(), ErrorCode::kIo);
  EXPECT_TRUE(pauses_.empty());
}

TEST_F(S3StoreTest, WhatIsRefusedBehindAnAccidentIsToldWithTheTries) {
  http_.answers = {Refusal(503, "SlowDown"), Refusal(403, "AccessDenied")};
  const Error denied = ErrorOf([](ObjectStore& s) { s.BeginUpload("k", "m"); });
  EXPECT_EQ(denied.code(), ErrorCode::kPrivilege);
  EXPECT_EQ(denied.object(), "s3://bucket/k");
  EXPECT_THAT(denied.message(), HasSubstr("AccessDenied (403)"));
  EXPECT_THAT(denied.message(), HasSubstr("(tried 2 times)"));
  EXPECT_THAT(denied.hint(), HasSubstr("s3:PutObject"));
}

TEST_F(S3StoreTest, WhatGoesOnFailingIsToldInTheEnd) {
  http_.answers = {Refusal(500, "InternalError")};
  const Error error = ErrorOf([](ObjectStore& s) { s.BeginUpload("k", "m"); });
  EXPECT_EQ(error.code(), ErrorCode::kIo);
  EXPECT_THAT(error.message(), HasSubstr("InternalError (500): m (tried 4 times)"));
  http_.answers = {Broken(false)};
  EXPECT_EQ(ErrorOf([](ObjectStore& s) { s.Head("k"); }).code(), ErrorCode::kConnect);
}

TEST_F(S3StoreTest, WhatADumpEndsInIsTriedForMinutes) {
  const auto paused = [this] {
    const auto sum = std::accumulate(pauses_.begin(), pauses_.end(), 0LL);
    pauses_.clear();
    return sum;
  };
  const auto part = [](ObjectStore& s) { s.UploadPart("k", "i", 1, "b"); };
  http_.answers.assign(25, Broken(false));
  http_.answers.push_back(Refusal(400, "XAmzContentSHA256Mismatch"));
  http_.answers.push_back(Refusal(400, "BadDigest"));
  http_.answers.push_back(Answer(200, "", {{"etag", "\"e\""}}));
  EXPECT_EQ(Store().UploadPart("k", "i", 1, "b"), "\"e\"");
  EXPECT_GT(paused(), 100'000);
  http_.answers = {Refusal(503, "SlowDown")};
  EXPECT_EQ(ErrorOf(part).code(), ErrorCode::kIo);
  const long long longest = paused();
  EXPECT_GE(longest, 300'000);
  EXPECT_LE(longest, 310'000);
  EXPECT_EQ(ErrorOf([](ObjectStore& s) { s.CompleteUpload("k", "i", {"e"}, "m", {}); }).code(),
            ErrorCode::kIo);
  EXPECT_GE(paused(), 300'000);
  http_.answers = {Refusal(403, "AccessDenied")};
  EXPECT_EQ(ErrorOf(part).code(), ErrorCode::kPrivilege);
  EXPECT_EQ(paused(), 0);
}

TEST_F(S3StoreTest, AStoreWithoutRangesIsToldAtOnce) {
  const auto read = [](ObjectStore& s) { s.Read("k", "\"e\"", 7, 3); };
  const auto first = [](ObjectStore& s) { s.Read("k", "\"e\"", 0, 3); };
  HttpAnswer long_one = Answer(0);
  long_one.too_long = true;
  for (const auto& [ask, answer] : {std::pair<std::function<void(ObjectStore&)>, HttpAnswer>(
                                        read, Answer(200, "abc", {{"etag", "\"e\""}})),
                                    {first, Answer(200, "0123456789", {{"etag", "\"e\""}})},
                                    {first, long_one}}) {
    http_.answers = {answer};
    http_.asked.clear();
    const Error error = ErrorOf(ask);
    EXPECT_EQ(error.code(), ErrorCode::kIo);
    EXPECT_THAT(error.hint(), HasSubstr("does not know ranges"));
    EXPECT_EQ(http_.asked.size(), 1u);
  }
  http_.answers = {Answer(200, "abc", {{"etag", "\"e\""}})};  // all of it was asked for
  EXPECT_EQ(Store().Read("k", "\"e\"", 0, 3), "abc");
}

TEST_F(S3StoreTest, AHeadWithoutWordsIsAskedForThem) {
  http_.answers = {Answer(403), Refusal(403, "InvalidAccessKeyId")};
  const Error error = ErrorOf([](ObjectStore& s) { s.Head("k"); });
  EXPECT_EQ(error.code(), ErrorCode::kConnect);
  EXPECT_THAT(error.message(), HasSubstr("InvalidAccessKeyId"));
}

TEST_F(S3StoreTest, AnObjectThatIsNotThereIsToldFromABucketThatIsNot) {
  http_.answers = {Answer(404), Refusal(404, "NoSuchKey")};
  ObjectStore& store = Store();
  EXPECT_FALSE(store.Head("k"));
  EXPECT_EQ(http_.asked.size(), 2u);
  EXPECT_FALSE(store.Head("k"));
  EXPECT_EQ(http_.asked.size(), 3u);  // asked for words but once
  http_.answers = {Answer(404), Refusal(404, "NoSuchBucket")};
  EXPECT_THAT(ErrorOf([](ObjectStore& s) { s.Head("k"); }).message(), HasSubstr("NoSuchBucket"));
}

TEST_F(S3StoreTest, AClockThatIsOffIsToldWithBothTimes) {
  HttpAnswer skewed = Refusal(403, "RequestTimeTooSkewed");
  skewed.headers["date"] = "Fri, 24 May 2013 00:00:00 GMT";
  http_.answers = {skewed};
  const Error error = ErrorOf([](ObjectStore& s) { s.List(""); });
  EXPECT_EQ(error.code(), ErrorCode::kConnect);
  EXPECT_THAT(error.message(), HasSubstr("s ahead of the store's"));
}

TEST_F(S3StoreTest, TheRegionOfTheBucketIsFollowedByName) {
  http_.answers = {Answer(301, "", {{"x-amz-bucket-region", "eu-west-3"}}),
                   Answer(200, "", {{"content-length", "5"}})};
  EXPECT_TRUE(Store().Head("k"));
  EXPECT_THAT(http_.asked,
              testing::ElementsAre("HEAD https://bucket.s3.us-east-1.amazonaws.com/k",
                                   "HEAD https://bucket.s3.eu-west-3.amazonaws.com/k"));
  EXPECT_THAT(http_.headers[1]["authorization"], HasSubstr("/eu-west-3/s3/"));
  // A redirect to who knows where is not.
  http_.answers = {
      Answer(307, "", {{"location", "http://evil/"}, {"x-amz-bucket-region", "evil.example/"}})};
  EXPECT_EQ(ErrorOf([](ObjectStore& s) { s.Head("k"); }).code(), ErrorCode::kIo);
  // Round and round.
  http_.answers = {Answer(301, "", {{"x-amz-bucket-region", "a"}}),
                   Answer(301, "", {{"x-amz-bucket-region", "b"}}),
                   Answer(301, "", {{"x-amz-bucket-region", "a"}}),
                   Answer(301, "", {{"x-amz-bucket-region", "b"}})};
  EXPECT_EQ(ErrorOf([](ObjectStore& s) { s.Head("k"); }).code(), ErrorCode::kIo);
}

TEST_F(S3StoreTest, BucketsAreInThePathWhereTheyDoNotFitAName) {
  http_.answers = {Answer(200, "", {{"content-length", "5"}})};
  Store("my.bucket").Head("a b/c");
  settings_.endpoint = "http://store:9000";
  Store().Head("a b/c");
  EXPECT_THAT(http_.asked,
              testing::ElementsAre("HEAD https://s3.us-east-1.amazonaws.com/my.bucket/a%20b/c",
                                   "HEAD http://store:9000/bucket/a%20b/c"));
}

TEST_F(S3StoreTest, AReadIsOfTheObjectThatWasOpened) {
  http_.answers = {Answer(206, "abc", {{"etag", "\"e\""}})};
  EXPECT_EQ(Store().Read("k", "\"e\"", 7, 3), "abc");
  EXPECT_EQ(http_.headers[0]["range"], "bytes=7-9");
  EXPECT_EQ(http_.headers[0]["if-match"], "\"e\"");
  const auto read = [](ObjectStore& s) { s.Read("k", "\"e\"", 7, 3); };
  http_.answers = {Refusal(412, "PreconditionFailed")};
  EXPECT_THAT(ErrorOf(read).message(), HasSubstr("replaced by another"));
  http_.answers = {Answer(206, "abc", {{"etag", "\"f\""}})};  // of a store that does not look
  EXPECT_THAT(ErrorOf(read).message(), HasSubstr("replaced by another"));
  http_.answers = {Refusal(404, "NoSuchKey")};
  EXPECT_THAT(ErrorOf(read).message(), HasSubstr("was removed"));
  http_.answers = {Answer(200, "0123456789", {{"etag", "\"e\""}})};  // no ranges
  EXPECT_EQ(ErrorOf(read).code(), ErrorCode::kIo);
  http_.answers = {Answer(206, "ab", {{"etag", "\"e\""}})};
  EXPECT_EQ(ErrorOf(read).code(), ErrorCode::kIo);
}

TEST_F(S3StoreTest, AConditionThatDoesNotHoldIsNoError) {
  const auto head = [](const std::string& mark) {
    return Answer(200, "", {{"content-length", "1"}, {"x-amz-meta-dbomsbak-upload", mark}});
  };
  http_.answers = {Refusal(412, "PreconditionFailed"), head("another")};
  EXPECT_FALSE(Store().Put("k", "b", "m", {.only_if_absent = true, .only_if_etag = ""}));
  EXPECT_EQ(http_.headers[0]["if-none-match"], "*");
  // What was carried out in a request that was given up before is ours all the same.
  http_.answers = {Refusal(412, "PreconditionFailed"), head("m")};
  EXPECT_TRUE(Store().Put("k", "b", "m", {.only_if_absent = false, .only_if_etag = "e"}));
}

TEST_F(S3StoreTest, AWriteWhoseAnswerWasLostIsKnownByItsMark) {
  const auto head = [](const std::string& mark) {
    return Answer(200, "", {{"content-length", "1"}, {"x-amz-meta-dbomsbak-upload", mark}});
  };
  http_.answers = {Broken(), Refusal(412, "PreconditionFailed"), head("m")};
  EXPECT_TRUE(Store().Put("k", "b", "m", {.only_if_absent = true, .only_if_etag = ""}));
  http_.answers = {Broken(), Refusal(412, "PreconditionFailed"), head("another")};
  EXPECT_FALSE(Store().Put("k", "b", "m", {.only_if_absent = true, .only_if_etag = ""}));
  http_.answers = {Broken(), Refusal(404, "NoSuchUpload"), head("m")};
  EXPECT_TRUE(Store().CompleteUpload("k", "i", {"\"e\""}, "m", {}));
  http_.answers = {Refusal(404, "NoSuchUpload"), Answer(404)};
  EXPECT_EQ(ErrorOf([](ObjectStore& s) { s.CompleteUpload("k", "i", {"\"e\""}, "m", {}); }).code(),
            ErrorCode::kIo);
}

TEST_F(S3StoreTest, AStoreWithoutConditionsIsAskedFirst) {
  http_.answers = {Refusal(501, "NotImplemented"), Answer(404), Answer(200)};
  EXPECT_TRUE(Store().Put("k", "b", "m", {.only_if_absent = true, .only_if_etag = ""}));
  EXPECT_EQ(http_.headers.back().count("if-none-match"), 0u);
  http_.answers = {Refusal(501, "NotImplemented"), Answer(200, "", {{"content-length", "1"}})};
  EXPECT_FALSE(Store().Put("k", "b", "m", {.only_if_absent = true, .only_if_etag = ""}));
}

TEST_F(S3StoreTest, AnErrorBehindAGoodStatusIsOne) {
  http_.answers = {Refusal(200, "InternalError"), Answer(200, "<html>Welcome</html>"),
                   Answer(200, "<CompleteMultipartUploadResult/>")};
  EXPECT_TRUE(Store().CompleteUpload("k", "i", {"\"e\""}, "m", {}));
  EXPECT_EQ(pauses_.size(), 2u);
  http_.answers = {Refusal(200, "InternalError")};
  EXPECT_EQ(ErrorOf([](ObjectStore& s) { s.CompleteUpload("k", "i", {"\"e\""}, "m", {}); }).code(),
            ErrorCode::kIo);
  http_.answers = {Answer(206, "<Error>", {{"etag", "e"}})};  // what an object holds is none
  EXPECT_EQ(Store().Read("k", "e", 0, 7), "<Error>");
}

TEST_F(S3StoreTest, AnAnswerThatWasCutIsAskedForAgain) {
  http_.answers = {Answer(200), Answer(200, "", {{"content-length", "5"}})};
  EXPECT_EQ(Store().Head("k")->bytes, 5u);
  http_.answers = {Answer(206, "ab"), Answer(206, "abc")};
  EXPECT_EQ(Store().Read("k", "", 0, 3), "abc");
  http_.answers = {Answer(200), Answer(200, "", {{"etag", "e"}})};
  EXPECT_EQ(Store().UploadPart("k", "i", 1, "b"), "e");
  http_.answers = {Answer(200, "<InitiateMultip"), Answer(200, "<UploadId>u</UploadId>")};
  EXPECT_EQ(Store().BeginUpload("k", "m"), "u");
  http_.answers = {Answer(200, "<ListBucketResult><Conten")};
  EXPECT_EQ(ErrorOf([](ObjectStore& s) { s.List(""); }).code(), ErrorCode::kIo);
}

TEST_F(S3StoreTest, AListGoesOnToItsEnd) {
  http_.answers = {
      Answer(200,
             "<ListBucketResult "
             "a=\"b\"><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>"
             "<NextContinuationToken>a+b/=</NextContinuationToken>"
             "<Contents><Key>p/a%26b</Key><LastModified>2026-11-28T00:05:32.000Z</LastModified>"
             "<Size>7</Size></Contents></ListBucketResult>"),
      Answer(200,
             "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>p/c&amp;d</Key>"
             "<Size>8</Size></Contents></ListBucketResult>")};
  const auto objects = Store().List("p/");
  ASSERT_EQ(objects.size(), 2u);
  EXPECT_EQ(objects[0].key, "p/a&b");
  EXPECT_EQ(objects[0].bytes, 7u);
  EXPECT_EQ(objects[1].key, "p/c&d");
  EXPECT_THAT(http_.asked[1], HasSubstr("continuation-token=a%2Bb%2F%3D"));
}

TEST_F(S3StoreTest, TheListOfUploadsGoesOnToItsEnd) {
  http_.answers = {
      Answer(200,
             "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated><EncodingType>url"
             "</EncodingType><NextKeyMarker>p/a%2Bb</NextKeyMarker><NextUploadIdMarker>i+1"
             "</NextUploadIdMarker><Upload><Key>p/a%2Bb</Key><UploadId>i+1</UploadId></Upload>"
             "</ListMultipartUploadsResult>"),
      Answer(200,
             "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated><Upload><Key>p/c</Key>"
             "<UploadId>i2</UploadId></Upload></ListMultipartUploadsResult>")};
  const auto uploads = Store().Uploads("p/");
  ASSERT_EQ(uploads.size(), 2u);
  EXPECT_EQ(uploads[0].key, "p/a+b");
  EXPECT_EQ(uploads[1].id, "i2");
  EXPECT_THAT(http_.asked[1], HasSubstr("key-marker=p%2Fa%2Bb"));
  EXPECT_THAT(http_.asked[1], HasSubstr("upload-id-marker=i%2B1"));
  http_.answers.front() = Answer(
      200,
      "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated></ListMultipartUploadsResult>");
  EXPECT_EQ(ErrorOf([](ObjectStore& s) { s.Uploads("p/"); }).code(), ErrorCode::kIo);
}

TEST_F(S3StoreTest, AListWhoseSizesAreNoneIsRefused) {
  http_.answers = {Answer(200,
                          "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>p/a"
                          "</Key><Size>many</Size></Contents></ListBucketResult>")};
  EXPECT_EQ(ErrorOf([](ObjectStore& s) { s.List("p/"); }).code(), ErrorCode::kIo);
}

TEST_F(S3StoreTest, AStoreThatTellsOfNoUploadsHasNone) {
  for (const int status : {405, 501}) {
    http_.answers = {Refusal(status, "NotImplemented")};
    EXPECT_TRUE(Store().Uploads("p/").empty()) << status;
  }
}

TEST_F(S3StoreTest, ACertificateThatIsNotTrustedIsToldAtOnceWithWhatToName) {
  HttpAnswer stranger;
  stranger.never_reached = stranger.not_trusted = true;
  stranger.failure = "self-signed certificate";
  http_.answers = {stranger};
  Error error = ErrorOf([](ObjectStore& s) { s.Head("k"); });
  EXPECT_EQ(error.code(), ErrorCode::kConnect);
  EXPECT_THAT(error.hint(), HasSubstr("AWS_CA_BUNDLE=FILE"));
  settings_.certificates = "/my.pem";
  error = ErrorOf([](ObjectStore& s) { s.Head("k"); });
  EXPECT_THAT(error.hint(), HasSubstr("'/my.pem'"));
  EXPECT_TRUE(pauses_.empty());
}

TEST_F(S3StoreTest, ACancelledRunStillGivesItsUploadUp) {
  http_.answers = {Answer(204)};
  ObjectStore& store = Store();
  cancel_.Cancel(SIGINT);
  EXPECT_THROW(store.Head("k"), Error);
  store.AbortUpload("k", "i");
  store.Delete("k");  // such as a lock
  EXPECT_EQ(http_.asked.size(), 2u);
}

}  // namespace
}  // namespace dbomsbak
