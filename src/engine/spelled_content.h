// An archive's definitions in the words of the server they come to.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/restore_content.h"
#include "engine/restore_facts.h"

namespace dbomsbak {

// Of an archive from a server of another series: what stands in version comments is said openly, so
// that it is taken or refused and never passed over; strings in Unicode go without introducers, see
// WithoutUnicodeIntroducers(); where a table is stored is left out for servers that do not know
// such options; a sql_mode that is always in effect there is not named. All other words stay.
// Returns what is worth telling.
std::vector<std::string> SpellFor(const RestoreFacts& facts, RestoreContent& content);

// The same for one table, and for the sql_mode of a program.
std::string SpelledTable(std::string_view create, const DefinitionTraits& traits);
std::string SpelledMode(std::string_view sql_mode, const DefinitionTraits& traits);

}  // namespace dbomsbak
