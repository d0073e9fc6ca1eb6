// What a server can do, asked once after connecting. Code asks for features, not for brands.
#pragma once

#include <cstdint>
#include <string>

#include "dbomsbak/transport/session.h"

namespace dbomsbak {

enum class ServerFlavour { kMariaDb, kMySql, kOceanBase };

struct ServerTraits {
  ServerFlavour flavour = ServerFlavour::kMySql;
  std::string version;  // "10.11.19-MariaDB-0+deb12u1"
  std::string version_comment;
  unsigned version_number = 0;  // 101119, 90704, 50624

  bool has_sequences = false;
  bool has_packages = false;  // Oracle mode packages
  bool has_system_versioning = false;
  bool has_versioned_history_load = false;  // INSERT of row_start and row_end
  bool has_invisible_columns = false;
  bool has_backup_stage = false;
  bool has_flush_tables_with_read_lock = false;
  bool has_lock_instance_for_backup = false;
  bool has_real_table_locks = false;         // LOCK TABLES locks
  bool has_consistent_snapshot = false;      // START TRANSACTION WITH CONSISTENT SNAPSHOT is honest
  bool has_snapshot_reads = false;           // AS OF SNAPSHOT n, and current_scn() to know n
  bool pins_snapshot_at_first_read = false;  // REPEATABLE READ is honest from the first read on
  bool has_definition_times = false;         // TABLES.UPDATE_TIME is that of the definition
  bool has_metadata_locks_for_readers = false;  // a touched table keeps DDL off until COMMIT
  bool has_atomic_ddl = false;  // one multi-table RENAME is all or nothing in a crash
  // In a moment of an ALTER that copies a table, none has its name: where names are those of
  // files, and on MySQL 8 and later when it comes from or goes to an engine without atomic DDL.
  bool hides_tables_in_alter = false;
  // AUTO_INCREMENT is behind a crash what it was before; elsewhere it is made of the rows, or
  // jumps.
  bool keeps_counters_in_crash = false;
  // Searches all tables that a transaction holds, at each statement: 8.0 has them in a table of
  // hashes.
  bool searches_held_tables = false;
  bool rename_allowed_under_lock_tables = false;
  bool constraint_names_block_rename = false;  // of both databases, as they are before the RENAME
  bool check_names_are_the_databases = false;  // no two tables of one have a CHECK of one name
  bool rename_waits_without_bound = false;     // for open transactions, whatever the time-outs
  bool create_or_replace_keeps_grants = false;
  // Catalogue: what SHOW CREATE prints and information_schema lists.
  bool definitions_name_own_database =
      false;                               // foreign keys and views say which database is theirs
  bool foreign_keys_newest_first = false;  // SHOW CREATE TABLE prints them so
  // A foreign key into another database can only be made when its parent is there.
  bool outside_keys_need_parents = false;
  bool has_runnable_show_create = true;  // of triggers, routines and events
  // Without statistics it walks a key by sorting a narrower one; a hint tells it which to take.
  bool needs_key_hints = false;
  // information_schema.STATISTICS is dear to ask, and SHOW CREATE TABLE tells the same.
  bool reads_keys_of_definitions = false;
  // Many rows are loaded faster when plain keys are made behind them: memory for what is written is
  // scarce, and a key is built without it.
  bool prefers_late_keys = false;
  bool takes_local_rows = false;  // LOAD DATA LOCAL, with nothing that listens to its rows
  // With unique_checks off, LOAD DATA into an empty table sorts its keys and writes no undo.
  bool has_bulk_load = false;
  // With unique_checks off, the first INSERT into an empty table takes a way that is dearer.
  bool has_dear_first_insert = false;
  bool has_sequences_in_tables = false;    // information_schema.TABLES lists them; SHOW CREATE
  bool has_object_list = false;            // DBA_OBJECTS, with what no other list shows
  bool has_table_sizes = true;             // TABLES.TABLE_ROWS, DATA_LENGTH
  bool names_are_cheaper_to_show = false;  // SHOW TABLES, beside information_schema.TABLES
  bool has_exact_vector_text = true;
  bool has_exact_json_doubles = true;      // reads each number of a JSON text as the nearest DOUBLE
  bool routines_need_their_views = false;  // or lose attributes when they are created
  bool has_routine_grant_table = true;     // mysql.procs_priv
  bool has_routine_table = true;           // mysql.proc: who may read it sees all bodies
  bool has_show_routine = false;           // the SHOW_ROUTINE privilege

  bool has_get_lock = false;
  bool has_named_locks_many = false;          // several GET_LOCKs a session
  bool foreign_keys_need_references = false;  // the REFERENCES privilege, to create one
  bool added_keys_need_references = false;    // to add one to a table that is there
  std::string definer_privilege = "SUPER";    // lets an account create objects of other definers
  std::string orphan_privilege;               // and of definers that do not exist, if that is apart
  // Objects of definers who have this are for accounts that have it, too.
  std::string guarded_definer_privilege;
  bool remembers_given_collations = false;  // see WithInheritedCollations
  unsigned lower_case_table_names = 0;
  std::uint64_t max_allowed_packet = 0;
  std::string charset_default;
  bool log_bin = false;
  bool read_only = false;
  bool super_read_only = false;
  bool limits_statements = false;  // ends statements after seconds, unless told not to

  std::string FlavourName() const;  // "MariaDB"
};

// Errors: kUnsupported for a server too old or of an unknown kind.
ServerTraits ProbeServerTraits(Session& session);

// Session settings every session of ours starts with: sql_mode (kTextMode), time_zone '+00:00',
// utf8mb4, sql_quote_show_create, no statement time limits, long timeouts, no select limits, wide
// group_concat; each only where the server knows it. `for_load` adds what loading needs
// (checks off).
void PrepareSession(Session& session, const ServerTraits& traits, bool for_load);

// Makes information_schema the current database, as it is behind each reading of the catalogue:
// every account may, and no definition is made there by accident.
void UseCatalogue(Session& session);

}  // namespace dbomsbak
