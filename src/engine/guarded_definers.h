// Definers whose objects take a privilege of their own: on some servers, an account that may make
// objects of any definer may neither make nor drop those of a definer who has that privilege.
#pragma once

#include <set>
#include <string>

#include "dbomsbak/catalog/catalog.h"
#include "dbomsbak/catalog/privileges.h"
#include "dbomsbak/catalog/server_traits.h"
#include "dbomsbak/transport/session.h"

namespace dbomsbak {

// Those of a catalogue's objects.
std::set<std::string> DefinersOf(const Catalog& catalog);

// Does the server know such a privilege, and does the account lack it?
bool MayBeGuarded(const ServerTraits& traits, const Privileges& privileges);

// Which of them surely have it. The server is asked by effect, for the account need not see what
// others may do: nothing changes. Only whoever may set definers at all learns something.
std::set<std::string> GuardedDefiners(Session& session, const ServerTraits& traits,
                                      const Privileges& privileges,
                                      const std::set<std::string>& definers);

}  // namespace dbomsbak
