// What a server cannot hold of an archive, found in the text of its definitions. Pure: asks nobody.
#pragma once

#include <vector>

#include "engine/restore_content.h"
#include "engine/restore_facts.h"

namespace dbomsbak {

// Objects that the server cannot hold, each with every reason: charsets, collations and engines it
// lacks; what it would read and forget, or refuse only when the statement is executed; and what it
// said itself, `facts.refusals`. In the order of creation.
std::vector<Unheld> FindUnheld(const RestoreContent& content, const RestoreFacts& facts);

}  // namespace dbomsbak
