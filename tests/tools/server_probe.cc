// Shows what the lower layers see of a server, so that scripts can compare it with what other
// people's programs see. Connection options as dbomsbak takes them, then one of
//
//   rows text|binary SQL   one row a line, cells in hex after an x, NULL as -
//   first N text|binary SQL   reads N rows, gives the stream up, tells what becomes of the session
//   execute SQL            sends SQL, tells how many rows it changed
//   abort SQL              sends SQL and lets another thread abort it after half a second
//   table DB TABLE         the same for all rows of a table, by the SELECT a dump would use
//   catalog DB…            everything ReadCatalog finds, as JSON; definitions in hex
//   traits                 the server's traits, as JSON
//   session                session variables after PrepareSession, as JSON
//   connect                who we are, by which cipher
#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "dbomsbak/base/bytes.h"
#include "dbomsbak/catalog/catalog.h"
#include "dbomsbak/catalog/server_traits.h"
#include "dbomsbak/catalog/table_reader.h"
#include "dbomsbak/transport/connection_options.h"
#include "dbomsbak/transport/session.h"

namespace dbomsbak {
namespace {

using Json = nlohmann::ordered_json;

void PrintRows(Session& session, Protocol protocol, const std::string& sql) {
  const auto stream = session.Stream(sql, protocol);
  while (stream->Next()) {
    bool first = true;
    for (const Cell& cell : stream->cells()) {
      std::cout << (first ? "" : "\t") << (cell.is_null ? "-" : "x" + ToHex(cell.view()));
      first = false;
    }
    std::cout << '\n';
  }
}

// "usable" or "lost".
void GiveUpAfter(Session& session, unsigned long rows, Protocol protocol, const std::string& sql) {
  {
    const auto stream = session.Stream(sql, protocol);
    while (rows-- > 0 && stream->Next()) {
    }
    // Long enough for the server to fill every buffer on the way and to wait for room.
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
  }
  try {
    std::cout << (session.QueryValue("SELECT 'usable'").value_or("")) << '\n';
  } catch (const ServerError& error) {
    std::cout << (error.code() == ErrorCode::kConnectionLost ? "lost" : error.message()) << '\n';
  }
}

void AbortLater(Session& session, const std::string& sql) {
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    session.Abort();
  });
  try {
    session.Execute(sql);
  } catch (...) {
    other.join();
    throw;
  }
  other.join();
}

Json ToJson(const Table& table) {
  Json columns = Json::array();
  for (const Column& column : table.columns) {
    columns.push_back({{"name", column.name},
                       {"kind", column.kind.ToString()},
                       {"type", column.column_type},
                       {"select", column.select_expression},
                       {"nullable", column.nullable},
                       {"generated", column.generated},
                       {"invisible", column.invisible},
                       {"period", column.period}});
  }
  Json keys = Json::array();
  for (const UniqueKey& key : table.unique_keys) {
    keys.push_back({{"name", key.name}, {"columns", key.columns}});
  }
  Json json{{"name", table.id.name},
            {"create", ToHex(table.create)},
            {"engine", table.engine},
            {"columns", columns},
            {"keys", keys},
            {"rows", table.estimated_rows},
            {"transactional", table.transactional},
            {"versioned", table.system_versioned},
            {"rows_elsewhere", table.rows_elsewhere}};
  json["auto_increment"] = table.auto_increment ? Json(*table.auto_increment) : Json(nullptr);
  return json;
}

Json ToJson(const std::vector<StoredProgram>& programs) {
  Json list = Json::array();
  for (const StoredProgram& program : programs) {
    list.push_back({{"name", program.id.name},
                    {"kind", std::string(ToString(program.id.kind))},
                    {"create", ToHex(program.create)},
                    {"definer", program.definer},
                    {"sql_mode", program.sql_mode},
                    {"character_set_client", program.character_set_client},
                    {"collation_connection", program.collation_connection},
                    {"database_collation", program.database_collation},
                    {"time_zone", program.time_zone},
                    {"status", program.status},
                    {"table", program.table},
                    {"order", program.order},
                    {"grants", program.grants}});
  }
  return list;
}

Json ToJson(const Database& database) {
  Json json{{"name", database.name},           {"charset", database.charset},
            {"collation", database.collation}, {"comment", database.comment},
            {"create", database.create},       {"tables", Json::array()},
            {"views", Json::array()},          {"sequences", Json::array()}};
  for (const Table& table : database.tables) json["tables"].push_back(ToJson(table));
  for (const View& view : database.views) {
    json["views"].push_back({{"name", view.id.name},
                             {"create", ToHex(view.create)},
                             {"definer", view.definer},
                             {"character_set_client", view.character_set_client},
                             {"collation_connection", view.collation_connection},
                             {"columns", view.columns},
                             {"broken", view.broken}});
  }
  for (const Sequence& sequence : database.sequences) {
    json["sequences"].push_back({{"name", sequence.id.name},
                                 {"create", ToHex(sequence.create)},
                                 {"restart", sequence.restart}});
  }
  json["routines"] = ToJson(database.routines);
  json["triggers"] = ToJson(database.triggers);
  json["events"] = ToJson(database.events);
  return json;
}

Json ToJson(const Catalog& catalog) {
  Json json{
      {"databases", Json::array()}, {"unreadable", Json::array()}, {"view_order", Json::array()}};
  for (const Database& database : catalog.databases) json["databases"].push_back(ToJson(database));
  for (const Unreadable& object : catalog.unreadable) {
    json["unreadable"].push_back({{"database", object.id.database},
                                  {"kind", std::string(ToString(object.id.kind))},
                                  {"name", object.id.name},
                                  {"reason", object.reason},
                                  {"remedy", object.remedy}});
  }
  for (const ObjectId& id : catalog.view_order) {
    json["view_order"].push_back({id.database, id.name});
  }
  return json;
}

