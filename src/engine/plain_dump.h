// A plain dump of any program, packed or not, read from its first byte to its last.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "dbomsbak/base/cancel.h"
#include "dbomsbak/base/digest.h"
#include "dbomsbak/base/file.h"
#include "dbomsbak/engine/observer.h"
#include "dbomsbak/sql/dump_reader.h"

namespace dbomsbak {

struct PlainDumpOptions {
  std::string into;              // --into: the database of a dump that names none
  bool any_database = false;     // a dump that names none is of the database its head speaks of
  bool into_if_unnamed = false;  // a dump that names its databases passes `into` over
};

// A dump whose proof line holds is what was written, whatever its statements say.
enum class Judge { kStatements, kProofOrStatements };

struct PlainDump {
  std::string name;  // of the file
  DumpModel model;
  std::uint64_t text_bytes = 0;
  Sha256Digest sha256;  // of the text
  bool proved = false;  // by the proof line of our own plain dumps
  std::string why_not;
};

// Reads the whole text, checks it against the grammar of dumps, and its end. `each` is told every
// statement; it may be empty. Errors: kIncomplete, kDamaged, kUnsupported for what no dump holds,
// kUsage for a dump that names no database, kIo. Memory: its definitions, and one statement.
PlainDump ReadPlainDump(const std::shared_ptr<const RandomAccessFile>& file,
                        const PlainDumpOptions& options, Observer& observer,
                        const CancelToken& cancel, const DumpReader::Sink& each = {},
                        Judge judge = Judge::kStatements);

// The text in pieces, unpacked.
void ForEachTextPiece(const std::shared_ptr<const RandomAccessFile>& file,
                      const CancelToken& cancel,
                      const std::function<void(std::string_view)>& piece);

// Options of a reader for such a dump.
DumpReader::Options ReaderOptions(const std::string& name, const PlainDumpOptions& options);

}  // namespace dbomsbak
