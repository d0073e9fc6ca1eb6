#include "dbomsbak/archive/records_json.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "dbomsbak/base/error.h"

namespace dbomsbak {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kMaxDepth = 5;  // our deepest field is scope.only_tables[i][j]

// ---- writing -------------------------------------------------------------------------------

std::string Dump(const Json& json, std::string_view what, std::string_view object,
                 const char* hint) {
  try {
    return json.dump();
  } catch (const Json::type_error&) {
    throw Error(ErrorCode::kUnsupported, fmt::format("{} holds text that is no valid UTF-8", what),
                hint)
        .About(object);
  }
}

void PutText(Json& json, const char* key, const std::string& value) {
  if (!value.empty()) json[key] = value;
}

void PutSlice(Json& json, const char* key, const std::optional<Slice>& slice) {
  if (slice) json[key] = {slice->frame, slice->offset, slice->length};
}

Json PairsToJson(const std::vector<std::pair<std::string, std::string>>& pairs) {
  Json list = Json::array();
  for (const auto& [database, table] : pairs) list.push_back(Json::array({database, table}));
  return list;
}

// ---- reading: a field of the wrong type makes the whole record bad ---------------------------

struct Bad {};

const Json* Find(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found == json.end() ? nullptr : &*found;
}

std::string AsText(const Json& json) {
  if (!json.is_string()) throw Bad{};
  return json.get<std::string>();
}

std::uint64_t AsU64(const Json& json) {
  if (!json.is_number_unsigned()) throw Bad{};
  return json.get<std::uint64_t>();
}

const Json& AsArray(const Json& json) {
  if (!json.is_array()) throw Bad{};
  return json;
}

std::string Text(const Json& json, const char* key) {
  const Json* field = Find(json, key);
  return field == nullptr ? std::string() : AsText(*field);
}

std::string RequiredText(const Json& json, const char* key) {
  const Json* field = Find(json, key);
  if (field == nullptr) throw Bad{};
  return AsText(*field);
}

std::uint64_t U64(const Json& json, const char* key) {
  const Json* field = Find(json, key);
  return field == nullptr ? 0 : AsU64(*field);
}

bool Flag(const Json& json, const char* key) {
  const Json* field = Find(json, key);
  if (field == nullptr) return false;
  if (!field->is_boolean()) throw Bad{};
  return field->get<bool>();
}

const Json& RequiredObject(const Json& json, const char* key) {
  const Json* field = Find(json, key);
  if (field == nullptr || !field->is_object()) throw Bad{};
  return *field;
}

std::optional<Slice> ReadSlice(const Json& json, const char* key) {
  const Json* field = Find(json, key);
  if (field == nullptr) return std::nullopt;
  if (!field->is_array() || field->size() != 3) throw Bad{};
  return Slice{AsU64((*field)[0]), AsU64((*field)[1]), AsU64((*field)[2])};
}

std::vector<std::string> Texts(const Json& json, const char* key) {
  std::vector<std::string> texts;
  if (const Json* field = Find(json, key)) {
    for (const Json& text : AsArray(*field)) texts.push_back(AsText(text));
  }
  return texts;
}

std::pair<std::string, std::string> AsPair(const Json& json) {
  if (!json.is_array() || json.size() != 2) throw Bad{};
  return {AsText(json[0]), AsText(json[1])};
}

std::vector<std::pair<std::string, std::string>> Pairs(const Json& json, const char* key) {
  std::vector<std::pair<std::string, std::string>> pairs;
  if (const Json* field = Find(json, key)) {
    for (const Json& pair : AsArray(*field)) pairs.push_back(AsPair(pair));
  }
  return pairs;
}

std::map<std::string, std::string> TextMap(const Json& json, const char* key) {
  std::map<std::string, std::string> map;
  if (const Json* field = Find(json, key)) {
    if (!field->is_object()) throw Bad{};
    for (const auto& [name, value] : field->items()) map[name] = AsText(value);
  }
  return map;
}

std::string HexOf64(const Json& json, const char* key) {
  std::string text = Text(json, key);
  if (!text.empty() && !Sha256Digest::FromHex(text)) throw Bad{};
  return text;
}

Scope ReadScope(const Json& json) {
  Scope scope;
  scope.databases = Texts(json, "databases");
  scope.only_tables = Pairs(json, "only_tables");
  scope.ignored_tables = Pairs(json, "ignored_tables");
  for (const std::string& word : Texts(json, "excluded_kinds")) {
    const std::optional<ObjectKind> kind = ParseObjectKind(word);
    if (!kind) throw Bad{};
    scope.excluded_kinds.push_back(*kind);
  }
  scope.row_filters = TextMap(json, "row_filters");
  scope.pruned_tables = Pairs(json, "pruned_tables");
  scope.no_data = Flag(json, "no_data");
  scope.no_create_info = Flag(json, "no_create_info");
  return scope;
}

SnapshotRecord ReadSnapshot(const Json& json) {
  SnapshotRecord snapshot;
  snapshot.method = Text(json, "method");
  snapshot.time = Text(json, "time");
  snapshot.binlog_file = Text(json, "binlog_file");
  snapshot.binlog_position = U64(json, "binlog_position");
  snapshot.gtid = Text(json, "gtid");
  snapshot.scn = Text(json, "scn");
  snapshot.ddl_locked = Flag(json, "ddl_locked");
  return snapshot;
}

HeaderRecord ReadHeader(const Json& json) {
  HeaderRecord header;
  header.tool = RequiredText(json, "tool");
  header.created = RequiredText(json, "created");
  const Json& server = RequiredObject(json, "server");
  header.server_version = Text(server, "version");
  header.server_flavour = Text(server, "flavour");
  header.snapshot = ReadSnapshot(RequiredObject(json, "snapshot"));
  header.scope = ReadScope(RequiredObject(json, "scope"));
  header.options = TextMap(json, "options");
  return header;
}

RowDigestRecord ReadRowDigest(const Json& json) {
  if (!json.is_object()) throw Bad{};
  return {RequiredText(json, "id"), RequiredText(json, "value")};
}

ObjectRecord ReadObject(const Json& json) {
  ObjectRecord object;
  object.id.database = RequiredText(json, "database");
  const std::optional<ObjectKind> kind = ParseObjectKind(RequiredText(json, "kind"));
  if (!kind) throw Bad{};
  object.id.kind = *kind;
  object.id.name = RequiredText(json, "name");
  object.omitted = Text(json, "omitted");
  object.create = ReadSlice(json, "create");
  object.schema = ReadSlice(json, "schema");
  object.stand_in = ReadSlice(json, "stand_in");
  object.data = ReadSlice(json, "data");
  object.definition_sha256 = HexOf64(json, "definition_sha256");
  for (auto& [name, word] : Pairs(json, "columns")) object.columns.push_back({name, word});
  object.rows = U64(json, "rows");
  if (const Json* digest = Find(json, "row_digest")) object.row_digest = ReadRowDigest(*digest);
  if (const Json* next = Find(json, "auto_increment")) object.auto_increment = AsU64(*next);
  object.engine = Text(json, "engine");
  object.row_filtered = Flag(json, "row_filtered");
  if (const Json* pruned = Find(json, "pruned")) {
    auto [column, from] = AsPair(*pruned);
    object.pruned = PruneRecord{std::move(column), std::move(from)};
  }
  object.charset = Text(json, "charset");
  object.collation = Text(json, "collation");
  if (Find(json, "comment") != nullptr) object.comment = Text(json, "comment");
  object.definer = Text(json, "definer");
  object.sql_mode = Text(json, "sql_mode");
  object.character_set_client = Text(json, "character_set_client");
  object.collation_connection = Text(json, "collation_connection");
  object.database_collation = Text(json, "database_collation");
  object.time_zone = Text(json, "time_zone");
  object.status = Text(json, "status");
  object.table = Text(json, "table");
  object.order = U64(json, "order");
  object.grants = Texts(json, "grants");
  return object;
}

// Nesting deeper than ours is dropped while parsing: a bracket costs far more memory than text.
Json Parse(std::string_view text) {
  const auto keep = [](int depth, Json::parse_event_t, Json&) { return depth <= kMaxDepth; };
  return Json::parse(text.begin(), text.end(), keep, /*allow_exceptions=*/false);
}

template <typename Record, typename Reader>
std::optional<Record> Read(std::string_view text, Reader reader) {
  const Json json = Parse(text);
  if (!json.is_object()) return std::nullopt;
  try {
    return reader(json);
  } catch (const Bad&) {
    return std::nullopt;
  }
}

}  // namespace

