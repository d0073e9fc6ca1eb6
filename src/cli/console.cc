#include "cli/console.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/characters.h"
#include "cli/terminal.h"

namespace dbomsbak {
namespace {

constexpr std::string_view kRed = "1;31", kYellow = "33";

}  // namespace

// A terminal that has become narrower since has wrapped what is longer: it takes more rows.
std::string Console::ToItsBegin(int width) const {
  const auto columns = static_cast<std::size_t>(std::max(width, 1));
  std::size_t rows = 0;
  for (const std::size_t used : status_columns_) {
    rows += width < status_width_ ? std::max<std::size_t>((used + columns - 1) / columns, 1) : 1;
  }
  return rows > 1 ? fmt::format("\r\x1b[{}A", rows - 1) : "\r";
}

void Console::WriteErr(std::string_view text) {
  try {
    if (!status_columns_.empty()) {
      err_.Append(fmt::format("{}\x1b[J{}", ToItsBegin(SizeOfTerminal().width), text));
      status_columns_.clear();
    } else {
      err_.Append(text);
    }
  } catch (const Error&) {  // stderr is gone; the exit code still tells
  }
}

std::string Console::Marked(std::string_view word, std::string_view colour) const {
  return colour_ ? fmt::format("\x1b[{}m{}\x1b[0m", colour, word) : std::string(word);
}

void Console::Out(std::string_view text) {
  ClearStatus();
  out_.Append(text);
}

void Console::Err(std::string_view text) {
  std::lock_guard lock(mutex_);
  WriteErr(text);
}

void Console::Say(std::string_view line) {
  if (!quiet_) Err(fmt::format("dbomsbak: {}\n", Printable(line)));
}

void Console::Note(std::string_view text) {
  if (!quiet_) Err(fmt::format("dbomsbak: note: {}\n", Printable(text)));
}

void Console::Warning(std::string_view text) {
  Err(fmt::format("dbomsbak: {} {}\n", Marked("warning:", kYellow), Printable(text)));
}

void Console::PrintError(const Error& error) {
  // A list of several things keeps its lines.
  constexpr std::string_view kItem = "\n  - ";
  std::string_view rest = error.message();
  std::string text = fmt::format("dbomsbak: {} ", Marked("error:", kRed));
  for (std::size_t at = rest.find(kItem); at != std::string_view::npos; at = rest.find(kItem)) {
    text += Printable(rest.substr(0, at)) + std::string(kItem);
    rest.remove_prefix(at + kItem.size());
  }
  text += Printable(rest) + "\n";
  if (!error.hint().empty()) text += fmt::format("dbomsbak: hint: {}\n", Printable(error.hint()));
  Err(text);
}

// At once, and over what was there, so that nothing flickers; what is too long for a terminal that
// has just become narrower does not wrap.
void Console::ShowStatus(const std::vector<std::string>& lines, int width) {
  std::lock_guard lock(mutex_);
  std::string text = ToItsBegin(width);
  // What a terminal wrapped, or a line more than now, is not all written over.
  const bool less = width < status_width_ || lines.size() < status_columns_.size();
  if (less && !status_columns_.empty()) text += "\x1b[J";
  text += "\x1b[?7l";
  status_columns_.clear();
  for (const std::string& line : lines) {
    if (!status_columns_.empty()) text += "\r\n";
    text += line + "\x1b[K";
    status_columns_.push_back(CountColumns(line));
  }
  text += "\x1b[?7h";
  status_width_ = width;
  try {
    err_.Append(text);
  } catch (const Error&) {  // as above
  }
}

void Console::ClearStatus() {
  std::lock_guard lock(mutex_);
  if (!status_columns_.empty()) WriteErr("");
}

std::string Printable(std::string_view text) {
  std::string safe;
  safe.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n' || c == '\t') {
      safe += ' ';
    } else if (byte < 0x20 || byte == 0x7f) {
      safe += fmt::format("\\x{:02x}", byte);
    } else {
      safe += c;
    }
  }
  return safe;
}

std::string Joined(const std::vector<std::string>& texts, std::string_view separator) {
  std::string joined;
  for (const std::string& text : texts) {
    if (!joined.empty()) joined += separator;
    joined += Printable(text);
  }
  return joined;
}

}  // namespace dbomsbak
