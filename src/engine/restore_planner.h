// Plans a restore from what the archive holds and what the server is like. Pure: asks nobody.
#pragma once

#include <string>
#include <vector>

#include "dbomsbak/base/error.h"
#include "dbomsbak/engine/restore.h"
#include "engine/restore_content.h"
#include "engine/restore_facts.h"
#include "engine/set_swap.h"

namespace dbomsbak {

// Other sessions in the databases: what they write from now on goes with the displaced copy. A
// restore refuses them unless forced; a rehearsal only tells.
enum class OtherSessions { kRefuse, kTell };

// The complete list of what stands against the restore, and what it would change.
RestorePlan MakePlan(const RestoreContent& content, const std::vector<RestoreMember>& members,
                     const RestoreFacts& facts, OtherSessions other_sessions);

// What a restore is refused with: all that stands against it.
Error RefusalOf(const std::vector<std::string>& problems);

// How the live databases shall be afterwards and what moves for it; `set.members`, `wanted`,
// `before`, `outgoing` and `incoming` are filled, the rest is the caller's.
PreparedSet MakeSet(const RestoreContent& content, const std::vector<RestoreMember>& members,
                    const RestoreFacts& facts);

// The number of the next displaced copy: one more than the highest that is there.
unsigned NextGeneration(const std::vector<RestoreMember>& members,
                        const std::set<std::string>& databases);

// Of foreign keys into live tables of the set, those of tables that stay while their parent leaves:
// they would follow it into the displaced copy.
std::vector<InboundKey> KeysLeftBehind(const PreparedSet& set, std::vector<InboundKey> keys);

// Catalogue values of what the archive holds, under the name `database`.
View ViewOf(const ContentObject& object, const std::string& database);
StoredProgram ProgramOf(const ContentObject& object, const std::string& database);

}  // namespace dbomsbak
