// ReadCatalog: databases, tables, views and sequences. Programs are read by program_reader.cc.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "catalog/column_reader.h"
#include "catalog/composed_definitions.h"
#include "catalog/hidden_text.h"
#include "catalog/read_context.h"
#include "catalog/unknown_database.h"
#include "catalog/view_order.h"
#include "dbomsbak/base/ascii.h"
#include "dbomsbak/base/digest.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/base/task_group.h"
#include "dbomsbak/catalog/catalog.h"
#include "dbomsbak/catalog/two_sessions.h"
#include "dbomsbak/sql/create_table.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/sql/table_keys.h"
#include "dbomsbak/sql/view_references.h"
#include "dbomsbak/transport/passing_error.h"

namespace dbomsbak {
namespace {

using Name = std::pair<std::string, std::string>;  // database, object

// How all questions of a reading are asked. Definitions arrive in their own bytes only when the
// server converts nothing. A server that keeps a plan for each current database (OceanBase, which
// takes 10 to 100 ms to plan one of these questions) finds it again when they are all asked from
// the same one: also those that others ask behind a reading.
class ReadingSession {
 public:
  explicit ReadingSession(Session& session) : session_(session) {
    UseCatalogue(session_);
    session_.Execute("SET character_set_results = NULL");
  }
  ~ReadingSession() {
    try {
      End();
    } catch (...) {  // the session is lost; that error is on its way already
    }
  }
  ReadingSession(const ReadingSession&) = delete;
  ReadingSession& operator=(const ReadingSession&) = delete;

  void End() {
    if (ended_) return;
    ended_ = true;
    session_.Execute("SET character_set_results = utf8mb4");
    UseCatalogue(session_);
  }

 private:
  Session& session_;
  bool ended_ = false;
};

// What SHOW CREATE TABLE says of each table, asked by a session of its own on a thread of its own.
class DefinitionsAhead {
 public:
  // `session` must outlive it.
  DefinitionsAhead(Session& session, std::vector<const Table*> tables)
      : session_(session), tables_(std::move(tables)) {
    asking_.Start([this] { Ask(); });
  }

  void Wait() { asking_.Wait(); }
  // Behind Wait(): the answer, or the error that was it.
  ResultSet Take(const Table& table) {
    Said& said = said_.at(&table);
    if (said.error) throw ServerError(*said.error);
    return std::move(said.answer);
  }

 private:
  struct Said {
    ResultSet answer;
    std::optional<ServerError> error;
  };

  void Ask() {
    ReadingSession reading(session_);
    const std::string* used = nullptr;
    for (const Table* table : tables_) {
      if (stop_) return;
      if (used == nullptr || *used != table->id.database) {
        used = &table->id.database;
        session_.Execute("USE " + QuoteIdentifier(*used));
      }
      Said& said = said_[table];
      try {
        said.answer = session_.Query("SHOW CREATE TABLE " + QuoteIdentifier(table->id.name));
      } catch (const ServerError& error) {
        if (error.code() == ErrorCode::kConnectionLost) throw;
        said.error = error;
      }
    }
    reading.End();
  }

  Session& session_;
  const std::vector<const Table*> tables_;
  std::map<const Table*, Said> said_;
  std::atomic<bool> stop_{false};
  TaskGroup asking_{[this] { stop_ = true; }};  // the last: it joins before the others go
};

class CatalogReader {
 public:
  // `second`: see two_sessions.h; may be null.
  CatalogReader(Session& session, Session* second, const ServerTraits& traits,
                const CatalogRequest& request)
      : context_{session, traits, request, {}, {}, {}, {}}, second_(second) {}

  Catalog Run();

 private:
  void ReadAccount();
  void ReadDatabases();
  void ReadTables();
  void AddTable(const Answer& rows, std::size_t row, Database& database);
  void ReadColumns();
  void FindHiddenText();
  void AddPeriodColumns();
  void ReadKeys();
  void ReadViews();
  void ReadSequence(Sequence& sequence);
  void ReadTableDefinitions(Database& database);
  void ReadViewDefinitions(Database& database);
  void GuessView(View& view);
  void FindBrokenViews(Database& database);
  void NoteDeniedViews(Database& database);
  std::string ViewGrant(const std::string& database, const std::string& view) const;
  bool MayRead(const Table& table) const;
  bool ReadsKeysOfDefinitions() const;
  void AskForDefinitionsAhead();
  void NoteHiddenTables(const Database& database);

