#include "dbomsbak/catalog/server_traits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dbomsbak/base/error.h"
#include "support/fake_session.h"
#include "unit/thrown.h"

namespace dbomsbak {
namespace {

using test::Answer;
using test::FakeServer;
using test::FakeSession;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

ServerTraits Probe(const std::string& version, const std::string& comment, bool tells_scn = false) {
  FakeServer server;
  if (tells_scn) server.On("SELECT current_scn()", Answer({"scn"}, {{"1795666712874465000"}}));
  server.On("SELECT VERSION()", Answer({"v", "c"}, {{version, comment}}));
  server.On("SELECT IS_FREE_LOCK", Answer({"l"}, {{"1"}}));
  server.On("SHOW GLOBAL VARIABLES",
            Answer({"Variable_name", "Value"}, {{"lower_case_table_names", "1"},
                                                {"max_allowed_packet", "16777216"},
                                                {"log_bin", "ON"},
                                                {"read_only", "OFF"}}));
  FakeSession session(server);
  return ProbeServerTraits(session);
}

TEST(ServerTraitsTest, VersionsAndKindsAreTold) {
  const ServerTraits mariadb = Probe("10.11.19-MariaDB-0+deb12u1", "Debian 12");
  EXPECT_EQ(mariadb.flavour, ServerFlavour::kMariaDb);
  EXPECT_EQ(mariadb.version_number, 101119u);
  EXPECT_EQ(Probe("5.5.5-10.4.2-MariaDB", "").version_number, 100402u);
  const ServerTraits mysql = Probe("9.7.4", "MySQL Community Server - GPL");
  EXPECT_EQ(mysql.flavour, ServerFlavour::kMySql);
  EXPECT_EQ(mysql.version_number, 90704u);
  const ServerTraits ocean = Probe("5.7.25-OceanBase_CE-v4.2.1.10", "");
  EXPECT_EQ(ocean.flavour, ServerFlavour::kOceanBase);
  EXPECT_EQ(Probe("3.1.3-OceanBase CE", "").flavour, ServerFlavour::kOceanBase);
  EXPECT_EQ(Probe("5.7.25", "oceanbase 4.3.5").flavour, ServerFlavour::kOceanBase);
}

TEST(ServerTraitsTest, AServerThatHasTheVariableLimitsStatements) {
  EXPECT_FALSE(Probe("5.7.25", "oceanbase 4.3.5").limits_statements);
  EXPECT_FALSE(Probe("5.7.25", "oceanbase 4.3.5").keeps_counters_in_crash);
  FakeServer server;
  server.On("SELECT VERSION()", Answer({"v", "c"}, {{"5.7.25", "oceanbase 4.3.5"}}));
  server.OnCall("SHOW GLOBAL VARIABLES", [](std::string_view sql) {
    EXPECT_THAT(sql, HasSubstr("'ob_query_timeout'"));
    return Answer({"Variable_name", "Value"}, {{"ob_query_timeout", "10000000"}});
  });
  FakeSession session(server);
  EXPECT_TRUE(ProbeServerTraits(session).limits_statements);
  EXPECT_FALSE(Probe("5.7.25", "oceanbase 4.3.5").keeps_counters_in_crash);
}

TEST(ServerTraitsTest, TheDoublesOfJsonAreProved) {
  for (const bool exact : {true, false}) {
    FakeServer server;
    server.On("SELECT VERSION()", Answer({"v", "c"}, {{"5.7.25-OceanBase-v4.3.5", ""}}));
    server.OnCall("SELECT JSON_EXTRACT(", [&](std::string_view sql) {
      const std::size_t begin = sql.find('['), end = sql.find(']');
      std::string text(sql.substr(begin, end + 1 - begin));
      if (!exact) ++text[text.find('e') - 1];
      return Answer({"j"}, {{text}});
    });
    FakeSession session(server);
    EXPECT_EQ(ProbeServerTraits(session).has_exact_json_doubles, exact);
  }
  EXPECT_TRUE(Probe("8.4.0", "MySQL").has_exact_json_doubles);
}

TEST(ServerTraitsTest, FeaturesFollowTheVersion) {
  const ServerTraits mariadb = Probe("10.11.19-MariaDB", "");
  EXPECT_TRUE(mariadb.has_sequences && mariadb.has_backup_stage && mariadb.has_atomic_ddl);
  EXPECT_TRUE(mariadb.has_versioned_history_load);
  EXPECT_FALSE(mariadb.has_lock_instance_for_backup || mariadb.rename_allowed_under_lock_tables);
  EXPECT_FALSE(Probe("10.5.1-MariaDB", "").has_atomic_ddl);
  EXPECT_FALSE(Probe("10.2.1-MariaDB", "").has_sequences);
  const ServerTraits mysql = Probe("8.4.0", "MySQL");
  EXPECT_TRUE(mysql.has_lock_instance_for_backup && mysql.has_atomic_ddl);
  EXPECT_FALSE(mysql.has_sequences || mysql.has_backup_stage);
  EXPECT_FALSE(Probe("5.6.24", "MySQL").has_atomic_ddl);
  EXPECT_TRUE(mariadb.hides_tables_in_alter && Probe("5.6.24", "MySQL").hides_tables_in_alter &&
              mysql.hides_tables_in_alter);
  EXPECT_TRUE(mariadb.searches_held_tables && Probe("5.6.24", "MySQL").searches_held_tables);
  EXPECT_FALSE(mysql.searches_held_tables);
  EXPECT_TRUE(mariadb.keeps_counters_in_crash && mysql.keeps_counters_in_crash);
  EXPECT_FALSE(Probe("5.6.24", "MySQL").keeps_counters_in_crash);
  const ServerTraits ocean = Probe("5.7.25-OceanBase-v4.3.5", "", true);
  EXPECT_TRUE(ocean.has_snapshot_reads && ocean.pins_snapshot_at_first_read && ocean.has_get_lock);
  EXPECT_FALSE(ocean.has_runnable_show_create || ocean.has_sequences_in_tables);
  // Older versions do not tell their SCN: one pinned session reads everything.
  EXPECT_FALSE(Probe("5.7.25-OceanBase-v3.2.4", "").has_snapshot_reads);
  // It answers OK to LOCK TABLES and locks nothing.
  EXPECT_FALSE(ocean.has_real_table_locks || ocean.has_flush_tables_with_read_lock ||
               ocean.has_consistent_snapshot);
}

TEST(ServerTraitsTest, VariablesAreRead) {
  const ServerTraits traits = Probe("10.11.19-MariaDB", "");
  EXPECT_EQ(traits.lower_case_table_names, 1u);
  EXPECT_EQ(traits.max_allowed_packet, 16777216u);
  EXPECT_TRUE(traits.log_bin);
  EXPECT_FALSE(traits.read_only);
}

TEST(ServerTraitsTest, ServersThatOnlySpeakTheProtocolAreRefused) {
  for (const char* version :
       {"5.7.25-TiDB-v7.5.0", "8.0.11-clickhouse", "5.5.62", "5.1.0-MariaDB"}) {
    try {
      Probe(version, "");
      FAIL() << version << " was taken";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUnsupported) << version;
      EXPECT_FALSE(error.hint().empty());
    }
  }
}

class PrepareSessionTest : public ::testing::Test {
 protected:
  void Knows(std::vector<Row> variables) {
    server_.On("SHOW SESSION VARIABLES", Answer({"Variable_name", "Value"}, std::move(variables)));
  }
  FakeServer server_;
  ServerTraits traits_;
};

TEST_F(PrepareSessionTest, OnlyWhatIsKnownAndDiffersIsSet) {
  Knows({{"sql_mode", "ANSI_QUOTES,NO_BACKSLASH_ESCAPES"},
         {"time_zone", "SYSTEM"},
         {"sql_quote_show_create", "ON"},
         {"autocommit", "ON"},
         {"max_statement_time", "1.500000"},
         {"wait_timeout", "86400"}});
  FakeSession session(server_);
  PrepareSession(session, traits_, false);
  const std::string set = server_.statements().back();
  EXPECT_THAT(
      set,
      HasSubstr("SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,PIPES_AS_CONCAT'"));
  EXPECT_THAT(set, HasSubstr("SESSION time_zone = '+00:00'"));
  EXPECT_THAT(set, HasSubstr("SESSION max_statement_time = 0"));
  EXPECT_THAT(set, Not(HasSubstr("wait_timeout")));
  EXPECT_THAT(set, Not(HasSubstr("ob_query_timeout")));
  EXPECT_THAT(set, Not(HasSubstr("foreign_key_checks")));
}

TEST_F(PrepareSessionTest, LoadingTurnsChecksOff) {
  Knows({{"unique_checks", "ON"}, {"foreign_key_checks", "ON"}, {"sql_notes", "ON"}});
  FakeSession session(server_);
  PrepareSession(session, traits_, true);
  const std::string set = server_.statements().back();
  EXPECT_THAT(set, HasSubstr("SESSION unique_checks = 0"));
  EXPECT_THAT(set, HasSubstr("SESSION foreign_key_checks = 0"));
}

TEST_F(PrepareSessionTest, ASettingThatIsRefusedCostsOnlyItself) {
  Knows({{"sql_mode", ""}, {"innodb_strict_mode", "ON"}});
  const ServerError denied(ErrorCode::kPrivilege, 1227, "42000", "denied");
  server_.OnCall("SET SESSION", [&](std::string_view sql) -> ResultSet {
    if (sql.find("innodb_strict_mode") != std::string_view::npos) throw denied;
    return {};
  });
  FakeSession session(server_);
  PrepareSession(session, traits_, true);
  EXPECT_THAT(server_.statements(),
              Contains(HasSubstr("SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,")));
}

TEST_F(PrepareSessionTest, ASettingThatMattersMayNotBeRefused) {
  Knows({{"sql_mode", ""}});
  server_.OnError("SET SESSION sql_mode",
                  ServerError(ErrorCode::kQueryRefused, 1231, "42000", "no"));
  FakeSession session(server_);
  EXPECT_THROW(PrepareSession(session, traits_, false), ServerError);
}

TEST(ServerTraitsTest, WhatDoesNotTellItsVersionIsNoServer) {
  FakeServer server;
  FakeSession session(server);
  ExpectError(ErrorCode::kUnsupported, "the server does not tell its version",
              "Check host and port", [&] { ProbeServerTraits(session); });
}

}  // namespace
}  // namespace dbomsbak
