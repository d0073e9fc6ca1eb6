// Where the object store is and who asks it, by the environment and the files that AWS's own
// programs read.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "dbomsbak/base/secret.h"
#include "dbomsbak/objects/http.h"

namespace dbomsbak {

struct S3Credentials {
  std::string access_key;
  Secret secret_key;
  Secret session_token;      // may be empty
  std::int64_t expires = 0;  // seconds since 1970; 0: never
};

struct S3Settings {
  std::string endpoint;  // "https://host:port"; empty: AWS's of the region
  std::string region;
  std::string certificates;  // AWS_CA_BUNDLE; may be empty
  // Found anew by each call where they expire. Any number of threads.
  std::function<S3Credentials()> credentials;
};

// Variables whose values are nobody else's business.
inline constexpr const char* kSecretVariables[] = {"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
                                                   "AWS_CONTAINER_AUTHORIZATION_TOKEN"};

// A variable of the environment; nothing when it is not there.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment ProcessEnvironment();

// Between two tries to ask for credentials; tests make none.
using MetadataPause = std::function<void(std::chrono::milliseconds)>;
void SleepFor(std::chrono::milliseconds time);

// Endpoint: `endpoint_option`, AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, endpoint_url of the profile.
// Region: AWS_REGION, AWS_DEFAULT_REGION, the profile's, us-east-1.
// Credentials: AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN); the profile's
// (AWS_PROFILE, default) in AWS_SHARED_CREDENTIALS_FILE, then in AWS_CONFIG_FILE; those of the
// container or of the instance, asked by `http`, which must outlive the result.
// Errors: kUsage for what is no endpoint, a profile that is not there, half a pair of keys, a way
// to credentials that is not known here; when they are asked for, also kConnect.
S3Settings FindS3Settings(const Environment& environment, const std::string& endpoint_option,
                          HttpClient& http, MetadataPause pause = SleepFor);

}  // namespace dbomsbak
