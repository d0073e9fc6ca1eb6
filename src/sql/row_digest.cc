#include "dbomsbak/sql/row_digest.h"

#include "dbomsbak/base/bytes.h"
#include "dbomsbak/base/error.h"

namespace dbomsbak {

void AppendCanonicalNull(std::string& row) { PutU32(row, 0xFFFFFFFF); }

void AppendCanonicalBytes(std::string_view bytes, std::string& row) {
  if (bytes.size() >= 0xFFFFFFFF) {
    throw Error(ErrorCode::kUnsupported, "a value of 4 GiB or more cannot be stored",
                "Leave its table out of the dump (--ignore-table).");
  }
  PutU32(row, static_cast<std::uint32_t>(bytes.size()));
  row += bytes;
}

}  // namespace dbomsbak
