// Where a folder of archives has had none for longer than usual.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dbomsbak/app/archive_folder.h"

namespace dbomsbak {

struct ArchiveGap {
  std::string label;
  std::int64_t from = 0, to = 0;
  std::int64_t usual_s = 0;  // from one to the next, around there
  bool open = false;         // up to now: the next one is due
};

// Of the archives that `snapshot` made and that are complete, whole and undamaged; each label by
// itself. `entries` as ListFolder gives them. What is usual is told by the archives before and
// behind, so that older ones which retention has thinned out are no gaps; a label with fewer than
// four archives has nothing usual.
std::vector<ArchiveGap> FindGaps(const std::vector<FolderEntry>& entries, std::int64_t now);

}  // namespace dbomsbak
