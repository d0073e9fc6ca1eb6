#include "dbomsbak/app/verify_command.h"

#include <algorithm>
#include <array>
namespace dbomsbak {
namespace {

// From harmless to worst. A code that is not listed is worse than all: unknown means failure.
constexpr std::array kSeverity{
    ErrorCode::kOk,          ErrorCode::kPartial, ErrorCode::kUnproven,   ErrorCode::kUnsupported,
    ErrorCode::kNewerFormat, ErrorCode::kIo,      ErrorCode::kIncomplete, ErrorCode::kWrongKey,
    ErrorCode::kDiffers,     ErrorCode::kDamaged,
};

auto SeverityOf(ErrorCode code) noexcept {
  return std::find(kSeverity.begin(), kSeverity.end(), code) - kSeverity.begin();
}

}  // namespace

FileVerdict VerifyFile(FileSystem& files, const std::string& path, const VerifyOptions& options,
                       Observer& observer, const CancelToken& cancel) {
  FileVerdict verdict;
  verdict.path = path;
  try {
    verdict.report = Verify(files.OpenForReading(path), options, observer, cancel);
    verdict.code = verdict.report->partial ? ErrorCode::kPartial : ErrorCode::kOk;
  } catch (const UnprovenError& doubt) {
    verdict.report = doubt.report;
    verdict.error = doubt;
    verdict.code = doubt.code();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kInterrupted || error.code() == ErrorCode::kTerminated) throw;
    verdict.error = error;
    verdict.code = error.code();
  }
  return verdict;
}

ErrorCode Worse(ErrorCode a, ErrorCode b) noexcept { return SeverityOf(a) < SeverityOf(b) ? b : a; }

}  // namespace dbomsbak
