#include "dbomsbak/objects/settings.h"

#include <gtest/gtest.h>

#include <deque>
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
    headers.push_back({});
    for (const auto& [name, value] : request.headers) headers.back()[name] = value;
    HttpAnswer answer;
    answer.failure = "nobody answers";
    if (!accidents.empty()) {
      answer.status = accidents.front();
      answer.worth_another_try = true;
      accidents.pop_front();
      return answer;
    }
    const auto found = answers.find(asked.back());
    if (found != answers.end()) {
      answer = {};
      answer.status = 200;
      answer.body = found->second;
    }
    return answer;
  }
  std::map<std::string, std::string> answers;
  std::deque<int> accidents;  // statuses of the next answers; 0: there is none
  std::vector<std::string> asked;
  std::vector<std::map<std::string, std::string>> headers;
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
        endpoint, metadata_, [](std::chrono::milliseconds) {});
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

std::string GivenCredentials(std::int64_t expires) {
  return R"({"Code":"Success","AccessKeyId":"I","SecretAccessKey":"J","Token":"K","Expiration":")" +
         FormatUtc(expires) + "\"}";
}

TEST_F(SettingsTest, CredentialsAreKeptToTheirEndWhereNobodyGivesNewOnes) {
  const std::string url = "http://169.254.170.2/creds";
  env_["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/creds";
  metadata_.answers["GET " + url] =
      GivenCredentials(UtcNow() + 200);  // soon over: new ones are asked for
  const S3Settings settings = Find();
  EXPECT_EQ(settings.credentials().access_key, "I");
  metadata_.answers.clear();
  metadata_.asked.clear();
  EXPECT_EQ(settings.credentials().access_key, "I");
  EXPECT_EQ(settings.credentials().access_key, "I");
  EXPECT_EQ(metadata_.asked.size(), 1u);  // and not before every request
  metadata_.answers["GET " + url] = GivenCredentials(UtcNow() - 1);
  const S3Settings over = Find();
  over.credentials();
  metadata_.answers.clear();
  try {
    over.credentials();
    ADD_FAILURE() << "they are over";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kConnect);
    EXPECT_EQ(error.object(), url);
  }
}

TEST_F(SettingsTest, AServiceThatIsBusyIsAskedAgain) {
  env_["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/creds";
  metadata_.answers["GET http://169.254.170.2/creds"] = GivenCredentials(UtcNow() + 3600);
  metadata_.accidents = {503, 0};
  EXPECT_EQ(Keys(), "I/J/K");
  EXPECT_EQ(metadata_.asked.size(), 3u);
  env_.erase("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  const std::string base = "http://169.254.169.254/latest/";
  metadata_.answers = {{"PUT " + base + "api/token", "t"},
                       {"GET " + base + "meta-data/iam/security-credentials/", "role"},
                       {"GET " + base + "meta-data/iam/security-credentials/role",
                        GivenCredentials(UtcNow() + 3600)}};
  metadata_.accidents = {0, 500};
  EXPECT_EQ(Keys(), "I/J/K");
}

TEST_F(SettingsTest, WhatTheEnvironmentAsksForIsNotPassedOver) {
  env_["AWS_WEB_IDENTITY_TOKEN_FILE"] = "/var/run/secrets/token";
  try {
    Find();
    ADD_FAILURE() << "web identity is not known";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage);
    EXPECT_NE(error.message().find("AWS_WEB_IDENTITY_TOKEN_FILE"), std::string::npos);
  }
  env_["AWS_ACCESS_KEY_ID"] = "A";
  env_["AWS_SECRET_ACCESS_KEY"] = "B";
  EXPECT_EQ(Keys(), "A/B/");
  env_ = {{"HOME", home_.string()}};
  Write("token", "secret-token\n");
  env_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://169.254.170.23/v1/credentials";
  env_["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = (home_ / ".aws" / "token").string();
  metadata_.answers["GET http://169.254.170.23/v1/credentials"] = GivenCredentials(UtcNow() + 3600);
  EXPECT_EQ(Keys(), "I/J/K");
  EXPECT_EQ(metadata_.headers.back()["Authorization"], "secret-token");
  Write("token", "secret\nX-Other: header\n");
  EXPECT_EQ(CodeOf(), ErrorCode::kUsage);
  env_["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = "/nowhere";
  EXPECT_EQ(CodeOf(), ErrorCode::kIo);
}

TEST_F(SettingsTest, CredentialsComeFromNearByOrSealed) {
  for (const char* const uri :
       {"https://store.example/creds", "http://127.0.0.9:51679/creds", "http://localhost/creds",
        "http://[::1]:1/creds", "http://169.254.170.2/creds", "http://[fd00:ec2::23]/v1"}) {
    env_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = uri;
    metadata_.answers = {{std::string("GET ") + uri, GivenCredentials(UtcNow() + 3600)}};
    EXPECT_EQ(CodeOf(), ErrorCode::kOk) << uri;
  }
  for (const char* const uri :
       {"http://10.0.0.5/creds", "http://store.example/creds", "http://localhost@store.example/",
        "http://localhost:1@store.example/", "http://169.254.1.1.example/", "ftp://127.0.0.1/",
        "http://[2001:db8::1]/", "http://[::1", "127.0.0.1/creds", ""}) {
    env_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = uri;
    metadata_.asked.clear();
    EXPECT_EQ(CodeOf(), ErrorCode::kUsage) << uri;
    EXPECT_TRUE(metadata_.asked.empty()) << uri;
  }
  env_.erase("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  env_["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "@store.example/";
  EXPECT_EQ(CodeOf(), ErrorCode::kUsage);
}

}  // namespace
}  // namespace dbomsbak
