#include "engine/set_sweep.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "dbomsbak/base/error.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/transport/server_numbers.h"
#include "engine/live_names.h"
#include "engine/set_history.h"
#include "engine/set_names.h"
#include "engine/stubs.h"

namespace dbomsbak {
namespace {

// The copy of the journal last: without it a set is none.
constexpr std::array<const char*, 3> kOurs = {kLoadTable, kPreparedTable, kJournalCopyTable};

}  // namespace

void DropIfEmpty(Session& session, const std::string& database) {
  const LiveNames names = ReadLiveNames(session, database);
  if (names.exists && names.HoldsNothing()) {
    session.Execute("DROP DATABASE " + QuoteIdentifier(database));
  }
}

bool IsSurelyOurs(Session& session, const std::vector<std::string>& staging) {
  return std::all_of(staging.begin(), staging.end(),
                     [&](const std::string& name) {
                       return ReadLiveNames(session, name).HoldsNothing();
                     }) ||
         std::any_of(staging.begin(), staging.end(),
                     [&](const std::string& name) { return ServerJournal::Exists(session, name); });
}

void DropOurs(Session& session, const std::string& database, Observer& observer) {
  const std::string name = QuoteIdentifier(database);
  try {
    session.Execute("DROP DATABASE IF EXISTS " + name);
  } catch (const ServerError& error) {
    if (error.number() != kFolderStays) throw;
    observer.Warning(fmt::format(
        "{} is empty now, but the server cannot remove its folder: a crash left files there that "
        "belong to no table ({}). Nothing needs it; delete the folder when the server is stopped",
        name, error.message()));
  }
}

bool SweepSet(Session& session, const PreparedSet& set, ServerJournal& journal,
              Observer& observer) {
  bool all = true;
  try {
    DropStubsLeft(session, journal);
    for (std::size_t i = 0; i < set.members.size(); ++i) {
      if (set.wanted[i].create.empty()) DropIfEmpty(session, set.members[i].live);
    }
    // The first source holds the copy of the journal: it goes last.
    for (auto member = set.members.rbegin(); member != set.members.rend(); ++member) {
      std::set<std::string> tables = ReadTableNames(session, member->source);
      for (const char* ours : kOurs) tables.erase(ours);
      if (!tables.empty()) {
        observer.Warning(
            fmt::format("database {} holds tables that are not of this set and was "
                        "left: {}",
                        QuoteIdentifier(member->source), *tables.begin()));
        all = false;
        // Another swap must not take it for its own.
        for (const char* ours : kOurs) {
          session.Execute("DROP TABLE IF EXISTS " + QuoteQualified(member->source, ours));
        }
        continue;
      }
      DropOurs(session, member->source, observer);
    }
  } catch (const ServerError& error) {
    if (error.code() == ErrorCode::kConnectionLost) throw;
    std::vector<std::string> sources;
    for (const SetMember& member : set.members) sources.push_back(member.source);
    observer.Warning(fmt::format(
        "what the swap has emptied could not be dropped ({}): {}; nothing needs it, and "
        "`dbomsbak status` tells what is left",
        QuotedList(sources), error.message()));
    all = false;
  }
  return all;
}

}  // namespace dbomsbak
