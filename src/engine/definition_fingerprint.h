// What may change behind the back of a dump: definitions that no metadata lock protects.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dbomsbak/transport/session.h"

namespace dbomsbak {

// "view `d`.`v`" → a digest of its definition as the server computes it.
using DefinitionFingerprint = std::map<std::string, std::string>;

// Databases, views, routines, events and triggers of `databases`. One query a kind.
DefinitionFingerprint ReadDefinitionFingerprint(Session& session,
                                                const std::vector<std::string>& databases);

// The first object that came, went or changed; nothing when both are equal.
std::optional<std::string> FirstDifference(const DefinitionFingerprint& before,
                                           const DefinitionFingerprint& after);

// ('a', 'b') for IN.
std::string NameList(const std::vector<std::string>& names);

}  // namespace dbomsbak
