#include "transport/option_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "base/uninterrupted.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/base/secret.h"

namespace dbomsbak {
namespace {

constexpr char kCheckPath[] = "Check the path, and that this user may read it.";
constexpr unsigned kDeepestInclude = 10;        // the client's own limit
constexpr std::size_t kLargestFile = 1U << 20;  // an option file is no place for more

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v'; }

std::string_view Trim(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

// Cuts off "# comment". Within quotes a '#' is a character.
std::string_view WithoutComment(std::string_view text) {
  char quote = 0;
  bool escaped = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c == '\'' || c == '"') && !escaped) {
      if (quote == 0) {
        quote = c;
      } else if (quote == c) {
        quote = 0;
      }
    }
    if (quote == 0 && c == '#') return text.substr(0, i);
    escaped = quote != 0 && c == '\\' && !escaped;
  }
  return text;
}

bool IsQuoted(std::string_view text) {
  return text.size() >= 2 && (text.front() == '\'' || text.front() == '"') &&
         text.back() == text.front();
}

// Quotes around the whole value go; \n \t \r \b \s \" \' \\ are escapes, others stay as they are.
std::string Unescape(std::string_view text) {
  if (IsQuoted(text)) text = text.substr(1, text.size() - 2);
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    switch (text[++i]) {
      case 'n':
        out += '\n';
        break;
      case 't':
        out += '\t';
        break;
      case 'r':
        out += '\r';
        break;
      case 'b':
        out += '\b';
        break;
      case 's':
        out += ' ';
        break;
      case '"':
      case '\'':
      case '\\':
        out += text[i];
        break;
      default:
        out += '\\';
        out += text[i];
    }
  }
  return out;
}

struct Descriptor {
  explicit Descriptor(int number) : fd(number) {}
  ~Descriptor() {
    if (fd >= 0) close(fd);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  const int fd;
};

class Reader {
 public:
  Reader(const std::vector<std::string>& groups, std::vector<std::string>& notices)
      : groups_(groups), notices_(notices) {}

  void ReadFile(const std::string& path, bool required, unsigned depth);
  std::vector<OptionLine> TakeLines() { return std::move(lines_); }

 private:
  void ParseText(std::string_view text, const std::string& path, unsigned depth);
  void ParseLine(std::string_view line, const std::string& path, unsigned number, unsigned depth);
  void Directive(std::string_view line, const std::string& path, unsigned number, unsigned depth);
  void IncludeFolder(const std::string& folder, unsigned depth);

  const std::vector<std::string>& groups_;
  std::vector<std::string>& notices_;
  std::vector<OptionLine> lines_;
  std::string group_;
  bool wanted_ = false;
  bool seen_group_ = false;
};

void Reader::ReadFile(const std::string& path, bool required, unsigned depth) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd < 0) {
    if (!required) return;
    throw Error(ErrorCode::kIo,
                fmt::format("cannot read option file {}: {}", path, std::strerror(errno)),
                kCheckPath);
  }
  struct stat info = {};
  if (fstat(file.fd, &info) != 0 || S_ISDIR(info.st_mode)) {
    if (!required) return;
    throw Error(ErrorCode::kIo, fmt::format("option file {} is a folder", path),
                "Name a file; the *.cnf files of a folder are read by !includedir FOLDER.");
  }
  const bool regular = S_ISREG(info.st_mode);
  if (regular && (info.st_mode & S_IWOTH) != 0) {
    notices_.push_back(fmt::format("option file {} is ignored: everybody may write it", path));
    return;
  }
  std::string text;
  char buffer[4096];
  for (;;) {
    const ssize_t count = Uninterrupted([&] { return read(file.fd, buffer, sizeof buffer); });
    if (count < 0) {
      throw Error(ErrorCode::kIo,
                  fmt::format("cannot read option file {}: {}", path, std::strerror(errno)),
                  kCheckPath);
    }
    if (count == 0) break;
    text.append(buffer, static_cast<std::size_t>(count));
    if (text.size() > kLargestFile) {
      throw Error(ErrorCode::kUsage, fmt::format("{} is too large for an option file", path),
                  "Is it the file that was meant? It is text of some lines.");
    }
  }
  const std::size_t before = lines_.size();
  ParseText(text, path, depth);
  Wipe(text.data(), text.size());
  Wipe(buffer, sizeof buffer);
  const bool has_password = std::any_of(
      lines_.begin() + static_cast<std::ptrdiff_t>(before), lines_.end(), [&](const OptionLine& l) {
        return l.file == path && l.name == "password" && l.value.has_value() && !l.value->empty();
      });
  if (has_password && regular && (info.st_mode & (S_IRGRP | S_IROTH)) != 0) {
    notices_.push_back(fmt::format(
        "option file {} holds a password and others may read it (chmod 600 {})", path, path));
  }
}

void Reader::ParseText(std::string_view text, const std::string& path, unsigned depth) {
  group_.clear();
  wanted_ = false;
  seen_group_ = false;
  unsigned number = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    ParseLine(Trim(line), path, ++number, depth);
  }
}

