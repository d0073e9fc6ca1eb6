// Rows of INSERT statements as dump programs write them, in the canonical form of row digests.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/sql/column_kind.h"
#include "dbomsbak/sql/dump_reader.h"
#include "dbomsbak/sql/insert_parser.h"

namespace dbomsbak {

// An INSERT or REPLACE taken apart.
struct PlainInsert {
  std::vector<std::string> columns;  // empty: it names none, and has values of all
  std::string_view values;           // behind the word VALUES
};
PlainInsert PartsOfInsert(std::string_view statement, bool ansi_quotes);

struct PlainColumn {
  std::size_t place = 0;  // among the values of a row
  ColumnKind kind;
  unsigned width = 0;  // of BIT(n): n; of YEAR(n): n, 4 where it is not told; else 0
};

// One thread.
class PlainRowReader {
 public:
  // `values_a_row`: how many there are, also those of columns that are not looked at.
  PlainRowReader(std::vector<PlainColumn> columns, std::size_t values_a_row);
  ~PlainRowReader();

  // `values` passed DumpReader. `key`: numbers of the columns given that make up the key. Error
  // kUnsupported for rows of another number of values.
  void ForEachRow(std::string_view values, const DumpSettings& settings,
                  const std::vector<std::size_t>& key,
                  const std::function<void(const ParsedRow&)>& each);

  // For each column given why, by one of its values, it cannot be told what it holds; empty where
  // it can. While one of them is not empty the hashes of rows mean nothing.
  const std::vector<std::string>& unclear() const { return unclear_; }

 private:
  class Rows;
  std::vector<PlainColumn> columns_;
  std::size_t values_a_row_;
  std::vector<std::string> unclear_;
};

}  // namespace dbomsbak
