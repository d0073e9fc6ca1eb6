// What a server makes of definitions that it did not print itself.
#pragma once

#include <cstdint>

#include "dbomsbak/catalog/server_traits.h"
#include "dbomsbak/transport/session.h"

namespace dbomsbak {

// What a CREATE may say without an error and is not kept, or is refused only when it is executed.
// What the grammar does not know is asked of the server itself.
struct DefinitionTraits {
  bool keeps_json_type = true;             // else JSON makes a text column
  bool keeps_checks = true;                // CHECK constraints; else read and forgotten
  bool keeps_descending_keys = true;       // KEY (a DESC)
  bool keeps_view_security = true;         // SQL SECURITY INVOKER
  bool keeps_storage_options = true;       // STATS_PERSISTENT, KEY_BLOCK_SIZE …; else forgotten
  bool has_placement_options = false;      // REPLICA_NUM, TABLET_SIZE …
  bool has_literal_text_defaults = false;  // TEXT DEFAULT 'x'
  bool has_whole_text_keys = false;        // UNIQUE KEY (a) of a TEXT, without a length
  bool has_two_digit_years = false;        // YEAR(2)
  bool gives_timestamps_defaults =
      false;  // TIMESTAMP NOT NULL that says nothing; as of the session
  bool has_many_triggers_an_event = true;  // of one table, time and event
  bool has_spatial_keys_in_innodb = true;
  bool has_partitions_of_every_engine = false;   // else of InnoDB alone
  bool takes_unknown_table_options = false;      // and refuses them when executed
  bool check_names_are_of_the_database = false;  // else of their table
  bool has_role_definers = false;                // DEFINER=`role`, without a host
  bool has_database_comments = false;
  bool grants_create_no_accounts = false;  // without the sql_mode NO_AUTO_CREATE_USER, too
  std::uint64_t max_row_bytes = 65535;     // of a definition, without TEXT and BLOB; 0: no limit
  // Of one column of an InnoDB index, and in rows of format DYNAMIC or COMPRESSED; 0: no limit.
  std::uint64_t max_key_column_bytes = 3072, max_key_column_bytes_dynamic = 3072;
};

// Errors: kConnectionLost.
DefinitionTraits ProbeDefinitionTraits(Session& session, const ServerTraits& traits);

}  // namespace dbomsbak
