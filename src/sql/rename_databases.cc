#include "dbomsbak/sql/rename_databases.h"

#include <algorithm>

#include "dbomsbak/sql/quote.h"
#include "sql/name_uses.h"

namespace dbomsbak {
namespace {

// The database that a use names; CREATE DATABASE names one with its single part.
const NamePart* DatabaseOf(ObjectKind kind, const NameUse& use) {
  if (kind == ObjectKind::kDatabase && use.role == NameUse::Role::kObject)
    return &use.parts.front();
  return use.database();
}

}  // namespace

std::string RenameDatabases(ObjectKind kind, std::string_view create, const DatabaseMap& map) {
  std::string renamed;
  std::size_t copied = 0;
  for (const NameUse& use : FindNameUses(kind, create).uses) {
    const NamePart* const part = DatabaseOf(kind, use);
    if (part == nullptr) continue;
    const auto target = map.find(part->name);
    if (target == map.end()) continue;
    renamed += create.substr(copied, part->offset - copied);
    renamed += QuoteIdentifier(target->second);
    copied = part->offset + part->length;
  }
  renamed += create.substr(copied);
  return renamed;
}

std::vector<std::string> QualifyingDatabases(ObjectKind kind, std::string_view create) {
  std::vector<std::string> databases;
  for (const NameUse& use : FindNameUses(kind, create).uses) {
    const NamePart* const part = DatabaseOf(kind, use);
    if (part == nullptr) continue;
    if (std::find(databases.begin(), databases.end(), part->name) == databases.end()) {
      databases.push_back(part->name);
    }
  }
  return databases;
}

}  // namespace dbomsbak
