// What the files of a restore hold, read once and checked, as restore needs it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/archive/archive_reader.h"
#include "dbomsbak/base/cancel.h"
#include "dbomsbak/engine/observer.h"
#include "dbomsbak/engine/restore.h"
#include "engine/foreign_key_lines.h"
#include "engine/load_units.h"

namespace dbomsbak {

struct ContentObject {
  ObjectRecord record;
  std::string create;                   // the CREATE statement
  std::string restart;                  // sequences: the statement that gives it its value
  std::uint64_t largest_statement = 0;  // tables: bytes of the longest INSERT
  // Tables: foreign keys to tables of the set that do not come along. They stand in `create`, but
  // not in staging, where they would bind those that are live: the window adds them. With their
  // parents' databases as they are called in the files.
  std::vector<ForeignKeyLine> keys_to_staying;

  std::string StagedCreate() const;  // `create` without these
};

// What one file tells of its own databases.
struct ContentSource {
  std::string name;  // of the file
  HeaderRecord header;
  std::string digest;  // hex
  bool partial = false;
  // A plain dump: kinds of columns and row digests are not known, definitions are as far as its
  // text tells. A unit is then a run of INSERTs, numbered in its `frame`.
  bool plain = false;
  std::size_t first_unit = 0, unit_count = 0;  // in RestoreContent::units
};

// Filled once, then only read.
struct RestoreContent {
  // Never empty. No two of them hold the same database.
  std::vector<ContentSource> sources = std::vector<ContentSource>(1);
  std::string root_digest;  // hex; of several files one that does not depend on their order
  std::uint64_t rows = 0;
  std::uint64_t text_bytes = 0;

  // In order of name in each source, views apart.
  std::vector<ContentObject> databases;
  std::vector<ContentObject> sequences;
  std::vector<ContentObject> tables;
  std::vector<ContentObject> views;  // a view stands after those of its file it is built on
  std::vector<ContentObject> routines;
  std::vector<ContentObject> triggers;  // in the order they must be created in
  std::vector<ContentObject> events;
  std::vector<ObjectRecord> omitted;  // in scope, but not in the archive

  std::vector<LoadUnit> units;     // by source, by frame, then by offset
  std::vector<std::string> notes;  // what a plan shall warn of

  ContentChoice chosen;     // databases of which only these tables were asked for
  bool keep_extra = false;  // what is not in `known` stays
  std::set<ObjectId> known;

  std::vector<std::string> Databases() const;  // as they are called in the files, sorted
  // The file that holds it; the first when none says so.
  const ContentSource& SourceOf(const std::string& database) const;

  // Of the tables whose load units are this source's.
  std::uint64_t RowsOf(const ContentSource& source) const;

  // The tables, views and sequences that are spoken for where that is not the whole database.
  std::optional<std::vector<std::string>> OnlyOf(const std::string& database) const;

  // Does the archive speak for this object? Restore is exact for those, and touches no other.
  // `table` is the table a trigger stands on.
  bool Covers(const ObjectId& id, const std::string& table = {}) const;

  std::set<std::string> Definers() const;  // user@host
};

// What footer and header tell.
ContentSource SourceOf(const ArchiveReader& archive);

// Reads the whole archive: every frame against its digest, every INSERT against the one form there
// is, every definition against its digest. Memory: definitions, and two frames a job.
// Errors: kDamaged, kUnsupported for an archive without definitions.
// With a `choice` the same of what is chosen; frames that hold nothing of it are not read.
RestoreContent ReadContent(const ArchiveReader& archive, const ContentChoice& choice, unsigned jobs,
                           Observer& observer, const CancelToken& cancel);

}  // namespace dbomsbak
