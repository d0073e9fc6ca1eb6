#include "engine/window_estimate.h"

#include <cstddef>
#include <map>
#include <vector>

#include "dbomsbak/catalog/catalog.h"
#include "engine/definition_differences.h"

namespace dbomsbak {
namespace {

// Measured on the servers we know: the questions and journal entries of a window, one table more
// under LOCK TABLES, one object dropped or created.
constexpr double kBaseMs = 20, kLockMs = 2, kObjectMs = 2;

// Objects to be dropped, and to be created.
template <typename T>
std::size_t Changed(const std::vector<T>& wanted, const std::vector<T>& before) {
  std::map<ObjectId, const T*> there;
  for (const T& object : before) there[object.id] = &object;
  std::size_t created = 0;
  for (const T& object : wanted) {
    const auto found = there.find(object.id);
    if (found != there.end() && SameDefinition(object, *found->second)) {
      there.erase(found);
    } else {
      ++created;
    }
  }
  return created + there.size();
}

}  // namespace

std::uint64_t EstimateWindow(const PreparedSet& set, double move_ms) {
  std::size_t moves = 0, locked = 0, objects = 0;
  for (std::size_t i = 0; i < set.members.size(); ++i) {
    moves += set.outgoing[i].size() + set.incoming[i].size();
    // Triggers go and come with the tables, whether they change or not; tables are locked for it.
    objects += set.wanted[i].triggers.size() + set.before[i].triggers.size();
    if (!set.before[i].triggers.empty()) locked += set.outgoing[i].size();
    objects += Changed(set.wanted[i].views, set.before[i].views) +
               Changed(set.wanted[i].routines, set.before[i].routines) +
               Changed(set.wanted[i].events, set.before[i].events);
  }
  return static_cast<std::uint64_t>(kBaseMs + move_ms * static_cast<double>(moves) +
                                    kLockMs * static_cast<double>(locked) +
                                    kObjectMs * static_cast<double>(objects));
}

}  // namespace dbomsbak
