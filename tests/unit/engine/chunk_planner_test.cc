#include "engine/chunk_planner.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace dbomsbak {
namespace {

// A server that holds the integers from 1 to 1000 and whose EXPLAIN is a drawing.
class DrawingServer final : public Session {
 public:
  std::vector<std::string> asked;

  void Execute(std::string_view) override {}
  ResultSet Query(std::string_view sql) override {
    asked.emplace_back(sql);
    if (sql.starts_with("EXPLAIN")) return {{"Query Plan"}, {{"|0 |TABLE RANGE SCAN|"}}};
    if (sql.find("MIN(") != std::string_view::npos) return {{"a", "b"}, {{"1", "1000"}}};
    const std::size_t above = sql.find("> ");
    const int low =
        above == std::string_view::npos ? 0 : std::stoi(std::string(sql.substr(above + 2)));
    const std::size_t limit = sql.find("LIMIT ");
    const bool offset = sql.find(',', limit) != std::string_view::npos;
    const int row = low + 1 + (offset ? std::stoi(std::string(sql.substr(limit + 6))) : 0);
    if (row > 1000) return {{"id"}, {}};
    return {{"id"}, {{std::to_string(row)}}};
  }
  std::unique_ptr<RowStream> Stream(std::string_view, Protocol) override { return nullptr; }
  std::uint64_t affected_rows() const override { return 0; }
  unsigned warning_count() const override { return 0; }
  std::uint64_t connection_id() const override { return 1; }
  std::string server_version() const override { return {}; }
  const std::string& description() const override { return description_; }

 private:
  const std::string description_;
};

TEST(ChunkPlanner, PlansThatTellNoRowsAreAskedForOnce) {
  Table table;
  table.id = {"d", ObjectKind::kTable, "t"};
  Column column;
  column.name = "id";
  column.kind.value_class = ValueClass::kInteger;
  column.data_type = "bigint";
  table.columns = {column};
  table.unique_keys = {{"PRIMARY", {"id"}}};
  table.key_hint = "/*+ INDEX(`t` `PRIMARY`) */ ";
  table.estimated_rows = 1000;
  table.size_unknown = true;
  ChunkPlanner planner({{&table, "", false}}, 64 * 16);
  DrawingServer server;
  std::vector<std::string> conditions;
  while (const auto chunk = planner.Next(server, false)) conditions.push_back(chunk->condition);
  ASSERT_EQ(conditions.size(), 16u);
  EXPECT_EQ(conditions.front(), "((`id` <= 64))");
  EXPECT_EQ(conditions.back(), "((`id` > 960))");
  std::size_t plans = 0;
  for (const std::string& sql : server.asked) {
    if (sql.starts_with("EXPLAIN")) {
      ++plans;
    } else {
      EXPECT_TRUE(sql.starts_with("SELECT /*+ INDEX(`t` `PRIMARY`) */ ")) << sql;
    }
  }
  EXPECT_EQ(plans, 1u);
  EXPECT_EQ(server.asked.size(), 3u + 16u);  // the ends, a start and a plan; then one a chunk
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
