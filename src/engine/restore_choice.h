// What of the files of a restore is wanted, and under which names: --only, --as, --keep-extra.
#pragma once

#include <string>
#include <vector>

#include "dbomsbak/engine/restore.h"
#include "engine/restore_content.h"
#include "engine/restore_facts.h"

namespace dbomsbak {

// Leaves in `content`, of one file, what is chosen of it.
void Choose(const ContentChoice& choice, RestoreContent& content);

// Behind Choose() of all files. `content` knows from now on what may stay beside it, which foreign
// keys lead to tables that stay, and has a root digest of its own where not all of it is restored
// as it is. Error kUsage for names that no file holds, and for new names that clash.
void ApplyOptions(const RestoreOptions& options, RestoreContent& content);

// What `content` does not hold may stay beside it.
void KeepExtra(RestoreContent& content);

// The members of the set, with their names in the files and live.
std::vector<RestoreMember> MembersOf(const RestoreOptions& options, const RestoreContent& content);

// What names a database that comes back under another name where definitions are not rewritten: in
// bodies of programs, and in strings. One line an object.
std::vector<std::string> NamedStill(const RestoreContent& content,
                                    const std::vector<RestoreMember>& members);

}  // namespace dbomsbak
