#include "engine/dump_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "dbomsbak/base/digest.h"
#include "dbomsbak/sql/create_table.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/sql/session_settings.h"
#include "engine/plain_proof.h"

namespace dbomsbak {
namespace {

std::string Title(std::string_view kind, std::string_view database, std::string_view name) {
  return fmt::format("\n--\n-- {} {}\n--\n\n", kind, CommentSafe(QuoteQualified(database, name)));
}

std::string Capital(std::string_view word) {
  std::string text(word);
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 32);
  return text;
}

void AppendCreate(TextBlock& block, std::string_view create) {
  block.create_offset = block.text.size();
  block.create_size = create.size();
  block.text += create;
}

// A delimiter line that no line of the body can be taken for.
std::string DelimiterFor(std::string_view body) {
  std::string delimiter = ";;";
  while (body.find(delimiter) != std::string_view::npos) {
    delimiter = delimiter == ";;" ? "$$" : delimiter + "$";
  }
  return delimiter;
}

std::string SetCharsets(std::string_view client, std::string_view collation) {
  std::string text;
  text += "/*!50003 SET @saved_cs_client = @@character_set_client */;\n";
  text += "/*!50003 SET @saved_col_connection = @@collation_connection */;\n";
  if (!client.empty()) text += fmt::format("/*!50003 SET character_set_client = {} */;\n", client);
  if (!collation.empty()) {
    text += fmt::format("/*!50003 SET collation_connection = {} */;\n", collation);
  }
  return text;
}

constexpr std::string_view kRestoreCharsets =
    "/*!50003 SET character_set_client = @saved_cs_client */;\n"
    "/*!50003 SET collation_connection = @saved_col_connection */;\n";

// OceanBase does not know SYSTEM, the server's own one. Its events run in its global one.
std::string TimeZoneOf(const StoredProgram& program, Ddl ddl) {
  const std::string zone = QuoteString(program.time_zone);
  if (ddl == Ddl::kNative || program.time_zone != "SYSTEM") return zone;
  return fmt::format("IF(@@version_comment LIKE '%OceanBase%', @@global.time_zone, {})", zone);
}

// A clause with a string that servers of other kinds shall pass over, to its right end.
std::string InVersionComment(std::string_view clause) {
  std::string text;
  for (const char c : clause) {
    const char before = text.empty() ? '\0' : text.back();
    if ((before == '*' && c == '/') || (before == '/' && c == '*')) text += '\\';
    text += c;
  }
  return text;
}

}  // namespace

std::string Preamble(const DumpHead& head) {
  std::string names;
  for (const std::string& database : head.databases) {
    if (!names.empty()) names += ", ";
    names += QuoteIdentifier(database);
  }
  std::string text = fmt::format("-- {}: {} of {}, snapshot of {}\n", head.tool, CommentSafe(names),
                                 CommentSafe(head.server), head.snapshot.time);
  text += "--\n";
  if (head.plain) {
    text += "-- To load it with the mysql client:  mysql --comments DATABASE < THIS_FILE\n";
  } else {
    text += kHowToLoadArchive;
    text += "-- To prove and restore it exactly:  dbomsbak restore THIS_FILE\n";
  }
  if (!head.snapshot.binlog_file.empty()) {
    text += fmt::format("-- Binary log position of the snapshot:  {}:{}\n",
                        CommentSafe(head.snapshot.binlog_file), head.snapshot.binlog_position);
  }
  if (head.create_databases) text += "-- The text creates and chooses its databases itself.\n";
  nlohmann::json facts = {
      {"format", 1}, {"databases", head.databases}, {"create_database", head.create_databases}};
  // Escapes every byte beyond ASCII: nothing in a name can end the comment.
  text += "-- dbomsbak: " + facts.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) +
          "\n\n";
  text +=
      "/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;\n"
      "/*!40101 SET @OLD_CHARACTER_SET_RESULTS=@@CHARACTER_SET_RESULTS */;\n"
      "/*!40101 SET @OLD_COLLATION_CONNECTION=@@COLLATION_CONNECTION */;\n"
      "/*!40101 SET NAMES utf8mb4 */;\n"
      "/*!40103 SET @OLD_TIME_ZONE=@@TIME_ZONE */;\n"
      "/*!40103 SET TIME_ZONE='+00:00' */;\n"
      "/*!40014 SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS, UNIQUE_CHECKS=0 */;\n"
      "/*!40014 SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */;\n"
      "/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE=";
  text += kTextMode;
  text +=
      " */;\n"
      "/*!40111 SET @OLD_SQL_NOTES=@@SQL_NOTES, SQL_NOTES=0 */;\n"
      // Rows may break a CHECK that was added, or switched off, when they were written.
      "/*M!100201 SET @OLD_CHECK_CONSTRAINT_CHECKS=@@CHECK_CONSTRAINT_CHECKS, "
      "CHECK_CONSTRAINT_CHECKS=0 */;\n";
  if (head.long_statements) text += kLongStatements;
  if (head.history) text += kKeepHistory;
  return text;
}