  ReadContext context_;
  Session* const second_;
  std::set<std::string> transactional_engines_;
  std::map<Name, Table*> tables_;
  std::map<Name, View*> views_;
  std::map<Name, std::string> views_that_deny_;  // to tell their columns, and in which words
  std::vector<HiddenTextSuspect> suspects_;
  std::optional<DefinitionsAhead> ahead_;
};

void CatalogReader::ReadAccount() {
  context_.privileges = ReadPrivileges(context_.session);
  context_.account =
      QuoteAccount(context_.session.QueryValue("SELECT CURRENT_USER()").value_or(""));
}

void CatalogReader::ReadDatabases() {
  const Answer rows(context_.session.Query("SELECT * FROM information_schema.SCHEMATA"));
  std::map<std::string, std::size_t> known;
  std::vector<std::string> names;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    names.push_back(rows.Text(row, "SCHEMA_NAME"));
    known[names.back()] = row;
  }
  for (const std::string& asked : context_.request.databases) {
    auto found = known.find(asked);
    if (found == known.end() && context_.traits.lower_case_table_names != 0) {
      found = std::find_if(known.begin(), known.end(), [&](const auto& entry) {
        return EqualIgnoringCase(entry.first, asked);
      });
    }
    if (found == known.end()) {
      ThrowUnknownDatabase(context_.session, context_.privileges, context_.account, asked,
                           context_.request.databases, names);
    }
    const auto& [name, row] = *found;
    if (context_.Find(name) != nullptr) continue;  // asked for twice
    Database& database = context_.catalog.databases.emplace_back();
    database.name = name;
    database.charset = rows.Text(row, "DEFAULT_CHARACTER_SET_NAME");
    database.collation = rows.Text(row, "DEFAULT_COLLATION_NAME");
    database.comment = rows.Text(row, "SCHEMA_COMMENT");
    if (!context_.request.tables_only) {
      const Answer create(
          context_.session.Query("SHOW CREATE DATABASE " + QuoteIdentifier(database.name)));
      if (create.size() > 0) database.create = create.Text(0, "Create Database");
    }
    context_.database_list += (context_.database_list.empty() ? "" : ",") + QuoteString(name);
  }
}

void CatalogReader::AddTable(const Answer& rows, std::size_t row, Database& database) {
  const std::string type = rows.Text(row, "TABLE_TYPE");
  const std::string name = rows.Text(row, "TABLE_NAME");
  if (type == "VIEW") {
    database.views.emplace_back().id = {database.name, ObjectKind::kView, name};
    return;
  }
  if (type == "SEQUENCE") {
    database.sequences.emplace_back().id = {database.name, ObjectKind::kSequence, name};
    return;
  }
  if (type == "EXTERNAL TABLE") {
    context_.AddUnreadable({database.name, ObjectKind::kTable, name}, ErrorCode::kUnsupported,
                           "it is an external table, whose rows are in files outside the server",
                           "Leave it out with --ignore-table.");
    return;
  }
  // Sessions' temporary tables are listed by MariaDB 11.2 and newer.
  if (type != "BASE TABLE" && type != "SYSTEM VERSIONED") return;
  Table& table = database.tables.emplace_back();
  table.id = {database.name, ObjectKind::kTable, name};
  table.engine = rows.Text(row, "ENGINE");
  table.collation = rows.Text(row, "TABLE_COLLATION");
  table.definition_time = rows.Text(row, "DEFINITION_TIME");
  table.estimated_rows = rows.Number(row, "TABLE_ROWS");
  table.data_bytes = rows.Number(row, "DATA_LENGTH");
  table.size_unknown = !context_.traits.has_table_sizes;
  if (rows.At(row, "AUTO_INCREMENT").has_value()) {
    table.auto_increment = rows.Number(row, "AUTO_INCREMENT");
  }
  table.transactional = transactional_engines_.contains(table.engine);
  table.system_versioned = type == "SYSTEM VERSIONED";
  table.rows_elsewhere =
      EqualIgnoringCase(table.engine, "MRG_MYISAM") || EqualIgnoringCase(table.engine, "FEDERATED");
}

void CatalogReader::ReadTables() {
  const ResultSet engines = context_.session.Query(
      "SELECT ENGINE FROM information_schema.ENGINES WHERE TRANSACTIONS = 'YES'");
  for (std::size_t row = 0; row < engines.rows.size(); ++row) {
    transactional_engines_.insert(engines.Text(row, 0));
  }
  const Answer rows(context_.session.Query(fmt::format(
      "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, ENGINE, TABLE_ROWS, DATA_LENGTH, "
      "AUTO_INCREMENT, TABLE_COLLATION{} FROM information_schema.TABLES WHERE TABLE_SCHEMA IN ({})",
      context_.traits.has_definition_times ? ", UPDATE_TIME AS DEFINITION_TIME" : "",
      context_.database_list)));
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (Database* database = context_.Find(rows.Text(row, "TABLE_SCHEMA"))) {
      AddTable(rows, row, *database);
    }
  }
  const bool all = !context_.request.tables_only;
  if (all && context_.traits.has_object_list) SetApartUnsupported(context_);
  if (all && context_.traits.has_sequences && !context_.traits.has_sequences_in_tables) {
    ReadListedSequences(context_);
  }
  const auto by_name = [](const auto& a, const auto& b) { return a.id.name < b.id.name; };
  for (Database& database : context_.catalog.databases) {
    std::sort(database.tables.begin(), database.tables.end(), by_name);
    std::sort(database.views.begin(), database.views.end(), by_name);
    std::sort(database.sequences.begin(), database.sequences.end(), by_name);
    for (Table& table : database.tables) tables_[{database.name, table.id.name}] = &table;
    for (View& view : database.views) views_[{database.name, view.id.name}] = &view;
  }
}

