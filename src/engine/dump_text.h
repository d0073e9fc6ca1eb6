// The SQL text of definitions: what stands around the rows. Pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/archive/records.h"
#include "dbomsbak/catalog/catalog.h"
#include "dbomsbak/engine/dump.h"
#include "engine/view_scaffold.h"

namespace dbomsbak {

// A definition block; the CREATE statement itself is text.substr(create_offset, create_size).
struct TextBlock {
  std::string text;
  std::size_t create_offset = 0;
  std::size_t create_size = 0;
};

struct DumpHead {
  std::string tool;    // "dbomsbak 0.1.0"
  std::string server;  // "MariaDB 10.11.19-MariaDB"
  SnapshotRecord snapshot;
  std::vector<std::string> databases;
  bool create_databases = false;  // CREATE DATABASE and USE are in the text
  bool plain = false;             // not to be decompressed first
  bool long_statements = false;   // the server ends statements after seconds
  bool history = false;           // rows of system-versioned tables bring row_start and row_end
};

std::string Preamble(const DumpHead& head);
std::string Epilogue();  // old values back; without the last line

std::string DatabaseBlock(const Database& database, bool drop_first, Ddl ddl);
std::string UseDatabase(std::string_view database);
TextBlock SequenceBlock(const Sequence& sequence, std::string_view restart);
TextBlock TableBlock(const Table& table);
// Comments before rows that had to meet `condition`, as mysqldump has them.
std::string FilterComment(std::string_view table, std::string_view condition);
// What is in the view's place until everything it needs is there.
std::string ViewStandIn(const View& view);
// `scaffold` is empty but for a broken view.
TextBlock ViewBlock(const View& view, const ViewScaffold& scaffold);
TextBlock ProgramBlock(const StoredProgram& program, const Database& database, Ddl ddl);

// What the index says of a definition; slices are the caller's.
ObjectRecord RecordOf(const Database& database);
ObjectRecord RecordOf(const Table& table);
ObjectRecord RecordOf(const View& view);
ObjectRecord RecordOf(const Sequence& sequence);
ObjectRecord RecordOf(const StoredProgram& program);

}  // namespace dbomsbak
