#include "cli/terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "dbomsbak/base/error.h"

namespace dbomsbak {
namespace {

// The terminal whose echo is off and how it was before; read by RestoreTerminal in another thread.
termios g_saved_settings;
std::atomic<int> g_silenced_terminal{-1};

class SilentTerminal {
 public:
  explicit SilentTerminal(int descriptor) : descriptor_(descriptor) {
    if (::tcgetattr(descriptor, &g_saved_settings) != 0) return;
    termios silent = g_saved_settings;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    silent.c_lflag |= ECHONL;
    g_silenced_terminal.store(descriptor);
    ::tcsetattr(descriptor, TCSAFLUSH, &silent);
  }
  ~SilentTerminal() {
    RestoreTerminal();
    ::close(descriptor_);
  }
  SilentTerminal(const SilentTerminal&) = delete;
  SilentTerminal& operator=(const SilentTerminal&) = delete;

 private:
  int descriptor_;
};

void WriteAll(int descriptor, const std::string& text) {
  const char* data = text.data();
  std::size_t left = text.size();
  while (left > 0) {
    const ssize_t count = ::write(descriptor, data, left);
    if (count < 0 && errno != EINTR) return;
    if (count > 0) {
      data += count;
      left -= static_cast<std::size_t>(count);
    }
  }
}

}  // namespace

bool StdoutIsTerminal() { return ::isatty(STDOUT_FILENO) == 1; }
bool StderrIsTerminal() { return ::isatty(STDERR_FILENO) == 1; }
bool CanAsk() { return ::isatty(STDIN_FILENO) == 1 && StderrIsTerminal(); }

bool StderrTakesColour() {
  const char* const forbidden = std::getenv("NO_COLOR");
  const char* const terminal = std::getenv("TERM");
  return StderrIsTerminal() && (forbidden == nullptr || *forbidden == '\0') &&
         terminal != nullptr && *terminal != '\0' && std::strcmp(terminal, "dumb") != 0;
}

TerminalSize SizeOfTerminal() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    return {size.ws_col, size.ws_row};
  }
  return {};
}

int ColumnsOfStdout() {
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

Secret AskPassword(const std::string& question) {
  return AskSecret(question,
                   "Use --password-file, the environment variable DBOMSBAK_PASSWORD, or an option "
                   "file.");
}

Secret AskSecret(const std::string& question, const std::string& elsewhere) {
  const int terminal = ::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  if (terminal < 0) {
    throw Error(ErrorCode::kUsage, "a password is asked for, but there is no terminal", elsewhere);
  }
  const SilentTerminal silent(terminal);
  WriteAll(terminal, question);
  std::string line;
  line.reserve(256);  // no copies of the secret left behind by growing
  for (;;) {
    char c = 0;
    const ssize_t count = ::read(terminal, &c, 1);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0 || c == '\n') break;
    line.push_back(c);
  }
  Secret secret(line);
  Wipe(line.data(), line.capacity());
  return secret;
}

bool AskYesNo(const std::string& question, const CancelToken& cancel) {
  WriteAll(STDERR_FILENO, question);
  std::string line;
  for (;;) {
    try {
      cancel.ThrowIfCancelled();
    } catch (Error& error) {
      error.set_hint("It was not confirmed: nothing of what was shown was done.");
      throw;
    }
    pollfd input{STDIN_FILENO, POLLIN, 0};
    if (::poll(&input, 1, 100) <= 0) continue;
    char c = 0;
    const ssize_t count = ::read(STDIN_FILENO, &c, 1);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0 || c == '\n') break;
    line.push_back(c);
  }
  return line == "y" || line == "Y" || line == "yes" || line == "YES" || line == "Yes";
}

void RestoreTerminal() noexcept {
  const int descriptor = g_silenced_terminal.exchange(-1);
  if (descriptor >= 0) ::tcsetattr(descriptor, TCSANOW, &g_saved_settings);
}

}  // namespace dbomsbak
