// What a database holds, by name.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dbomsbak {

enum class ObjectKind {
  kDatabase,
  kSequence,
  kTable,
  kView,
  kFunction,
  kProcedure,
  kPackage,
  kPackageBody,
  kTrigger,
  kEvent,
};

// "database", "table", "package body" …: the words of archive, messages and JSON.
std::string_view ToString(ObjectKind kind) noexcept;
// "TABLE", "PACKAGE BODY" …: what SQL calls it in DROP and GRANT.
std::string_view SqlKeyword(ObjectKind kind) noexcept;
std::optional<ObjectKind> ParseObjectKind(std::string_view text) noexcept;

struct ObjectId {
  std::string database;
  ObjectKind kind = ObjectKind::kTable;
  std::string name;  // equal to `database` for kDatabase

  // For messages: "table `db`.`t`", "database `db`".
  std::string Describe() const;

  friend bool operator==(const ObjectId&, const ObjectId&) = default;
};

// The order of an archive's index: database, then the kind's word, then name, all bytewise.
bool operator<(const ObjectId& a, const ObjectId& b) noexcept;

}  // namespace dbomsbak
