#include "engine/portable_definitions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "dbomsbak/base/error.h"
#include "dbomsbak/base/units.h"
#include "dbomsbak/sql/quote.h"
#include "engine/definition_text.h"
#include "engine/foreign_key_lines.h"
#include "sql/portable_table.h"

namespace dbomsbak {
namespace {

using namespace std::string_view_literals;

constexpr std::array kCharacterTypes{"char"sv,       "varchar"sv,  "tinytext"sv, "text"sv,
                                     "mediumtext"sv, "longtext"sv, "enum"sv,     "set"sv};

TableCollations CollationsOf(const Table& table) {
  TableCollations collations;
  collations.table = table.collation;
  for (const Column& column : table.columns) {
    const bool text = std::find(kCharacterTypes.begin(), kCharacterTypes.end(), column.data_type) !=
                      kCharacterTypes.end();
    if (text && !column.collation.empty()) collations.columns[column.name] = column.collation;
  }
  return collations;
}

// Known to MySQL of some versions, or to MariaDB of some, alone. Where such a name is unknown the
// server refuses the table.
bool IsOfSomeServers(std::string_view collation) {
  return collation.find("_0900_") != collation.npos ||
         collation.find("uca1400") != collation.npos || collation.find("nopad") != collation.npos ||
         collation.starts_with("utf8mb3") || collation.starts_with("gb18030");
}

class PortableCatalog {
 public:
  PortableCatalog(Catalog& catalog, bool placed, Observer& observer)
      : catalog_(catalog), placed_(placed), observer_(observer) {}

  std::vector<Unreadable> Run() {
    for (Database& database : catalog_.databases) {
      ExamineDatabase(database);
      for (Table& table : database.tables) WriteTable(table);
      for (const Sequence& sequence : database.sequences) ExamineSequence(sequence);
      for (const View& view : database.views) NoteCollation(view.id, view.collation_connection);
      for (auto* programs : {&database.routines, &database.triggers, &database.events}) {
        for (StoredProgram& program : *programs) WriteProgram(program);
      }
    }
    FindKeysToPartitions();
    Tell();
    Erase();
    return std::move(unheld_);
  }

 private:
  void AddUnheld(const ObjectId& id, std::string reason) {
    unheld_.push_back({id, ErrorCode::kUnsupported, std::move(reason), {}});
    leaving_.insert(id);
  }
  void AddOneAlone(const ObjectId& id, std::string_view reason) {
    one_alone_.push_back(fmt::format("{}: {}", id.Describe(), reason));
  }

  void ExamineDatabase(const Database& database) {
    const ObjectId id{database.name, ObjectKind::kDatabase, database.name};
    if (!database.comment.empty()) AddOneAlone(id, "MariaDB alone has a COMMENT of databases");
    NoteCollation(id, database.collation);
  }

  void NoteCollation(const ObjectId& id, const std::string& collation) {
    if (!IsOfSomeServers(collation)) return;
    std::vector<ObjectId>& of = collations_[collation];
    if (of.empty() || of.back() != id) of.push_back(id);
  }

  void WriteTable(Table& table) {
    const TableCollations collations = CollationsOf(table);
    PortableTable portable = PortableTableOf(table.create, collations, placed_);
    if (portable.partitioned) partitioned_.emplace(table.id.database, table.id.name);
    if (!portable.unheld.empty()) {
      AddUnheld(table.id, fmt::format("{}", fmt::join(portable.unheld, ", and ")));
      return;
    }
    for (const auto& [database, sequence] : SequencesUsedBy(table.create)) {
      AddOneAlone(table.id, fmt::format("it takes values from {}, and MySQL has no sequences",
                                        QuoteQualified(database, sequence)));
    }
    table.create = std::move(portable.create);
    stored_ += portable.placed;
    checked_ += portable.checked;
    for (const std::string& option : portable.left_out) left_out_[option].push_back(table.id);
    for (const std::string& reason : portable.one_alone) AddOneAlone(table.id, reason);
    NoteCollation(table.id, collations.table);
    for (const auto& [column, collation] : collations.columns) NoteCollation(table.id, collation);
  }

  // MariaDB reads its own alone, and MySQL none.
  void ExamineSequence(const Sequence& sequence) {
    if (sequence.is_table) {
      AddOneAlone(sequence.id, "MySQL has no sequences");
    } else {
      AddUnheld(sequence.id, "MySQL has no sequences, and MariaDB none of this kind");
    }
  }

  void WriteProgram(StoredProgram& program) {
    if (program.id.kind == ObjectKind::kPackage || program.id.kind == ObjectKind::kPackageBody) {
      AddOneAlone(program.id, "MySQL has no packages");
    }
    // New MySQL does not know it: it is always in effect there.
    std::string mode = WithoutSqlMode(program.sql_mode, "NO_AUTO_CREATE_USER");
    shortened_modes_ += mode != program.sql_mode;
    program.sql_mode = std::move(mode);
    NoteCollation(program.id, program.collation_connection);
    NoteCollation(program.id, program.database_collation);
  }

