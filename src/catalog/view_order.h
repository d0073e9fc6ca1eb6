// The order in which views can be created.
#pragma once

#include <vector>

#include "dbomsbak/catalog/catalog.h"

namespace dbomsbak {

// Sorts the views of each database, and returns all of them, so that each stands after those it is
// built on; otherwise by database and name. Views of a circle (which no server can make, but a
// broken one can hold) come in order of name.
std::vector<ObjectId> SortViews(std::vector<Database>& databases);

}  // namespace dbomsbak
