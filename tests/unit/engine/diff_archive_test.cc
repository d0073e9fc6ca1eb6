#include <gtest/gtest.h>

#include "engine/diff_source.h"
#include "support/sample_archive.h"
#include "unit/thrown.h"

namespace dbomsbak {
namespace {

// `change` is done to the record of a table `t` with one column.
template <typename Change, typename Act>
void ExpectDamage(const std::string& message, Change change, Act act) {
  SampleArchive sample(SampleHeader({"d"}));
  sample.AddPreamble(R"(["d"])", false);
  sample.AddDatabase("d");
  change(sample.AddTable("d", "t", "CREATE TABLE `t` (`a` int)", {{"a", "int"}}, {{"1"}}));
  sample.AddEnd();
  const ArchiveReader archive = ArchiveReader::Open(InMemory(sample.Build()));
  const auto source = ArchiveToDiff(archive);
  TableToCompare table;
  for (const ObjectRecord& record : source->objects()) {
    if (record.id.name == "t") table.archived = &record;
  }
  ExpectError(ErrorCode::kDamaged, message, "Run verify", [&] { act(*source, table); });
}

TEST(DiffArchiveTest, ADigestThatIsNoneIsDamage) {
  ExpectDamage(
      "'memory': the row digest of table `d`.`t` is none",
      [](ObjectRecord& table) { table.row_digest->value = "no number"; },
      [](const DiffSource& source, TableToCompare& table) {
        TableToCompare* const tables[] = {&table};
        source.DigestRows(tables, CancelToken());
      });
}

TEST(DiffArchiveTest, AKindOfColumnThatIsNotKnownIsDamage) {
  ExpectDamage(
      "'memory': table `d`.`t` has a column of a kind not known here, quaternion",
      [](ObjectRecord& table) { table.columns[0].kind = "quaternion"; },
      [](const DiffSource& source, TableToCompare& table) {
        source.ForEachRow(
            table, {0}, [](const ParsedRow&) {}, CancelToken());
      });
}

}  // namespace
}  // namespace dbomsbak
