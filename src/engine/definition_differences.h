// Whether views, routines, triggers and events are what they shall be, by definition and settings.
#pragma once

#include <string>
#include <vector>

#include "dbomsbak/catalog/catalog.h"

namespace dbomsbak {

bool SameDefinition(const View& a, const View& b);
bool SameDefinition(const StoredProgram& a, const StoredProgram& b);
// Two events, whether enabled or not.
bool SameButState(const StoredProgram& a, const StoredProgram& b);

struct DefinitionDifferences {
  std::vector<std::string> differences;
  std::vector<ObjectId> objects;  // that differ, in that order
  // Of broken views: a server may print them otherwise once what they stand on is gone.
  std::vector<std::string> doubts;
};

// Objects that are in both; `wanted` must have been printed by a server like that of `live`. An
// event that can be over may have been disabled by the server itself.
DefinitionDifferences CompareLiveDefinitions(const Database& wanted, const Database& live);
// The same for definitions from the text of a plain dump: whatever that says must be there.
DefinitionDifferences CompareSaidDefinitions(const Database& wanted, const Database& live);

// Databases themselves, for people: "database `d`: collation utf8mb4_bin, now latin1_bin". Those
// that are missing on one side are none of them.
std::vector<std::string> AlteredDatabases(const std::vector<Database>& wanted,
                                          const std::vector<Database>& live);

}  // namespace dbomsbak
