// What header, index and footer of an archive say, as values.
// Specification: formats/archive-v1.md.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dbomsbak/base/digest.h"
#include "dbomsbak/base/object_id.h"

namespace dbomsbak {

// A piece of SQL text. It starts `offset` bytes into the text of frame `frame` and may run on into
// the frames behind it.
struct Slice {
  std::uint64_t frame = 0;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  friend bool operator==(const Slice&, const Slice&) = default;
};

// What of the databases the archive speaks for. Restore is exact within it, silent outside.
struct Scope {
  std::vector<std::string> databases;                               // sorted
  std::vector<std::pair<std::string, std::string>> only_tables;     // empty: all
  std::vector<std::pair<std::string, std::string>> ignored_tables;  // left out by name
  std::vector<ObjectKind> excluded_kinds;          // e.g. triggers by --triggers=false
  std::map<std::string, std::string> row_filters;  // "db.table" or "*" → WHERE condition
  // Those of row_filters whose older rows were left out as worthless. A restore needs no leave.
  std::vector<std::pair<std::string, std::string>> pruned_tables;
  bool no_data = false;
  bool no_create_info = false;

  bool CoversKind(ObjectKind kind) const;
  bool CoversTable(const std::string& database, const std::string& table) const;
  bool Prunes(const std::string& database, const std::string& table) const;
  bool filtered() const { return no_data || no_create_info || !row_filters.empty(); }
  // Filtered, and by pruned tables alone.
  bool only_pruned() const;
};

// Rows with a lower value in an integer column were left out: the application reads the newest
// only.
struct PruneRecord {
  std::string column;
  std::string from;  // decimal digits, '-' before negatives
  friend bool operator==(const PruneRecord&, const PruneRecord&) = default;
};

struct SnapshotRecord {
  std::string method;  // rung reached: "global-read-lock", "table-locks", "single-session", …
  std::string time;    // UTC, ISO 8601, taken on the server while the lock was held
  std::string binlog_file;  // empty when unknown
  std::uint64_t binlog_position = 0;
  std::string gtid;
  bool ddl_locked = false;  // DDL was kept off for the whole dump (metadata locks)
  std::string scn = {};     // the number all sessions read at (OceanBase); empty elsewhere
};

struct HeaderRecord {
  std::string tool;            // "dbomsbak 0.1.0"
  std::string created;         // UTC, ISO 8601; SOURCE_DATE_EPOCH when set
  std::string server_version;  // as the server says it
  std::string server_flavour;  // "MariaDB", "MySQL", "OceanBase"
  SnapshotRecord snapshot;
  Scope scope;
  std::map<std::string, std::string> options;  // what shaped the content; no jobs, paths, hosts

  // Definitions are in words that all kinds of servers read, not as the one they come from prints
  // them.
  bool HasPortableDefinitions() const {
    const auto ddl = options.find("ddl");
    return ddl != options.end() && ddl->second == "portable";
  }
};

struct ColumnRecord {
  std::string name;
  std::string kind;  // sql/column_kind.h
  friend bool operator==(const ColumnRecord&, const ColumnRecord&) = default;
};

struct RowDigestRecord {
  std::string id;     // "xxh3-128-sum/1"; an unknown id is "not comparable", never "differs"
  std::string value;  // 32 hex digits
  friend bool operator==(const RowDigestRecord&, const RowDigestRecord&) = default;
};

// One line of the index. Fields that do not apply to a kind are empty and not written.
struct ObjectRecord {
  ObjectId id;
  std::string omitted;  // why the object is not in the archive; empty when it is

  std::optional<Slice> create;    // exactly the CREATE statement, no delimiter
  std::optional<Slice> schema;    // the whole definition block with its SET lines
  std::optional<Slice> stand_in;  // views: the phase-one stand-in
  std::optional<Slice> data;      // tables: the INSERT statements, nothing else
  std::string definition_sha256;  // of the CREATE text as stored, AUTO_INCREMENT option left out

  // tables
  std::vector<ColumnRecord> columns;  // in the order of the INSERTs' column list
  std::uint64_t rows = 0;
  std::optional<RowDigestRecord> row_digest;
  std::optional<std::uint64_t> auto_increment;
  std::string engine;
  bool row_filtered = false;  // rows were left out by a filter or --no-data
  std::optional<PruneRecord> pruned;

  // databases
  std::string charset;
  std::string collation;
  std::optional<std::string> comment;  // absent: the writer did not look

  // views, triggers, routines, events
  std::string definer;
  std::string sql_mode;
  std::string character_set_client;
  std::string collation_connection;
  std::string database_collation;
  std::string time_zone;            // events
  std::string status;               // events: ENABLED, DISABLED, SLAVESIDE_DISABLED
  std::string table;                // triggers: the table they stand on
  std::uint64_t order = 0;          // triggers: ACTION_ORDER within table, timing and event
  std::vector<std::string> grants;  // routines: GRANT statements of other accounts, `db`-qualified
};

struct FrameRecord {
  std::uint64_t offset = 0;       // in the file
  std::uint32_t stored_size = 0;  // bytes in the file
  std::uint32_t text_size = 0;    // bytes of SQL text
  Sha256Digest sha256;            // of the stored bytes
};

struct FooterRecord {
  std::uint64_t header_size = 0;
  Sha256Digest header_sha256;
  std::uint64_t index_offset = 0;
  std::uint64_t index_size = 0;
  Sha256Digest index_sha256;
  std::uint64_t frame_count = 0;
  std::uint64_t object_count = 0;
  std::uint64_t table_count = 0;
  std::uint64_t row_count = 0;
  std::uint64_t text_size = 0;
  std::uint64_t file_size = 0;  // with the seek table
  bool partial = false;         // something in scope was omitted (--allow-partial)
};

// What dump and verify print last, one line.
struct Receipt {
  Sha256Digest root;  // SHA-256 of the footer frame
  SnapshotRecord snapshot;
  FooterRecord footer;
  std::vector<std::string> databases;
  std::vector<std::pair<std::string, std::string>> pruned_tables;
};

}  // namespace dbomsbak
