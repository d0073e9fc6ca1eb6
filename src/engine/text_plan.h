// The order of a dump's text.
#pragma once

#include <vector>

#include "dbomsbak/catalog/catalog.h"

namespace dbomsbak {

// Tables in the order of the text. What has no snapshot stands first, of all databases, so that its
// lock goes soon; the rest follows database by database.
struct TextPlan {
  struct Section {
    const Database* database = nullptr;
    bool first = false;      // CREATE DATABASE and sequences stand here
    bool remaining = false;  // views' stand-ins stand here
    std::vector<const Table*> tables;
  };
  std::vector<Section> sections;
};

// Points into `catalog`. `parents_first`: a database stands behind those its foreign keys name.
TextPlan PlanText(const Catalog& catalog, bool parents_first);

}  // namespace dbomsbak
