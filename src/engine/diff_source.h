// One side of a diff: what an archive, or a plain dump, says of its databases.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/archive/archive_reader.h"
#include "dbomsbak/base/cancel.h"
#include "dbomsbak/base/file.h"
#include "dbomsbak/catalog/catalog.h"
#include "dbomsbak/engine/observer.h"
#include "dbomsbak/sql/insert_parser.h"

namespace dbomsbak {

// A table whose rows are compared. `live` selects just those columns that are compared, in the
// source's order.
struct TableToCompare {
  const ObjectRecord* archived = nullptr;
  Table live;
  std::string row_filter;           // the source holds just these rows
  std::vector<std::string> unread;  // columns that the source does not hold exactly

  // Filled by DiffSource::DigestRows.
  RowDigest digest;
  std::string why_not;  // not comparable
  bool again = false;   // `live` selects fewer columns now: what was digested means nothing
};

// One thread.
class DiffSource {
 public:
  virtual ~DiffSource() = default;

  virtual const std::string& name() const = 0;
  virtual const HeaderRecord& header() const = 0;
  // Sorted, omitted ones included. Those of tables may lack columns.
  virtual const std::vector<ObjectRecord>& objects() const = 0;
  // Definitions are what some program wrote, not as the server printed them.
  virtual bool is_plain() const = 0;

  virtual std::string CreateOf(const ObjectRecord& record) const = 0;
  virtual std::string RestartOf(const ObjectRecord& record) const = 0;  // sequences

  // Chooses the columns of `table.live` that are compared; says in `why_not` when rows cannot be.
  virtual void ChooseColumns(TableToCompare& table) const = 0;
  // Row counts and digests of all these tables. A column whose values cannot be told is left aside.
  virtual void DigestRows(std::span<TableToCompare* const> tables,
                          const CancelToken& cancel) const = 0;

  // Each row of a table. `key`: places of the key's columns among those compared.
  virtual void ForEachRow(const TableToCompare& table, const std::vector<std::size_t>& key,
                          const std::function<void(const ParsedRow&)>& each,
                          const CancelToken& cancel) const = 0;
};

// `archive` must outlive it.
std::unique_ptr<DiffSource> ArchiveToDiff(const ArchiveReader& archive);

// Reads the dump. `into`: the database of one that names none; may be empty.
std::unique_ptr<DiffSource> PlainDumpToDiff(std::shared_ptr<const RandomAccessFile> file,
                                            const std::string& into, Observer& observer,
                                            const CancelToken& cancel);

}  // namespace dbomsbak
