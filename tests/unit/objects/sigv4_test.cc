// The examples of AWS's page "Signature Calculations for the Authorization Header".
#include "objects/sigv4.h"

#include <gtest/gtest.h>

#include "dbomsbak/base/digest.h"
#include "dbomsbak/base/utc_time.h"

namespace dbomsbak {
namespace {

constexpr char kHost[] = "examplebucket.s3.amazonaws.com";

std::string SignatureOf(RequestToSign request, std::string_view body = "") {
  const S3Credentials credentials{"AKIAIOSFODNN7EXAMPLE",
                                  Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), Secret(), 0};
  request.payload_sha256 = Sha256(body).hex();
  request.headers.emplace_back("host", kHost);
  request.headers.emplace_back("x-amz-content-sha256", request.payload_sha256);
  request.headers.emplace_back("x-amz-date", "20130524T000000Z");
  const std::string header =
      SignV4(request, credentials, "us-east-1", *ParseUtc("2013-05-24T00:00:00Z"));
  EXPECT_TRUE(
      header.starts_with("AWS4-HMAC-SHA256 "
                         "Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/"
                         "aws4_request,SignedHeaders="))
      << header;
  return header.substr(header.rfind('=') + 1);
}

TEST(SigV4Test, SignsAReadOfARange) {
  EXPECT_EQ(SignatureOf({"GET", "/test.txt", "", {{"Range", "bytes=0-9"}}, ""}),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(SigV4Test, SignsAWriteWithItsBody) {
  EXPECT_EQ(SignatureOf({"PUT",
                         "/" + UriEncode("test$file.text", true),
                         "",
                         {{"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                          {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                         ""},
                        "Welcome to Amazon S3."),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST(SigV4Test, SignsQueriesWithAndWithoutValues) {
  EXPECT_EQ(SignatureOf({"GET", "/", CanonicalQuery({{"lifecycle", ""}}), {}, ""}),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  EXPECT_EQ(SignatureOf({"GET", "/", CanonicalQuery({{"prefix", "J"}, {"max-keys", "2"}}), {}, ""}),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(SigV4Test, EncodesEveryByteThatIsNotPlain) {
  EXPECT_EQ(UriEncode("a/b c+d~e_f-g.h%\xc3\xa4", true), "a/b%20c%2Bd~e_f-g.h%25%C3%A4");
  EXPECT_EQ(UriEncode("a/b", false), "a%2Fb");
}

}  // namespace
}  // namespace dbomsbak
