#include "sql/canonical_row.h"

#include "unit/thrown.h"

namespace dbomsbak {
namespace {

TEST(CanonicalRowTest, AValueOfFourGibibytesIsRefused) {
  CanonicalRow row;
  ExpectTold(Thrown([&] { row.BeginCell(0xFFFFFFFF); }), ErrorCode::kUnsupported,
             "a value of 4 GiB or more cannot be stored", "", "(--ignore-table)");
}

}  // namespace
}  // namespace dbomsbak