void CatalogReader::ReadColumns() {
  // GENERATION_EXPRESSION is missing before MySQL 5.7 and MariaDB 10.2: by name, then.
  const bool expressions =
      context_.traits.flavour != ServerFlavour::kMySql || context_.traits.version_number >= 50700;
  const Answer rows(context_.session.Query(fmt::format(
      "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, ORDINAL_POSITION, IS_NULLABLE, DATA_TYPE, "
      "COLUMN_TYPE, CHARACTER_SET_NAME, COLLATION_NAME, COLUMN_DEFAULT, EXTRA{} FROM "
      "information_schema.COLUMNS "
      "WHERE TABLE_SCHEMA IN ({}) ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION",
      expressions ? ", GENERATION_EXPRESSION" : "", context_.database_list)));
  std::set<const Table*> refused;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const Name name{rows.Text(row, "TABLE_SCHEMA"), rows.Text(row, "TABLE_NAME")};
    if (const auto view = views_.find(name); view != views_.end()) {
      view->second->columns.push_back(rows.Text(row, "COLUMN_NAME"));
      continue;
    }
    const auto table = tables_.find(name);
    if (table == tables_.end()) continue;
    try {
      if (!context_.traits.has_exact_vector_text &&
          EqualIgnoringCase(rows.Text(row, "DATA_TYPE").substr(0, 6), "vector")) {
        throw Error(ErrorCode::kUnsupported,
                    fmt::format("the server rounds the values of column {}, a VECTOR, when it "
                                "prints them",
                                QuoteIdentifier(rows.Text(row, "COLUMN_NAME"))),
                    "Leave the table out with --ignore-table, and keep its vectors' source.");
      }
      const Column& column = table->second->columns.emplace_back(ReadColumn(rows, row));
      if (!context_.traits.has_runnable_show_create) {
        NoteRawMembers(rows, row, table->second->columns.back());
      }
      if (MayHideText(context_.traits, column, rows.Text(row, "COLUMN_DEFAULT"))) {
        suspects_.push_back({table->second->id, column.name, column.data_type, column.column_type});
      }
    } catch (const Error& error) {
      if (refused.insert(table->second).second) {
        context_.AddUnreadable(table->second->id, error.code(), error.message(), error.hint());
      }
    }
  }
}

