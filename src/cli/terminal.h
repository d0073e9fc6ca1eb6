// The terminal, if there is one.
#pragma once

#include <string>

#include "dbomsbak/base/cancel.h"
#include "dbomsbak/base/secret.h"

namespace dbomsbak {

bool StdoutIsTerminal();
bool StderrIsTerminal();
bool CanAsk();             // a person can be asked: stdin and stderr are a terminal
bool StderrTakesColour();  // it is a terminal that knows colours, and NO_COLOR does not forbid them

struct TerminalSize {
  int width = 80;
  int height = 0;  // 0: unknown
};
TerminalSize SizeOfTerminal();  // that of stderr, now
int ColumnsOfStdout();          // 0: it is no terminal

// Asks on /dev/tty without echo, as the mysql client does. Errors: kUsage when there is no
// terminal, kInterrupted.
Secret AskPassword(const std::string& question);
// The same for other secrets; `elsewhere` is the hint where there is no terminal.
Secret AskSecret(const std::string& question, const std::string& elsewhere);

// Asks on the terminal; true for y or yes. Errors: kInterrupted, kTerminated.
bool AskYesNo(const std::string& question, const CancelToken& cancel);

// Puts the terminal back when the program ends in the middle of AskPassword.
// Async-signal-safe.
void RestoreTerminal() noexcept;

}  // namespace dbomsbak
