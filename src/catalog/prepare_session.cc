// The settings every session of ours starts with.
#include <fmt/format.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/base/error.h"
#include "dbomsbak/catalog/server_traits.h"
#include "dbomsbak/sql/session_settings.h"
#include "dbomsbak/transport/passing_error.h"

namespace dbomsbak {
namespace {

// `value` is SQL; `shown` is how SHOW VARIABLES prints it, so that what is right already is not set
// again (some need a privilege). An optional one may be refused.
struct Setting {
  std::string_view name;
  std::string_view value;
  std::string_view shown;
  bool optional = true;
};

// One day: longer than any pause of ours, short enough that a forgotten session ends some day.
constexpr std::string_view kDay = "86400";

// Reading and loading alike.
constexpr Setting kAlways[] = {
    // Definitions are printed and literals read by this mode, whatever the server's own is.
    {"sql_mode", kTextMode, "PIPES_AS_CONCAT,ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO", false},
    {"time_zone", "'+00:00'", "+00:00", false},
    {"sql_quote_show_create", "1", "ON", false},
    {"autocommit", "1", "ON", false},
    {"completion_type", "0", "NO_CHAIN", true},
    {"sql_auto_is_null", "0", "OFF", true},
    {"sql_safe_updates", "0", "OFF", true},
    {"sql_big_selects", "1", "ON", true},
    {"group_concat_max_len", "16777216", "16777216", true},
    {"max_sort_length", "4096", "4096", true},
    {"net_read_timeout", kDay, kDay, true},
    {"net_write_timeout", kDay, kDay, true},
    {"wait_timeout", kDay, kDay, true},
    // The servers' own are a day, a year, or none. Who waits on purpose sets them again.
    {"lock_wait_timeout", "50", "50", true},
    {"innodb_lock_wait_timeout", "50", "50", true},
    {"idle_transaction_timeout", "0", "0", true},           // MariaDB
    {"idle_readonly_transaction_timeout", "0", "0", true},  // MariaDB
    {"idle_write_transaction_timeout", "0", "0", true},     // MariaDB
    {"max_statement_time", "0", "0.000000", true},          // MariaDB
    {"max_execution_time", "0", "0", true},                 // MySQL
    {"query_cache_type", "0", "OFF", true},                 // MariaDB, MySQL 5.x
    {"information_schema_stats_expiry", "0", "0", true},    // MySQL 8: sizes of now
    {"lc_messages", "'en_US'", "en_US", true},
    {"ob_query_timeout", "86400000000", "86400000000", true},     // OceanBase, microseconds
    {"ob_trx_timeout", "86400000000", "86400000000", true},       // OceanBase
    {"ob_trx_idle_timeout", "86400000000", "86400000000", true},  // OceanBase
};

// Rows are loaded as they were, be they right by today's rules or not.
constexpr Setting kForLoad[] = {
    {"foreign_key_checks", "0", "OFF", false},
    {"check_constraint_checks", "0", "OFF", true},  // MariaDB
    {"sql_notes", "0", "OFF", true},
    {"innodb_strict_mode", "0", "OFF", true},                  // tables made in lax times
    {"system_versioning_insert_history", "1", "ON", true},     // MariaDB 10.11: row_start, row_end
    {"sql_require_primary_key", "0", "OFF", true},             // MySQL 8
    {"sql_generate_invisible_primary_key", "0", "OFF", true},  // MySQL 8
};

constexpr Setting kUniqueChecked = {"unique_checks", "1", "ON", false};
constexpr Setting kUniqueUnchecked = {"unique_checks", "0", "OFF", false};

std::string Assignment(const Setting& setting) {
  return fmt::format("SESSION {} = {}", setting.name, setting.value);
}

void SetOneByOne(Session& session, const std::vector<Setting>& settings) {
  for (const Setting& setting : settings) {
    try {
      session.Execute("SET " + Assignment(setting));
    } catch (const ServerError& error) {
      if (!setting.optional || IsPassing(error)) throw;
    }
  }
}

}  // namespace

void PrepareSession(Session& session, const ServerTraits& traits, bool for_load) {
  std::vector<Setting> wanted(std::begin(kAlways), std::end(kAlways));
  if (for_load) {
    wanted.insert(wanted.end(), std::begin(kForLoad), std::end(kForLoad));
    wanted.push_back(traits.has_dear_first_insert ? kUniqueChecked : kUniqueUnchecked);
  }
  session.Execute("SET NAMES utf8mb4");
  // First: it cuts the answers of SHOW as well.
  session.Execute("SET SESSION sql_select_limit = 9223372036854775807");
  std::string names;
  for (const Setting& setting : wanted) {
    names += fmt::format("{}'{}'", names.empty() ? "" : ",", setting.name);
  }
  const ResultSet known =
      session.Query(fmt::format("SHOW SESSION VARIABLES WHERE Variable_name IN ({})", names));
  std::map<std::string, std::string> now;
  for (std::size_t row = 0; row < known.rows.size(); ++row)
    now[known.Text(row, 0)] = known.Text(row, 1);

  std::vector<Setting> changes;
  std::string statement;
  for (const Setting& setting : wanted) {
    const auto found = now.find(std::string(setting.name));
    const bool missing = found == now.end();
    if ((missing && setting.optional) || (!missing && found->second == setting.shown)) continue;
    changes.push_back(setting);
    statement += (statement.empty() ? "SET " : ", ") + Assignment(setting);
  }
  if (changes.empty()) return;
  try {
    session.Execute(statement);
  } catch (const ServerError& error) {
    if (error.code() == ErrorCode::kConnectionLost) throw;
    SetOneByOne(session, changes);  // one of them is refused: which?
  }
}

void UseCatalogue(Session& session) { session.Execute("USE information_schema"); }

}  // namespace dbomsbak
