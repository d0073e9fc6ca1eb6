#include "dbomsbak/app/verify_command.h"

namespace dbomsbak {
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

}  // namespace dbomsbak
