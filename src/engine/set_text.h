// Writes a set as SQL text, in plan order: definitions from the catalogue, rows as readers bring
// them.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/engine/dump.h"
#include "engine/chunk_handoff.h"
#include "engine/chunk_reader.h"
#include "engine/dump_set.h"
#include "engine/dump_text.h"
#include "engine/serial_observer.h"
#include "engine/text_assembler.h"
#include "engine/text_plan.h"
#include "engine/view_scaffold.h"

namespace dbomsbak {

// One thread writes; any may ask what is in hand. All references must outlive it.
class SetText {
 public:
  SetText(const DumpSet& set, const TextPlan& plan, const SnapshotRecord& snapshot,
          bool create_databases, bool add_drop_database, DumpFormat format, ChunkHandoff& handoff,
          TextAssembler& assembler, DumpCounters& counters, SerialObserver& observer);

  // All of the text but the last line of plain SQL. Returns early when the handoff is closed.
  void Write();
  std::string in_hand() const;  // the object being written, for progress

 private:
  void WriteSection(const TextPlan::Section& section);
  void WriteTable(const Table& table);
  std::string FilterOf(const Table& table) const;  // empty: all rows
  void WriteRows(const Table& table, ObjectRecord& record);
  void WriteStandIns(const Database& database);
  void WritePrograms(std::vector<StoredProgram> Database::*list);
  void WriteViews();
  void WriteBrokenViews();
  void WriteView(const View& view, const ViewScaffold& scaffold);
  // A definition block and its record.
  void AddBlock(const TextBlock& block, ObjectRecord record);
  // The record of an object whose definition is not wanted.
  void AddUndefined(ObjectRecord record);
  void AddObject(ObjectRecord record);
  void FillSlices(const TextBlock& block, const TextAssembler::Mark& mark, ObjectRecord& record);
  void Use(const Database& database);
  void Name(const std::string& object);

  const DumpSet& set_;
  const TextPlan& plan_;
  const SnapshotRecord& snapshot_;
  const bool create_databases_;
  const bool add_drop_database_;
  const DumpFormat format_;
  ChunkHandoff& handoff_;
  TextAssembler& assembler_;
  DumpCounters& counters_;
  SerialObserver& observer_;

  std::uint64_t next_chunk_ = 0;
  const Database* used_ = nullptr;  // by the text so far
  std::map<ObjectId, Slice> stand_ins_;

  mutable std::mutex mutex_;
  std::string in_hand_;
};

}  // namespace dbomsbak
