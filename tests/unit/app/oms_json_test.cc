#include "dbomsbak/app/oms_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "dbomsbak/base/error.h"

namespace dbomsbak {
namespace {

using testing::HasSubstr;

// As the console shows it, but for the blanks that somebody has put in.
constexpr char kHa[] = R"({
  "enable": true, "enableHost":true,
  "enableJdbcWriter" : true,
  "perceiveStoreClientCheckpoint": false,
  "checkRequestIntervalSec": 6.00e2, "big": 123456789012345678901234567890,
  "refetchStoreIntervalMin": 30,
  "nested": {"enable": [1, {"refetchStoreIntervalMin": "}"}]}, "text": "a\"}, \"enable\": 1"
})";

Error ErrorOf(std::string_view text) {
  try {
    ReadHaConfig(text, "ha.json");
  } catch (const Error& error) {
    return error;
  }
  return Error(ErrorCode::kOk, "");
}

std::string Without(std::string text, const std::string& what, const std::string& instead) {
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), instead);
}

TEST(OmsJsonTest, OnlyTheKeysAskedForChangeAndNothingAround) {
  const ChangedHaConfig changed = ChangeHaConfig(kHa, "ha.json", {false, 95});
  EXPECT_EQ(changed.text,
            Without(Without(kHa, "\"enable\": true", "\"enable\": false"),
                    "\"refetchStoreIntervalMin\": 30", "\"refetchStoreIntervalMin\": 95"));
  ASSERT_EQ(changed.keys.size(), 2U);
  EXPECT_EQ(changed.keys[0].from, "true");
  EXPECT_EQ(changed.keys[1].from, "30");
  EXPECT_TRUE(changed.notes.empty());
  EXPECT_FALSE(ReadHaConfig(changed.text, "").enable);
  EXPECT_EQ(ReadHaConfig(changed.text, "").refetch_minutes, 95U);
  EXPECT_EQ(ChangeHaConfig(kHa, "ha.json", {true, 30}).text, kHa);
}

TEST(OmsJsonTest, AMissingKeyIsAddedInTheFormOfTheOthers) {
  EXPECT_EQ(ChangeHaConfig(R"({"enable":true,"refetchStoreInterval":30})", "", {true, 95}).text,
            R"({"enable":true,"refetchStoreInterval":30,"refetchStoreIntervalMin":95})");
  const ChangedHaConfig changed =
      ChangeHaConfig("\xEF\xBB\xBF{\n  \"enable\" : false\n}\n", "", {true, 95});
  EXPECT_EQ(changed.text, "{\n  \"enable\" : true,\n  \"refetchStoreIntervalMin\" : 95\n}");
  ASSERT_EQ(changed.notes.size(), 1U);
  EXPECT_THAT(changed.notes[0], HasSubstr("is added"));
  EXPECT_THAT(ChangeHaConfig(R"({"enable":true,"refetchStoreInterval":30})", "", {true, 95}).notes,
              testing::ElementsAre(HasSubstr("Did you mean 'refetchStoreInterval'?")));
}

TEST(OmsJsonTest, WhatRefetchMeansIsNoted) {
  EXPECT_THAT(ChangeHaConfig(kHa, "", {true, 20}).notes,
              testing::ElementsAre(HasSubstr("was 30 already")));
  const std::string perceives = Without(kHa, "Checkpoint\": false", "Checkpoint\": true");
  EXPECT_TRUE(ReadHaConfig(perceives, "").perceives_checkpoints);
  EXPECT_THAT(ChangeHaConfig(perceives, "", {true, 95}).notes,
              testing::ElementsAre(HasSubstr("default, 30")));
  EXPECT_TRUE(ChangeHaConfig(perceives, "", {false, {}}).notes.empty());
}

