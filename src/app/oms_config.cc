#include "dbomsbak/app/oms_config.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <map>
#include <utility>

#include "dbomsbak/base/ascii.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/base/read_into.h"
#include "dbomsbak/base/utf8.h"
#include "sql/text_scan.h"

namespace dbomsbak {
namespace {

constexpr std::string_view kHost = "oms_meta_host", kPort = "oms_meta_port",
                           kUser = "oms_meta_user", kPassword = "oms_meta_password",
                           kHeartbeat = "drc_cm_heartbeat_db";
constexpr std::array<std::string_view, 3> kDatabases{"drc_rm_db", "drc_cm_db", kHeartbeat};
constexpr std::array<std::string_view, 7> kKeys{kHost,         kPort,         kUser,     kPassword,
                                                kDatabases[0], kDatabases[1], kHeartbeat};

constexpr std::size_t kLargestConfig = std::size_t{1} << 20;
constexpr std::size_t kLongestDatabaseName = 64;  // characters
constexpr char kBlanks[] = " \t";

constexpr char kIsItTheFile[] =
    "Name OMS's config.yaml (in its container /home/admin/conf/config.yaml); what it lacks can be "
    "given by options and arguments.";
constexpr char kQuote[] =
    "A value with signs that mean something in YAML stands in single quotes, and a single quote "
    "within it is doubled.";

std::string_view WithoutBlanksBefore(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(kBlanks), text.size()));
}

bool IsAsked(std::string_view key) {
  return std::find(kKeys.begin(), kKeys.end(), key) != kKeys.end();
}

// What a template, or the manual, has where a value shall stand: ${host}, <host>, xxx.xxx.xxx.1,
// ******.
bool IsPlaceholder(std::string_view text) {
  const auto enclosed = [&](std::string_view before, std::string_view behind) {
    return text.size() > before.size() + behind.size() && text.starts_with(before) &&
           text.ends_with(behind) &&
           text.find_first_of("${}<>", before.size()) == text.size() - behind.size();
  };
  return enclosed("${", "}") || enclosed("<", ">") || text.starts_with("xxx.") ||
         text.starts_with("XXX.") || text.find_first_not_of('*') == std::string_view::npos;
}

// The text of a file, wiped behind it.
class FileText {
 public:
  explicit FileText(const std::string& path, std::vector<std::string>& notices) {
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) Fail(path, errno);
    struct stat info = {};
    if (fstat(file, &info) != 0 || S_ISDIR(info.st_mode)) {
      close(file);
      throw Error(ErrorCode::kUsage, fmt::format("{} is a folder", path), kIsItTheFile).About(path);
    }
    if (S_ISREG(info.st_mode) && (info.st_mode & S_IWOTH) != 0) {
      notices.push_back(fmt::format(
          "everybody may write {}, and it says where the password is sent (chmod 640 {})", path,
          path));
    } else if (S_ISREG(info.st_mode) && (info.st_mode & S_IROTH) != 0) {
      notices.push_back(
          fmt::format("others may read {}, and a password is in it (chmod 640 {})", path, path));
    }
    text_.resize(kLargestConfig + 1);
    const auto size = ReadInto(file, text_);
    const int failure = errno;
    close(file);
    if (!size) Fail(path, failure);
    text_.resize(*size);
  }
  ~FileText() { Wipe(text_.data(), text_.size()); }
  FileText(const FileText&) = delete;
  FileText& operator=(const FileText&) = delete;

  std::string_view view() const { return text_; }

 private:
  [[noreturn]] static void Fail(const std::string& path, int error) {
    throw Error(ErrorCode::kIo, fmt::format("cannot read {}: {}", path, std::strerror(error)),
                "Check --oms-config, and that this user may read it.")
        .About(path);
  }

  std::string text_;
};

// One file: the lines of the keys that are asked for, each of which is a small YAML text of its
// own. All others, with their secrets and whatever is wrong with them, are left alone.
class ConfigFile {
 public:
  ConfigFile(const std::string& path, std::vector<std::string>& notices)
      : path_(path), text_(path, notices) {
    std::string_view rest = text_.view();
    if (rest.size() > kLargestConfig) {
      throw Error(ErrorCode::kUsage, fmt::format("{} is larger than 1 MiB", path_), kIsItTheFile)
          .About(path_);
    }
    if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
    if (rest.find('\0') != std::string_view::npos || rest.starts_with("\xFF\xFE") ||
        rest.starts_with("\xFE\xFF")) {
      Refuse(1, "this is no text in UTF-8", "Save the file in UTF-8.");
    }
    // Where a single CR ends lines, no LF is there.
    const char end = rest.find('\n') == std::string_view::npos ? '\r' : '\n';
    for (int number = 1; !rest.empty(); ++number) {
      std::string_view line = rest.substr(0, rest.find(end));
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      while (line.ends_with('\r')) line.remove_suffix(1);
      ReadLine(number, line);
    }
    const bool indented =
        std::any_of(kKeys.begin(), kKeys.end(), [&](auto key) { return indented_.contains(key); });
    if (entries_.empty() && !indented) {
      throw Error(ErrorCode::kUsage,
                  fmt::format("{} has none of OMS's keys ({} and so on)", path_, kHost),
                  kIsItTheFile)
          .About(path_);
    }
  }

