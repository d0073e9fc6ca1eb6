#include "dbomsbak/base/error.h"

#include <algorithm>
#include <array>
#include <utility>

namespace dbomsbak {
namespace {

constexpr std::array kExitCodes{
    ExitCodeInfo{ErrorCode::kOk, "ok", "done, and proved where proof was asked for"},
    ExitCodeInfo{ErrorCode::kInternal, "internal", "a fault of this program"},
    ExitCodeInfo{ErrorCode::kUsage, "usage", "the command line or a configuration file is wrong"},
    ExitCodeInfo{
        ErrorCode::kPartial, "partial",
        "complete but for losses that --allow-partial allowed, or for what diff could not compare"},
    ExitCodeInfo{
        ErrorCode::kDiffers, "differs",
        "the file is not the one that was expected (verify --expect), or not what is live (diff), "
        "or a connector lacks its dbType (upgrade connectors)"},
    ExitCodeInfo{ErrorCode::kStale, "stale",
                 "the newest good archive is too old, or there is none (list --check-age)"},
    ExitCodeInfo{ErrorCode::kConnect, "connect", "the server could not be reached"},
    ExitCodeInfo{ErrorCode::kPrivilege, "privilege", "the account lacks a privilege"},
    ExitCodeInfo{ErrorCode::kUnsupported, "unsupported",
                 "server, object or file is of a kind that cannot be handled"},
    ExitCodeInfo{ErrorCode::kNoSnapshot, "no-snapshot", "no consistent snapshot could be kept"},
    ExitCodeInfo{ErrorCode::kQueryRefused, "query-refused", "the server refused a statement"},
    ExitCodeInfo{ErrorCode::kConnectionLost, "connection-lost",
                 "the connection to the server was lost"},
    ExitCodeInfo{ErrorCode::kDamaged, "damaged", "the archive is damaged"},
    ExitCodeInfo{ErrorCode::kIncomplete, "incomplete", "the archive or dump ends too early"},
    ExitCodeInfo{ErrorCode::kNewerFormat, "newer-format",
                 "the archive was written by a newer version"},
    ExitCodeInfo{
        ErrorCode::kUnproven, "unproven",
        "a complete plain dump that carries no proof: another program's, or an archive's text"},
    ExitCodeInfo{ErrorCode::kCopyDiffers, "copy-differs",
                 "the restored copy differs from the archive; nothing was swapped"},
    ExitCodeInfo{ErrorCode::kWrongKey, "wrong-key",
                 "no key opens the file, or it is not signed as it should be"},
    ExitCodeInfo{ErrorCode::kIo, "io", "a file could not be read or written, or the disk is full"},
    ExitCodeInfo{ErrorCode::kWouldOverwrite, "would-overwrite", "the output file already exists"},
    ExitCodeInfo{ErrorCode::kLocked, "locked", "another run holds the lock"},
    ExitCodeInfo{ErrorCode::kBusy, "busy", "a lock wait on the server was over"},
    ExitCodeInfo{ErrorCode::kRestorePreflight, "restore-preflight",
                 "the restore cannot be done as asked; nothing was changed"},
    ExitCodeInfo{ErrorCode::kUpgradePreflight, "upgrade-preflight",
                 "the upgrade cannot be done as asked; nothing was changed"},
    ExitCodeInfo{ErrorCode::kRolledBack, "rolled-back", "the upgrade failed and was rolled back"},
    ExitCodeInfo{ErrorCode::kNeedsHelp, "needs-help",
                 "stopped between two states; the message says what to do"},
    ExitCodeInfo{ErrorCode::kInterrupted, "interrupted",
                 "stopped by Ctrl-C (SIGINT) or at a prompt"},
    ExitCodeInfo{ErrorCode::kTerminated, "terminated", "stopped by SIGTERM or SIGHUP"},
};

// From harmless to worst. A code that is not listed is worse than all: unknown means failure.
constexpr std::array kSeverity{
    ErrorCode::kOk,
    ErrorCode::kPartial,
    ErrorCode::kUsage,
    ErrorCode::kUnproven,
    ErrorCode::kUnsupported,
    ErrorCode::kNewerFormat,
    ErrorCode::kRestorePreflight,
    ErrorCode::kIo,
    ErrorCode::kIncomplete,
    ErrorCode::kWrongKey,
    ErrorCode::kDiffers,
    ErrorCode::kDamaged,
};

auto SeverityOf(ErrorCode code) noexcept {
  return std::find(kSeverity.begin(), kSeverity.end(), code) - kSeverity.begin();
}

}  // namespace

std::span<const ExitCodeInfo> ExitCodeTable() { return kExitCodes; }

ErrorCode Worse(ErrorCode a, ErrorCode b) noexcept { return SeverityOf(a) < SeverityOf(b) ? b : a; }

const ExitCodeInfo& Describe(ErrorCode code) {
  for (const ExitCodeInfo& info : kExitCodes) {
    if (info.code == code) return info;
  }
  return Describe(ErrorCode::kInternal);
}

Error::Error(ErrorCode code, std::string message, std::string hint)
    : code_(code), message_(std::move(message)), hint_(std::move(hint)) {}

void Error::While(std::string_view doing) {
  std::string longer(doing);
  longer += ": ";
  longer += message_;
  message_ = std::move(longer);
}

Error& Error::About(std::string_view object) {
  if (object_.empty()) object_ = object;
  return *this;
}

}  // namespace dbomsbak
