// What may change behind the back of a dump: definitions that no metadata lock protects.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dbomsbak/transport/session.h"

namespace dbomsbak {

// "view `d`.`v`" → a digest of its definition and attributes.
using DefinitionFingerprint = std::map<std::string, std::string>;

// Databases, routines and events of `databases`, and what else is asked for. One query a kind;
// that for views looks at every table, that for triggers too (where metadata locks keep tables
// still, triggers are kept still as well).
struct FingerprintRequest {
  std::vector<std::string> databases;
  bool views = true;
  bool triggers = true;
};
DefinitionFingerprint ReadDefinitionFingerprint(Session& session,
                                                const FingerprintRequest& request);

// The first object that came, went or changed; nothing when both are equal.
std::optional<std::string> FirstDifference(const DefinitionFingerprint& before,
                                           const DefinitionFingerprint& after);

// ('a', 'b') for IN.
std::string NameList(const std::vector<std::string>& names);

}  // namespace dbomsbak
