// The PARTITION BY clause of a table, taken apart.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "sql/tokenizer.h"

namespace dbomsbak {

// BY method (columns) [SIZE (…)] [PARTITIONS n] [SUBPARTITION BY method (columns) [SUBPARTITIONS n]
// [SUBPARTITION TEMPLATE (…)]] (PARTITION …, …). Places are those of its tokens, which must outlive
// it.
struct PartitionClause {
  explicit PartitionClause(const std::vector<SqlToken>& all);

  // Where they are spelled out.
  bool HasEqualSubpartitions() const;
  bool HasDefaultValue() const;      // VALUES IN (DEFAULT), as OceanBase says it
  bool HasDefaultPartition() const;  // PARTITION p DEFAULT, as MariaDB says it
  bool IsLinear() const;

  const std::vector<SqlToken>& tokens;
  std::string method, submethod;  // hash, key, range, list; the second may be empty
  std::size_t size = 0, size_end = 0;
  std::size_t template_begin = 0, template_end = 0;
  std::size_t list = 0;           // of its parenthesis; the number of tokens when there is none
  std::set<std::string> columns;  // lower case; words of an expression may be among them

 private:
  std::size_t ReadMethod(std::size_t at, std::string& name);
};

}  // namespace dbomsbak
