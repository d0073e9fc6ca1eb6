// What a server's databases hold, as plain values. Filled once, then only read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dbomsbak/base/error.h"
#include "dbomsbak/base/object_id.h"
#include "dbomsbak/catalog/server_traits.h"
#include "dbomsbak/sql/column_kind.h"
#include "dbomsbak/transport/session.h"

namespace dbomsbak {

struct Column {
  std::string name;
  ColumnKind kind;
  std::string data_type;    // "bigint", "enum", lower case
  std::string column_type;  // "bigint(20) unsigned"
  // ENUM and SET where the server's text of it cannot be read back (`column_type` can).
  std::string raw_column_type, raw_default;
  std::string select_expression;  // `name`, or its number where the text is ambiguous
  std::string charset;            // empty for non-text
  std::string collation;
  bool nullable = false;
  bool is_unsigned = false;
  bool generated = false;  // left out of INSERTs
  bool invisible = false;
  bool period = false;  // row_start or row_end of a system-versioned table
};

// A key rows can be walked by: unique, all columns NOT NULL, whole columns, of types whose literals
// compare exactly (no FLOAT, DOUBLE, ENUM, SET), in an ordered index the server may use.
struct UniqueKey {
  std::string name;  // "PRIMARY" first when there is one
  std::vector<std::string> columns;
};

struct Table {
  ObjectId id;
  std::string create;  // SHOW CREATE TABLE, in words that make the same table again
  std::string engine;
  std::string collation;               // of columns that say nothing of theirs
  std::vector<Column> columns;         // all, in order
  std::vector<UniqueKey> unique_keys;  // usable for chunks, best first
  std::string key_hint;                // what SELECT needs to hear to walk the best one, or nothing
  std::optional<std::uint64_t> auto_increment;
  std::string definition_time;  // of the last change of its definition, where the server tells
  // What two moments are compared by where the server tells that time: of time and SHOW CREATE.
  std::string definition_mark;
  std::uint64_t estimated_rows = 0;
  std::uint64_t data_bytes = 0;
  bool size_unknown = false;  // the server tells neither rows nor bytes
  bool transactional = false;
  // With its history: row_start and row_end are among `columns` and are dumped, also where they are
  // implicit, and the key of implicit ones ends in row_end.
  bool system_versioned = false;
  // " AS OF SNAPSHOT n": the moment its rows are read at, where a dump's sessions share one by
  // number.
  std::string read_as_of;
  bool rows_elsewhere = false;  // MERGE, FEDERATED: its rows are another table's; none are read

  // Its rows are in no snapshot: they are read under a lock.
  bool NeedsLock() const { return !transactional && !rows_elsewhere; }
  // Columns that are dumped, in the order of the INSERT's column list.
  std::vector<const Column*> StoredColumns() const;
};

struct View {
  ObjectId id;
  std::string create;  // CREATE ALGORITHM=… DEFINER=… SQL SECURITY … VIEW `v` AS …
  std::string definer, character_set_client, collation_connection;
  std::vector<std::string> columns;  // empty when the view is broken
  bool broken = false;               // its base is gone; the definition is kept all the same
  bool guessed = false;              // see CatalogRequest::guess_views
};

// Triggers, routines, packages and events.
struct StoredProgram {
  ObjectId id;
  std::string create;  // as SHOW CREATE prints it
  std::string definer, sql_mode, character_set_client, collation_connection, database_collation;
  std::string time_zone;            // events
  std::string status;               // events
  std::string table;                // triggers
  std::uint64_t order = 0;          // triggers
  std::vector<std::string> grants;  // routines: GRANT statements of accounts
};

struct Sequence {
  ObjectId id;
  std::string create;   // SHOW CREATE SEQUENCE
  std::string restart;  // SELECT SETVAL(`s`, n, 0) that gives it its value
  // False: it stands in a list of its own, `create` holds its value, and no RENAME moves it.
  bool is_table = true;
};

struct Database {
  std::string name;
  std::string charset, collation, comment;
  std::string create;         // CREATE DATABASE `d` …
  std::vector<Table> tables;  // each list sorted by name, bytewise
  std::vector<View> views;    // a view stands after those of its database it is built on
  std::vector<Sequence> sequences;
  std::vector<StoredProgram> routines;  // functions, procedures, packages
  std::vector<StoredProgram> triggers;  // by table, timing, event, order
  std::vector<StoredProgram> events;
};

// An object that is there but cannot be read, and why. Where a privilege hides a whole kind, the
// name is "*". (A table or database on which an account has no privilege at all cannot be told from
// one that does not exist; asking for SELECT on the whole database, as `check` does, excludes it.)
struct Unreadable {
  ObjectId id;
  // kPrivilege: a GRANT helps. kUnsupported: no dump could hold it. kQueryRefused: it is broken.
  ErrorCode code = ErrorCode::kQueryRefused;
  std::string reason;
  std::string remedy;  // a GRANT, usually
};

struct Catalog {
  std::vector<Database> databases;  // in the order asked for
  std::vector<Unreadable> unreadable;
  // False: routine_grants was asked for, but the account may not read mysql.procs_priv.
  bool routine_grants_known = true;
  // All views, each after those of any database it is built on.
  std::vector<ObjectId> view_order;

  const Database* Find(const std::string& database) const;
  bool HasRoutines() const;
};

struct CatalogRequest {
  std::vector<std::string> databases;
  bool definitions = true;  // SHOW CREATE of each object, and columns; else names and kinds
  bool routine_grants = true;
  // Tables with their definitions alone, as the server prints them: what two moments are compared
  // by.
  bool tables_only = false;
  // Views, routines, triggers and events alone; sequences where a RENAME does not move them.
  bool programs_only = false;
  // Some servers show no definition of a view whose base is gone. It is then put together from
  // what information_schema tells, which is all but the ALGORITHM; else it counts as unreadable.
  bool guess_views = false;
};

// One query for all wherever the server allows it; never one a table but SHOW CREATE.
// `session` was prepared (PrepareSession); afterwards its default database is one of those read.
// Definitions come in their own bytes: those of views, routines, triggers and events in the
// object's character_set_client, all else in UTF-8. They are as SHOW CREATE prints them with their
// own database as the default one. Errors: kUsage for a database that does not exist (with near
// names, or a hint when it is a table of another one that was asked for), kPrivilege.
Catalog ReadCatalog(Session& session, const ServerTraits& traits, const CatalogRequest& request);

// Names of all databases the account can see.
std::vector<std::string> ListDatabases(Session& session);

}  // namespace dbomsbak
