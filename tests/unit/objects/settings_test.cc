#include "dbomsbak/objects/settings.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "dbomsbak/base/error.h"
#include "dbomsbak/base/utc_time.h"

namespace dbomsbak {
namespace {

class FakeMetadata final : public HttpClient {
 public:
  HttpAnswer Do(const HttpRequest& request) override {
    asked.push_back(request.method + " " + request.url);
    HttpAnswer answer;
    const auto found = answers.find(asked.back());
    if (found != answers.end()) {
      answer.status = 200;
      answer.body = found->second;
    }
    return answer;
  }
  std::map<std::string, std::string> answers;
  std::vector<std::string> asked;
};

class SettingsTest : public testing::Test {
 protected:
  SettingsTest() {
    std::string name = (std::filesystem::temp_directory_path() / "dbomsbak-XXXXXX").string();
    home_ = ::mkdtemp(name.data());
    std::filesystem::create_directory(home_ / ".aws");
    env_["HOME"] = home_.string();
  }
  ~SettingsTest() override { std::filesystem::remove_all(home_); }

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(home_ / ".aws" / name) << text;
  }
  S3Settings Find(const std::string& endpoint = "") {
    return FindS3Settings(
        [this](const std::string& name) -> std::optional<std::string> {
          const auto found = env_.find(name);
          if (found == env_.end()) return std::nullopt;
          return found->second;
        },
        endpoint, metadata_);
  }
  std::string Keys() {
    const S3Credentials found = Find().credentials();
    return found.access_key + "/" + found.secret_key.Reveal() + "/" + found.session_token.Reveal();
  }
  ErrorCode CodeOf(const std::string& endpoint = "") {
    try {
      Find(endpoint).credentials();
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::kOk;
  }

  std::filesystem::path home_;
  std::map<std::string, std::string> env_;
  FakeMetadata metadata_;
};

TEST_F(SettingsTest, TheEnvironmentGoesBeforeFiles) {
  Write("credentials", "[default]\naws_access_key_id=F\naws_secret_access_key=S\n");
  EXPECT_EQ(Keys(), "F/S/");
  env_["AWS_ACCESS_KEY_ID"] = "E";
  env_["AWS_SECRET_ACCESS_KEY"] = "T";
  env_["AWS_SESSION_TOKEN"] = "U";
  EXPECT_EQ(Keys(), "E/T/U");
}

TEST_F(SettingsTest, HalfAPairIsRefused) {
  env_["AWS_ACCESS_KEY_ID"] = "E";
  EXPECT_EQ(CodeOf(), ErrorCode::kUsage);
  env_.erase("AWS_ACCESS_KEY_ID");
  Write("credentials", "[default]\naws_secret_access_key = s\n");
  EXPECT_EQ(CodeOf(), ErrorCode::kUsage);
}

TEST_F(SettingsTest, AProfileIsReadFromBothFiles) {
  Write("credentials",
        "# mine\n[default]\naws_access_key_id = no\naws_secret_access_key = no\r\n"
        "[ work ]\r\naws_access_key_id = W\r\naws_secret_access_key = a=b/c+d\r\n");
  Write("config",
        "[default]\nregion = no\n[profile work]\nregion = eu-west-3 # comment\n"
        "s3 =\n  endpoint_url = http://no\nendpoint_url = http://store:9000/\n");
  env_["AWS_PROFILE"] = "work";
  EXPECT_EQ(Keys(), "W/a=b/c+d/");
  EXPECT_EQ(Find().region, "eu-west-3");
  EXPECT_EQ(Find().endpoint, "http://store:9000");
  env_["AWS_DEFAULT_REGION"] = "b";
  EXPECT_EQ(Find().region, "b");
  env_["AWS_REGION"] = "a";
  EXPECT_EQ(Find().region, "a");
  env_["AWS_ENDPOINT_URL"] = "https://all";
  EXPECT_EQ(Find().endpoint, "https://all");
  env_["AWS_ENDPOINT_URL_S3"] = "https://s3";
  EXPECT_EQ(Find().endpoint, "https://s3");
  EXPECT_EQ(Find("https://option").endpoint, "https://option");
  env_["AWS_PROFILE"] = "gone";
  EXPECT_EQ(CodeOf(), ErrorCode::kUsage);
}

TEST_F(SettingsTest, FilesCanBeElsewhere) {
  Write("other", "[default]\naws_access_key_id=O\naws_secret_access_key=P\n");
  env_["AWS_SHARED_CREDENTIALS_FILE"] = (home_ / ".aws/other").string();
  EXPECT_EQ(Keys(), "O/P/");
}

TEST_F(SettingsTest, WhatIsNoEndpointIsRefused) {
  env_["AWS_ACCESS_KEY_ID"] = env_["AWS_SECRET_ACCESS_KEY"] = "E";
  for (const char* const bad :
       {"store:9000", "ftp://store", "http://", "http://store/bucket", "http://me:you@store"}) {
    EXPECT_EQ(CodeOf(bad), ErrorCode::kUsage) << bad;
  }
  EXPECT_EQ(CodeOf("http://store:9000/"), ErrorCode::kOk);
  env_["AWS_ENDPOINT_URL_S3"] = "store:9000";
  EXPECT_EQ(CodeOf(), ErrorCode::kUsage);
  env_.erase("AWS_ENDPOINT_URL_S3");
  Write("config", "[default]\nendpoint_url = store:9000\n");
  EXPECT_EQ(CodeOf(), ErrorCode::kUsage);
}

TEST_F(SettingsTest, WaysThatAreNotKnownAreNamed) {
  Write("config", "[default]\nsso_session = corp\n");
  EXPECT_EQ(CodeOf(), ErrorCode::kUsage);
  EXPECT_TRUE(metadata_.asked.empty());
}

TEST_F(SettingsTest, AnInstanceIsAskedWithATokenUntilItsCredentialsExpire) {
  const std::string base = "http://169.254.169.254/latest/";
  EXPECT_EQ(CodeOf(), ErrorCode::kUsage);  // nobody answers
  metadata_.answers["PUT " + base + "api/token"] = "t";
  const std::string roles = "GET " + base + "meta-data/iam/security-credentials/";
  metadata_.answers[roles] = "role\n";
  const auto give = [&](std::int64_t expires) {
    metadata_.answers[roles + "role"] =
        R"({"Code":"Success","AccessKeyId":"I","SecretAccessKey":"J","Token":"K","Expiration":")" +
        FormatUtc(expires) + "\"}";
  };
  give(UtcNow() + 3600);
  S3Settings settings = Find();
  metadata_.asked.clear();
  EXPECT_EQ(settings.credentials().session_token.Reveal(), "K");
  EXPECT_EQ(metadata_.asked.size(), 3u);
  settings.credentials();
  EXPECT_EQ(metadata_.asked.size(), 3u);
  give(UtcNow() + 60);
  settings = Find();
  settings.credentials();
  settings.credentials();
  EXPECT_EQ(metadata_.asked.size(), 9u);
  metadata_.answers[roles + "role"] = R"({"Code":"Success","AccessKeyId":"I"})";
  EXPECT_EQ(CodeOf(), ErrorCode::kUsage);
  env_["AWS_EC2_METADATA_DISABLED"] = "true";
  EXPECT_EQ(CodeOf(), ErrorCode::kUsage);
}

}  // namespace
}  // namespace dbomsbak
