#include "dbomsbak/catalog/server_traits.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>
#include <string_view>

#include "catalog/answer.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/transport/passing_error.h"

namespace dbomsbak {
namespace {

bool ContainsWord(std::string_view text, std::string_view word) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  };
  return std::search(text.begin(), text.end(), word.begin(), word.end(), same) != text.end();
}

// "10.11.19-MariaDB" → 101119. The "5.5.5-" that MariaDB puts before it for old replicas is
// skipped.
unsigned NumberOf(std::string_view version, bool mariadb) {
  if (mariadb && version.starts_with("5.5.5-")) version.remove_prefix(6);
  unsigned number = 0;
  for (int part = 0; part < 3; ++part) {
    unsigned value = 0;
    const auto [stop, error] =
        std::from_chars(version.data(), version.data() + version.size(), value);
    if (error == std::errc()) {
      version.remove_prefix(static_cast<std::size_t>(stop - version.data()));
      if (version.starts_with('.')) version.remove_prefix(1);
    }
    number = number * 100 + std::min(value, 99U);
  }
  return number;
}

// They speak the protocol, but not what a dump rests on.
constexpr std::array<std::string_view, 7> kOthers{"TiDB",      "ClickHouse", "Doris", "StarRocks",
                                                  "Manticore", "Vitess",     "Sphinx"};

void RefuseUnknownKinds(const ServerTraits& traits) {
  for (const std::string_view name : kOthers) {
    if (ContainsWord(traits.version, name) || ContainsWord(traits.version_comment, name)) {
      throw Error(ErrorCode::kUnsupported,
                  fmt::format("the server is {} ({}), not MySQL, MariaDB or OceanBase", name,
                              traits.version),
                  "Use the backup tool of that server.");
    }
  }
  const bool mariadb = traits.flavour == ServerFlavour::kMariaDb;
  const unsigned oldest = mariadb ? 100000 : 50600;
  if (traits.flavour != ServerFlavour::kOceanBase && traits.version_number < oldest) {
    throw Error(
        ErrorCode::kUnsupported,
        fmt::format("{} {} is too old", traits.FlavourName(), traits.version),
        mariadb ? "MariaDB 10.0 and newer are supported." : "MySQL 5.6 and newer are supported.");
  }
}

void SetMariaDb(ServerTraits& traits) {
  const unsigned version = traits.version_number;
  traits.has_sequences = version >= 100300;
  traits.has_sequences_in_tables = traits.has_sequences;
  traits.has_packages = version >= 100300;
  traits.has_system_versioning = version >= 100300;
  traits.has_versioned_history_load = version >= 101100;
  traits.has_invisible_columns = version >= 100300;
  traits.has_backup_stage = version >= 100401;
  traits.has_flush_tables_with_read_lock = true;
  traits.has_real_table_locks = true;
  traits.has_consistent_snapshot = true;
  traits.has_metadata_locks_for_readers = true;
  traits.has_atomic_ddl = version >= 100600;
  traits.keeps_counters_in_crash = version >= 100204;
  traits.hides_tables_in_alter = traits.searches_held_tables = true;
  traits.create_or_replace_keeps_grants = true;
  traits.has_dear_first_insert = version >= 100700;
  // Of the versions that have it those without MDEV-34703.
  traits.has_bulk_load = version >= 110702 || (version >= 110405 && version < 110500) ||
                         (version >= 101111 && version < 101200);
  if (version >= 100502) traits.definer_privilege = "SET USER";
  traits.has_get_lock = true;
  traits.has_named_locks_many = version >= 100002;
}

void SetMySql(ServerTraits& traits) {
  const unsigned version = traits.version_number;
  traits.has_invisible_columns = version >= 80023;
  traits.has_flush_tables_with_read_lock = true;
  traits.has_lock_instance_for_backup = version >= 80000;
  traits.has_real_table_locks = true;
  traits.has_consistent_snapshot = true;
  traits.has_metadata_locks_for_readers = true;
  traits.has_atomic_ddl = traits.keeps_counters_in_crash = version >= 80000;
  traits.hides_tables_in_alter = true;
  traits.searches_held_tables = version < 80000;
  traits.rename_allowed_under_lock_tables = version >= 80013;
  traits.foreign_keys_need_references = version >= 80000;
  traits.added_keys_need_references = version >= 80000;
  traits.check_names_are_the_databases = version >= 80016;
  traits.remembers_given_collations = version >= 80000;
  traits.has_routine_table = version < 80000;
  traits.has_show_routine = version >= 80020;
  if (version >= 80000) traits.definer_privilege = "SET_USER_ID";
  if (version >= 80016) traits.guarded_definer_privilege = "SYSTEM_USER";
  if (version >= 80200) {
    traits.definer_privilege = "SET_ANY_DEFINER";
    traits.orphan_privilege = "ALLOW_NONEXISTENT_DEFINER";
  }
  traits.has_get_lock = true;
  traits.has_named_locks_many = version >= 50705;
}

// The value of this query, if it gives one. Functions that a version lacks are refused.
std::optional<std::string> ValueOf(Session& session, std::string_view query) {
  try {
    return session.QueryValue(query);
  } catch (const ServerError& error) {
    if (IsPassing(error)) throw;
    return std::nullopt;
  }
}

bool Answers(Session& session, std::string_view query) {
  return ValueOf(session, query).has_value();
}

