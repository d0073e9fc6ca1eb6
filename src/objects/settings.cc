#include "dbomsbak/objects/settings.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>

#include "dbomsbak/base/error.h"
#include "dbomsbak/base/file.h"
#include "dbomsbak/base/utc_time.h"
#include "objects/answers.h"

namespace dbomsbak {
namespace {

constexpr std::size_t kLargestFile = 1 << 20;
constexpr char kByAws[] =
    "Let AWS's own program put them into the environment: eval \"$(aws configure "
    "export-credentials --format env)\".";

using Section = std::map<std::string, Secret, std::less<>>;  // some are

std::string_view Stripped(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) {
    text.remove_suffix(1);
  }
  return text;
}

// The section [`wanted`]; nothing when it is not there. Lines that are indented belong to a setting
// of settings, of which none is known here.
std::optional<Section> SectionOf(std::string_view text, std::string_view wanted) {
  std::optional<Section> section;
  bool within = false;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::string_view words = Stripped(line);
    if (words.empty() || words.front() == '#' || words.front() == ';') continue;
    if (words.front() == '[') {
      within = words.back() == ']' && Stripped(words.substr(1, words.size() - 2)) == wanted;
      if (within && !section) section.emplace();
      continue;
    }
    const std::size_t equals = words.find('=');
    if (!within || line.front() == ' ' || line.front() == '\t' ||
        equals == std::string_view::npos) {
      continue;
    }
    std::string_view value = Stripped(words.substr(equals + 1));
    value = Stripped(value.substr(0, std::min(value.find(" #"), value.find(" ;"))));
    (*section)[std::string(Stripped(words.substr(0, equals)))] = Secret(value);
  }
  return section;
}

class Profile {
 public:
  explicit Profile(const Environment& environment) {
    const auto home = environment("HOME").value_or("");
    const auto path = [&](const char* variable, const char* usual) -> std::string {
      if (auto named = environment(variable)) return *named;
      return home.empty() ? "" : fmt::format("{}/.aws/{}", home, usual);
    };
    const auto named = environment("AWS_PROFILE");
    name_ = named.value_or("default");
    const bool is_default = name_ == "default";
    const std::string credentials = path("AWS_SHARED_CREDENTIALS_FILE", "credentials");
    const std::string config = path("AWS_CONFIG_FILE", "config");
    credentials_ = Read(credentials, name_);
    config_ = Read(config, is_default ? name_ : "profile " + name_);
    if (named && !credentials_ && !config_) {
      throw Error(ErrorCode::kUsage, fmt::format("there is no profile '{}' (AWS_PROFILE)", name_),
                  fmt::format("It is looked for in '{}' and '{}'.", credentials, config))
          .About(name_);
    }
  }

  Secret GetSecret(std::string_view key) const {
    for (const auto* section : {&credentials_, &config_}) {
      if (!*section) continue;
      const auto found = (*section)->find(key);
      if (found != (*section)->end()) return found->second;
    }
    return {};
  }
  std::string Get(std::string_view key) const { return GetSecret(key).Reveal(); }
  const std::string& name() const { return name_; }

 private:
  static std::optional<Section> Read(const std::string& path, const std::string& section) {
    if (path.empty() || !FileSystem::Posix().Exists(path)) return std::nullopt;
    std::string text = ReadWholeFile(FileSystem::Posix(), path, kLargestFile);
    auto found = SectionOf(text, section);
    Wipe(text.data(), text.size());
    return found;
  }

  std::string name_;
  std::optional<Section> credentials_, config_;
};

std::string CheckedEndpoint(std::string text, const std::string& source) {
  const std::string given = text;
  while (text.ends_with('/')) text.pop_back();
  const std::string_view rest = std::string_view(text).substr(text.starts_with("https://")  ? 8
                                                              : text.starts_with("http://") ? 7
                                                                                            : 0);
  if (rest.size() == text.size() || rest.empty() ||
      rest.find_first_of(" /?#@\t\r\n") != std::string_view::npos) {
    throw Error(ErrorCode::kUsage, fmt::format("{}: '{}' is no endpoint", source, given),
                "It is the address of the store without a bucket: https://host, http://host:port.")
        .About(given);
  }
  return text;
}

Secret Taken(std::string text) {
  Secret secret(text);
  Wipe(text.data(), text.size());
  return secret;
}

std::optional<S3Credentials> Pair(const std::string& access, Secret secret, Secret token,
                                  const std::string& where) {
  if (access.empty() && secret.empty()) return std::nullopt;
  if (access.empty() || secret.empty()) {
    throw Error(ErrorCode::kUsage, fmt::format("{}: half of the credentials is missing", where),
                access.empty() ? "The access key is not there; both make a pair."
                               : "The secret access key is not there; both make a pair.");
  }
  return S3Credentials{access, std::move(secret), std::move(token), 0};
}

