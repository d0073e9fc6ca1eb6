// Proves what an archive's index says of its text.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/archive/archive_reader.h"
#include "dbomsbak/base/cancel.h"
#include "dbomsbak/engine/observer.h"
#include "dbomsbak/sql/row_digest.h"
#include "engine/job_board.h"

namespace dbomsbak {

// Two passes. ReadIndex() checks every record and keeps of each only where its slices lie;
// ProveText() reads each frame once, on several threads, and hands its pieces to who can judge
// them: definitions to their SHA-256, INSERTs to the parser that recomputes row digests, the rest
// to a search for statements that no object speaks for. Memory: some 100 bytes an object, and for
// each thread one frame and one block of the index.
class ArchiveVerifier {
 public:
  // All must outlive the verifier.
  ArchiveVerifier(const ArchiveReader& archive, Observer& observer, const CancelToken& cancel);
  ~ArchiveVerifier();

  void ReadIndex();
  void ProveText(unsigned jobs);
  // Row counts and digests found in the text against those of the index.
  void CompareTables();

 private:
  struct Worker;
  enum class What : std::uint8_t { kSchema, kStandIn, kData };

  // A slice by its place in the whole text, all frames laid end to end.
  struct Span {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::uint32_t object = 0;  // its number in the index
    What what = What::kSchema;
  };

  void CheckRecord(const ObjectRecord& object) const;
  void CheckTable(const ObjectRecord& table) const;
  void CheckDefinition(const ObjectRecord& object) const;
  void CheckDatabases(const std::vector<std::string>& found) const;
  void CheckCounts() const;
  void AddSlices(const ObjectRecord& object, std::uint32_t number);
  Span ToSpan(const ObjectRecord& object, const Slice& slice, std::uint32_t number,
              What what) const;
  void CheckDisjoint() const;

  void ProveFrame(std::uint64_t frame, std::string_view text, Worker& worker);
  void ProveDefinition(const Span& create, const ObjectRecord& object, std::string_view text) const;
  // How many they are, as far as they are counted.
  std::uint64_t ProveRows(const Span& data, const ObjectRecord& table, std::uint64_t frame,
                          std::uint64_t text_offset, std::string_view text);
  void ProveGap(std::uint64_t frame, std::uint64_t text_offset, std::string_view text) const;
  void Report(std::uint64_t frame);
  // The thread begins what `span` has of the frame; its table comes in parts, one a frame.
  void Take(std::size_t job, const Span& span, const ObjectRecord& table, std::uint64_t frame);
  std::uint64_t FrameAt(std::uint64_t place) const;  // in the whole text

  [[noreturn]] void Damaged(const std::string& object, std::string_view what) const;

  const ArchiveReader& archive_;
  Observer& observer_;
  const CancelToken& cancel_;

  std::vector<std::uint64_t> frame_begins_;  // in the whole text; one more than frames
  std::vector<Span> spans_;                  // schema, stand-in and data slices, by place
  std::vector<Span> creates_;                // create slices, by place
  std::optional<JobBoard> jobs_;             // one a thread
  std::uint64_t tables_ = 0, rows_ = 0, omitted_ = 0;

  std::mutex mutex_;                          // guards what follows
  std::map<std::uint32_t, RowDigest> found_;  // tables with rows, by number in the index
  Progress progress_;
};

}  // namespace dbomsbak