  std::string Value(std::string_view key) const {
    const auto found = entries_.find(key);
    if (found == entries_.end()) {
      const auto indented = indented_.find(key);
      if (indented != indented_.end()) {
        Refuse(indented->second, fmt::format("{} does not begin its line", key),
               "Take away the blanks or tabs before it.");
      }
      throw Error(ErrorCode::kUsage, fmt::format("{}: {} is missing", path_, key), kIsItTheFile)
          .About(path_);
    }
    const auto& [number, text, goes_on] = found->second;
    const std::string_view written = WithoutBlanksBefore(text);
    if (goes_on != 0) {
      Refuse(goes_on, fmt::format("this would go on with {}, as it is indented", key),
             "Its value stands in one line; every key begins a line.");
    }
    if (!written.empty() && written.find_first_of("&!*@%`|>,[]{}") == 0 &&
        !IsPlaceholder(written.substr(0, written.find_last_not_of(kBlanks) + 1))) {
      Refuse(number, fmt::format("{} begins with a sign that means something in YAML", key),
             kQuote);
    }
    std::string value = Parse(key, number, written);
    const bool quoted = written.starts_with('\'') || written.starts_with('"');
    // Only a password may be none: ''.
    if (value.empty() && !(key == kPassword && quoted)) {
      Refuse(number, fmt::format("{} has no value", key),
             written.starts_with('#') ? kQuote : "Fill it in.");
    }
    if (!value.empty() && IsPlaceholder(value)) {
      Wipe(value.data(), value.size());
      Refuse(number, fmt::format("{} is a placeholder still", key), "Fill it in.");
    }
    if (!IsValidUtf8(value, 4)) {
      Wipe(value.data(), value.size());
      Refuse(number, fmt::format("{} is not in UTF-8", key), "Save the file in UTF-8.");
    }
    if (std::any_of(value.begin(), value.end(),
                    [](unsigned char c) { return c < ' ' || c == 0x7F; })) {
      Wipe(value.data(), value.size());
      Refuse(number, fmt::format("{} holds a control character", key), "Correct it.");
    }
    return value;
  }

  // Of a user that is needed only to know whose the password is.
  std::optional<std::string> ValueIfSound(std::string_view key) const {
    try {
      return Value(key);
    } catch (const Error&) {
      return std::nullopt;
    }
  }

  std::uint16_t Port() const {
    const std::string text = Value(kPort);
    std::uint16_t port = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, port);
    if (error != std::errc() || stop != end || port == 0) {
      Refuse(LineOf(kPort), fmt::format("{} is no port", kPort),
             "It is a number from 1 to 65535: 2883 behind OceanBase's proxy, 2881 or 3306 else.");
    }
    return port;
  }

  std::string Database(std::string_view key) const {
    std::string name = Value(key);
    if (CountCharacters(name) > kLongestDatabaseName) {
      Refuse(LineOf(key), fmt::format("{} is longer than the name of a database", key),
             "Correct it.");
    }
    return name;
  }

  // "FILE, line 7"
  std::string Place(std::string_view key) const {
    return fmt::format("{}, line {}", path_, LineOf(key));
  }

  // Whether a comment stands behind a value without quotes.
  bool IsCut(std::string_view key) const {
    const std::string_view written = WithoutBlanksBefore(entries_.find(key)->second.text);
    return !written.starts_with('\'') && !written.starts_with('"') &&
           (written.find(" #") != std::string_view::npos ||
            written.find("\t#") != std::string_view::npos);
  }

  [[noreturn]] void Differs(std::string_view key, const std::string& first) const {
    Refuse(LineOf(key), fmt::format("{} is another than in {}", key, first),
           "One set is on one server and read by one account: take the files one by one.");
  }

 private:
  struct Entry {
    int line = 0;
    std::string_view text;  // behind the colon
    int goes_on = 0;        // the first of the lines behind it that YAML counts to it
  };

  void ReadLine(int number, std::string_view line) {
    const std::string_view text = WithoutBlanksBefore(line);
    if (text.empty() || text.starts_with('#')) return;
    const bool indented = text.size() < line.size();
    const auto [key, behind] = KeyOf(text);
    if (indented) {
      indented_.try_emplace(key, number);
      if (last_ != nullptr && last_->goes_on == 0) last_->goes_on = number;
    } else if (IsAsked(key)) {
      if (!behind.starts_with(':')) {
        Refuse(number, fmt::format("there is no ':' behind {}", key), "Write 'key: value'.");
      }
      const std::string_view value = behind.substr(1);
      if (!value.empty() && value.find_first_of(kBlanks) != 0) {
        Refuse(number, fmt::format("there is no blank behind {}:", key), "Write 'key: value'.");
      }
      const auto [place, fresh] = entries_.try_emplace(key, Entry{number, value, 0});
      if (!fresh) {
        Refuse(number, fmt::format("{} is given twice, first in line {}", key, place->second.line),
               "Leave the one that is right.");
      }
      last_ = &place->second;
    } else if (!text.starts_with('-')) {
      last_ = nullptr;
    } else if (last_ != nullptr && last_->goes_on == 0) {  // a list
      last_->goes_on = number;
    }
  }

  // The word that begins `text`, with or without quotes, and what is behind it, without blanks.
  static std::pair<std::string_view, std::string_view> KeyOf(std::string_view text) {
    const char quote = text.front() == '"' || text.front() == '\'' ? text.front() : '\0';
    if (quote != '\0') text.remove_prefix(1);
    const std::size_t size = std::min(
        text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"),
        text.size());
    const std::string_view key = text.substr(0, size);
    text.remove_prefix(size);
    if (quote != '\0' && text.starts_with(quote)) text.remove_prefix(1);
    return {key, WithoutBlanksBefore(text)};
  }

  std::string Parse(std::string_view key, int number, std::string_view written) const {
    // A quote that is not closed swallows what is behind it.
    constexpr std::string_view kEnd = "end";
    std::string text = fmt::format("value: {}\n{}: {}\n", written, kEnd, kEnd);
    std::optional<std::string> value;
    try {
      YAML::Node root = YAML::Load(text);
      const YAML::Node node = root["value"];
      if (root[std::string(kEnd)].IsDefined() && (node.IsScalar() || node.IsNull())) {
        value = node.IsNull() ? std::string() : node.Scalar();
      }
    } catch (const YAML::Exception&) {  // what it says may quote the value
    }
    Wipe(text.data(), text.size());
    if (!value) Refuse(number, fmt::format("{} is no value in YAML", key), kQuote);
    return *std::move(value);
  }

  int LineOf(std::string_view key) const {
    const auto found = entries_.find(key);
    return found == entries_.end() ? 1 : found->second.line;
  }

  [[noreturn]] void Refuse(int line, const std::string& what, const std::string& hint) const {
    throw Error(ErrorCode::kUsage, fmt::format("{}, line {}: {}", path_, line, what), hint)
        .About(path_);
  }

  const std::string path_;
  const FileText text_;
  std::map<std::string_view, Entry> entries_;
  std::map<std::string_view, int> indented_;  // words that begin indented lines
  Entry* last_ = nullptr;                     // whose value what is indented would go on
};