// Promised is a table as it was: one whose definition cannot be had is not taken for read.
void CatalogReader::FindHiddenText() {
  for (const HiddenTextSuspect& suspect : suspects_) {
    try {
      if (!HidesText(context_.session, suspect)) continue;
      context_.AddUnreadable(
          suspect.table, ErrorCode::kUnsupported,
          fmt::format(
              "the server prints a character of column {}'s {} as '?'",
              QuoteIdentifier(suspect.column),
              suspect.data_type == "enum" || suspect.data_type == "set" ? "members" : "default"),
          "Give it one without characters beyond U+FFFF, or write a default as an expression: "
          "DEFAULT (CONCAT('…')).");
    } catch (const ServerError& error) {
      // Those who may not read the table are told so elsewhere.
      if (error.code() != ErrorCode::kPrivilege) {
        NoteUnreadable(context_, suspect.table, error, {});
      }
    }
  }
}

// A versioned table without period columns of its own has row_start and row_end all the same.
void CatalogReader::AddPeriodColumns() {
  for (auto& [name, table] : tables_) {
    if (!table->system_versioned) continue;
    const auto period = std::find_if(table->columns.begin(), table->columns.end(),
                                     [](const Column& column) { return column.period; });
    if (period != table->columns.end()) {
      if (period->data_type == "bigint") {
        context_.AddUnreadable(table->id, ErrorCode::kUnsupported,
                               "the history of a transaction-precise versioned table cannot be "
                               "written back",
                               "Version it by timestamps, or leave it out.");
      }
    } else {
      for (const char* implicit : {"row_start", "row_end"}) {
        Column column;
        column.name = implicit;
        column.kind = {ValueClass::kTemporal, ""};
        column.data_type = "timestamp";
        column.column_type = "timestamp(6)";
        column.select_expression = QuoteIdentifier(implicit);
        column.invisible = true;
        column.period = true;
        table->columns.push_back(std::move(column));
      }
      for (UniqueKey& key : table->unique_keys) key.columns.emplace_back("row_end");
    }
    if (!context_.traits.has_versioned_history_load) {
      context_.AddUnreadable(table->id, ErrorCode::kUnsupported,
                             "the history of a system-versioned table cannot be written back on "
                             "this server",
                             "MariaDB 10.11 and newer can; or leave the table out.");
    }
  }
}

struct KeyDraft {
  UniqueKey key;
  bool usable = true;
  bool all_integers = true;

  void Add(const Table& table, const std::string& column_name, bool usable_part) {
    const auto column = std::find_if(table.columns.begin(), table.columns.end(),
                                     [&](const Column& c) { return c.name == column_name; });
    // No column: an expression.
    usable_part = usable_part && column != table.columns.end() && IsUsableInKey(*column);
    usable = usable && usable_part;
    all_integers = all_integers && usable_part && column->kind.value_class == ValueClass::kInteger;
    key.columns.push_back(column_name);
  }
};

// Best first: the primary key (rows lie in its order), then integers, then few columns.
std::vector<UniqueKey> UsableKeys(std::map<std::string, KeyDraft>&& by_index) {
  std::vector<KeyDraft> usable;
  for (auto& [index, draft] : by_index) {
    if (draft.usable) usable.push_back(std::move(draft));
  }
  const auto rank = [](const KeyDraft& draft) {
    return std::tuple(draft.key.name != "PRIMARY", !draft.all_integers, draft.key.columns.size());
  };
  std::stable_sort(usable.begin(), usable.end(),
                   [&](const KeyDraft& a, const KeyDraft& b) { return rank(a) < rank(b); });
  std::vector<UniqueKey> keys;
  for (KeyDraft& draft : usable) keys.push_back(std::move(draft.key));
  return keys;
}

// Nothing for names that a hint, which is a comment, cannot hold.
std::string KeyHint(const std::string& table, const std::string& key) {
  if ((table + key).find_first_of("*`") != std::string::npos) return {};
  return fmt::format("/*+ INDEX({} {}) */ ", QuoteIdentifier(table), QuoteIdentifier(key));
}

