#include "dbomsbak/catalog/definition_traits.h"

namespace dbomsbak {
namespace {

void SetMariaDb(DefinitionTraits& traits, unsigned version) {
  traits.keeps_json_type = false;
  traits.keeps_checks = version >= 100201;
  traits.keeps_descending_keys = version >= 100800;
  traits.has_literal_text_defaults = version >= 100201;
  traits.has_whole_text_keys = version >= 100400;
  traits.has_two_digit_years = true;
  traits.has_many_triggers_an_event = version >= 100203;
  traits.has_spatial_keys_in_innodb = version >= 100202;
  traits.has_partitions_of_every_engine = true;
  traits.takes_unknown_table_options = true;
  traits.has_role_definers = true;
  traits.has_database_comments = version >= 100500;
}

void SetMySql(DefinitionTraits& traits, unsigned version) {
  traits.keeps_checks = version >= 80016;
  traits.keeps_descending_keys = version >= 80001;
  traits.has_many_triggers_an_event = version >= 50702;
  traits.has_spatial_keys_in_innodb = version >= 50705;
  traits.has_partitions_of_every_engine = version < 80000;
  traits.check_names_are_of_the_database = version >= 80016;
  traits.grants_create_no_accounts = version >= 80011;
}

void SetOceanBase(DefinitionTraits& traits) {
  traits.keeps_descending_keys = false;
  traits.keeps_view_security = false;
  traits.keeps_storage_options = false;
  traits.has_placement_options = true;
  traits.check_names_are_of_the_database = true;
  traits.max_row_bytes = 0;
  traits.max_key_column_bytes = traits.max_key_column_bytes_dynamic = 0;
}

}  // namespace

DefinitionTraits ProbeDefinitionTraits(Session& session, const ServerTraits& server) {
  DefinitionTraits traits;
  switch (server.flavour) {
    case ServerFlavour::kMariaDb:
      SetMariaDb(traits, server.version_number);
      break;
    case ServerFlavour::kMySql:
      SetMySql(traits, server.version_number);
      break;
    case ServerFlavour::kOceanBase:
      SetOceanBase(traits);
      break;
  }
  // Where it can be set, a restore's sessions have set it.
  const ResultSet explicit_defaults =
      session.Query("SHOW SESSION VARIABLES LIKE 'explicit_defaults_for_timestamp'");
  traits.gives_timestamps_defaults =
      explicit_defaults.empty() || explicit_defaults.Text(0, 1) != "ON";
  // A variable of the servers for which longer keys are a choice.
  const ResultSet large = session.Query("SHOW GLOBAL VARIABLES LIKE 'innodb_large_prefix'");
  if (!large.empty() && traits.max_key_column_bytes != 0) {
    constexpr std::uint64_t kOldLimit = 767;
    traits.max_key_column_bytes = kOldLimit;
    if (large.Text(0, 1) != "ON") traits.max_key_column_bytes_dynamic = kOldLimit;
  }
  return traits;
}

}  // namespace dbomsbak