std::string Epilogue() {
  return "\n"
         "/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */;\n"
         "/*!40101 SET SQL_MODE=@OLD_SQL_MODE */;\n"
         "/*!40014 SET FOREIGN_KEY_CHECKS=@OLD_FOREIGN_KEY_CHECKS */;\n"
         "/*!40014 SET UNIQUE_CHECKS=@OLD_UNIQUE_CHECKS */;\n"
         "/*M!100201 SET CHECK_CONSTRAINT_CHECKS=@OLD_CHECK_CONSTRAINT_CHECKS */;\n"
         "/*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */;\n"
         "/*!40101 SET CHARACTER_SET_RESULTS=@OLD_CHARACTER_SET_RESULTS */;\n"
         "/*!40101 SET COLLATION_CONNECTION=@OLD_COLLATION_CONNECTION */;\n"
         "/*!40111 SET SQL_NOTES=@OLD_SQL_NOTES */;\n"
         "\n";
}

std::string DatabaseBlock(const Database& database, bool drop_first, Ddl ddl) {
  std::string text =
      fmt::format("\n--\n-- Database {}\n--\n\n", CommentSafe(QuoteIdentifier(database.name)));
  if (drop_first) {
    text += fmt::format("DROP DATABASE IF EXISTS {};\n", QuoteIdentifier(database.name));
  }
  text += fmt::format("CREATE DATABASE IF NOT EXISTS {}", QuoteIdentifier(database.name));
  if (!database.charset.empty()) text += " DEFAULT CHARACTER SET " + database.charset;
  if (!database.collation.empty()) text += " COLLATE " + QuoteCollation(database.collation);
  if (!database.comment.empty()) {
    const std::string comment = "COMMENT " + QuoteString(database.comment);
    text += ddl == Ddl::kNative ? " " + comment
                                : fmt::format(" /*M!100500 {} */", InVersionComment(comment));
  }
  text += ";\n";
  text += UseDatabase(database.name);
  return text;
}

std::string UseDatabase(std::string_view database) {
  return fmt::format("USE {};\n", QuoteIdentifier(database));
}

TextBlock SequenceBlock(const Sequence& sequence, std::string_view restart) {
  TextBlock block;
  block.text = Title("Sequence", sequence.id.database, sequence.id.name);
  block.text += fmt::format("DROP SEQUENCE IF EXISTS {};\n", QuoteIdentifier(sequence.id.name));
  AppendCreate(block, sequence.create);
  block.text += ";\n";
  if (!restart.empty()) {
    block.text += restart;
    block.text += ";\n";
  }
  return block;
}

std::string FilterComment(std::string_view table, std::string_view condition) {
  return fmt::format("\n-- Dumping data for table {}\n-- WHERE:  {}\n",
                     CommentSafe(QuoteIdentifier(table)), CommentSafe(std::string(condition)));
}

TextBlock TableBlock(const Table& table) {
  TextBlock block;
  block.text = Title("Table", table.id.database, table.id.name);
  block.text += fmt::format("DROP TABLE IF EXISTS {};\n", QuoteIdentifier(table.id.name));
  AppendCreate(block, table.create);
  block.text += ";\n\n";
  return block;
}

std::string ViewStandIn(const View& view) {
  std::string text = fmt::format("\n--\n-- Stand-in for view {}\n--\n\n",
                                 CommentSafe(QuoteQualified(view.id.database, view.id.name)));
  text += fmt::format("DROP TABLE IF EXISTS {0};\nDROP VIEW IF EXISTS {0};\n",
                      QuoteIdentifier(view.id.name));
  text += fmt::format("CREATE VIEW {} AS SELECT\n", QuoteIdentifier(view.id.name));
  for (std::size_t i = 0; i < view.columns.size(); ++i) {
    text += fmt::format("  1 AS {}{}\n", QuoteIdentifier(view.columns[i]),
                        i + 1 < view.columns.size() ? "," : ";");
  }
  return text;
}

