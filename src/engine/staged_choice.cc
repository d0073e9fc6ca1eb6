#include "engine/staged_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "dbomsbak/base/error.h"
#include "engine/restore_input.h"
#include "engine/set_history.h"

namespace dbomsbak {
namespace {

std::string Line(const PreparedCopy& copy) {
  return fmt::format("\n  - {} from {}, proved {}", QuotedList(copy.LiveNames()),
                     copy.note.origin.Describe(), copy.note.time);
}

// What else may explain that nothing is prepared.
std::string HintWithout(Session& session) {
  const std::string unseen = UnseenLeftovers(session);
  if (!unseen.empty()) return fmt::format("There may be one: {}", unseen);
  for (const Leftover& leftover : FindLeftovers(session)) {
    if (leftover.kind != LeftoverKind::kStaging) continue;
    return fmt::format(
        "The restore of {} was interrupted before it was proved: `dbomsbak restore --prepare` with "
        "the same files goes on from what is loaded.",
        QuotedList(leftover.databases));
  }
  return "`dbomsbak restore --prepare FILE…` makes one. If one was swapped already, `dbomsbak "
         "status` shows its displaced copy.";
}

}  // namespace

bool StagedChoice::Means(const StagingOrigin& origin) const {
  if (!options.empty() && options != origin.options) return false;
  if (digests.empty()) return true;
  std::vector<std::string> theirs;
  for (const StagingOrigin::File& file : origin.files) theirs.push_back(file.digest);
  std::sort(theirs.begin(), theirs.end());
  return theirs == digests;
}

StagedChoice ChoiceOf(const std::vector<std::shared_ptr<const RandomAccessFile>>& files,
                      const RestoreOptions& options, Observer& observer,
                      const CancelToken& cancel) {
  StagedChoice choice;
  choice.options = ChoiceOptions(options);
  for (const auto& file : files) {
    const auto input = OpenInput(file, options.into, files.size() > 1);
    std::optional<ContentSource> source = input->Head();
    if (!source) {
      unsigned jobs = 1;
      source = input->Read({}, jobs, options.max_memory_bytes, observer, cancel).sources.front();
    }
    choice.digests.push_back(source->digest);
  }
  std::sort(choice.digests.begin(), choice.digests.end());
  return choice;
}

PreparedCopy SelectPrepared(Session& session, const StagedChoice& choice) {
  std::vector<PreparedCopy> copies = FindPrepared(session);
  if (copies.empty()) {
    throw Error(ErrorCode::kRestorePreflight, "no restore is prepared on this server",
                HintWithout(session));
  }
  std::string all, meant;
  for (const PreparedCopy& copy : copies) all += Line(copy);
  std::erase_if(copies, [&](const PreparedCopy& copy) { return !choice.Means(copy.note.origin); });
  for (const PreparedCopy& copy : copies) meant += Line(copy);
  if (copies.empty()) {
    throw Error(ErrorCode::kRestorePreflight,
                fmt::format("what is prepared is not what was asked for; prepared is:{}", all),
                "Nothing was changed. Give the files and options it was prepared with, or none; or "
                "drop it with `dbomsbak restore --abort`.");
  }
  if (copies.size() > 1) {
    throw Error(ErrorCode::kUsage, fmt::format("{} restores are prepared:{}", copies.size(), meant),
                "Give the files of one, and --only, --as and --keep-extra where it had them.");
  }
  return std::move(copies.front());
}

}  // namespace dbomsbak
