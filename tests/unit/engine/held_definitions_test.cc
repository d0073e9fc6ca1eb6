// What a server would forget, or refuse only when a statement is executed, is found in the text.
#include "engine/held_definitions.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/server_refusals.h"
#include "engine/spelled_content.h"
#include "support/fake_session.h"

namespace dbomsbak {
namespace {

using test::FakeServer;
using test::FakeSession;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

// An archive of database `d` from a server of another kind.
class HeldDefinitionsTest : public ::testing::Test {
 protected:
  HeldDefinitionsTest() {
    content_.sources[0].header.scope.databases = {"d"};
    content_.sources[0].header.server_flavour = "Elsewhere";
    content_.sources[0].header.server_version = "1.0";
    facts_.charsets = {"utf8mb4", "latin1", "utf8"};
    facts_.collations = {"utf8mb4_bin", "utf8_bin", "latin1_swedish_ci"};
    facts_.engines = {"innodb", "myisam"};
  }

  ContentObject& Table(const std::string& name, const std::string& items,
                       const std::string& options = "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4") {
    ContentObject object;
    object.record.id = {"d", ObjectKind::kTable, name};
    object.record.engine = options.find("MyISAM") == std::string::npos ? "InnoDB" : "MyISAM";
    object.create = "CREATE TABLE `" + name + "` (" + items + ") " + options;
    content_.tables.push_back(object);
    return content_.tables.back();
  }

  std::vector<std::string> Reasons() const {
    std::vector<std::string> reasons;
    for (const Unheld& object : FindUnheld(content_, facts_)) {
      reasons.insert(reasons.end(), object.reasons.begin(), object.reasons.end());
    }
    return reasons;
  }

  DefinitionTraits& traits() { return facts_.definitions; }