std::vector<UniqueKey> KeysOfDefinition(const Table& table) {
  std::map<std::string, KeyDraft> drafts;
  for (const DeclaredKey& declared : DeclaredKeys(table.create)) {
    if (!declared.unique) continue;
    KeyDraft& draft = drafts[declared.name];
    draft.key.name = declared.name;
    draft.usable =
        declared.whole_columns && declared.visible && !declared.hash && !declared.columns.empty();
    for (const std::string& column : declared.columns) draft.Add(table, column, true);
  }
  return UsableKeys(std::move(drafts));
}

// information_schema.STATISTICS opens every table once more to tell what the definitions tell as
// well; but for engines whose keys are hashes unless told otherwise, and the period in the keys of
// versioned tables.
bool CatalogReader::ReadsKeysOfDefinitions() const {
  return context_.traits.reads_keys_of_definitions ||
         std::all_of(tables_.begin(), tables_.end(), [](const auto& entry) {
           return EqualIgnoringCase(entry.second->engine, "InnoDB") &&
                  !entry.second->system_versioned;
         });
}

void CatalogReader::AskForDefinitionsAhead() {
  // Elsewhere a definition may have to be asked for twice.
  if (second_ == nullptr || !context_.traits.has_runnable_show_create) return;
  std::vector<const Table*> tables;
  for (const Database& database : context_.catalog.databases) {
    for (const Table& table : database.tables) {
      if (MayRead(table)) tables.push_back(&table);
    }
  }
  if (!tables.empty()) ahead_.emplace(*second_, std::move(tables));
}

void CatalogReader::ReadKeys() {
  // Named, because the cardinalities among them would make the server open every table.
  std::string columns_wanted =
      "TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX, COLUMN_NAME, SUB_PART, INDEX_TYPE";
  const ResultSet optional = context_.session.Query(
      "SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = "
      "'information_schema' AND TABLE_NAME = 'STATISTICS' AND COLUMN_NAME IN ('IGNORED', "
      "'IS_VISIBLE')");
  for (std::size_t row = 0; row < optional.rows.size(); ++row) {
    columns_wanted += ", " + optional.Text(row, 0);
  }
  const Answer rows(context_.session.Query(
      "SELECT " + columns_wanted +
      " FROM information_schema.STATISTICS WHERE NON_UNIQUE = 0 AND TABLE_SCHEMA IN (" +
      context_.database_list + ") ORDER BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX"));
  std::map<Name, std::map<std::string, KeyDraft>> drafts;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const Name name{rows.Text(row, "TABLE_SCHEMA"), rows.Text(row, "TABLE_NAME")};
    const auto table = tables_.find(name);
    if (table == tables_.end()) continue;
    const std::string index = rows.Text(row, "INDEX_NAME");
    KeyDraft& draft = drafts[name][index];
    draft.key.name = index;
    // SUB_PART: a prefix. IGNORED, IS_VISIBLE: not for the optimizer.
    draft.Add(*table->second, rows.Text(row, "COLUMN_NAME"),
              !rows.At(row, "SUB_PART").has_value() && rows.Text(row, "INDEX_TYPE") == "BTREE" &&
                  rows.Text(row, "IGNORED") != "YES" && rows.Text(row, "IS_VISIBLE") != "NO");
  }
  for (auto& [name, by_index] : drafts) {
    tables_.at(name)->unique_keys = UsableKeys(std::move(by_index));
  }
}

void CatalogReader::ReadViews() {
  const Answer rows(context_.session.Query(
      "SELECT TABLE_SCHEMA, TABLE_NAME, DEFINER, CHARACTER_SET_CLIENT, COLLATION_CONNECTION FROM "
      "information_schema.VIEWS WHERE TABLE_SCHEMA IN (" +
      context_.database_list + ")"));
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const auto view = views_.find({rows.Text(row, "TABLE_SCHEMA"), rows.Text(row, "TABLE_NAME")});
    if (view == views_.end()) continue;
    view->second->definer = rows.Text(row, "DEFINER");
    view->second->character_set_client = rows.Text(row, "CHARACTER_SET_CLIENT");
    view->second->collation_connection = rows.Text(row, "COLLATION_CONNECTION");
  }
}

