#include "engine/keys_behind_rows.h"

#include <gtest/gtest.h>

#include <string>

namespace dbomsbak {
namespace {

ContentObject TableOf(const std::string& name, std::uint64_t rows, const std::string& items) {
  ContentObject table;
  table.record.id = {"d", ObjectKind::kTable, name};
  table.record.rows = rows;
  table.create = "CREATE TABLE `" + name + "` (\n  `a` int(11) NOT NULL,\n  " + items + "\n)";
  return table;
}

class KeysBehindRowsTest : public testing::Test {
 protected:
  KeysBehindRowsTest() {
    traits_.flavour = ServerFlavour::kOceanBase;
    traits_.version = "5.7.25-OceanBase";
    traits_.prefers_late_keys = true;
    content_.sources[0].header.server_flavour = traits_.FlavourName();
    content_.sources[0].header.server_version = traits_.version;
    content_.tables = {
        TableOf("large", kManyRowsForLateKeys, "KEY `k` (`a`),\n  KEY `l` (`a`)"),
        TableOf("small", kManyRowsForLateKeys - 1, "KEY `k` (`a`)"),
        TableOf("parent", kManyRowsForLateKeys, "KEY `k` (`a`)"),
        TableOf("child", kManyRowsForLateKeys,
                "KEY `k` (`a`),\n  CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `d`.`parent`(`a`)"),
    };
  }

  std::size_t Keys() const {
    std::size_t keys = 0;
    for (const auto& of_table : KeysBehindRows(content_, traits_)) keys += of_table.size();
    return keys;
  }

  ServerTraits traits_;
  RestoreContent content_;
};

TEST_F(KeysBehindRowsTest, OnlyThoseOfLargeTablesWithoutForeignKeysToOrFrom) {
  const auto keys = KeysBehindRows(content_, traits_);
  ASSERT_EQ(keys.size(), 4u);
  ASSERT_EQ(keys[0].size(), 2u);
  EXPECT_EQ(keys[0][0].name, "k");
  EXPECT_EQ(keys[0][1].name, "l");
  EXPECT_EQ(Keys(), 2u);
}

TEST_F(KeysBehindRowsTest, NoneWhereTheServerHasNoUseForIt) {
  traits_.prefers_late_keys = false;
  EXPECT_EQ(Keys(), 0u);
}

TEST_F(KeysBehindRowsTest, NoneFromWordsThatThisServerDidNotPrint) {
  content_.sources[0].header.server_version = "8.0.1-OceanBase";
  EXPECT_EQ(Keys(), 0u);
  content_.sources[0].header.server_version = traits_.version;
  content_.sources[0].plain = true;
  EXPECT_EQ(Keys(), 0u);
}

}  // namespace
}  // namespace dbomsbak
