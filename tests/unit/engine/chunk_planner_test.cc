#include "engine/chunk_planner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace dbomsbak {
namespace {

// A server that holds the integers from 1 to 1000. Its plans are texts.
class TextPlanServer final : public Session {
 public:
  explicit TextPlanServer(bool tells_rows) : tells_rows_(tells_rows) {}
  std::vector<std::string> asked;

  void Execute(std::string_view) override {}
  ResultSet Query(std::string_view sql) override {
    asked.emplace_back(sql);
    const std::size_t above = sql.find("> ");
    const int low =
        above == std::string_view::npos ? 0 : std::stoi(std::string(sql.substr(above + 2)));
    if (sql.starts_with("EXPLAIN FORMAT=JSON") && tells_rows_) {
      const std::size_t below = sql.find("<= ");
      const int high =
          below == std::string_view::npos ? 1000 : std::stoi(std::string(sql.substr(below + 3)));
      return {
          {"Query Plan"},
          {{"{"}, {"  \"ID\":0,"}, {"  \"EST.ROWS\":" + std::to_string(high - low) + ","}, {"}"}}};
    }
    if (sql.starts_with("EXPLAIN")) return {{"Query Plan"}, {{"|0 |TABLE RANGE SCAN|"}}};
    if (sql.find("MIN(") != std::string_view::npos) return {{"a", "b"}, {{"1", "1000"}}};
    const std::size_t limit = sql.find("LIMIT ");
    const bool offset = sql.find(',', limit) != std::string_view::npos;
    const int row = low + 1 + (offset ? std::stoi(std::string(sql.substr(limit + 6))) : 0);
    if (row > 1000) return {{"id"}, {}};
    return {{"id"}, {{std::to_string(row)}}};
  }
  std::unique_ptr<RowStream> Stream(std::string_view, Protocol) override { return nullptr; }
  void LoadLocal(std::string_view, const std::function<std::string_view()>&) override {}
  std::uint64_t affected_rows() const override { return 0; }
  unsigned warning_count() const override { return 0; }
  std::uint64_t connection_id() const override { return 1; }
  std::string server_version() const override { return {}; }
  const std::string& description() const override { return description_; }

  std::size_t Asked(std::string_view words) const {
    return static_cast<std::size_t>(std::count_if(
        asked.begin(), asked.end(),
        [&](const std::string& sql) { return sql.find(words) != std::string::npos; }));
  }

 private:
  const bool tells_rows_;
  const std::string description_;
};

Table TableWithIntegerKey() {
  Table table;
  table.id = {"d", ObjectKind::kTable, "t"};
  Column column;
  column.name = "id";
  column.kind.value_class = ValueClass::kInteger;
  column.data_type = "bigint";
  table.columns = {column};
  table.unique_keys = {{"PRIMARY", {"id"}}};
  table.key_hint = "/*+ INDEX(`t` `PRIMARY`) */ ";
  table.size_unknown = true;
  return table;
}

constexpr std::size_t kTextOf64Rows = std::size_t{64} * 256;  // as long as nothing is learned

std::vector<std::string> Conditions(Session& server, const Table& table) {
  ChunkPlanner planner({{&table, "", false}}, kTextOf64Rows);
  std::vector<std::string> conditions;
  while (const auto chunk = planner.Next(server, false)) conditions.push_back(chunk->condition);
  return conditions;
}

TEST(ChunkPlanner, PlansThatTellNoRowsAreAskedForOnce) {
  const Table table = TableWithIntegerKey();
  TextPlanServer server(false);
  const std::vector<std::string> conditions = Conditions(server, table);
  ASSERT_EQ(conditions.size(), 16u);
  EXPECT_EQ(conditions.front(), "((`id` <= 64))");
  EXPECT_EQ(conditions.back(), "((`id` > 960))");
  EXPECT_EQ(server.Asked("EXPLAIN"), 2u);  // the usual one, and its JSON
  EXPECT_EQ(server.asked.size(), 2u + 16u);
  EXPECT_EQ(server.Asked("SELECT /*+ INDEX(`t` `PRIMARY`) */ "), server.asked.size());
}

TEST(ChunkPlanner, RowsThatAPlanTellsInItsTextSpareTheWalk) {
  const Table table = TableWithIntegerKey();
  TextPlanServer server(true);
  const std::vector<std::string> conditions = Conditions(server, table);
  ASSERT_EQ(conditions.size(), 16u);
  EXPECT_EQ(conditions.front(), "((`id` <= 64))");
  EXPECT_EQ(conditions[1], "((`id` > 64)) AND ((`id` <= 128))");
  EXPECT_EQ(conditions.back(), "((`id` > 960))");
  EXPECT_EQ(server.Asked("LIMIT 63,1"), 0u);
  // The table, 1, 2, 4 and 4 chunks, what is left of 4, and the last one; and the usual plan.
  EXPECT_EQ(server.Asked("EXPLAIN"), 1u + 7u);
  EXPECT_EQ(server.Asked("SELECT /*+ INDEX(`t` `PRIMARY`) */ "), server.asked.size());
}

TEST(ChunkPlanner, TableThatIsOneChunkBySizeIsAskedForThatAlone) {
  const Table table = TableWithIntegerKey();
  TextPlanServer server(true);
  ChunkPlanner planner({{&table, "", false}}, std::size_t{1000} * 256);
  const auto chunk = planner.Next(server, false);
  ASSERT_TRUE(chunk);
  EXPECT_EQ(chunk->condition, "");
  EXPECT_TRUE(chunk->last);
  EXPECT_EQ(server.asked.size(), 2u);  // EXPLAIN, and its JSON
}

TEST(ChunkPlanner, IntegerKeysOfAnySizeThereAndBack) {
  for (const char* text :
       {"0", "7", "-1", "-9223372036854775808", "9223372036854775807", "18446744073709551615"}) {
    EXPECT_EQ(ToText(ToWideInt(text)), text);
  }
  EXPECT_THROW(ToWideInt("1.5"), Error);
}

}  // namespace
}  // namespace dbomsbak
