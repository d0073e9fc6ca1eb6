// Results as pages for a browser: what --json tells, to be looked at.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/render.h"
#include "dbomsbak/app/archive_folder.h"
#include "dbomsbak/app/archive_gaps.h"
#include "dbomsbak/archive/records.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/engine/diff.h"

namespace dbomsbak {

// An object of an archive or a plain dump, as far as its page tells of it.
struct PageObject {
  ObjectId id;
  std::uint64_t rows = 0, data_bytes = 0;
  std::optional<std::uint64_t> stored_bytes;  // tables of archives
  bool row_filtered = false;
  std::string omitted;  // why it is not in the archive
};
PageObject ForPage(const ObjectRecord& object, std::optional<std::uint64_t> stored_bytes);

// Of `info`. `file_bytes`: of archives.
struct InfoContent {
  std::string path;
  Facts facts = {};
  Scope scope = {};
  std::vector<PageObject> objects = {};
  std::uint64_t text_bytes = 0;
  std::optional<std::uint64_t> file_bytes = std::nullopt;
  bool partial = false;
};
std::string InfoPage(const InfoContent& content);

// Of `list`; `stale`: what --check-age found.
std::string FolderPage(const std::string& folder, const std::vector<FolderEntry>& entries,
                       const std::vector<ArchiveGap>& gaps, std::int64_t now,
                       const std::optional<Error>& stale);

std::string DiffPage(const std::string& file, const DiffReport& report);

}  // namespace dbomsbak
