#include "engine/set_history.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <optional>
#include <set>

#include "dbomsbak/base/error.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/transport/server_numbers.h"

namespace dbomsbak {
namespace {

// An operation that was taken back leaves the one before it standing: an undo writes into the
// journal of the copy it wants to bring back.
std::optional<JournaledSet> LastSet(const std::vector<JournalEntry>& entries) {
  std::optional<JournaledSet> standing, last;
  for (const JournalEntry& entry : entries) {
    if (entry.event != "note") continue;
    if (entry.step == kNoteSet) {
      last.emplace();
      last->set = PreparedSetFromJson(entry.payload);
      last->time = entry.time;
    } else if (entry.step == kNoteTakenBack) {
      last = standing;
    } else if (entry.step == kNoteFinished && last) {
      last->state = SetState::kFinished;
      standing = last;
    } else if (entry.step == kNoteUnswept && last) {
      last->unswept = true;
      standing = last;
    } else if (entry.step == kNotePurging && last) {
      last->state = SetState::kPurging;
    }
  }
  return last;
}

// A journal that this account may not read is none to it: sight.h tells of such.
bool HasJournal(Session& session, const std::string& database, const std::string& table) {
  try {
    return ServerJournal::Exists(session, database, table);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kPrivilege) throw;
    return false;
  }
}

// {"window_ms":12}: all there is in it.
std::uint64_t WindowOf(const std::vector<JournalEntry>& entries) {
  std::uint64_t window_ms = 0;
  for (const JournalEntry& entry : entries) {
    if (entry.event != "note" || entry.step != kNoteFinished) continue;
    const std::size_t digits = entry.payload.find_first_of("0123456789");
    window_ms = digits == std::string::npos ? 0 : std::stoull(entry.payload.substr(digits));
  }
  return window_ms;
}

}  // namespace

