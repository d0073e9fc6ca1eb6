// Header and objects of an archive as JSON text: what is read and written reads back the same.
#include "dbomsbak/archive/records_json.h"
#include "dbomsbak/base/error.h"
#include "fuzz/fuzz.h"

namespace dbomsbak {
namespace {

template <typename Record>
void ReadAndWrite(std::optional<Record> (*read)(std::string_view), std::string_view text) {
  const std::optional<Record> record = read(text);
  if (!record) return;
  const std::string written = ToJson(*record);  // its text was UTF-8: JSON is
  const std::optional<Record> again = read(written);
  fuzz::Require(again.has_value(), "what is written can be read: " + written);
  fuzz::Require(ToJson(*again) == written, "and is the same: " + written);
  fuzz::Require(written.find('\n') == std::string::npos, "a record is one line");
}

}  // namespace

DBOMSBAK_FUZZ_TARGET(text) {
  ReadAndWrite(&HeaderFromJson, text);
  ReadAndWrite(&ObjectFromJson, text);
}

}  // namespace dbomsbak
