// Whose a staging is: the first entry of its journal (event "begin", step kStagingStep), written
// as soon as the first staging database stands, before anything is loaded.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dbomsbak/engine/step_runner.h"
#include "engine/set_swap.h"
#include "engine/staging_origin.h"

namespace dbomsbak {

inline constexpr char kStagingStep[] = "staging";

struct StagingNote {
  std::string run;
  std::string root_digest;         // of the archive, hex
  std::vector<SetMember> members;  // `displaced` is empty: it is decided before the swap
  StagingOrigin origin;            // without files where an older version wrote it

  std::string ToJson() const;
  static std::optional<StagingNote> FromJson(const std::string& json);
  // From a journal's entries; nullopt when it has none (a journal of undo, or torn).
  static std::optional<StagingNote> Find(const std::vector<JournalEntry>& entries);
};

}  // namespace dbomsbak
