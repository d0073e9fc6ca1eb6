// The command `verify`: a verdict a file, and the worst of them.
#pragma once

#include <optional>
#include <string>

#include "dbomsbak/base/cancel.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/base/file.h"
#include "dbomsbak/engine/observer.h"
#include "dbomsbak/engine/verify.h"

namespace dbomsbak {

// `report` or `error` is set, and both for a complete dump that carries no proof; `code` follows.
struct FileVerdict {
  std::string path;
  ErrorCode code = ErrorCode::kInternal;
  std::optional<VerifyReport> report;
  std::optional<Error> error;
};

// Never throws for what is wrong with the file; an interruption is thrown.
FileVerdict VerifyFile(FileSystem& files, const std::string& path, const VerifyOptions& options,
                       Observer& observer, const CancelToken& cancel);

}  // namespace dbomsbak
