// Which of the staged copies on a server --swap and --abort mean.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dbomsbak/base/cancel.h"
#include "dbomsbak/base/file.h"
#include "dbomsbak/engine/observer.h"
#include "dbomsbak/engine/restore.h"
#include "engine/prepared_copy.h"
#include "engine/staging_origin.h"

namespace dbomsbak {

struct StagedChoice {
  std::vector<std::string> digests;  // of the files, sorted; empty: of whatever files
  std::string options;               // ChoiceOptions(); empty: whatever they were

  bool MeansAny() const { return digests.empty() && options.empty(); }
  bool Means(const StagingOrigin& origin) const;
};

// Of an archive its footer is enough; a plain dump is read to its end.
StagedChoice ChoiceOf(const std::vector<std::shared_ptr<const RandomAccessFile>>& files,
                      const RestoreOptions& options, Observer& observer, const CancelToken& cancel);

// The one prepared copy that is meant. Errors: kRestorePreflight when there is none, kUsage when
// there are several; each names those that are there.
PreparedCopy SelectPrepared(Session& session, const StagedChoice& choice);

}  // namespace dbomsbak