std::vector<std::string> JournaledSet::LiveNames() const {
  std::vector<std::string> names;
  for (const SetMember& member : set.members) names.push_back(member.live);
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> JournaledSet::DisplacedNames() const {
  std::vector<std::string> names;
  for (const SetMember& member : set.members) names.push_back(member.displaced);
  return names;
}

namespace {

std::vector<JournaledSet> LookForSets(Session& session) {
  std::vector<JournaledSet> sets;
  std::set<std::string> runs;
  std::vector<std::string> with_copy;
  for (const std::string& database : ListDatabases(session)) {
    if (!IsStagingName(database) && !IsDisplacedName(database)) continue;
    if (HasJournal(session, database, kJournalCopyTable)) with_copy.push_back(database);
    if (!HasJournal(session, database, kJournalTable)) continue;
    const std::vector<JournalEntry> entries = ServerJournal::Open(session, database)->Load();
    std::optional<JournaledSet> found = LastSet(entries);
    if (!found) continue;
    found->holder = database;
    found->swapped = database == found->set.members[0].displaced;
    if (found->state != SetState::kOpen) found->window_ms = WindowOf(entries);
    runs.insert(found->set.run);
    sets.push_back(std::move(*found));
  }
  for (const std::string& database : with_copy) {
    std::optional<JournaledSet> found =
        LastSet(ServerJournal::Open(session, database, kJournalCopyTable)->Load());
    // The journal proper has the say; what was taken back may have left its copy behind.
    if (!found || runs.contains(found->set.run)) continue;
    if (HasJournal(session, found->set.members[0].source, kJournalTable) ||
        HasJournal(session, found->set.members[0].displaced, kJournalTable)) {
      continue;
    }
    sets.push_back(std::move(*found));
  }
  std::sort(sets.begin(), sets.end(), [](const JournaledSet& a, const JournaledSet& b) {
    return a.set.generation < b.set.generation;
  });
  return sets;
}

}  // namespace

std::vector<JournaledSet> FindSets(Session& session) {
  constexpr int kTries = 5;
  for (int attempt = 1;; ++attempt) {
    try {
      return LookForSets(session);
    } catch (const ServerError& error) {
      // Another run's RENAME has just moved the journal, or its sweep has dropped it.
      if (error.number() != kNoSuchTable || attempt == kTries) throw;
    }
  }
}

unsigned NextFreeGeneration(Session& session) {
  unsigned highest = 0;
  for (const std::string& database : ListDatabases(session)) {
    highest = std::max(highest, GenerationOf(database));
  }
  return highest + 1;
}

std::string QuotedList(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + QuoteIdentifier(name);
  return list;
}

std::string JoinedSome(const std::vector<std::string>& texts) {
  constexpr std::size_t kMost = 5;
  if (texts.size() <= kMost + 1) return fmt::format("{}", fmt::join(texts, ", "));
  return fmt::format("{} and {} more", fmt::join(texts.begin(), texts.begin() + kMost, ", "),
                     texts.size() - kMost);
}

std::string ShellWords(const std::vector<std::string>& names) {
  std::string words;
  for (const std::string& name : names) {
    words += words.empty() ? "" : " ";
    const bool plain =
        !name.empty() && name[0] != '-' &&
        std::all_of(name.begin(), name.end(), [](unsigned char c) {
          return std::isalnum(c) != 0 || c >= 0x80 || c == '_' || c == '-' || c == '.';
        });
    if (plain) {
      words += name;
      continue;
    }
    words += '\'';
    for (const char c : name) words += c == '\'' ? std::string("'\\''") : std::string(1, c);
    words += '\'';
  }
  return words;
}

std::vector<JournaledSet> SelectSets(const std::vector<JournaledSet>& sets,
                                     std::vector<std::string> databases,
                                     const std::string& unseen) {
  const auto or_unseen = [&](std::string hint) {
    return unseen.empty() ? std::move(hint) : fmt::format("There may be one: {}", unseen);
  };
  const char* visible = unseen.empty() ? "" : " that this account may see";
  std::sort(databases.begin(), databases.end());
  databases.erase(std::unique(databases.begin(), databases.end()), databases.end());
  if (sets.empty()) {
    throw Error(
        ErrorCode::kRestorePreflight,
        fmt::format("there is no displaced copy{} on this server", visible),
        or_unseen("A displaced copy is what a restore put aside; `dbomsbak status` lists them."));
  }
  if (databases.empty()) {
    std::set<std::vector<std::string>> different;
    for (const JournaledSet& set : sets) different.insert(set.LiveNames());
    if (different.size() == 1) return sets;
    std::string list, choice;
    for (const std::vector<std::string>& names : different) {
      list += (list.empty() ? "" : "; ") + QuotedList(names);
      choice += (choice.empty() ? "" : ", or: ") + ShellWords(names);
    }
    throw Error(ErrorCode::kUsage,
                fmt::format("there are displaced copies of {} sets: {}", different.size(), list),
                fmt::format("Name the databases of one set: {}", choice));
  }
  std::vector<JournaledSet> selected;
  for (const JournaledSet& set : sets) {
    if (set.LiveNames() == databases) selected.push_back(set);
  }
  if (!selected.empty()) return selected;
  for (const JournaledSet& set : sets) {
    const std::vector<std::string> names = set.LiveNames();
    std::vector<std::string> shared;
    std::set_intersection(names.begin(), names.end(), databases.begin(), databases.end(),
                          std::back_inserter(shared));
    if (shared.empty()) continue;
    throw Error(ErrorCode::kUsage,
                fmt::format("{} is not a whole set; the set is {}", QuotedList(databases),
                            QuotedList(names)),
                fmt::format("Databases that were swapped together go back together: name all of "
                            "them: {}",
                            ShellWords(names)));
  }
  std::set<std::string> others;
  for (const JournaledSet& set : sets) others.insert(QuotedList(set.LiveNames()));
  throw Error(ErrorCode::kRestorePreflight,
              fmt::format("there is no displaced copy of {}{}", QuotedList(databases), visible),
              or_unseen(fmt::format("There is one of {}.", fmt::join(others, "; of "))));
}

}  // namespace dbomsbak
