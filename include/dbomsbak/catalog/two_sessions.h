// ReadCatalog with a second session, for sets of many tables.
#pragma once

#include "dbomsbak/catalog/catalog.h"

namespace dbomsbak {

// `second`, of the same account and settings, is idle and locks nothing: on a thread of its own it
// is asked for definitions of tables while the first one asks for all else. Else as ReadCatalog.
Catalog ReadCatalog(Session& session, Session& second, const ServerTraits& traits,
                    const CatalogRequest& request);

}  // namespace dbomsbak
