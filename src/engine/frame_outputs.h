// Where the assembled text ends up: compressed into an archive, or written as it is.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "dbomsbak/archive/archive_writer.h"
#include "dbomsbak/base/digest.h"
#include "dbomsbak/base/file.h"
#include "dbomsbak/base/hashing_file.h"
#include "dbomsbak/base/task_group.h"
#include "engine/text_assembler.h"

namespace dbomsbak {

// Counts of what went by: the footer's, whatever the output.
struct OutputCounts {
  std::uint64_t objects = 0, tables = 0, rows = 0;
  bool partial = false;
  void Add(const ObjectRecord& object);
};

// Compressors on threads of `group`, and one that writes frames in their order. `writer` and
// `group` must outlive it; the group's on_error must call Close().
class ArchiveFrames final : public FrameSink {
 public:
  // At most `buffers` frames are on their way at any time, and no more bytes than so many usual
  // ones have: giant ones go alone.
  ArchiveFrames(ArchiveWriter& writer, unsigned buffers) : writer_(writer), buffers_(buffers) {}
  void Start(TaskGroup& group, int level, unsigned compressors);

  // The assembler's thread. Returns early when closed.
  void Put(std::string& text, std::vector<ObjectRecord>& objects) override;
  // No more frames: what is on its way is still written. Any thread.
  void Finish();
  // Give up; what waits is dropped. Any thread.
  void Close();

 private:
  struct Job {
    std::string text;  // until it is compressed
    std::vector<ObjectRecord> objects;
    CompressedFrame frame;
    bool compressed = false;
  };

  bool HasRoom(std::size_t bytes) const;
  void Compress(int level);
  void Write();

  ArchiveWriter& writer_;
  std::mutex mutex_;
  std::condition_variable changed_work_;     // a frame to compress, or the end
  std::condition_variable changed_written_;  // a frame to write, or the end
  std::condition_variable changed_room_;
  std::map<std::uint64_t, Job> jobs_;  // by frame, until written
  std::deque<std::uint64_t> to_compress_;
  std::vector<std::string> spare_;
  std::uint64_t next_number_ = 0;
  std::uint64_t next_write_ = 0;
  std::size_t bytes_ = 0;  // of texts, and of frames that wait to be written
  const unsigned buffers_;
  bool finished_ = false;
  bool closed_ = false;
};

// Text written by the assembler's own thread.
class PlainFrames final : public FrameSink {
 public:
  explicit PlainFrames(WritableFile& out) : out_(out) {}
  void Put(std::string& text, std::vector<ObjectRecord>& objects) override;
  const OutputCounts& counts() const { return counts_; }

 private:
  WritableFile& out_;
  OutputCounts counts_;
};

}  // namespace dbomsbak
