// What a plain dump holds, and parts of its text, without a server.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dbomsbak/archive/records.h"
#include "dbomsbak/base/cancel.h"
#include "dbomsbak/base/file.h"
#include "dbomsbak/engine/text_piece.h"

namespace dbomsbak {

struct PlainSummary {
  HeaderRecord header;  // program, server, scope: as far as the dump tells them
  std::vector<ObjectRecord> objects;
  std::uint64_t tables = 0, rows = 0, text_bytes = 0;
  bool proved = false;  // by a proof line of ours
};

// Reads the whole dump. Errors: kIncomplete, kDamaged, kUnsupported for what no dump holds, kIo.
PlainSummary SummarizePlainDump(const std::shared_ptr<const RandomAccessFile>& file,
                                const CancelToken& cancel);

struct PlainTextPart {
  // Database and object name, which is empty for all of the database; none: everything.
  std::vector<std::pair<std::string, std::string>> only;
  bool schema = true;  // definitions
  bool data = true;    // rows
};

// The unpacked text byte for byte, in pieces of no object that are cut between lines where that is
// possible and never within a character; or, of a part, its statements with the settings they stand
// under. Errors: kUsage for an object that the dump does not hold, at the end of its text; as
// above.
void WritePlainText(const std::shared_ptr<const RandomAccessFile>& file, const PlainTextPart& part,
                    const TextSink& out, const CancelToken& cancel);

}  // namespace dbomsbak