  void FindKeysToPartitions() {
    if (partitioned_.empty()) return;
    for (const Database& database : catalog_.databases) {
      for (const Table& table : database.tables) {
        if (leaving_.contains(table.id)) continue;
        for (const ForeignKeyLine& key : ForeignKeyLines(table.create)) {
          const std::string& of = key.parent_database.empty() ? database.name : key.parent_database;
          if (!partitioned_.contains({of, key.parent_table})) continue;
          AddOneAlone(table.id, fmt::format("foreign key {}: MySQL has none to partitioned tables",
                                            QuoteIdentifier(key.name)));
        }
      }
    }
  }

  // Once a kind of thing, or an object.
  void Tell() {
    if (stored_ > 0) {
      observer_.Notice(fmt::format(
          "portable definitions: where and how {} stored (replicas, tablets, blocks, compression) "
          "is left out",
          stored_ == 1 ? "a table is" : fmt::format("{} are", Counted(stored_, "table"))));
    }
    if (checked_ > 0) {
      observer_.Notice(fmt::format(
          "portable definitions: MySQL before 8.0.16 reads and forgets the CHECK constraints of {}",
          checked_ == 1 ? "a table" : Counted(checked_, "table")));
    }
    if (shortened_modes_ > 0) {
      observer_.Notice(
          fmt::format("portable definitions: NO_AUTO_CREATE_USER is left out of the sql_mode of {}",
                      shortened_modes_ == 1
                          ? "a routine, trigger or event"
                          : fmt::format("{} routines, triggers and events", shortened_modes_)));
    }
    for (const auto& [option, tables] : left_out_) {
      observer_.Warning(
          fmt::format("portable definitions: {} is left out of {}", option, Named(tables)));
    }
    for (const auto& [collation, objects] : collations_) {
      observer_.Warning(
          fmt::format("portable definitions: not every server has the collation {} of {}",
                      collation, Named(objects)));
    }
    for (const std::string& object : one_alone_) {
      observer_.Warning(fmt::format("portable definitions: {}", object));
    }
    for (const Unreadable& object : unheld_) {
      observer_.Warning(
          fmt::format("portable definitions: neither MySQL nor MariaDB can hold {}: "
                      "{}",
                      object.id.Describe(), object.reason));
    }
  }

  static std::string Named(const std::vector<ObjectId>& objects) {
    constexpr std::size_t kNamed = 3;
    std::string names;
    for (std::size_t i = 0; i < std::min(objects.size(), kNamed); ++i) {
      names += (i == 0 ? "" : ", ") + objects[i].Describe();
    }
    if (objects.size() > kNamed) names += fmt::format(" and {} more", objects.size() - kNamed);
    return names;
  }

  void Erase() {
    const auto leaves = [&](const auto& object) { return leaving_.contains(object.id); };
    for (Database& database : catalog_.databases) {
      std::erase_if(database.tables, leaves);
      std::erase_if(database.sequences, leaves);
    }
  }

  Catalog& catalog_;
  const bool placed_;
  Observer& observer_;
  std::size_t stored_ = 0, checked_ = 0;                     // tables
  std::size_t shortened_modes_ = 0;                          // programs
  std::map<std::string, std::vector<ObjectId>> left_out_;    // tables, by option
  std::map<std::string, std::vector<ObjectId>> collations_;  // of some servers; of whom
  std::vector<std::string> one_alone_;
  std::set<std::pair<std::string, std::string>> partitioned_;  // database, name
  std::set<ObjectId> leaving_;
  std::vector<Unreadable> unheld_;
};

}  // namespace

std::vector<Unreadable> MakePortable(Catalog& catalog, bool placed, Observer& observer) {
  return PortableCatalog(catalog, placed, observer).Run();
}

void ThrowNotPortable(const std::vector<Unreadable>& unheld) {
  constexpr std::size_t kNamed = 10;
  std::string names;
  for (std::size_t i = 0; i < std::min(unheld.size(), kNamed); ++i) {
    names += (i == 0 ? "" : ", ") + unheld[i].id.Describe();
  }
  if (unheld.size() > kNamed) names += fmt::format(" and {} more", unheld.size() - kNamed);
  throw Error(ErrorCode::kUnsupported, fmt::format("neither MySQL nor MariaDB can hold {}", names),
              "Leave them out with --ignore-table or --allow-partial, or dump them with --ddl "
              "native for a server of their own kind.")
      .About(unheld.front().id.Describe());
}

}  // namespace dbomsbak