// Two doubles of 17 digits that a reader misses which multiplies by a power of ten.
bool ReadsJsonDoubles(Session& session) {
  constexpr std::string_view kText = "[2.2790121708605243e274, 2.7715077941825975e-163]";
  return ValueOf(session, fmt::format("SELECT JSON_EXTRACT('{}', '$')", kText)) == kText;
}

// Statements that say OK there without doing it count as missing.
void SetOceanBase(ServerTraits& traits, Session& session) {
  traits.has_sequences = true;
  traits.has_atomic_ddl = true;
  traits.definitions_name_own_database = true;
  traits.foreign_keys_newest_first = true;
  traits.outside_keys_need_parents = true;
  traits.added_keys_need_references = true;
  traits.has_runnable_show_create = false;
  traits.has_routine_table = false;
  traits.needs_key_hints = true;
  traits.reads_keys_of_definitions = true;
  traits.prefers_late_keys = true;
  traits.has_object_list = true;
  traits.has_table_sizes = false;
  traits.names_are_cheaper_to_show = true;
  traits.routines_need_their_views = true;
  traits.pins_snapshot_at_first_read = true;
  traits.has_definition_times = true;
  traits.constraint_names_block_rename = true;
  traits.check_names_are_the_databases = true;
  traits.rename_waits_without_bound = true;
  traits.has_exact_vector_text = false;
  // Versions that cannot tell the moment cannot read at it either.
  traits.has_snapshot_reads = Answers(session, "SELECT current_scn()");
  traits.has_exact_json_doubles = ReadsJsonDoubles(session);
  traits.has_get_lock = Answers(session, "SELECT IS_FREE_LOCK('dbomsbak_probe')");
  traits.has_named_locks_many = traits.has_get_lock;
}

bool IsOn(const std::string& text) { return text == "ON" || text == "1"; }

void ReadVariables(Session& session, ServerTraits& traits) {
  const Answer answer(session.Query(
      "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('lower_case_table_names','max_allowed_packet',"
      "'character_set_server','log_bin','read_only','super_read_only','ob_query_timeout',"
      "'local_infile','wsrep_on')"));
  bool local_infile = false, replicates = false;
  for (std::size_t row = 0; row < answer.size(); ++row) {
    const std::string name = answer.Text(row, "Variable_name");
    const std::string value = answer.Text(row, "Value");
    if (name == "lower_case_table_names") {
      traits.lower_case_table_names = static_cast<unsigned>(answer.Number(row, "Value"));
    } else if (name == "max_allowed_packet") {
      traits.max_allowed_packet = answer.Number(row, "Value");
    } else if (name == "character_set_server") {
      traits.charset_default = value;
    } else if (name == "log_bin") {
      traits.log_bin = IsOn(value);
    } else if (name == "read_only") {
      // MariaDB 12 knows more words than ON; all but OFF forbid some writes.
      traits.read_only = value != "OFF" && value != "0";
    } else if (name == "super_read_only") {
      traits.super_read_only = IsOn(value);
    } else if (name == "ob_query_timeout") {
      traits.limits_statements = true;
    } else if (name == "local_infile") {
      local_infile = IsOn(value);
    } else if (name == "wsrep_on") {
      replicates = IsOn(value);
    }
  }
  // Tried on MariaDB alone. A replica may read the rows in another way, or get them all at once.
  traits.takes_local_rows =
      traits.flavour == ServerFlavour::kMariaDb && local_infile && !replicates && !traits.log_bin;
}

}  // namespace

std::string ServerTraits::FlavourName() const {
  switch (flavour) {
    case ServerFlavour::kMariaDb:
      return "MariaDB";
    case ServerFlavour::kOceanBase:
      return "OceanBase";
    case ServerFlavour::kMySql:
      break;
  }
  return "MySQL";
}

ServerTraits ProbeServerTraits(Session& session) {
  ServerTraits traits;
  // A limit set for the whole server would cut the answers below, SHOW's too. (OceanBase takes no
  // larger number.)
  session.Execute("SET SESSION sql_select_limit = 9223372036854775807");
  const ResultSet answer = session.Query("SELECT VERSION(), @@version_comment");
  if (answer.empty()) {
    throw Error(ErrorCode::kUnsupported, "the server does not tell its version",
                "Is it a database server, or a proxy in front of one? Check host and port.");
  }
  traits.version = answer.Text(0, 0);
  traits.version_comment = answer.Text(0, 1);
  if (ContainsWord(traits.version, "OceanBase") ||
      ContainsWord(traits.version_comment, "OceanBase")) {
    traits.flavour = ServerFlavour::kOceanBase;
  } else if (ContainsWord(traits.version, "MariaDB") ||
             ContainsWord(traits.version_comment, "MariaDB")) {
    traits.flavour = ServerFlavour::kMariaDb;
  }
  traits.version_number = NumberOf(traits.version, traits.flavour == ServerFlavour::kMariaDb);
  RefuseUnknownKinds(traits);
  switch (traits.flavour) {
    case ServerFlavour::kMariaDb:
      SetMariaDb(traits);
      break;
    case ServerFlavour::kMySql:
      SetMySql(traits);
      break;
    case ServerFlavour::kOceanBase:
      SetOceanBase(traits, session);
      break;
  }
  ReadVariables(session, traits);
  return traits;
}

}  // namespace dbomsbak
