#include "cli/console.h"

#include <fmt/format.h>

namespace dbomsbak {

void Console::WriteErr(std::string_view text) {
  try {
    if (status_shown_) {
      err_.Append("\r\x1b[K");
      status_shown_ = false;
    }
    err_.Append(text);
  } catch (const Error&) {  // stderr is gone; the exit code still tells
  }
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
  Err(fmt::format("dbomsbak: warning: {}\n", Printable(text)));
}

void Console::PrintError(const Error& error) {
  // A list of several things keeps its lines.
  constexpr std::string_view kItem = "\n  - ";
  std::string_view rest = error.message();
  std::string text = "dbomsbak: error: ";
  for (std::size_t at = rest.find(kItem); at != std::string_view::npos; at = rest.find(kItem)) {
    text += Printable(rest.substr(0, at)) + std::string(kItem);
    rest.remove_prefix(at + kItem.size());
  }
  text += Printable(rest) + "\n";
  if (!error.hint().empty()) text += fmt::format("dbomsbak: hint: {}\n", Printable(error.hint()));
  Err(text);
}

void Console::ShowStatusLine(std::string_view line) {
  std::lock_guard lock(mutex_);
  WriteErr(fmt::format("{}{}", status_shown_ ? "" : "\r", line));
  status_shown_ = true;
}

void Console::ClearStatusLine() {
  std::lock_guard lock(mutex_);
  if (status_shown_) WriteErr("");
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