TextBlock ViewBlock(const View& view, const ViewScaffold& scaffold) {
  TextBlock block;
  block.text = Title("View", view.id.database, view.id.name);
  if (view.broken) {
    block.text +=
        "-- It is broken: something it names is gone. It is made all the same, over stand-ins for\n"
        "-- the moment; that works in a database of the same name.\n\n";
  }
  block.text += fmt::format("DROP TABLE IF EXISTS {0};\nDROP VIEW IF EXISTS {0};\n",
                            QuoteIdentifier(view.id.name));
  block.text += SetCharsets(view.character_set_client, view.collation_connection);
  block.text += scaffold.before;
  AppendCreate(block, view.create);
  block.text += ";\n";
  block.text += scaffold.after;
  block.text += kRestoreCharsets;
  return block;
}

TextBlock ProgramBlock(const StoredProgram& program, const Database& database, Ddl ddl) {
  TextBlock block;
  block.text = Title(Capital(ToString(program.id.kind)), program.id.database, program.id.name);
  const bool other_collation = !program.database_collation.empty() && !database.collation.empty() &&
                               program.database_collation != database.collation;
  // A program keeps the collation its database had when it was made.
  if (other_collation) {
    block.text += fmt::format("ALTER DATABASE {} COLLATE {};\n", QuoteIdentifier(database.name),
                              QuoteCollation(program.database_collation));
  }
  block.text += SetCharsets(program.character_set_client, program.collation_connection);
  block.text += "/*!50003 SET @saved_sql_mode = @@sql_mode */;\n";
  block.text += fmt::format("/*!50003 SET sql_mode = {} */;\n", QuoteString(program.sql_mode));
  // Under the program's own mode: MariaDB knows packages in ORACLE mode only.
  block.text += fmt::format("DROP {} IF EXISTS {};\n", SqlKeyword(program.id.kind),
                            QuoteIdentifier(program.id.name));
  if (!program.time_zone.empty()) {
    block.text += "/*!50106 SET @saved_time_zone = @@time_zone */;\n";
    block.text += fmt::format("/*!50106 SET time_zone = {} */;\n", TimeZoneOf(program, ddl));
  }
  const std::string delimiter = DelimiterFor(program.create);
  block.text += fmt::format("DELIMITER {}\n", delimiter);
  AppendCreate(block, program.create);
  // A body may end in a comment that would swallow what follows on its line.
  const std::size_t last_line = program.create.rfind('\n') + 1;  // npos + 1 is 0
  const std::string_view tail = std::string_view(program.create).substr(last_line);
  if (tail.find("--") != tail.npos || tail.find('#') != tail.npos) block.text += '\n';
  block.text += fmt::format("{}\nDELIMITER ;\n", delimiter);
  if (!program.time_zone.empty()) block.text += "/*!50106 SET time_zone = @saved_time_zone */;\n";
  block.text += "/*!50003 SET sql_mode = @saved_sql_mode */;\n";
  block.text += kRestoreCharsets;
  if (other_collation) {
    block.text += fmt::format("ALTER DATABASE {} COLLATE {};\n", QuoteIdentifier(database.name),
                              QuoteCollation(database.collation));
  }
  return block;
}

ObjectRecord RecordOf(const Database& database) {
  ObjectRecord record;
  record.id = {database.name, ObjectKind::kDatabase, database.name};
  record.charset = database.charset;
  record.collation = database.collation;
  record.comment = database.comment;
  record.definition_sha256 = Sha256(database.charset + " " + database.collation).hex();
  return record;
}

ObjectRecord RecordOf(const Table& table) {
  ObjectRecord record;
  record.id = table.id;
  record.definition_sha256 = Sha256(WithoutAutoIncrement(table.create)).hex();
  for (const Column* column : table.StoredColumns()) {
    record.columns.push_back({column->name, column->kind.ToString()});
  }
  record.auto_increment = AutoIncrementOf(table.create);
  record.engine = table.engine;
  return record;
}

ObjectRecord RecordOf(const View& view) {
  ObjectRecord record;
  record.id = view.id;
  record.definition_sha256 = Sha256(view.create).hex();
  record.definer = view.definer;
  record.character_set_client = view.character_set_client;
  record.collation_connection = view.collation_connection;
  return record;
}

ObjectRecord RecordOf(const Sequence& sequence) {
  ObjectRecord record;
  record.id = sequence.id;
  record.definition_sha256 = Sha256(sequence.create).hex();
  return record;
}

ObjectRecord RecordOf(const StoredProgram& program) {
  ObjectRecord record;
  record.id = program.id;
  record.definition_sha256 = Sha256(program.create).hex();
  record.definer = program.definer;
  record.sql_mode = program.sql_mode;
  record.character_set_client = program.character_set_client;
  record.collation_connection = program.collation_connection;
  record.database_collation = program.database_collation;
  record.time_zone = program.time_zone;
  record.status = program.status;
  record.table = program.table;
  record.order = program.order;
  record.grants = program.grants;
  return record;
}

}  // namespace dbomsbak