// The host of "http://HOST:PORT/…": of this machine, or of its link (169.254.0.0/16, fe80::/10, and
// the addresses that AWS has for it).
bool IsNear(std::string_view url) {
  std::string_view host = url.substr(url.find("://") + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  if (host.find('@') != std::string_view::npos) return false;  // what is before it is no host
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    if (end == std::string_view::npos) return false;
    in6_addr six{};
    if (::inet_pton(AF_INET6, std::string(host.substr(1, end - 1)).c_str(), &six) != 1)
      return false;
    in6_addr aws{};
    ::inet_pton(AF_INET6, "fd00:ec2::23", &aws);
    return IN6_IS_ADDR_LOOPBACK(&six) || IN6_IS_ADDR_LINKLOCAL(&six) ||
           std::memcmp(&six, &aws, sizeof six) == 0;
  }
  host = host.substr(0, host.find(':'));
  if (host == "localhost") return true;
  in_addr four{};
  if (::inet_pton(AF_INET, std::string(host).c_str(), &four) != 1) return false;
  const std::uint32_t address = ntohl(four.s_addr);
  return address >> 24 == 127 || address >> 16 == (169u << 8 | 254u);
}

// What a container or an instance of AWS is given, over and over, as it expires.
class Metadata {
 public:
  Metadata(Environment environment, HttpClient& http, MetadataPause pause)
      : environment_(std::move(environment)), http_(http), pause_(std::move(pause)) {}

  S3Credentials Get() {
    constexpr std::int64_t kEarly = 300, kAgain = 30;
    const std::scoped_lock lock(mutex_);
    const std::int64_t now = UtcNow();
    const bool old = known_ && known_->expires != 0 && known_->expires - kEarly < now;
    if (known_ && (!old || (now < again_ && now < known_->expires))) return *known_;
    try {
      known_ = Ask();
    } catch (const Error&) {
      // They are good to the end, which may be when somebody answers again.
      if (!known_ || known_->expires <= now) throw;
      again_ = now + kAgain;
    }
    return *known_;
  }

 private:
  S3Credentials Ask() {
    if (auto found = OfContainer()) return *found;
    if (environment_("AWS_EC2_METADATA_DISABLED").value_or("") != "true") {
      if (auto found = OfInstance()) return *found;
    }
    throw Error(ErrorCode::kUsage, "there are no credentials for the object store",
                "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or have them in "
                "~/.aws/credentials (AWS_PROFILE names the profile).");
  }

  std::optional<S3Credentials> OfContainer() {
    std::string url;
    if (const auto path = environment_("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")) {
      url = "http://169.254.170.2" + *path;
      if (!path->starts_with('/')) ThrowNotAsked("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", *path);
    } else if (const auto full = environment_("AWS_CONTAINER_CREDENTIALS_FULL_URI")) {
      url = *full;
      const bool sealed = url.starts_with("https://");
      if (!sealed && !(url.starts_with("http://") && IsNear(url))) {
        ThrowNotAsked("AWS_CONTAINER_CREDENTIALS_FULL_URI", *full);
      }
    } else {
      return std::nullopt;
    }
    return AskContainer(url);
  }

  std::optional<S3Credentials> AskContainer(const std::string& from) {
    HttpRequest request = RequestTo("GET", from);
    std::string token = environment_("AWS_CONTAINER_AUTHORIZATION_TOKEN").value_or("");
    if (const auto file = environment_("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")) {
      token = ReadWholeFile(FileSystem::Posix(), *file, kLargestFile);  // it is replaced over time
      while (token.ends_with('\n') || token.ends_with('\r')) token.pop_back();
    }
    if (token.find_first_of("\r\n") != std::string::npos) {
      throw Error(
          ErrorCode::kUsage, "the token for the container's credentials has several lines",
          "See AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE and AWS_CONTAINER_AUTHORIZATION_TOKEN.");
    }
    if (!token.empty()) request.headers.emplace_back("Authorization", token);
    HttpAnswer answer = Asked(request);
    Wipe(token.data(), token.size());
    const std::string why =
        answer.failure + (answer.status == 0 ? "" : std::to_string(answer.status));
    if (auto found = Parsed(std::move(answer))) return found;
    throw Error(
        ErrorCode::kConnect,
        fmt::format("the container's credentials cannot be had from '{}': {}", from, why),
        "Is that service there? AWS_CONTAINER_CREDENTIALS_FULL_URI and …_RELATIVE_URI name it.")
        .About(from);
  }

  // Seldom nobody is there for a moment.
  HttpAnswer Asked(const HttpRequest& request) {
    constexpr int kTries = 3;
    for (int tries = 1;; ++tries) {
      HttpAnswer answer = http_.Do(request);
      const bool accident = answer.status == 0 ? answer.worth_another_try
                                               : answer.status == 429 || answer.status >= 500;
      if (!accident || tries == kTries) return answer;
      pause_(std::chrono::milliseconds(100 << tries));
    }
  }

  [[noreturn]] static void ThrowNotAsked(const char* variable, const std::string& value) {
    throw Error(ErrorCode::kUsage,
                fmt::format("{} is '{}', which is not asked for credentials", variable, value),
                "It is a path that begins with /, or https, or http on this machine or its link "
                "(127.0.0.1, 169.254.170.2).")
        .About(value);
  }