std::string ToJson(const HeaderRecord& header) {
  Json json;
  json["tool"] = header.tool;
  json["created"] = header.created;
  json["server"] = {{"version", header.server_version}, {"flavour", header.server_flavour}};

  Json snapshot;
  snapshot["method"] = header.snapshot.method;
  snapshot["time"] = header.snapshot.time;
  PutText(snapshot, "binlog_file", header.snapshot.binlog_file);
  if (!header.snapshot.binlog_file.empty()) {
    snapshot["binlog_position"] = header.snapshot.binlog_position;
  }
  PutText(snapshot, "gtid", header.snapshot.gtid);
  PutText(snapshot, "scn", header.snapshot.scn);
  snapshot["ddl_locked"] = header.snapshot.ddl_locked;
  json["snapshot"] = std::move(snapshot);

  Json scope;
  scope["databases"] = header.scope.databases;
  if (!header.scope.only_tables.empty()) {
    scope["only_tables"] = PairsToJson(header.scope.only_tables);
  }
  if (!header.scope.ignored_tables.empty()) {
    scope["ignored_tables"] = PairsToJson(header.scope.ignored_tables);
  }
  for (const ObjectKind kind : header.scope.excluded_kinds) {
    scope["excluded_kinds"].push_back(ToString(kind));
  }
  if (!header.scope.row_filters.empty()) scope["row_filters"] = header.scope.row_filters;
  if (!header.scope.pruned_tables.empty()) {
    scope["pruned_tables"] = PairsToJson(header.scope.pruned_tables);
  }
  scope["no_data"] = header.scope.no_data;
  scope["no_create_info"] = header.scope.no_create_info;
  json["scope"] = std::move(scope);

  json["options"] = Json::object();
  for (const auto& [name, value] : header.options) json["options"][name] = value;
  return Dump(json, "the archive's header", "",
              "Give names and --where in UTF-8 (a terminal with LANG=C.UTF-8, say).");
}

