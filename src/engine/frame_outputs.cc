#include "engine/frame_outputs.h"

#include <utility>

namespace dbomsbak {
namespace {

// Of an ordinary frame: cut behind the statement that reaches the target.
constexpr std::size_t kUsualText = kFrameTextTarget + kInsertTextTarget + (std::size_t{64} << 10);

// A buffer that one giant row has blown up is not kept.
constexpr std::size_t kLargestSpare = 2 * kFrameTextTarget;

void Recycle(std::string& text) {
  text.clear();
  if (text.capacity() > kLargestSpare) text.shrink_to_fit();
}

}  // namespace

void OutputCounts::Add(const ObjectRecord& object) {
  ++objects;
  if (!object.omitted.empty()) {
    partial = true;
    return;
  }
  if (object.id.kind == ObjectKind::kTable) ++tables;
  rows += object.rows;
}

void ArchiveFrames::Start(TaskGroup& group, int level, unsigned compressors) {
  for (unsigned i = 0; i < compressors; ++i) {
    group.Start([this, level] { Compress(level); });
  }
  group.Start([this] { Write(); });
}

bool ArchiveFrames::HasRoom(std::size_t bytes) const {
  if (jobs_.empty() || buffers_ < 2) return true;
  // One buffer is in the assembler's hands, the others are frames on their way.
  return jobs_.size() + 1 < buffers_ && bytes_ + bytes <= buffers_ * kUsualText;
}

void ArchiveFrames::Put(std::string& text, std::vector<ObjectRecord>& objects) {
  std::unique_lock lock(mutex_);
  changed_room_.wait(lock, [&] { return closed_ || HasRoom(text.size()); });
  if (closed_) {
    text.clear();
    return;
  }
  const std::uint64_t number = next_number_++;
  Job& job = jobs_[number];
  bytes_ += text.size();
  job.text = std::move(text);
  job.objects = std::move(objects);
  to_compress_.push_back(number);
  changed_work_.notify_one();
  if (spare_.empty()) {
    text = std::string();
    text.reserve(kUsualText);
  } else {
    text = std::move(spare_.back());
    spare_.pop_back();
  }
  objects = {};
}

void ArchiveFrames::Finish() {
  std::lock_guard lock(mutex_);
  finished_ = true;
  changed_work_.notify_all();
  changed_written_.notify_all();
}

void ArchiveFrames::Close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  changed_work_.notify_all();
  changed_written_.notify_all();
  changed_room_.notify_all();
}

void ArchiveFrames::Compress(int level) {
  FrameCompressor compressor(level);
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_work_.wait(lock, [&] { return closed_ || finished_ || !to_compress_.empty(); });
    if (closed_ || to_compress_.empty()) return;
    const std::uint64_t number = to_compress_.front();
    to_compress_.pop_front();
    Job& job = jobs_[number];  // stays where it is until it is written
    if (!job.text.empty()) {
      const std::size_t text_bytes = job.text.size();
      lock.unlock();
      compressor.Pack(job.text);
      Recycle(job.text);
      job.frame = compressor.Take();
      lock.lock();
      if (job.text.capacity() > 0) spare_.push_back(std::exchange(job.text, {}));
      bytes_ += job.frame.stored.size();
      bytes_ -= text_bytes;
      changed_room_.notify_one();
    }
    job.compressed = true;
    if (number == next_write_) changed_written_.notify_one();
  }
}

void ArchiveFrames::Write() {
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto ready = [&] {
      const auto job = jobs_.find(next_write_);
      return job != jobs_.end() && job->second.compressed;
    };
    changed_written_.wait(
        lock, [&] { return closed_ || ready() || (finished_ && next_write_ == next_number_); });
    if (closed_ || !ready()) return;
    Job& job = jobs_[next_write_];
    lock.unlock();
    if (job.frame.text_size > 0) writer_.AppendFrame(job.frame);
    for (const ObjectRecord& object : job.objects) writer_.AddObject(object);
    lock.lock();
    bytes_ -= job.frame.stored.size();
    jobs_.erase(next_write_);
    ++next_write_;
    changed_room_.notify_one();
  }
}

void PlainFrames::Put(std::string& text, std::vector<ObjectRecord>& objects) {
  out_.Append(text);
  Recycle(text);
  for (const ObjectRecord& object : objects) counts_.Add(object);
  objects.clear();
}

}  // namespace dbomsbak
