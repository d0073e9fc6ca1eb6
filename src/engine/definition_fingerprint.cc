#include "engine/definition_fingerprint.h"

#include <fmt/format.h>

#include <string_view>

#include "dbomsbak/base/digest.h"
#include "dbomsbak/sql/quote.h"

namespace dbomsbak {

std::string NameList(const std::vector<std::string>& names) {
  std::string list = "(";
  for (const std::string& name : names) {
    if (list.size() > 1) list += ", ";
    list += QuoteString(name);
  }
  return list + ")";
}

namespace {

// For messages. A routine's name brings its own kind: "package body/p".
std::string Describe(std::string_view kind, const std::string& database, const std::string& name) {
  if (kind == "database") return fmt::format("database {}", QuoteIdentifier(database));
  if (kind != "routine") return fmt::format("{} {}", kind, QuoteQualified(database, name));
  const std::size_t slash = name.find('/');
  return fmt::format("{} {}", name.substr(0, slash),
                     QuoteQualified(database, name.substr(slash + 1)));
}

// Computed here: not every server has every hash function (MySQL 9 has no MD5 any more).
std::string DigestOf(const Row& parts) {
  Sha256Hasher hasher;
  for (const Field& part : parts) {
    hasher.Update(part.has_value() ? fmt::format("{}:", part->size()) : "NULL:");
    hasher.Update(part.value_or(""));
  }
  return hasher.Finish().hex();
}

}  // namespace

DefinitionFingerprint ReadDefinitionFingerprint(Session& session,
                                                const FingerprintRequest& request) {
  struct Kind {
    const char* word;
    const char* table;
    const char* schema;
    const char* name;
    const char* parts;
  };
  // Columns that all servers share. An event's LAST_EXECUTED is no part of its definition.
  static constexpr Kind kKinds[] = {
      {"database", "SCHEMATA", "SCHEMA_NAME", "SCHEMA_NAME",
       "DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME"},
      {"view", "VIEWS", "TABLE_SCHEMA", "TABLE_NAME",
       "VIEW_DEFINITION, CHECK_OPTION, DEFINER, SECURITY_TYPE, CHARACTER_SET_CLIENT, "
       "COLLATION_CONNECTION"},
      {"routine", "ROUTINES", "ROUTINE_SCHEMA", "CONCAT(LOWER(ROUTINE_TYPE), '/', ROUTINE_NAME)",
       "ROUTINE_DEFINITION, LAST_ALTERED, SQL_MODE, DEFINER, SECURITY_TYPE, DATABASE_COLLATION, "
       "SQL_DATA_ACCESS, IS_DETERMINISTIC, ROUTINE_COMMENT, CHARACTER_SET_CLIENT, "
       "COLLATION_CONNECTION"},
      {"event", "EVENTS", "EVENT_SCHEMA", "EVENT_NAME",
       "EVENT_DEFINITION, LAST_ALTERED, SQL_MODE, DEFINER, STATUS, TIME_ZONE, EXECUTE_AT, "
       "INTERVAL_VALUE, INTERVAL_FIELD, STARTS, ENDS, ON_COMPLETION, EVENT_COMMENT"},
      {"trigger", "TRIGGERS", "TRIGGER_SCHEMA", "TRIGGER_NAME",
       "ACTION_STATEMENT, ACTION_TIMING, EVENT_MANIPULATION, EVENT_OBJECT_TABLE, SQL_MODE, "
       "DEFINER, ACTION_ORDER"},
  };
  DefinitionFingerprint fingerprint;
  for (const Kind& kind : kKinds) {
    if (!request.views && std::string_view(kind.word) == "view") continue;
    if (!request.triggers && std::string_view(kind.word) == "trigger") continue;
    const ResultSet answer = session.Query(
        fmt::format("SELECT {}, {}, {} FROM information_schema.{} WHERE {} IN {}", kind.schema,
                    kind.name, kind.parts, kind.table, kind.schema, NameList(request.databases)));
    for (std::size_t i = 0; i < answer.rows.size(); ++i) {
      fingerprint[Describe(kind.word, answer.Text(i, 0), answer.Text(i, 1))] =
          DigestOf(answer.rows[i]);
    }
  }
  return fingerprint;
}

std::optional<std::string> FirstDifference(const DefinitionFingerprint& before,
                                           const DefinitionFingerprint& after) {
  for (const auto& [name, digest] : before) {
    const auto found = after.find(name);
    if (found == after.end()) return name + " (dropped)";
    if (found->second != digest) return name + " (changed)";
  }
  for (const auto& [name, digest] : after) {
    if (before.count(name) == 0) return name + " (created)";
  }
  return std::nullopt;
}

}  // namespace dbomsbak
