// What a staged copy is made from: files, and what is wanted of them.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "dbomsbak/engine/restore.h"
#include "engine/restore_content.h"

namespace dbomsbak {

struct StagingOrigin {
  struct File {
    std::string name;
    std::string digest;  // root digest of an archive, SHA-256 of a plain dump's text; hex
    friend bool operator==(const File&, const File&) = default;
  };
  std::vector<File> files;
  std::string options;  // ChoiceOptions() of the restore

  std::string Describe() const;  // "'a.sql.zst', 'b.sql.zst' (--as d=e)"
};

StagingOrigin OriginOf(const RestoreContent& content, const RestoreOptions& options);

// --only, --as and --keep-extra as they can be given again, one spelling for one meaning; empty
// where all is wanted as it is.
std::string ChoiceOptions(const RestoreOptions& options);

nlohmann::ordered_json ToJson(const StagingOrigin& origin);
// Errors: nlohmann's own.
StagingOrigin OriginFromJson(const nlohmann::ordered_json& json);

}  // namespace dbomsbak
