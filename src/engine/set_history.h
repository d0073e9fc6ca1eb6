// What the journals on a server tell of swaps: open ones, and displaced copies.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dbomsbak/transport/session.h"
#include "engine/set_swap.h"

namespace dbomsbak {

enum class SetState {
  kOpen,      // the window is open: whoever opened it is at work, or was killed
  kFinished,  // the displaced copy of this set stands
  kPurging,   // its displaced copy is being dropped
};

struct JournaledSet {
  PreparedSet set;
  SetState state = SetState::kOpen;
  std::string holder;  // the database the journal stands in; empty when only the copy is left
  std::string time;    // UTC, when its window opened
  std::uint64_t window_ms = 0;
  bool swapped = false;  // the journal has moved
  bool unswept = false;  // finished, and told that something could not be swept up

  std::vector<std::string> LiveNames() const;       // sorted
  std::vector<std::string> DisplacedNames() const;  // by member
};

// Sets whose journal says that their window opened and that was not taken back, by generation. A
// staging area that was never swapped is none of them.
std::vector<JournaledSet> FindSets(Session& session);

// One more than the highest displaced copy of any set on the server.
unsigned NextFreeGeneration(Session& session);

// "`a`, `b`"
std::string QuotedList(const std::vector<std::string>& names);

// "a, b, c, d, e and 12 more": a message stays readable whatever the number. Six are shown.
std::string JoinedSome(const std::vector<std::string>& texts);

// Names as arguments of a command line: what a shell would take apart is quoted.
std::string ShellWords(const std::vector<std::string>& names);

// Sets by what they are called in options: empty means the only one there is. Part of a set is
// Error kUsage naming the whole, no set at all kRestorePreflight. Never empty; by generation.
// `unseen` as UnseenLeftovers tells it.
std::vector<JournaledSet> SelectSets(const std::vector<JournaledSet>& sets,
                                     std::vector<std::string> databases, const std::string& unseen);

}  // namespace dbomsbak
