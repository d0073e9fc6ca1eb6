// Everything the program prints goes through here: stdout for what was asked for, stderr for
// people.
#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/base/error.h"
#include "dbomsbak/base/file.h"

namespace dbomsbak {

// Any thread. Errors of stderr are dropped (there is nobody to tell); errors of stdout are thrown
// (kIo), for a report that is cut short must not look like success.
class Console {
 public:
  Console(WritableFile& out, WritableFile& err) : out_(out), err_(err) {}

  void set_quiet(bool quiet) { quiet_ = quiet; }
  bool quiet() const { return quiet_; }
  // "error:" and "warning:" in colour; for terminals that show it, and people who want it.
  void set_colour(bool colour) { colour_ = colour; }

  void Out(std::string_view text);      // as it is
  void Err(std::string_view text);      // as it is
  void Say(std::string_view line);      // "dbomsbak: LINE" unless quiet
  void Note(std::string_view text);     // "dbomsbak: note: TEXT" unless quiet
  void Warning(std::string_view text);  // "dbomsbak: warning: TEXT"
  void PrintError(const Error& error);  // "dbomsbak: error: MESSAGE" and the hint below it

  // The lines of progress on a terminal of so many columns: replaced by the next, cleared before
  // anything else is printed. Give lines that fit, and fewer than the terminal has.
  void ShowStatus(const std::vector<std::string>& lines, int width);
  void ClearStatus();

  WritableFile& out() { return out_; }

 private:
  void WriteErr(std::string_view text);
  // To where the status begins, from where the cursor is left behind it.
  std::string ToItsBegin(int width) const;
  std::string Marked(std::string_view word, std::string_view colour) const;

  WritableFile& out_;
  WritableFile& err_;
  bool quiet_ = false;
  bool colour_ = false;
  std::mutex mutex_;
  std::vector<std::size_t> status_columns_;  // of each line that is shown
  int status_width_ = 0;                     // of the terminal when it was
};

// Text from servers and files, safe for a terminal: control characters as \xNN, newlines as blanks.
std::string Printable(std::string_view text);

// All of them, printable, with `separator` between.
std::string Joined(const std::vector<std::string>& texts, std::string_view separator);

}  // namespace dbomsbak
