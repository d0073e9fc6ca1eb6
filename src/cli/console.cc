#include "cli/console.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/characters.h"
#include "cli/terminal.h"

namespace dbomsbak {
namespace {

constexpr std::string_view kRed = "1;31", kYellow = "33";

}  // namespace

// A terminal that has become narrower since has wrapped the line: its beginning is some rows up.
std::string Console::Clearing(int width) const {
  if (status_columns_ == 0) return "\r";
  const std::size_t columns = width > 0 ? static_cast<std::size_t>(width) : status_columns_;
  const std::size_t rows_up =
      width < status_width_ ? (status_columns_ - 1) / std::max<std::size_t>(columns, 1) : 0;
  return rows_up > 0 ? fmt::format("\r\x1b[{}A\x1b[J", rows_up) : "\r";
}

void Console::WriteErr(std::string_view text) {
  try {
    if (status_columns_ > 0) {
      err_.Append(fmt::format("{}\x1b[K{}", Clearing(TerminalWidth()), text));
      status_columns_ = 0;
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
  ClearStatusLine();
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

void Console::ShowStatusLine(std::string_view line, int width) {
  std::lock_guard lock(mutex_);
  // At once, and over the last one, so that nothing flickers; what is too long for a terminal that
  // has just become narrower does not wrap.
  const std::string text = fmt::format("{}\x1b[?7l{}\x1b[K\x1b[?7h", Clearing(width), line);
  try {
    err_.Append(text);
  } catch (const Error&) {  // as above
  }
  status_columns_ = std::max<std::size_t>(CountColumns(line), 1);
  status_width_ = width;
}

void Console::ClearStatusLine() {
  std::lock_guard lock(mutex_);
  if (status_columns_ > 0) WriteErr("");
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