  RestoreContent content_;
  RestoreFacts facts_;
};

TEST_F(HeldDefinitionsTest, WhatAllServersKnowIsHeld) {
  Table("t",
        "`a` int NOT NULL COMMENT 'CHECK (1), DESC', `b` text DEFAULT NULL, `c` varchar(99) "
        "CHARACTER SET utf8mb3 COLLATE utf8mb3_bin DEFAULT 'x', `j` json, `y` year(4), PRIMARY KEY "
        "(`a`), KEY `desc` (`c`(9))");
  EXPECT_THAT(FindUnheld(content_, facts_), IsEmpty());
}

TEST_F(HeldDefinitionsTest, EveryMissingNameIsAReason) {
  ContentObject& table = Table(
      "t",
      "`a` char(1) CHARACTER SET big5 COLLATE big5_bin, `b` char(1) COLLATE utf8mb4_0900_ai_ci");
  table.record.engine = "Aria";
  EXPECT_THAT(Reasons(),
              ElementsAre("the server has no charset big5", "the server has no collation big5_bin",
                          "the server has no collation utf8mb4_0900_ai_ci",
                          "the server has no storage engine Aria"));
}

TEST_F(HeldDefinitionsTest, WhatIsReadAndForgottenIsAReason) {
  traits().keeps_json_type = traits().keeps_checks = traits().keeps_descending_keys = false;
  Table("t",
        "`j` json DEFAULT NULL, `a` int CHECK (`a` > 1), KEY `k` (`a` DESC), CONSTRAINT `c` CHECK "
        "(`a` < 9)");
  EXPECT_THAT(Reasons(), ElementsAre(HasSubstr("column `j`: the server has no type JSON"),
                                     HasSubstr("the CHECK of column `a`"), HasSubstr("check `c`"),
                                     HasSubstr("key `k`: the server reads and forgets DESC")));
}

TEST_F(HeldDefinitionsTest, ATimestampThatSaysNothingStaysSo) {
  Table("t",
        "`a` timestamp NULL DEFAULT NULL, `b` timestamp NOT NULL DEFAULT '2000-01-01 00:00:00', "
        "`c` timestamp(3) NOT NULL COMMENT 'DEFAULT', `d` datetime NOT NULL");
  EXPECT_THAT(Reasons(), IsEmpty());
  traits().gives_timestamps_defaults = true;
  EXPECT_THAT(Reasons(), ElementsAre(HasSubstr("column `c`: the server gives a TIMESTAMP")));
  // It is a setting, not the kind of server.
  content_.sources[0].header.server_flavour = facts_.traits.FlavourName();
  content_.sources[0].header.server_version = facts_.traits.version = "5.6.24";
  EXPECT_EQ(Reasons().size(), 1u);
}

TEST_F(HeldDefinitionsTest, WhatOnlyTheExecutionRefusesIsAReason) {
  traits().has_spatial_keys_in_innodb = false;
  Table("t",
        "`a` text DEFAULT 'x', `b` text DEFAULT ('x'), `p` point NOT NULL, `y` year(2), SPATIAL "
        "KEY `s` (`p`)");
  Table("u", "`a` text, UNIQUE KEY `u` (`a`)");
  Table("m", "`a` int", "ENGINE=MyISAM PARTITION BY HASH (`a`) PARTITIONS 2");
  EXPECT_THAT(Reasons(), ElementsAre(HasSubstr("column `a`: the server has no literal DEFAULT"),
                                     HasSubstr("column `y`: the server has no YEAR(2)"),
                                     HasSubstr("key `s`: the server has no SPATIAL"),
                                     HasSubstr("key `u`: the server has no key of a whole text"),
                                     HasSubstr("tables of engine MyISAM cannot be")));
}

TEST_F(HeldDefinitionsTest, KeysAreMeasuredInBytes) {
  traits().max_key_column_bytes = 767;
  Table("fits",
        "`a` varchar(191), `b` varchar(767) CHARACTER SET latin1, `t` text, KEY `a` (`a`), KEY "
        "`b` (`b`), KEY `t` (`t`(191)), FULLTEXT KEY `f` (`t`)");
  Table("dynamic", "`a` varchar(768), KEY `a` (`a`)",
        "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 ROW_FORMAT=DYNAMIC");
  Table("myisam", "`a` varchar(768), KEY `a` (`a`)", "ENGINE=MyISAM DEFAULT CHARSET=utf8mb4");
  EXPECT_THAT(Reasons(), IsEmpty());
  Table("long", "`a` varchar(192), `t` text, KEY `a` (`a`), KEY `t` (`t`(192))");
  Table("all",
        "`a` varchar(191), KEY `a` (`a`,`b`,`c`,`d`,`e`), `b` varchar(191), `c` varchar(191), "
        "`d` varchar(191), `e` varchar(191)");
  EXPECT_THAT(Reasons(),
              ElementsAre(HasSubstr("key `a`: 768 bytes"), HasSubstr("key `t`: 768 bytes"),
                          HasSubstr("key `a`: 3820 bytes")));
}

TEST_F(HeldDefinitionsTest, RowsAreMeasuredInBytes) {
  Table("fits", "`a` varchar(16000), `b` longtext");
  EXPECT_THAT(Reasons(), IsEmpty());
  Table("row", "`a` varchar(10000), `b` varchar(10000)");
  Table("column", "`a` varchar(70000)", "ENGINE=InnoDB DEFAULT CHARSET=latin1");
  EXPECT_THAT(Reasons(), ElementsAre(HasSubstr("a row of it may have 80005 bytes"),
                                     HasSubstr("column `a`: 70000 bytes are more"),
                                     HasSubstr("a row of it may have 70003 bytes")));
  traits().max_row_bytes = 0;
  EXPECT_THAT(Reasons(), IsEmpty());
}

TEST_F(HeldDefinitionsTest, OptionsAreKnownForgottenOrRefused) {
  Table("t", "`a` int", "ENGINE=InnoDB STATS_PERSISTENT=1 COMPRESSION='zlib' COMMENT='c'");
  EXPECT_THAT(Reasons(), IsEmpty());
  traits().takes_unknown_table_options = true;
  EXPECT_THAT(Reasons(), ElementsAre("the server has no option COMPRESSION='zlib'"));
  traits().takes_unknown_table_options = traits().keeps_storage_options = false;
  EXPECT_THAT(Reasons(), ElementsAre("option STATS_PERSISTENT=1: the server reads and forgets it"));
}

TEST_F(HeldDefinitionsTest, WhatAServerHasOnceIsHeldOnce) {
  Table("t", "`a` int, CONSTRAINT `c` CHECK (`a` > 1)");
  Table("u", "`a` int, CONSTRAINT `C` CHECK (`a` > 1)");
  for (const char* name : {"tr", "ts"}) {
    ContentObject trigger;
    trigger.record.id = {"d", ObjectKind::kTrigger, name};
    trigger.record.table = "t";
    trigger.create = std::string("CREATE TRIGGER ") + name + " BEFORE INSERT ON t FOR EACH ROW …";
    content_.triggers.push_back(trigger);
  }
  EXPECT_THAT(Reasons(), IsEmpty());
  traits().check_names_are_of_the_database = true;
  traits().has_many_triggers_an_event = false;
  const std::vector<Unheld> unheld = FindUnheld(content_, facts_);
  ASSERT_EQ(unheld.size(), 2U);
  EXPECT_EQ(
      unheld[0].Describe(),
      "table `d`.`u` cannot be held here: its check `C` has the name of one of `d`.`t`, which "
      "the server has once in a database");
  EXPECT_THAT(unheld[1].Describe(), HasSubstr("trigger `d`.`ts` cannot be held here: `tr` is one"));
}

TEST_F(HeldDefinitionsTest, TheSameKindOfServerHoldsWhatItPrinted) {
  content_.sources[0].header.server_flavour = facts_.traits.FlavourName();
  content_.sources[0].header.server_version = facts_.traits.version = "5.6.24";
  traits().keeps_checks = false;
  Table("t", "`a` int CHECK (`a` > 1), `b` varchar(70000)");
  EXPECT_THAT(Reasons(), IsEmpty());
}

TEST_F(HeldDefinitionsTest, AModeThatIsAlwaysInEffectIsNotNamed) {
  ContentObject routine;
  routine.record.id = {"d", ObjectKind::kProcedure, "p"};
  routine.record.sql_mode = "STRICT_TRANS_TABLES,NO_AUTO_CREATE_USER,ANSI_QUOTES";
  content_.routines = {routine};
  SpellFor(facts_, content_);
  EXPECT_EQ(content_.routines[0].record.sql_mode, routine.record.sql_mode);
  traits().grants_create_no_accounts = true;
  SpellFor(facts_, content_);
  EXPECT_EQ(content_.routines[0].record.sql_mode, "STRICT_TRANS_TABLES,ANSI_QUOTES");
}

// A server that knows neither UUID nor an option X, and says so of whatever text it was given last.
TEST_F(HeldDefinitionsTest, ARefusedTableIsAskedPartByPart) {
  Table("t", "`a` int, `u` uuid, KEY `k` (`a`)", "ENGINE=InnoDB X=1");
  Table("fine", "`a` int");
  FakeServer server;
  std::string given;
  const auto hex = [](std::string_view text) {
    std::string digits;
    for (const char c : text) digits += fmt::format("{:02X}", static_cast<unsigned char>(c));
    return digits;
  };
  server.OnCall("SET @dbomsbak_hearing", [&](std::string_view sql) {
    given = sql;
    return ResultSet{};
  });
  server.OnCall("PREPARE", [&](std::string_view) -> ResultSet {
    if (given.find(hex("uuid")) != std::string::npos) {
      throw ServerError(ErrorCode::kQueryRefused, 1064, "42000", "near 'uuid'");
    }
    if (given.find(hex("X=1")) != std::string::npos) {
      throw ServerError(ErrorCode::kQueryRefused, 1911, "HY000", "Unknown option 'X'");
    }
    throw ServerError(ErrorCode::kPrivilege, 1044, "42000", "not in information_schema");
  });
  FakeSession session(server);
  const CancelToken cancel;
  EXPECT_THAT(Refusals(session, content_, cancel),
              UnorderedElementsAre(
                  Pair(ObjectId{"d", ObjectKind::kTable, "t"},
                       ElementsAre("column `u`: the server does not know how to read `u` uuid",
                                   "an option: Unknown option 'X'"))));
  EXPECT_FALSE(server.Saw("CREATE"));
}

}  // namespace
}  // namespace dbomsbak
