#include "engine/live_comparison.h"

#include <fmt/format.h>

#include <iterator>
#include <set>

#include "dbomsbak/sql/quote.h"
#include "engine/definition_differences.h"
#include "engine/staging_proof.h"

namespace dbomsbak {
namespace {

// No definition may name staging where it must name the live database.
void FindStagingNames(const Database& live, const std::vector<RestoreMember>& members,
                      std::vector<std::string>& differences) {
  const auto find = [&](const auto& objects) {
    for (const auto& object : objects) {
      for (const RestoreMember& member : members) {
        if (member.in_place()) continue;  // no definition names tables by other names
        if (object.create.find(member.staging) == std::string::npos) continue;
        differences.push_back(object.id.Describe() + " names " + QuoteIdentifier(member.staging));
      }
    }
  };
  find(live.tables);
  find(live.views);
  find(live.routines);
  find(live.triggers);
  find(live.events);
}

template <typename T>
void Compare(const std::vector<T>& wanted, const std::vector<T>& live,
             std::vector<std::string>& differences) {
  std::set<ObjectId> there;
  for (const T& object : live) there.insert(object.id);
  for (const T& object : wanted) {
    // An event whose time is over does not come back: the server would not have kept it either.
    if (there.erase(object.id) == 0 && object.id.kind != ObjectKind::kEvent) {
      differences.push_back(object.id.Describe() + " is missing");
    }
  }
  for (const ObjectId& id : there) differences.push_back(id.Describe() + " is extra");
}

}  // namespace

std::vector<std::string> LiveDifferences(const PreparedSet& set, const RestoreContent& content,
                                         const std::vector<RestoreMember>& members,
                                         const ServerTraits& traits, Observer& observer) {
  std::vector<std::string> differences;
  for (std::size_t i = 0; i < set.members.size(); ++i) {
    Compare(set.wanted[i].tables, set.before[i].tables, differences);
    Compare(set.wanted[i].sequences, set.before[i].sequences, differences);
    FindStagingNames(set.before[i], members, differences);
    Compare(set.wanted[i].views, set.before[i].views, differences);
    Compare(set.wanted[i].routines, set.before[i].routines, differences);
    Compare(set.wanted[i].triggers, set.before[i].triggers, differences);
    Compare(set.wanted[i].events, set.before[i].events, differences);
    if (set.wanted[i].collation != set.before[i].collation) {
      differences.push_back(fmt::format("database {} has collation {}, not {}",
                                        QuoteIdentifier(set.members[i].live),
                                        set.before[i].collation, set.wanted[i].collation));
    }
    const ContentSource& source = content.SourceOf(members[i].archived);
    if (!PrintsAlike(source.header, traits)) continue;
    DefinitionDifferences found = source.plain
                                      ? CompareSaidDefinitions(set.wanted[i], set.before[i])
                                      : CompareLiveDefinitions(set.wanted[i], set.before[i]);
    std::move(found.differences.begin(), found.differences.end(), std::back_inserter(differences));
    for (const std::string& doubt : found.doubts) {
      observer.Warning(doubt + "\n(the view is broken: what it stands on is not there)");
    }
  }
  return differences;
}

}  // namespace dbomsbak