std::string ToJson(const ObjectRecord& object) {
  Json json;
  json["database"] = object.id.database;
  json["kind"] = ToString(object.id.kind);
  json["name"] = object.id.name;
  PutText(json, "omitted", object.omitted);
  PutSlice(json, "create", object.create);
  PutSlice(json, "schema", object.schema);
  PutSlice(json, "stand_in", object.stand_in);
  PutSlice(json, "data", object.data);
  PutText(json, "definition_sha256", object.definition_sha256);
  if (!object.columns.empty()) {
    Json columns = Json::array();
    for (const ColumnRecord& column : object.columns) {
      columns.push_back(Json::array({column.name, column.kind}));
    }
    json["columns"] = std::move(columns);
  }
  if (object.id.kind == ObjectKind::kTable) json["rows"] = object.rows;
  if (object.row_digest) {
    json["row_digest"] = {{"id", object.row_digest->id}, {"value", object.row_digest->value}};
  }
  if (object.auto_increment) json["auto_increment"] = *object.auto_increment;
  PutText(json, "engine", object.engine);
  if (object.row_filtered) json["row_filtered"] = true;
  if (object.pruned) json["pruned"] = {object.pruned->column, object.pruned->from};
  PutText(json, "charset", object.charset);
  PutText(json, "collation", object.collation);
  if (object.comment) json["comment"] = *object.comment;
  PutText(json, "definer", object.definer);
  PutText(json, "sql_mode", object.sql_mode);
  PutText(json, "character_set_client", object.character_set_client);
  PutText(json, "collation_connection", object.collation_connection);
  PutText(json, "database_collation", object.database_collation);
  PutText(json, "time_zone", object.time_zone);
  PutText(json, "status", object.status);
  PutText(json, "table", object.table);
  if (object.order != 0) json["order"] = object.order;
  if (!object.grants.empty()) json["grants"] = object.grants;
  const std::string name = object.id.Describe();
  return Dump(json, name, name,
              "Dump it to plain SQL (-o FILE.sql), or leave it out (--ignore-table).");
}

std::optional<HeaderRecord> HeaderFromJson(std::string_view text) {
  return Read<HeaderRecord>(text, ReadHeader);
}

std::optional<ObjectRecord> ObjectFromJson(std::string_view text) {
  return Read<ObjectRecord>(text, ReadObject);
}

}  // namespace dbomsbak
