// The tables of a set by name: what came or went around the snapshot shows here.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "dbomsbak/archive/records.h"
#include "dbomsbak/transport/session.h"
#include "engine/table_touch.h"

namespace dbomsbak {

using NameSet = std::set<QualifiedName>;

// Tables and sequences by name; views have nothing to touch.
struct NamesNow {
  NameSet all;  // with views
  NameSet tables;
  NameSet non_transactional;  // of these
  NameSet sequences;
  bool any_view = false;
};

NamesNow ListNames(Session& session, const Scope& scope);

// What came or went since `before`; only names, which costs the server next to nothing. `reader`
// has the snapshot (`read_as_of` names it in a SELECT): what it does not see came behind it.
std::optional<std::string> FirstNewName(const NamesNow& before, const Scope& scope,
                                        Session& session, Session& reader,
                                        const std::string& read_as_of);

}  // namespace dbomsbak
