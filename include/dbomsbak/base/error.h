// The one exception type of the program, and the exit codes it carries.
#pragma once

#include <exception>
#include <span>
#include <string>
#include <string_view>

namespace dbomsbak {

// Values are process exit codes and a promise to scripts: never renumber, never reuse.
enum class ErrorCode : int {
  kOk = 0,
  kInternal = 1,
  kUsage = 2,
  kPartial = 3,
  kDiffers = 4,
  kStale = 5,
  kConnect = 10,
  kPrivilege = 11,
  kUnsupported = 12,
  kNoSnapshot = 13,
  kQueryRefused = 14,
  kConnectionLost = 15,
  kDamaged = 20,
  kIncomplete = 21,
  kNewerFormat = 22,
  kUnproven = 23,
  kCopyDiffers = 24,
  kWrongKey = 25,
  kIo = 30,
  kWouldOverwrite = 31,
  kLocked = 32,
  kBusy = 33,
  kRestorePreflight = 34,
  kUpgradePreflight = 40,
  kRolledBack = 41,
  kNeedsHelp = 42,
  kInterrupted = 130,
  kTerminated = 143,
};

// One row of the exit code table. Help, the manual and README are rendered from it.
struct ExitCodeInfo {
  ErrorCode code;
  std::string_view name;     // stable word for JSON, e.g. "would-overwrite"
  std::string_view meaning;  // one line for people
};

// All codes in ascending order.
std::span<const ExitCodeInfo> ExitCodeTable();

// The table's row of `code`; every ErrorCode has one.
const ExitCodeInfo& Describe(ErrorCode code);

// Of several files: the code that matters more to someone who relies on them, damage over doubt
// over losses.
ErrorCode Worse(ErrorCode a, ErrorCode b) noexcept;

// What ends an operation. `message`: lowercase, names the object, no full stop.
// `hint`: a whole sentence about what to do next, or empty.
class Error : public std::exception {
 public:
  Error(ErrorCode code, std::string message, std::string hint = {});

  // Adds outer context: "dumping `db`.`t`: server closed the connection".
  void While(std::string_view doing);

  // Names the object (database, table, file, frame) for machine output. Kept from the first call.
  Error& About(std::string_view object);

  ErrorCode code() const noexcept { return code_; }
  const std::string& message() const noexcept { return message_; }
  const std::string& hint() const noexcept { return hint_; }
  const std::string& object() const noexcept { return object_; }

  void set_code(ErrorCode code) noexcept { code_ = code; }
  void set_hint(std::string hint) { hint_ = std::move(hint); }

  const char* what() const noexcept override { return message_.c_str(); }

 private:
  ErrorCode code_;
  std::string message_;
  std::string hint_;
  std::string object_;
};

}  // namespace dbomsbak
