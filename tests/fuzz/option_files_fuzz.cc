// Option files: what is read, written again with every byte escaped that means something, reads
// back the same.
#include <vector>

#include "dbomsbak/base/error.h"
#include "fuzz/file_of.h"
#include "fuzz/fuzz.h"
#include "transport/option_files.h"

namespace dbomsbak {
namespace {

using fuzz::Require;

const std::vector<std::string>& Groups() {
  static const std::vector<std::string> groups{"client", "dbomsbak", "client-mariadb"};
  return groups;
}

std::vector<OptionLine> Read(const std::string& path) {
  std::vector<std::string> notices;
  return ReadOptionFiles({{path, true}}, Groups(), notices);
}

std::string Quoted(std::string_view value) {
  std::string text = "\"";
  for (const char c : value) {
    switch (c) {
      case '\n':
        text += "\\n";
        break;
      case '\\':
      case '"':
      case '\'':
        text += '\\';
        text += c;
        break;
      default:
        text += c;
    }
  }
  return text + "\"";
}

}  // namespace

DBOMSBAK_FUZZ_TARGET(text) {
  // Other files are none of the input's.
  if (text.find("!include") != std::string_view::npos) return;
  const fuzz::FileOf file(text);
  std::vector<OptionLine> lines;
  try {
    lines = Read(file.path());
  } catch (const Error& e) {
    Require(e.code() == ErrorCode::kUsage, "only the text can be wrong: " + e.message());
    return;
  }
  std::string again;
  for (const OptionLine& line : lines) {
    Require(std::find(Groups().begin(), Groups().end(), line.group) != Groups().end(),
            "a line is of a group that was asked for");
    Require(line.line >= 1 && line.line <= 1 + static_cast<std::size_t>(
                                                   std::count(text.begin(), text.end(), '\n')),
            "a line is one of the file's");
    again += "[" + line.group + "]\n" + line.name;
    if (line.value) again += " = " + Quoted(*line.value);
    again += "\n";
  }
  const fuzz::FileOf copy(again);
  const std::vector<OptionLine> found = Read(copy.path());
  // A name such as "[x" or none at all is another thing in a line of its own.
  const bool plain = std::all_of(lines.begin(), lines.end(), [](const OptionLine& line) {
    return !line.name.empty() &&
           std::string_view("[!#;").find(line.name[0]) == std::string_view::npos &&
           line.name.find_first_of("#'\"=") == std::string::npos;
  });
  if (!plain) return;
  Require(found.size() == lines.size(), "as many lines are read back: " + again);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    Require(found[i].name == lines[i].name && found[i].value == lines[i].value,
            "they are the same: " + again);
  }
  WipeValues(lines);
  for (const OptionLine& line : lines) {
    Require(!line.value || line.value->find_first_not_of('\0') == std::string::npos,
            "values are wiped");
  }
}

}  // namespace dbomsbak
