// What staging held when it was proved, noted in its journal. Whatever somebody does to it later
// then shows, also where the files tell too little to compare with: plain dumps, definitions that
// were made portable, archives of another server. As long as the server is of the same version: the
// next one may print the same definitions otherwise.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "dbomsbak/base/object_id.h"
#include "dbomsbak/catalog/catalog.h"
#include "dbomsbak/catalog/server_traits.h"

namespace dbomsbak {

struct ProvedObject {
  std::string definition;  // SHA-256, hex; counters of AUTO_INCREMENT are left out
  std::string row_digest;  // of a table, by kRowDigestId; empty until it is known
};
struct ProvedStaging {
  std::string server;  // NameOfServer
  // Tables and sequences, by their names in staging: there is nothing else. Our own are left out.
  std::map<ObjectId, ProvedObject> objects;
};

// "MariaDB 10.11.19"
std::string NameOfServer(const ServerTraits& traits);

// `staged` with definitions.
ProvedStaging ProvedStagingOf(const Catalog& staged, const ServerTraits& traits);

std::string ToJson(const ProvedStaging& proved);               // pure ASCII
ProvedStaging ProvedStagingFromJson(const std::string& json);  // Error kNeedsHelp

struct StagingChanges {
  std::vector<std::string> made;  // objects that came, went or have another definition, for people
  // That print otherwise on a server of another version: by itself, or because somebody changed
  // them.
  std::vector<ObjectId> reworded;
};
// Of objects of any kind.
StagingChanges ChangesSince(const ProvedStaging& proved, const Catalog& staged,
                            const ServerTraits& traits);

}  // namespace dbomsbak