bool Has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

OmsConfig ReadOmsConfigs(const std::vector<std::string>& paths, const OmsNeeds& needs,
                         std::vector<std::string>& notices) {
  OmsConfig all;
  all.paths = paths;
  for (const std::string& path : paths) {
    const ConfigFile file(path, notices);
    const bool first = &path == &paths.front();
    const auto same = [&](std::string_view key, auto& kept, auto value) {
      if (first) {
        kept = std::move(value);
      } else if (kept != value) {
        file.Differs(key, paths.front());
      }
    };
    if (needs.host) same(kHost, all.host, file.Value(kHost));
    if (needs.port) same(kPort, all.port, file.Port());
    if (!needs.user) same(kUser, all.user, file.Value(kUser));
    const bool his = !needs.user || file.ValueIfSound(kUser) == needs.user;
    if (needs.password && his) {
      std::string password = file.Value(kPassword);
      const bool differs = all.password && all.password->Reveal() != password;
      if (!all.password) {
        all.password = Secret(password);
        if (file.IsCut(kPassword)) all.password_cut = file.Place(kPassword);
      }
      Wipe(password.data(), password.size());
      if (differs) file.Differs(kPassword, paths.front());
    }
    if (!needs.databases) continue;
    for (const std::string_view key : kDatabases) {
      std::string name = file.Database(key);
      all.named_at.try_emplace(name, fmt::format("{}: {}", file.Place(key), key));
      if (key == kHeartbeat && !Has(all.heartbeats, name)) all.heartbeats.push_back(name);
      if (!Has(all.databases, name)) all.databases.push_back(std::move(name));
    }
  }
  return all;
}

std::vector<std::string> ChosenDatabases(const OmsConfig& config,
                                         const std::vector<std::string>& named) {
  if (named.empty()) return config.databases;
  std::vector<std::string> all = config.databases;
  for (const std::string& name : named) {
    if (!Has(all, name)) all.push_back(name);
  }
  return all.size() == config.databases.size() ? named : all;
}

void TellWhereNamed(const std::map<std::string, std::string>& named_at, Error& error) {
  if (error.code() != ErrorCode::kUsage && error.code() != ErrorCode::kPrivilege) return;
  const auto found = named_at.find(error.object());
  if (found != named_at.end()) error.While(found->second);
}

std::vector<std::string> MissingDatabases(const OmsConfig& config,
                                          const std::vector<std::string>& held) {
  std::vector<std::string> missing;
  for (const std::string& name : config.databases) {
    const bool there = std::any_of(held.begin(), held.end(), [&](const std::string& other) {
      return EqualIgnoringCase(name, other);
    });
    if (!there) missing.push_back(name);
  }
  return missing;
}

}  // namespace dbomsbak
