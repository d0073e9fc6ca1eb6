// What differs between an archive, or a plain dump, and live databases.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dbomsbak/archive/records.h"
#include "dbomsbak/base/cancel.h"
#include "dbomsbak/base/file.h"
#include "dbomsbak/engine/observer.h"
#include "dbomsbak/transport/session.h"

namespace dbomsbak {

struct DiffOptions {
  unsigned jobs = 0;  // reading sessions; 0: one a core
  // For frames of an archive while they are hashed: fewer at a time where they exceed it.
  std::size_t max_memory_bytes = std::size_t{96} << 20;
  unsigned lock_wait_s = 5;
  unsigned lock_tries = 10;
  std::size_t rows = 0;  // differing keys that are named, for each table and kind; 0: none
  std::vector<std::pair<std::string, std::string>> only;  // database and table; empty: all
};

// Rows of a table, by count and digest.
struct RowsDiff {
  enum class Verdict { kEqual, kDiffer, kNotComparable, kNotCompared };
  Verdict verdict = Verdict::kNotCompared;
  std::uint64_t archived = 0, live = 0;  // how many
  std::string archived_digest, live_digest;
};

// Which rows differ, by the key of the table, or by all of their values where it has none. Keys are
// lists of SQL literals, shortened where they are long.
struct DifferingKeys {
  std::vector<std::string> key;  // names of its columns; empty: all
  std::vector<std::string> only_archived, only_live, changed;
  // How many there are; of a large table with many differences, among those rows that were looked
  // at.
  std::uint64_t only_archived_count = 0, only_live_count = 0, changed_count = 0;
  bool complete = true;  // all rows were looked at
};

enum class ObjectVerdict { kEqual, kMissing, kExtra, kDiffers, kNotComparable };

// "equal", "missing" (live), "extra" (live), "differs", "not-comparable"
std::string_view ToString(ObjectVerdict verdict) noexcept;
// "equal", "differ", "not-comparable", "not-compared"
std::string_view ToString(RowsDiff::Verdict verdict) noexcept;

struct ObjectDiff {
  ObjectId id;
  ObjectVerdict verdict = ObjectVerdict::kEqual;
  bool definition_differs = false;
  std::string definition;             // unified diff, from the archive's to the live one
  RowsDiff rows;                      // tables that are in both
  std::optional<DifferingKeys> keys;  // where they were asked for and rows differ
  std::vector<std::string> reasons;   // why something could not be compared
  std::vector<std::string> notes;     // what changes by itself, and is no difference

  bool WorthTelling() const {
    return verdict != ObjectVerdict::kEqual || !reasons.empty() || !notes.empty();
  }
};

struct DiffReport {
  std::vector<std::string> databases;
  std::string server;         // "root@127.0.0.1:3306"
  SnapshotRecord snapshot;    // of the live side; empty when no database is there
  std::uint64_t objects = 0;  // that were compared, in either
  std::uint64_t rows = 0;     // live, read
  std::uint64_t missing = 0, extra = 0, differing = 0, not_comparable = 0;
  std::vector<ObjectDiff> found;   // those worth telling; by database, kind, name
  std::vector<std::string> notes;  // what of the file or the server was left aside

  bool Differs() const { return missing + extra + differing > 0; }
};

// `file`: an archive or a plain dump. Reads the live databases once, by `jobs` sessions, at one
// consistent snapshot. With `rows`, tables whose rows differ are read twice more on both sides.
// Nothing is written anywhere. Memory is bounded, whatever the tables' size.
// An archive's frames are all hashed before the server is asked anything; then its index tells, and
// frames where definitions differ. A filtered one is compared within its filters.
// A plain dump, of whatever program, may be packed by gzip or zstd. Definitions are compared as far
// as its text tells; its text is read once more for all rows, and with `rows` once or twice more
// for each table whose rows differ. `into`: the database of a dump that names none.
// Errors: as RunDump; kUsage for tables of `only` that the file does not speak for. Before the
// server is asked anything: kDamaged, kIncomplete, kUnsupported for statements that no dump holds,
// kUsage where `into` is missing or too much.
DiffReport RunDiff(SessionFactory& sessions, const std::shared_ptr<const RandomAccessFile>& file,
                   const std::string& into, const DiffOptions& options, Observer& observer,
                   const CancelToken& cancel);

}  // namespace dbomsbak
