// What is live beside what a restore wanted to be live.
#pragma once

#include <string>
#include <vector>

#include "dbomsbak/catalog/server_traits.h"
#include "dbomsbak/engine/observer.h"
#include "engine/restore_content.h"
#include "engine/restore_facts.h"
#include "engine/set_swap.h"

namespace dbomsbak {

// Objects missing, extra or of another definition, names of staging in a definition, collations;
// one line each. `set.before` is what is live now, `members` those of the set. What cannot be told
// of a broken view goes to `observer`.
std::vector<std::string> LiveDifferences(const PreparedSet& set, const RestoreContent& content,
                                         const std::vector<RestoreMember>& members,
                                         const ServerTraits& traits, Observer& observer);

}  // namespace dbomsbak