  // IMDSv2 alone: a token first.
  std::optional<S3Credentials> OfInstance() {
    const std::string base =
        environment_("AWS_EC2_METADATA_SERVICE_ENDPOINT").value_or("http://169.254.169.254");
    HttpRequest ask = RequestTo("PUT", base + "/latest/api/token");
    ask.headers.emplace_back("X-aws-ec2-metadata-token-ttl-seconds", "21600");
    const HttpAnswer token = Asked(ask);
    if (token.status != 200) return std::nullopt;
    const std::string path = base + "/latest/meta-data/iam/security-credentials/";
    const auto get = [&](const std::string& url) {
      HttpRequest request = RequestTo("GET", url);
      request.headers.emplace_back("X-aws-ec2-metadata-token", token.body);
      return Asked(request);
    };
    const HttpAnswer role = get(path);
    if (role.status != 200 || role.body.empty()) return std::nullopt;
    return Parsed(get(path + role.body.substr(0, role.body.find('\n'))));
  }

  static HttpRequest RequestTo(std::string method, std::string url) {
    HttpRequest request;
    request.method = std::move(method);
    request.url = std::move(url);
    request.connect_timeout_s = 1;
    request.stalled_timeout_s = 2;
    request.direct = true;
    return request;
  }

  static std::optional<S3Credentials> Parsed(HttpAnswer answer) {
    if (answer.status != 200) return std::nullopt;
    auto found =
        Pair(JsonText(answer.body, "AccessKeyId"), Taken(JsonText(answer.body, "SecretAccessKey")),
             Taken(JsonText(answer.body, "Token")), "the metadata service");
    if (found) found->expires = ParseUtc(JsonText(answer.body, "Expiration")).value_or(0);
    Wipe(answer.body.data(), answer.body.size());
    return found;
  }

  const Environment environment_;
  HttpClient& http_;
  const MetadataPause pause_;
  std::mutex mutex_;
  std::optional<S3Credentials> known_;
  std::int64_t again_ = 0;  // not before then
};

}  // namespace

Environment ProcessEnvironment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* const value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0') return std::nullopt;
    return value;
  };
}

void SleepFor(std::chrono::milliseconds time) { std::this_thread::sleep_for(time); }

S3Settings FindS3Settings(const Environment& environment, const std::string& endpoint_option,
                          HttpClient& http, MetadataPause pause) {
  S3Settings settings;
  const Profile profile(environment);
  settings.certificates = environment("AWS_CA_BUNDLE").value_or(profile.Get("ca_bundle"));
  if (!endpoint_option.empty()) {
    settings.endpoint = CheckedEndpoint(endpoint_option, "--s3-endpoint");
  } else if (const auto s3 = environment("AWS_ENDPOINT_URL_S3")) {
    settings.endpoint = CheckedEndpoint(*s3, "AWS_ENDPOINT_URL_S3");
  } else if (const auto all = environment("AWS_ENDPOINT_URL")) {
    settings.endpoint = CheckedEndpoint(*all, "AWS_ENDPOINT_URL");
  } else if (const std::string of_profile = profile.Get("endpoint_url"); !of_profile.empty()) {
    settings.endpoint =
        CheckedEndpoint(of_profile, fmt::format("endpoint_url of profile {}", profile.name()));
  }
  if (const auto region = environment("AWS_REGION")) {
    settings.region = *region;
  } else if (const auto usual = environment("AWS_DEFAULT_REGION")) {
    settings.region = *usual;
  } else {
    settings.region = profile.Get("region");
  }
  if (settings.region.empty()) settings.region = "us-east-1";
  const auto fixed = [&](const S3Credentials& found) {
    settings.credentials = [found] { return found; };
    return settings;
  };
  if (const auto found =
          Pair(environment("AWS_ACCESS_KEY_ID").value_or(""),
               Taken(environment("AWS_SECRET_ACCESS_KEY").value_or("")),
               Taken(environment("AWS_SESSION_TOKEN").value_or("")), "the environment")) {
    return fixed(*found);
  }
  if (const auto found = Pair(
          profile.Get("aws_access_key_id"), profile.GetSecret("aws_secret_access_key"),
          profile.GetSecret("aws_session_token"), fmt::format("profile '{}'", profile.name()))) {
    return fixed(*found);
  }
  for (const char* const way : {"sso_session", "sso_start_url", "role_arn", "credential_process"}) {
    if (profile.Get(way).empty()) continue;
    throw Error(ErrorCode::kUsage,
                fmt::format("profile '{}' takes its credentials by {}, which is not known here",
                            profile.name(), way),
                kByAws)
        .About(profile.name());
  }
  if (environment("AWS_WEB_IDENTITY_TOKEN_FILE")) {
    throw Error(ErrorCode::kUsage,
                "AWS_WEB_IDENTITY_TOKEN_FILE is set, and credentials by web identity are not known "
                "here",
                kByAws);
  }
  const auto metadata = std::make_shared<Metadata>(environment, http, std::move(pause));
  settings.credentials = [metadata] { return metadata->Get(); };
  return settings;
}

}  // namespace dbomsbak
