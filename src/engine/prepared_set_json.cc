// PreparedSet as JSON. Pure ASCII, so that no charset on its way can change it.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "dbomsbak/base/error.h"
#include "engine/set_swap.h"
#include "engine/text_json.h"

namespace dbomsbak {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;

template <typename Object>
Json NamesToJson(const std::vector<Object>& objects) {
  Json json = Json::array();
  for (const Object& object : objects) json.push_back(TextToJson(object.id.name));
  return json;
}

Json ViewToJson(const View& view) {
  return {{"name", TextToJson(view.id.name)},
          {"create", TextToJson(view.create)},
          {"definer", TextToJson(view.definer)},
          {"character_set_client", view.character_set_client},
          {"collation_connection", view.collation_connection},
          {"columns", TextsToJson(view.columns)},
          {"broken", view.broken}};
}

View ViewFromJson(const Json& json, const std::string& database) {
  View view;
  view.id = {database, ObjectKind::kView, TextFromJson(json.at("name"))};
  view.create = TextFromJson(json.at("create"));
  view.definer = TextFromJson(json.at("definer"));
  view.character_set_client = json.at("character_set_client");
  view.collation_connection = json.at("collation_connection");
  view.columns = TextsFromJson(json.at("columns"));
  view.broken = json.at("broken");
  return view;
}

Json ProgramToJson(const StoredProgram& program) {
  return {{"kind", std::string(ToString(program.id.kind))},
          {"name", TextToJson(program.id.name)},
          {"create", TextToJson(program.create)},
          {"definer", TextToJson(program.definer)},
          {"sql_mode", program.sql_mode},
          {"character_set_client", program.character_set_client},
          {"collation_connection", program.collation_connection},
          {"database_collation", program.database_collation},
          {"time_zone", program.time_zone},
          {"status", program.status},
          {"table", TextToJson(program.table)},
          {"order", program.order},
          {"grants", TextsToJson(program.grants)}};
}

StoredProgram ProgramFromJson(const Json& json, const std::string& database) {
  StoredProgram program;
  const auto kind = ParseObjectKind(json.at("kind").get<std::string>());
  if (!kind) throw Json::other_error::create(501, "unknown kind of object", nullptr);
  program.id = {database, *kind, TextFromJson(json.at("name"))};
  program.create = TextFromJson(json.at("create"));
  program.definer = TextFromJson(json.at("definer"));
  program.sql_mode = json.at("sql_mode");
  program.character_set_client = json.at("character_set_client");
  program.collation_connection = json.at("collation_connection");
  program.database_collation = json.at("database_collation");
  program.time_zone = json.at("time_zone");
  program.status = json.at("status");
  program.table = TextFromJson(json.at("table"));
  program.order = json.at("order");
  program.grants = TextsFromJson(json.at("grants"));
  return program;
}

Json ProgramsToJson(const std::vector<StoredProgram>& programs) {
  Json json = Json::array();
  for (const StoredProgram& program : programs) json.push_back(ProgramToJson(program));
  return json;
}

std::vector<StoredProgram> ProgramsFromJson(const Json& json, const std::string& database) {
  std::vector<StoredProgram> programs;
  for (const Json& program : json) programs.push_back(ProgramFromJson(program, database));
  return programs;
}

Json KeysToJson(const std::vector<KeyDefinition>& keys) {
  Json json = Json::array();
  for (const KeyDefinition& key : keys) {
    json.push_back({{"database", TextToJson(key.database)},
                    {"table", TextToJson(key.table)},
                    {"name", TextToJson(key.name)},
                    {"definition", TextToJson(key.definition)}});
  }
  return json;
}

std::vector<KeyDefinition> KeysFromJson(const Json& json) {
  std::vector<KeyDefinition> keys;
  for (const Json& key : json) {
    keys.push_back({TextFromJson(key.at("database")), TextFromJson(key.at("table")),
                    TextFromJson(key.at("name")), TextFromJson(key.at("definition"))});
  }
  return keys;
}

// Of those that move with the RENAME names are enough.
Json SequencesToJson(const std::vector<Sequence>& sequences) {
  Json json = Json::array();
  for (const Sequence& sequence : sequences) {
    if (sequence.is_table) {
      json.push_back(TextToJson(sequence.id.name));
    } else {
      json.push_back(
          {{"name", TextToJson(sequence.id.name)}, {"create", TextToJson(sequence.create)}});
    }
  }
  return json;
}

Json DatabaseToJson(const Database& database) {
  Json views = Json::array();
  for (const View& view : database.views) views.push_back(ViewToJson(view));
  return {{"name", TextToJson(database.name)},
          {"charset", database.charset},
          {"collation", database.collation},
          {"comment", TextToJson(database.comment)},
          {"create", TextToJson(database.create)},
          {"tables", NamesToJson(database.tables)},
          {"sequences", SequencesToJson(database.sequences)},
          {"views", views},
          {"routines", ProgramsToJson(database.routines)},
          {"triggers", ProgramsToJson(database.triggers)},
          {"events", ProgramsToJson(database.events)}};
}

Database DatabaseFromJson(const Json& json) {
  Database database;
  database.name = TextFromJson(json.at("name"));
  database.charset = json.at("charset");
  database.collation = json.at("collation");
  database.comment = TextFromJson(json.at("comment"));
  database.create = TextFromJson(json.at("create"));
  for (const std::string& name : TextsFromJson(json.at("tables"))) {
    database.tables.emplace_back().id = {database.name, ObjectKind::kTable, name};
  }
  for (const Json& entry : json.at("sequences")) {
    Sequence& sequence = database.sequences.emplace_back();
    sequence.is_table = !entry.is_object();
    sequence.id = {database.name, ObjectKind::kSequence,
                   TextFromJson(sequence.is_table ? entry : entry.at("name"))};
    if (!sequence.is_table) sequence.create = TextFromJson(entry.at("create"));
  }
  for (const Json& view : json.at("views")) {
    database.views.push_back(ViewFromJson(view, database.name));
  }
  database.routines = ProgramsFromJson(json.at("routines"), database.name);
  database.triggers = ProgramsFromJson(json.at("triggers"), database.name);
  database.events = ProgramsFromJson(json.at("events"), database.name);
  return database;
}

}  // namespace

