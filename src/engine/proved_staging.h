// What staging held when it was proved, noted in its journal. Whatever somebody does to it later
// then shows, also where the files tell too little to compare with: plain dumps, definitions that
// were made portable, archives of another server.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "dbomsbak/base/object_id.h"
#include "dbomsbak/catalog/catalog.h"

namespace dbomsbak {

struct ProvedObject {
  std::string definition;  // SHA-256, hex; counters of AUTO_INCREMENT are left out
  std::string row_digest;  // of a table, by kRowDigestId; empty until it is known
};
// Tables and sequences, by their names in staging: there is nothing else. Our own are left out.
using ProvedStaging = std::map<ObjectId, ProvedObject>;

// `staged` with definitions.
ProvedStaging ProvedStagingOf(const Catalog& staged);

std::string ToJson(const ProvedStaging& proved);               // pure ASCII
ProvedStaging ProvedStagingFromJson(const std::string& json);  // Error kNeedsHelp

// Objects of any kind that came, went or have another definition since, for people.
std::vector<std::string> ChangesSince(const ProvedStaging& proved, const Catalog& staged);

}  // namespace dbomsbak