bool CatalogReader::MayRead(const Table& table) const {
  return context_.privileges.HasOnTable("SELECT", table.id.database, table.id.name);
}

// Grants on single tables show those tables and hide that there are others. A right of this kind on
// the whole database shows all of them, also those it does not let us read.
void CatalogReader::NoteHiddenTables(const Database& database) {
  static constexpr const char* kShowsAll[] = {"SELECT", "INSERT",      "UPDATE",    "DELETE",
                                              "CREATE", "DROP",        "ALTER",     "REFERENCES",
                                              "INDEX",  "CREATE VIEW", "SHOW VIEW", "TRIGGER"};
  const bool sees_all = std::any_of(
      std::begin(kShowsAll), std::end(kShowsAll),
      [&](const char* privilege) { return context_.privileges.Has(privilege, database.name); });
  if (sees_all) return;
  context_.AddUnreadable({database.name, ObjectKind::kTable, "*"}, ErrorCode::kPrivilege,
                         "with grants on single tables, others would be hidden",
                         context_.GrantOnDatabase("SELECT", database.name));
}

void CatalogReader::ReadTableDefinitions(Database& database) {
  const bool keys_of_definitions = ReadsKeysOfDefinitions();
  for (Table& table : database.tables) {
    const std::string grant = context_.GrantOn("SELECT", database.name, table.id.name);
    if (!MayRead(table)) {
      context_.AddUnreadable(table.id, ErrorCode::kPrivilege,
                             "the account may not read all of its columns", grant);
      continue;
    }
    const std::string show = "SHOW CREATE TABLE " + QuoteIdentifier(table.id.name);
    if (ahead_) {
      table.create = ShowCreate(
          context_, table.id, [&] { return ahead_->Take(table); }, "Create Table", grant);
    } else {
      table.create = ShowCreate(context_, table.id, show, "Create Table", grant);
    }
    // OceanBase prints a default in its column's charset, unless it converts the whole.
    if (!context_.traits.has_runnable_show_create &&
        (!IsAscii(table.create) || table.create.find('\0') != std::string::npos)) {
      context_.session.Execute("SET character_set_results = utf8mb4");
      table.create = ShowCreate(context_, table.id, show, "Create Table", grant);
      context_.session.Execute("SET character_set_results = NULL");
    }
    if (table.create.empty()) continue;
    if (context_.traits.has_definition_times) {
      table.definition_mark =
          Sha256(WithoutAutoIncrement(table.create)).hex() + table.definition_time;
    }
    table.create = TableInOwnForm(context_, table);
    if (keys_of_definitions && !context_.request.tables_only) {
      table.unique_keys = KeysOfDefinition(table);
    }
    if (context_.traits.needs_key_hints && !table.unique_keys.empty()) {
      table.key_hint = KeyHint(table.id.name, table.unique_keys.front().name);
    }
    if (context_.traits.remembers_given_collations) {
      table.create = WithInheritedCollations(table.create);
    }
    // ARCHIVE takes no value below its counter: the rows must come first, and set it.
    if (EqualIgnoringCase(table.engine, "ARCHIVE")) {
      table.create = WithoutAutoIncrement(table.create);
    }
    table.auto_increment = AutoIncrementOf(table.create);
  }
}

// Empty columns: either the view's base is gone, or nobody may look.
void CatalogReader::FindBrokenViews(Database& database) {
  for (View& view : database.views) {
    if (!view.columns.empty()) continue;
    try {
      const Answer fields(context_.session.Query("SHOW FIELDS FROM " +
                                                 QuoteQualified(database.name, view.id.name)));
      for (std::size_t row = 0; row < fields.size(); ++row) {
        view.columns.push_back(fields.Text(row, "Field"));
      }
    } catch (const ServerError& error) {
      if (IsPassing(error)) throw;
      view.broken = error.code() != ErrorCode::kPrivilege;
      if (!view.broken) views_that_deny_[{database.name, view.id.name}] = error.message();
    }
  }
}