void Reader::ParseLine(std::string_view line, const std::string& path, unsigned number,
                       unsigned depth) {
  if (line.empty() || line.front() == '#' || line.front() == ';') return;
  if (line.front() == '!') {
    Directive(line, path, number, depth);
    return;
  }
  if (line.front() == '[') {
    const std::size_t end = line.find(']');
    if (end == std::string_view::npos) {
      throw Error(ErrorCode::kUsage,
                  fmt::format("{}, line {}: a group name without its ']'", path, number),
                  "A group begins with its name in brackets, such as [client].");
    }
    group_ = Trim(line.substr(1, end - 1));
    seen_group_ = true;
    wanted_ = std::find(groups_.begin(), groups_.end(), group_) != groups_.end();
    return;
  }
  if (!seen_group_) {
    throw Error(ErrorCode::kUsage,
                fmt::format("{}, line {}: an option before the first [group]", path, number),
                "Put [client], or [dbomsbak], on a line before it.");
  }
  if (!wanted_) return;
  OptionLine option;
  const std::size_t equals = line.find('=');
  const std::string_view name =
      equals == std::string_view::npos ? Trim(WithoutComment(line)) : Trim(line.substr(0, equals));
  option.name = name;
  std::replace(option.name.begin(), option.name.end(), '_', '-');
  if (equals != std::string_view::npos) {
    const std::string_view written = Trim(line.substr(equals + 1));
    const std::string_view value = Trim(WithoutComment(written));
    option.value = Unescape(value);
    option.cut = value.size() < written.size() && !IsQuoted(value);
  }
  option.group = group_;
  option.file = path;
  option.line = number;
  lines_.push_back(std::move(option));
}

void Reader::Directive(std::string_view line, const std::string& path, unsigned number,
                       unsigned depth) {
  const std::size_t blank = line.find_first_of(" \t");
  const std::string_view word = line.substr(1, blank - 1);
  const std::string target(blank == std::string_view::npos ? std::string_view()
                                                           : Trim(line.substr(blank)));
  if ((word != "include" && word != "includedir") || target.empty()) {
    throw Error(
        ErrorCode::kUsage,
        fmt::format("{}, line {}: neither !include FILE nor !includedir FOLDER", path, number),
        "Correct that line, or put # before it.");
  }
  if (depth == kDeepestInclude) {
    throw Error(
        ErrorCode::kUsage,
        fmt::format("{}, line {}: option files include each other too deeply", path, number),
        "Does one of them include itself? Take that !include out.");
  }
  // The lines after it belong to the group that stood before it.
  const std::string group = group_;
  const bool wanted = wanted_;
  const bool seen = seen_group_;
  if (word == "include") {
    ReadFile(target, /*required=*/true, depth + 1);
  } else {
    IncludeFolder(target, depth + 1);
  }
  group_ = group;
  wanted_ = wanted;
  seen_group_ = seen;
}

void Reader::IncludeFolder(const std::string& folder, unsigned depth) {
  std::vector<std::string> names;
  {
    const std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(folder.c_str()), &closedir);
    if (dir == nullptr) {
      throw Error(
          ErrorCode::kIo,
          fmt::format("cannot read folder {} of option files: {}", folder, std::strerror(errno)),
          kCheckPath);
    }
    while (const dirent* entry = readdir(dir.get())) {
      const std::string name = entry->d_name;
      if (name.size() > 4 && name.ends_with(".cnf")) names.push_back(name);
    }
  }
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    ReadFile(folder + "/" + name, /*required=*/false, depth);
  }
}

std::string HomeFolder() {
  if (const char* home = std::getenv("HOME"); home != nullptr && home[0] != '\0') return home;
  const passwd* entry = getpwuid(geteuid());  // once, before any thread is started
  return entry == nullptr || entry->pw_dir == nullptr ? "" : entry->pw_dir;
}

}  // namespace

std::string OptionLine::Where() const { return fmt::format("{}, line {}", file, line); }

void WipeValues(std::vector<OptionLine>& lines) noexcept {
  for (OptionLine& line : lines) {
    if (line.value.has_value()) Wipe(line.value->data(), line.value->size());
  }
}

std::vector<OptionFile> DefaultOptionFiles(const std::optional<std::string>& extra_file) {
  std::vector<OptionFile> files{{"/etc/my.cnf"}, {"/etc/mysql/my.cnf"}};
  for (const char* name : {"MARIADB_HOME", "MYSQL_HOME"}) {
    if (const char* folder = std::getenv(name); folder != nullptr && folder[0] != '\0') {
      files.push_back({std::string(folder) + "/my.cnf"});
      break;
    }
  }
  if (extra_file.has_value()) files.push_back({*extra_file, true});
  if (const std::string home = HomeFolder(); !home.empty()) files.push_back({home + "/.my.cnf"});
  return files;
}

std::vector<OptionLine> ReadOptionFiles(const std::vector<OptionFile>& files,
                                        const std::vector<std::string>& groups,
                                        std::vector<std::string>& notices) {
  Reader reader(groups, notices);
  for (const OptionFile& file : files) reader.ReadFile(file.path, file.required, 0);
  return reader.TakeLines();
}

}  // namespace dbomsbak