Json ToJson(const ServerTraits& traits) {
  return {{"flavour", traits.FlavourName()},
          {"version", traits.version},
          {"version_number", traits.version_number},
          {"sequences", traits.has_sequences},
          {"backup_stage", traits.has_backup_stage},
          {"lock_instance", traits.has_lock_instance_for_backup},
          {"snapshot_reads", traits.has_snapshot_reads},
          {"atomic_ddl", traits.has_atomic_ddl},
          {"get_lock", traits.has_get_lock},
          {"lower_case_table_names", traits.lower_case_table_names},
          {"max_allowed_packet", traits.max_allowed_packet},
          {"charset", traits.charset_default},
          {"log_bin", traits.log_bin},
          {"read_only", traits.read_only}};
}

ConnectionOptions TakeConnection(std::vector<std::string>& words) {
  ConnectionArguments arguments;
  while (!words.empty() && words.front().starts_with("--")) {
    const std::string word = words.front();
    words.erase(words.begin());
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(2, equals - 2);
    const std::string value = equals == std::string::npos ? "" : word.substr(equals + 1);
    if (name == "host") arguments.host = value;
    if (name == "port") arguments.port = static_cast<std::uint16_t>(std::stoul(value));
    if (name == "user") arguments.user = value;
    if (name == "socket") arguments.socket = value;
    if (name == "protocol") arguments.protocol = value;
    if (name == "password") arguments.password = Secret(value);
    if (name == "password-file") arguments.password_file = value;
    if (name == "ssl-mode") arguments.ssl_mode = value;
    if (name == "ssl-ca") arguments.ssl_ca = value;
    if (name == "ssl-cert") arguments.ssl_cert = value;
    if (name == "ssl-key") arguments.ssl_key = value;
    if (name == "defaults-file") arguments.defaults_file = value;
    if (name == "defaults-extra-file") arguments.defaults_extra_file = value;
    if (name == "no-defaults") arguments.no_defaults = true;
  }
  std::vector<std::string> notices;
  ConnectionOptions options = ResolveConnection(arguments, nullptr, notices);
  for (const std::string& notice : notices) std::cerr << "notice: " << notice << '\n';
  return options;
}

Json SessionVariables(Session& session) {
  Json json = Json::object();
  const ResultSet answer = session.Query("SHOW SESSION VARIABLES");
  for (std::size_t row = 0; row < answer.rows.size(); ++row) {
    json[answer.Text(row, 0)] = answer.Text(row, 1);
  }
  return json;
}

void PrintTable(Session& session, const ServerTraits& traits, const std::string& database,
                const std::string& name) {
  const Catalog catalog = ReadCatalog(session, traits, {{database}, true, false});
  session.Execute("SET character_set_results = NULL");
  for (const Table& table : catalog.databases.at(0).tables) {
    if (table.id.name != name) continue;
    const TableSelect select = SelectOf(table, database, "", "");
    PrintRows(session, select.protocol, select.sql);
  }
}

int Run(std::vector<std::string> words) {
  const auto session = MakeSessionFactory(TakeConnection(words))->Connect();
  const std::string command = words.empty() ? "" : words.front();
  if (command == "connect") {
    std::cout << Json{{"user", session->QueryValue("SELECT CURRENT_USER()").value_or("")},
                      {"cipher", session->Query("SHOW STATUS LIKE 'Ssl_cipher'").Text(0, 1)},
                      {"description", session->description()}}
                     .dump()
              << '\n';
    return 0;
  }
  const ServerTraits traits = ProbeServerTraits(*session);
  PrepareSession(*session, traits, /*for_load=*/command == "session");
  if (command == "rows" && words.size() == 3) {
    PrintRows(*session, words[1] == "binary" ? Protocol::kBinary : Protocol::kText, words[2]);
  } else if (command == "first" && words.size() == 4) {
    GiveUpAfter(*session, std::stoul(words[1]),
                words[2] == "binary" ? Protocol::kBinary : Protocol::kText, words[3]);
  } else if (command == "execute" && words.size() == 2) {
    session->Execute(words[1]);
    std::cout << session->affected_rows() << '\n';
  } else if (command == "value" && words.size() == 2) {
    std::cout << session->QueryValue(words[1]).value_or("NULL") << '\n';
  } else if (command == "abort" && words.size() == 2) {
    AbortLater(*session, words[1]);
  } else if (command == "table" && words.size() == 3) {
    PrintTable(*session, traits, words[1], words[2]);
  } else if (command == "catalog" && words.size() > 1) {
    const std::vector<std::string> databases(words.begin() + 1, words.end());
    std::cout << ToJson(ReadCatalog(*session, traits, {databases, true, true})).dump(1) << '\n';
  } else if (command == "traits") {
    std::cout << ToJson(traits).dump(1) << '\n';
  } else if (command == "session") {
    std::cout << SessionVariables(*session).dump(1) << '\n';
  } else {
    std::cerr << "usage: server_probe [connection options] rows|first|execute|value|abort|table|"
                 "catalog|traits|session|connect\n";
    return 2;
  }
  return 0;
}

}  // namespace
}  // namespace dbomsbak

int main(int argc, char** argv) {
  try {
    return dbomsbak::Run(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const dbomsbak::Error& error) {
    std::cerr << error.message() << '\n';
    if (!error.hint().empty()) std::cerr << "hint: " << error.hint() << '\n';
    return static_cast<int>(error.code());
  }
}