std::string ToJson(const PreparedSet& set) {
  Json members = Json::array();
  for (std::size_t i = 0; i < set.members.size(); ++i) {
    members.push_back({{"live", TextToJson(set.members[i].live)},
                       {"source", TextToJson(set.members[i].source)},
                       {"displaced", TextToJson(set.members[i].displaced)},
                       {"outgoing", TextsToJson(set.outgoing.at(i))},
                       {"incoming", TextsToJson(set.incoming.at(i))},
                       {"wanted", DatabaseToJson(set.wanted.at(i))},
                       {"before", DatabaseToJson(set.before.at(i))}});
    if (i < set.only.size() && set.only[i]) members.back()["only"] = TextsToJson(*set.only[i]);
  }
  const Json json{{"version", kVersion},
                  {"operation", set.operation},
                  {"run", set.run},
                  {"root_digest", set.root_digest},
                  {"generation", set.generation},
                  {"in_place", set.in_place},
                  {"safety_dump", TextToJson(set.safety_dump)},
                  {"outside_keys", KeysToJson(set.outside_keys)},
                  {"returning_keys", KeysToJson(set.returning_keys)},
                  {"repointed_keys", KeysToJson(set.repointed_keys)},
                  {"members", members}};
  return json.dump(-1, ' ', true);
}

PreparedSet PreparedSetFromJson(const std::string& json_text) {
  try {
    const Json json = Json::parse(json_text);
    if (json.at("version") != kVersion) {
      throw Error(ErrorCode::kNeedsHelp,
                  fmt::format("the journal has version {}, this program knows {}",
                              json.at("version").dump(), kVersion),
                  "Use the version of dbomsbak that began the operation, or a newer one.");
    }
    PreparedSet set;
    set.operation = json.at("operation");
    set.run = json.at("run");
    set.root_digest = json.at("root_digest");
    set.generation = json.at("generation");
    set.in_place = json.value("in_place", false);
    if (json.contains("safety_dump")) set.safety_dump = TextFromJson(json["safety_dump"]);
    set.outside_keys = KeysFromJson(json.at("outside_keys"));
    set.returning_keys = KeysFromJson(json.at("returning_keys"));
    // Copies of earlier builds have none.
    if (json.contains("repointed_keys")) set.repointed_keys = KeysFromJson(json["repointed_keys"]);
    for (const Json& member : json.at("members")) {
      set.members.push_back({TextFromJson(member.at("live")), TextFromJson(member.at("source")),
                             TextFromJson(member.at("displaced"))});
      set.outgoing.push_back(TextsFromJson(member.at("outgoing")));
      set.incoming.push_back(TextsFromJson(member.at("incoming")));
      set.wanted.push_back(DatabaseFromJson(member.at("wanted")));
      set.before.push_back(DatabaseFromJson(member.at("before")));
      set.only.emplace_back();
      if (member.contains("only")) set.only.back() = TextsFromJson(member.at("only"));
    }
    if (set.members.empty()) throw Json::other_error::create(501, "a set of nothing", nullptr);
    return set;
  } catch (const Json::exception& error) {
    throw Error(ErrorCode::kNeedsHelp,
                fmt::format("the journal's record of the set cannot be read: {}", error.what()),
                "Somebody changed the journal. Look at the databases it stands between by hand.");
  }
}

}  // namespace dbomsbak