TEST(OmsJsonTest, FaultsOfManualsAreToldWithLineAndColumn) {
  const struct {
    const char* text;
    const char* says;
  } faults[] = {
      {"{\"enable\": true\n \"a\": 1}",
       "ha.json, line 2, column 2: a comma is missing before \"a\""},
      {"{\"é\": \"é\" \"b\": 1}", "line 1, column 11: a comma is missing before \"b\""},
      {"{\"enable\": true,\n}", "line 2, column 1: a comma stands before the closing }"},
      {"{\"enable\": true,, \"a\": 1}", "line 1, column 17: a comma too many"},
      {"{\n\n “enable”: true}", "line 3, column 2: “ is no quote of JSON"},
      {"{'enable': true}", "line 1, column 2: ' is no quote of JSON"},
      {"{\"enable\"：true}", "line 1, column 10: ： is a full-width sign"},
      {"{\"enable\":\xC2\xA0true}", "line 1, column 11: an invisible sign"},
      {"{\"enable\": true // HA\n}", "line 1, column 17: JSON has no comments"},
      {"{\"enable\": True}", "line 1, column 12: JSON has true, false and null, not True"},
      {"{\"enable\": true", "line 1, column 16: the text ends too early"},
      {"", "line 1, column 1: there is no text"},
      {" \n", "there is no text"},
      {"{", "line 1, column 2: the text ends too early: a closing } or ] is missing"},
      {"{\"enable\": 1e999}", "ha.json: "},
      {"\"{}\"", "is one JSON string"},
      {"[1]", "is no JSON object but of type array"},
      {"{\"enabled\": true}", "there is no key enable"},
      {"{\"enable\": \"true\"}", "enable is \"true\", not true or false"},
      {"{\"enable\": {}}", "enable is an object"},
      {"{\"enable\": true, \"\\u0065nable\": false}", "the key enable is there twice"},
      {"{\"enable\": true, \"refetchStoreIntervalMin\": \"30\"}", "not a number of minutes"},
      {"{\"enable\": true, \"refetchStoreIntervalMin\": -1}", "not a number of minutes"},
      {"{\"enable\": true, \"refetchStoreIntervalMin\": {}}",
       "is an object, not a number of minutes"},
      {"{\"enable\": true, \"refetchStoreIntervalMin\": []}",
       "is an array, not a number of minutes"},
      {"{\"enable\": true, \"perceiveStoreClientCheckpoint\": 1}", "not true or false"},
  };
  for (const auto& fault : faults) {
    const Error error = ErrorOf(fault.text);
    EXPECT_EQ(error.code(), ErrorCode::kUnsupported) << fault.text;
    EXPECT_THAT(error.message(), HasSubstr(fault.says)) << fault.text;
    EXPECT_FALSE(error.hint().empty()) << fault.text;
  }
}

TEST(OmsJsonTest, DamagedTextIsRefusedOrKeepsItsForm) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const std::string good = kHa;
  for (int round = 0; round < 3000; ++round) {
    std::string text = good;
    for (auto changes = random() % 3 + 1; changes > 0; --changes) {
      const std::size_t at = random() % text.size();
      if (random() % 3 == 0) {
        text.erase(at, random() % 5 + 1);
      } else {
        text[at] = "{}[],:\"\\ \n\xC3tfe019-"[random() % 19];
      }
      if (text.empty()) break;
    }
    try {
      const ChangedHaConfig changed = ChangeHaConfig(text, "", {false, 95});
      EXPECT_FALSE(ReadHaConfig(changed.text, "").enable) << text;
      EXPECT_EQ(ReadHaConfig(changed.text, "").refetch_minutes, 95U) << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUnsupported) << text;
    }
  }
}

constexpr char kConnectors[] = R"([
  {"connectorId": 7, "config": {"source": {"dbType": "OB_MYSQL", "checkpoint": "1"}, "sink": {}}},
  {"name": "orders", "config": "{\"source\": {\"db_type\": \"mysql\"}, \"sink\": {\"dbType\": 1}}"},
  {"name": "a/b", "checkpoint": 5, "source": "{\"dbType\": \" \", \"allowList\": \"[{\\\"source\\\": 1}]\"}"},
  {"source": "not a part"},
  {"x/y": {"source": {"booster.dbType": "OB_MYSQL", "dbType": null, "source": {"dbType": "inner"}}}}
])";

TEST(OmsJsonTest, SourcesAreFoundWhereverTheyStand) {
  const std::vector<ConnectorSource> sources = ReadConnectors(kConnectors, "c.json");
  ASSERT_EQ(sources.size(), 4U);
  EXPECT_EQ(sources[0].connector, "7");
  EXPECT_EQ(sources[0].where, "/0/config/source");
  EXPECT_EQ(sources[0].key, "dbType");
  EXPECT_EQ(sources[0].db_type, "OB_MYSQL");
  EXPECT_TRUE(sources[0].checkpoint);
  EXPECT_EQ(sources[1].connector, "orders");
  EXPECT_EQ(sources[1].where, "/1/config!/source");
  EXPECT_EQ(sources[1].key, "db_type");
  EXPECT_FALSE(sources[1].checkpoint);
  EXPECT_EQ(sources[2].where, "/2/source!");
  EXPECT_TRUE(sources[2].lacks_type());
  EXPECT_TRUE(sources[2].checkpoint);
  EXPECT_EQ(sources[3].where, "/4/x~1y/source");
  EXPECT_TRUE(sources[3].lacks_type());
  EXPECT_EQ(sources[3].connector, "");
}

TEST(OmsJsonTest, WhatHoldsNoConnectorIsNotUnderstood) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  for (const std::string& text :
       {std::string("{}"), std::string("[]"), std::string("{\"sources\": {}}"), deep,
        std::string("{\"source\": {\"dbType\": \"mysql\"}")}) {
    try {
      ReadConnectors(text, "c.json");
      FAIL() << text.substr(0, 40);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
      EXPECT_THAT(error.message(), HasSubstr("c.json"));
    }
  }
}

}  // namespace
}  // namespace dbomsbak