// Without its columns a view has no stand-in for others to be made on. Who may select from it but
// not call the functions it calls is not told them.
void CatalogReader::NoteDeniedViews(Database& database) {
  std::erase_if(database.views, [&](const View& view) {
    const auto denied = views_that_deny_.find({database.name, view.id.name});
    if (denied == views_that_deny_.end() || !view.columns.empty()) return false;
    std::string remedy;
    for (const ViewFunction& function : ViewFunctions(view.create)) {
      const std::string& of = function.database.empty() ? database.name : function.database;
      remedy += fmt::format("{}GRANT EXECUTE ON FUNCTION {} TO {};", remedy.empty() ? "" : " ",
                            QuoteQualified(of, function.name), context_.account);
    }
    if (remedy.empty()) remedy = ViewGrant(database.name, view.id.name);
    context_.AddUnreadable(view.id, ErrorCode::kPrivilege, denied->second, std::move(remedy));
    return true;
  });
}

std::string CatalogReader::ViewGrant(const std::string& database, const std::string& view) const {
  std::string missing;
  for (const char* privilege : {"SELECT", "SHOW VIEW"}) {
    if (context_.privileges.Has(privilege, database)) continue;
    missing += fmt::format("{}{}", missing.empty() ? "" : ", ", privilege);
  }
  // For all of them at once, when it is not this one alone that denies it.
  return missing.empty() ? context_.GrantOn("SELECT, SHOW VIEW", database, view)
                         : context_.GrantOnDatabase(missing, database);
}

void CatalogReader::ReadViewDefinitions(Database& database) {
  for (View& view : database.views) {
    const std::string grant = ViewGrant(database.name, view.id.name);
    try {
      const Answer answer(
          context_.session.Query("SHOW CREATE VIEW " + QuoteIdentifier(view.id.name)));
      if (answer.size() == 0) continue;
      view.create = OwnForm(context_, view.id, answer.Text(0, "Create View"));
      // Right where information_schema is not (OceanBase).
      if (answer.At(0, "character_set_client").has_value()) {
        view.character_set_client = answer.Text(0, "character_set_client");
        view.collation_connection = answer.Text(0, "collation_connection");
      }
      view.create = InClientCharset(context_, std::move(view.create), view.character_set_client);
    } catch (const ServerError& error) {
      if (IsPassing(error)) throw;
      if (error.code() == ErrorCode::kQueryRefused && context_.request.guess_views) {
        GuessView(view);
      }
      if (view.create.empty()) {
        const std::string routine = context_.GrantOnFunction(error);
        NoteUnreadable(context_, view.id, error, routine.empty() ? grant : routine);
      }
    }
  }
  std::erase_if(database.views, [](const View& view) { return view.create.empty(); });
}

void CatalogReader::GuessView(View& view) {
  const Answer rows(context_.session.Query(
      fmt::format("SELECT TABLE_NAME, VIEW_DEFINITION, CHECK_OPTION, SECURITY_TYPE FROM "
                  "information_schema.VIEWS WHERE TABLE_SCHEMA = {} AND TABLE_NAME = {}",
                  QuoteString(view.id.database), QuoteString(view.id.name))));
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const std::string body = rows.Text(row, "VIEW_DEFINITION");
    if (rows.Text(row, "TABLE_NAME") != view.id.name || body.empty()) continue;
    const std::string check = rows.Text(row, "CHECK_OPTION");
    const std::size_t at = view.definer.rfind('@');
    view.create = fmt::format(
        "CREATE ALGORITHM=UNDEFINED DEFINER={}@{} SQL SECURITY {} VIEW {} AS {}{}",
        QuoteIdentifier(view.definer.substr(0, at)), QuoteIdentifier(view.definer.substr(at + 1)),
        rows.Text(row, "SECURITY_TYPE"), QuoteIdentifier(view.id.name), body,
        check == "NONE" ? "" : " WITH " + check + " CHECK OPTION");
    view.create = InClientCharset(context_, std::move(view.create), view.character_set_client);
    view.broken = view.guessed = true;
  }
}

