// SHOW CREATE TABLE texts in words that servers of other kinds know.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace dbomsbak {

// The same text without the introducers of strings in Unicode, which is what the text is in
// (`_utf8mb4'it\'s'`, as MySQL prints expressions). MariaDB 10.11 keeps such strings in the
// definition of a table without their backslashes: another CHECK, or none.
std::string WithoutUnicodeIntroducers(std::string_view create_table);

// OceanBase tells with each table where and how it is stored: replicas, tablets, blocks. The same
// table without that, as other servers know it. Texts without such options stay as they are, and so
// do options that mean more.
std::string WithoutPlacementOptions(std::string_view create_table);

// The collations a table really has, as the server's lists tell them.
struct TableCollations {
  std::string table;
  std::map<std::string, std::string> columns;  // of character types, ENUM and SET, by name
};

// A table in words that all kinds of servers read.
struct PortableTable {
  std::string create;
  std::vector<std::string> left_out;   // what is no longer in it and means something
  std::vector<std::string> one_alone;  // what some kinds of servers alone can hold
  std::vector<std::string> unheld;     // what neither MySQL nor MariaDB can; `create` is of no use
  bool placed = false;                 // it told where and how it is stored
  bool partitioned = false;
  bool checked = false;  // it has CHECK constraints
};

// Collations that its server leaves out are said: another server would take another one. Nothing is
// said in a version comment, which some servers pass over: a partition clause is opened, and all
// else is left out, checks that are not enforced as a whole. So are attributes and options that one
// kind of server reads, and engines that one has; defaults that are expressions come into
// parentheses. `placed`: its server tells where tables are stored (OceanBase); that is left out, of
// keys, columns and partitions, too, and an index over all partitions becomes one of each. A
// template of subpartitions is spelled out. The text is read again: one that has become another
// table is unheld.
PortableTable PortableTableOf(std::string_view create_table, const TableCollations& collations,
                              bool placed);

}  // namespace dbomsbak
