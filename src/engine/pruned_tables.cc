#include "engine/pruned_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "dbomsbak/base/ascii.h"
#include "dbomsbak/sql/quote.h"
#include "engine/chunk_reader.h"
#include "engine/definition_slices.h"
#include "engine/foreign_key_lines.h"

namespace dbomsbak {
namespace {

constexpr std::string_view kTable = "heatbeat_sequence";
constexpr std::string_view kColumn = "id";
constexpr std::array<std::string_view, 5> kIntegers{"tinyint", "smallint", "mediumint", "int",
                                                    "bigint"};

std::string KeyOf(const ObjectId& table) { return table.database + "." + table.name; }

bool IsInteger(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

const Column* ColumnOf(const Table& table) {
  const auto found =
      std::find_if(table.columns.begin(), table.columns.end(),
                   [](const Column& column) { return EqualIgnoringCase(column.name, kColumn); });
  return found == table.columns.end() ? nullptr : &*found;
}

// Why all of its rows are wanted all the same; nothing: they are not.
std::optional<std::string> WhyWhole(const Table& table, const Catalog& catalog) {
  const Column* const column = ColumnOf(table);
  if (column == nullptr) return "it has no column `id`";
  const bool integer =
      std::find(kIntegers.begin(), kIntegers.end(), column->data_type) != kIntegers.end();
  if (!integer || column->nullable) {
    return fmt::format("its column {} is no integer that is always there ({})",
                       QuoteIdentifier(column->name), column->column_type);
  }
  if (table.system_versioned) return "it keeps its history";
  if (table.rows_elsewhere) return "its rows are another table's";
  for (const Database& database : catalog.databases) {
    for (const Table& other : database.tables) {
      if (other.id != table.id && KeyOf(other.id) == KeyOf(table.id)) {
        return fmt::format("{} is written alike", other.id.Describe());
      }
      for (const ForeignKeyLine& key : ForeignKeyLines(other.create)) {
        const std::string& parent =
            key.parent_database.empty() ? database.name : key.parent_database;
        if (parent == table.id.database && key.parent_table == table.id.name) {
          return fmt::format("rows of {} refer to its own", other.id.Describe());
        }
      }
    }
  }
  return std::nullopt;
}

std::optional<std::string> NewestOf(const Table& table, const std::string& column,
                                    const DumpSet& set) {
  Session* session = table.NeedsLock() ? set.holder : set.KeeperOf(table);
  if (session == nullptr) session = set.guard;
  try {
    return session->QueryValue(fmt::format("SELECT MAX({}) FROM {}{}", QuoteIdentifier(column),
                                           QuoteQualified(table.id.database, table.id.name),
                                           table.read_as_of));
  } catch (ServerError& e) {
    const TableToRead read{&table, {}, table.NeedsLock()};
    ThrowReadError(e, &read, set.snapshot.retention_s);
  }
}

// Is there such a table at all?
bool Prune(Database& database, DumpSet& set, Observer& observer) {
  const auto found = std::find_if(database.tables.begin(), database.tables.end(),
                                  [](const Table& table) { return table.id.name == kTable; });
  if (found == database.tables.end()) return false;
  Table& table = *found;
  if (const auto why = WhyWhole(table, set.catalog)) {
    observer.Warning(fmt::format("{} is dumped whole: {}", table.id.Describe(), *why));
    return true;
  }
  const std::string column = ColumnOf(table)->name;
  const std::optional<std::string> newest = NewestOf(table, column, set);
  if (!newest) {
    observer.Notice(fmt::format("{} has no rows to prune", table.id.Describe()));
    return true;
  }
  const PruneRecord pruned{column, *newest};
  set.scope.row_filters[KeyOf(table.id)] = PruneCondition(pruned);
  set.scope.pruned_tables.emplace_back(table.id.database, table.id.name);
  set.pruned[table.id] = pruned;
  observer.Notice(fmt::format("of {} only the newest row is dumped: {}", table.id.Describe(),
                              PruneCondition(pruned)));
  // The key leads to that row at once; what would be cut into chunks are the others.
  table.estimated_rows = 1;
  table.data_bytes = 0;
  table.size_unknown = false;
  return true;
}

}  // namespace

std::string PruneCondition(const PruneRecord& pruned) {
  return fmt::format("{} >= {}", QuoteIdentifier(pruned.column), pruned.from);
}

void PruneHeartbeats(const std::vector<std::string>& expected, DumpSet& set, Observer& observer) {
  bool any = false;
  for (Database& database : set.catalog.databases) {
    const bool there = Prune(database, set, observer);
    any = any || there;
    if (there || std::find(expected.begin(), expected.end(), database.name) == expected.end()) {
      continue;
    }
    any = true;  // it is told
    observer.Warning(fmt::format("{} is no table of this dump: nothing of {} is pruned",
                                 QuoteQualified(database.name, kTable),
                                 QuoteIdentifier(database.name)));
  }
  if (!any) {
    observer.Warning(fmt::format("no table of this dump is called {}: nothing is pruned",
                                 QuoteIdentifier(kTable)));
  }
}

std::optional<std::string> PruningCheck::Wrong(const ObjectRecord& object) {
  if (!object.omitted.empty()) {
    if (object.pruned) return "said to be omitted, and yet pruned";
    return std::nullopt;
  }
  const bool listed =
      object.id.kind == ObjectKind::kTable && scope_.Prunes(object.id.database, object.id.name);
  if (listed != object.pruned.has_value()) {
    return "index and scope do not agree on whether it is pruned";
  }
  if (!listed) return std::nullopt;
  ++seen_;
  const auto filter = scope_.row_filters.find(KeyOf(object.id));
  if (!object.row_filtered || filter == scope_.row_filters.end() ||
      !IsInteger(object.pruned->from) || filter->second != PruneCondition(*object.pruned)) {
    return "its rows were left out by another condition than it is said to be pruned by";
  }
  return std::nullopt;
}

std::optional<std::string> PruningCheck::WrongAtEnd() const {
  if (seen_ == scope_.pruned_tables.size()) return std::nullopt;
  return fmt::format("the scope lists {} pruned tables, the index has {}",
                     scope_.pruned_tables.size(), seen_);
}

void ForEachObject(const ArchiveReader& archive, const std::function<void(ObjectRecord&&)>& each) {
  PruningCheck pruning(archive.header());
  archive.ForEachObject([&](ObjectRecord&& record) {
    if (const auto wrong = pruning.Wrong(record)) ThrowDamagedObject(archive, record.id, *wrong);
    each(std::move(record));
    return true;
  });
  if (const auto wrong = pruning.WrongAtEnd()) {
    throw Error(ErrorCode::kDamaged, fmt::format("{}: {}", archive.name(), *wrong),
                "Run verify on the archive; restore from another one.");
  }
}

std::string DescribePruned(const ObjectRecord& table) {
  return fmt::format("{} was pruned when it was dumped: of its rows only those with {} are there",
                     table.id.Describe(), PruneCondition(*table.pruned));
}

}  // namespace dbomsbak