// Is `a` less than `b`? Decimal integers of any size.
bool LessInteger(std::string_view a, std::string_view b) {
  const bool minus_a = a.starts_with('-');
  const bool minus_b = b.starts_with('-');
  if (minus_a != minus_b) return minus_a;
  if (a.size() != b.size()) return (a.size() < b.size()) != minus_a;
  return minus_a ? a > b : a < b;
}

void CatalogReader::ReadSequence(Sequence& sequence) {
  const std::string grant = context_.GrantOn("SELECT", sequence.id.database, sequence.id.name);
  const std::string name = QuoteIdentifier(sequence.id.name);
  sequence.create =
      ShowCreate(context_, sequence.id, "SHOW CREATE SEQUENCE " + name, "Create Table", grant);
  if (sequence.create.empty()) return;
  try {
    const Answer state(context_.session.Query("SELECT * FROM " + name));
    const std::string next = state.Text(0, "next_not_cached_value");
    const std::string start = state.Text(0, "start_value");
    const std::string round = state.Text(0, "cycle_count");
    const bool down = state.Text(0, "increment").starts_with('-');
    const bool behind_start = down ? LessInteger(start, next) : LessInteger(next, start);
    if (round != "0") {
      sequence.restart = fmt::format("SELECT SETVAL({}, {}, 0, {})", name, next, round);
    } else if (behind_start) {
      // SETVAL never goes back, and a new sequence stands at its start.
      sequence.restart = fmt::format("ALTER SEQUENCE {} RESTART {}", name, next);
    } else {
      sequence.restart = fmt::format("SELECT SETVAL({}, {}, 0)", name, next);
    }
  } catch (const ServerError& error) {
    sequence.create.clear();
    NoteUnreadable(context_, sequence.id, error, grant);
  }
}

Catalog CatalogReader::Run() {
  ReadAccount();
  ReadDatabases();
  if (context_.catalog.databases.empty()) return std::move(context_.catalog);
  ReadingSession reading(context_.session);
  ReadTables();
  if (context_.request.tables_only) {
    for (Database& database : context_.catalog.databases) {
      if (!context_.request.definitions) continue;
      context_.session.Execute("USE " + QuoteIdentifier(database.name));
      ReadTableDefinitions(database);
    }
    reading.End();
    return std::move(context_.catalog);
  }
  const bool with_tables = context_.request.definitions && !context_.request.programs_only;
  if (with_tables) {
    AskForDefinitionsAhead();
    ReadColumns();
    if (!ReadsKeysOfDefinitions()) ReadKeys();
    AddPeriodColumns();
    FindHiddenText();
  }
  if (context_.request.definitions && !views_.empty()) ReadViews();
  ReadPrograms(context_);
  if (ahead_) ahead_->Wait();
  for (Database& database : context_.catalog.databases) {
    NoteHiddenTables(database);
    if (!context_.request.definitions) continue;
    FindBrokenViews(database);
    context_.session.Execute("USE " + QuoteIdentifier(database.name));
    if (with_tables) ReadTableDefinitions(database);
    ReadViewDefinitions(database);
    NoteDeniedViews(database);
    if (with_tables && context_.traits.has_sequences_in_tables) {
      for (Sequence& sequence : database.sequences) ReadSequence(sequence);
    }
    std::erase_if(database.sequences, [](const Sequence& s) { return s.create.empty(); });
  }
  // What cannot be read whole is not in the lists.
  std::set<ObjectId> hidden;
  for (const Unreadable& object : context_.catalog.unreadable) hidden.insert(object.id);
  for (Database& database : context_.catalog.databases) {
    std::erase_if(database.tables, [&](const Table& table) {
      return hidden.contains(table.id) || (context_.request.definitions && table.create.empty());
    });
  }
  context_.catalog.view_order = SortViews(context_.catalog.databases);
  reading.End();
  return std::move(context_.catalog);
}

}  // namespace

Catalog ReadCatalog(Session& session, const ServerTraits& traits, const CatalogRequest& request) {
  return CatalogReader(session, nullptr, traits, request).Run();
}

Catalog ReadCatalog(Session& session, Session& second, const ServerTraits& traits,
                    const CatalogRequest& request) {
  return CatalogReader(session, &second, traits, request).Run();
}

}  // namespace dbomsbak
