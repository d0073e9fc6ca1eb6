#include "cli/json_table.h"

#include <array>

namespace dbomsbak {
namespace {

constexpr CommandSet kDump = kCommandDump;
constexpr CommandSet kVerify = kCommandVerify;
constexpr CommandSet kInfo = kCommandInfo;
constexpr CommandSet kCheck = kCommandCheck;
constexpr CommandSet kSwap = kCommandRestore | kCommandUndo;
constexpr CommandSet kLeft = kCommandStatus | kCommandPurge;
constexpr CommandSet kEvery = kDump | kVerify | kInfo | kCheck | kSwap | kLeft;

constexpr std::array kFields{
    JsonField{kEvery, "code", "number", "the exit code"},
    JsonField{kEvery, "name", "string", "its word in the table of exit codes"},
    JsonField{kEvery, "message", "string", "errors: what went wrong"},
    JsonField{kEvery, "hint", "string", "errors: what to do next; may be empty"},
    JsonField{kEvery, "object", "string", "errors: the database, table or file; may be empty"},

    JsonField{kDump | kInfo, "file", "string", "the file"},
    JsonField{kDump | kInfo, "format", "string", "archive or sql"},
    JsonField{kDump, "sha256", "string", "of the whole file, as in FILE.sha256"},
    JsonField{kDump, "bytes", "number", "size of the file"},
    JsonField{kDump, "omitted[].object", "string", "an object that was left out (--allow-partial)"},
    JsonField{kDump, "omitted[].reason", "string", "why"},

    JsonField{kVerify, "files[].file", "string", "the file"},
    JsonField{kVerify, "files[].code", "number", "the verdict on it, as an exit code"},
    JsonField{kVerify, "files[].name", "string", "its word"},
    JsonField{kVerify, "files[].message", "string", "what is wrong with it"},
    JsonField{kVerify, "files[].hint", "string", "what to do next; may be empty"},
    JsonField{kVerify, "files[].object", "string", "frame, object or file; may be empty"},
    JsonField{kVerify, "files[].format", "string", "archive or sql"},
    JsonField{kVerify, "files[].objects", "number", "objects proved"},
    JsonField{kVerify, "files[].tables", "number", "tables proved"},
    JsonField{kVerify, "files[].rows", "number", "rows counted again in the SQL text"},
    JsonField{kVerify, "files[].frames", "number", "frames proved"},
    JsonField{kVerify, "files[].text_bytes", "number", "bytes of SQL text"},
    JsonField{kVerify, "files[].receipt", "object", "archives: as receipt of dump"},

    JsonField{kDump | kInfo, "receipt.root", "string",
              "root digest, SHA-256 of the footer; empty for plain SQL"},
    JsonField{kDump | kInfo, "receipt.databases[]", "string", "the set"},
    JsonField{kDump | kInfo, "receipt.objects", "number", "objects in the archive"},
    JsonField{kDump | kInfo, "receipt.tables", "number", "tables among them"},
    JsonField{kDump | kInfo, "receipt.rows", "number", "rows of all tables"},
    JsonField{kDump | kInfo, "receipt.text_bytes", "number", "bytes of SQL text"},
    JsonField{kDump | kInfo, "receipt.file_bytes", "number", "bytes of the file"},
    JsonField{kDump | kInfo, "receipt.partial", "boolean", "objects in scope were left out"},
    JsonField{kDump | kInfo, "receipt.snapshot.method", "string",
              "how consistency was reached: global-read-lock, table-locks, single-session …"},
    JsonField{kDump | kInfo, "receipt.snapshot.time", "string", "UTC, by the server's clock"},
    JsonField{kDump | kInfo, "receipt.snapshot.binlog_file", "string", "empty when unknown"},
    JsonField{kDump | kInfo, "receipt.snapshot.binlog_position", "number", "0 when unknown"},
    JsonField{kDump | kInfo, "receipt.snapshot.gtid", "string", "empty when unknown"},
    JsonField{kDump | kInfo, "receipt.snapshot.scn", "string",
              "the SCN that rows were read at; OceanBase only"},
    JsonField{kDump | kInfo, "receipt.snapshot.ddl_locked", "boolean",
              "changes of definitions were kept off for the whole dump"},

    JsonField{kInfo, "tool", "string", "program and version that wrote the archive"},
    JsonField{kInfo, "created", "string", "UTC"},
    JsonField{kInfo, "server_version", "string", "as the server said it"},
    JsonField{kInfo, "server_flavour", "string", "MariaDB, MySQL or OceanBase"},
    JsonField{kInfo, "frames", "number", "SQL frames"},
    JsonField{kInfo, "options", "object", "what shaped the content, by name"},
    JsonField{kInfo, "scope.databases[]", "string", "databases the archive speaks for"},
    JsonField{kInfo, "scope.only_tables[]", "string", "db.table; empty: all"},
    JsonField{kInfo, "scope.ignored_tables[]", "string", "db.table left out by name"},
    JsonField{kInfo, "scope.excluded_kinds[]", "string", "kinds left out, such as trigger"},
    JsonField{kInfo, "scope.row_filters", "object", "db.table or *: the WHERE condition"},
    JsonField{kInfo, "scope.no_data", "boolean", "no rows"},
    JsonField{kInfo, "scope.no_create_info", "boolean", "no definitions"},
    JsonField{kInfo, "objects[].database", "string", ""},
    JsonField{kInfo, "objects[].kind", "string", "database, table, view, trigger, function …"},
    JsonField{kInfo, "objects[].name", "string", ""},
    JsonField{kInfo, "objects[].omitted", "string", "why it is not in the archive"},
    JsonField{kInfo, "objects[].definition_sha256", "string",
              "of its CREATE text without AUTO_INCREMENT"},
    JsonField{kInfo, "objects[].definition_bytes", "number", "SQL text of its definition"},
    JsonField{kInfo, "objects[].engine", "string", "tables"},
    JsonField{kInfo, "objects[].rows", "number", "tables"},
    JsonField{kInfo, "objects[].data_bytes", "number", "tables: SQL text of the rows"},
    JsonField{kInfo, "objects[].row_digest_id", "string", "tables: how row_digest is made"},
    JsonField{kInfo, "objects[].row_digest", "string", "tables: digest of all rows in any order"},
    JsonField{kInfo, "objects[].row_filtered", "boolean", "tables: rows were left out"},
    JsonField{kInfo, "objects[].definer", "string", "views, triggers, routines, events"},
    JsonField{kInfo, "objects[].table", "string", "triggers"},

    JsonField{kCheck, "server", "string", "version and comment"},
    JsonField{kCheck, "account", "string", "CURRENT_USER()"},
    JsonField{kCheck, "snapshot_method", "string", "what a dump would reach now"},
    JsonField{kCheck, "databases[]", "string", "databases looked at"},
    JsonField{kCheck, "tables", "number", ""},
    JsonField{kCheck, "estimated_rows", "number", ""},
    JsonField{kCheck, "data_bytes", "number", "on the server"},
    JsonField{kCheck, "index_bytes", "number", "on the server"},
    JsonField{kCheck, "disk_free_bytes", "number or null", "where it can be known"},
    JsonField{kCheck, "findings[].level", "string", "ok, warning or problem"},
    JsonField{kCheck, "findings[].topic", "string", "privilege, version, snapshot, space …"},
    JsonField{kCheck, "findings[].message", "string", ""},
    JsonField{kCheck, "findings[].remedy", "string", "the exact GRANT or command; may be empty"},
    JsonField{kCheck, "archives[].file", "string", "with --restore, in place of the above"},
    JsonField{kCheck, "archives[].unheld[].object", "string", "what the server cannot hold"},
    JsonField{kCheck, "archives[].unheld[].reasons[]", "string", "all that stands against it"},
    JsonField{kCheck, "archives[].problems[]", "string",
              "what stands in the way of a restore, those objects first"},
    JsonField{kCheck, "archives[].warnings[]", "string", "worth knowing"},

    JsonField{kSwap, "swapped", "boolean", "the copy is live"},
    JsonField{kSwap, "dry_run", "boolean", "only planned"},
    JsonField{kSwap, "rehearsed", "boolean", "loaded and proved, then swept"},
    JsonField{kSwap, "load_ms", "number", ""},
    JsonField{kSwap, "prove_ms", "number", ""},
    JsonField{kSwap, "window_ms", "number", "how long the window was open"},
    JsonField{kSwap, "rows_proved", "number", ""},
    JsonField{kSwap, "tables_proved", "number", ""},
    JsonField{kSwap, "plan.databases[]", "string", "the set"},
    JsonField{kSwap, "plan.created_databases[]", "string", "databases that do not exist yet"},
    JsonField{kSwap, "plan.replaced[]", "string", "live objects that are replaced"},
    JsonField{kSwap, "plan.differing[]", "string",
              "tables among them whose definition is another now"},
    JsonField{kSwap, "plan.added_back[]", "string", "objects that are missing live"},
    JsonField{kSwap, "plan.removed[]", "string", "live objects that the archive does not have"},
    JsonField{kSwap, "plan.rows", "number", "rows to load"},
    JsonField{kSwap, "plan.unheld[].object", "string", "what the server cannot hold"},
    JsonField{kSwap, "plan.unheld[].reasons[]", "string", "all that stands against it"},
    JsonField{kSwap, "plan.problems[]", "string", "what stands in the way"},
    JsonField{kSwap, "plan.warnings[]", "string", "worth knowing"},
    JsonField{kSwap, "plan.generation", "number", "number of the displaced copy"},
    JsonField{kSwap, "plan.expected_window_ms", "number", "estimate"},

    JsonField{kLeft, "leftovers[].kind", "string", "staging, open-window or displaced-copy"},
    JsonField{kLeft, "leftovers[].generation", "number", "displaced copies"},
    JsonField{kLeft, "leftovers[].run", "string", "staging and open windows"},
    JsonField{kLeft, "leftovers[].databases[]", "string", "live names of the set"},
    JsonField{kLeft, "leftovers[].holders[]", "string", "databases that hold it"},
    JsonField{kLeft, "leftovers[].created", "string", "UTC"},
    JsonField{kLeft, "leftovers[].bytes", "number", ""},
    JsonField{kLeft, "leftovers[].advice", "string", "what to do"},
    JsonField{kCommandStatus, "unseen", "string",
              "what this account may not see and the GRANT that shows it; empty: it sees all"},
    JsonField{kCommandPurge, "dry_run", "boolean", "nothing was dropped"},
};

}  // namespace

std::span<const JsonField> JsonFieldTable() { return kFields; }

}  // namespace dbomsbak
