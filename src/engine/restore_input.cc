#include "engine/restore_input.h"

#include <algorithm>
#include <utility>

#include "engine/plain_content.h"
#include "engine/plain_row_loader.h"

namespace dbomsbak {
namespace {

class FromArchive final : public RestoreInput {
 public:
  explicit FromArchive(const ArchiveReader& archive) : archive_(archive) {}

  const std::string& name() const override { return archive_.name(); }

  RestoreContent Read(unsigned& jobs, std::size_t max_memory_bytes, Observer& observer,
                      const CancelToken& cancel) override {
    BoundJobs(jobs, max_memory_bytes);
    return ReadContent(archive_, jobs, observer, cancel);
  }

  std::map<std::uint32_t, std::string> LoadRows(const Load& load) override {
    RowLoader loader(load.sessions, load.traits, archive_, load.content, load.targets, load.done,
                     load.load_table, load.observer, load.cancel);
    loader.Run(load.jobs);
    return loader.warnings();
  }

 private:
  // Each job holds a frame, stored and as text, and the client library's buffers.
  void BoundJobs(unsigned& jobs, std::size_t max_memory_bytes) const {
    constexpr std::uint64_t kBase = std::uint64_t{16} << 20;  // definitions, plan, the program
    constexpr std::uint64_t kSession = std::uint64_t{1} << 20;
    std::uint64_t largest = 0;
    for (std::uint64_t i = 0; i < archive_.frame_count(); ++i) {
      const FrameRecord frame = archive_.frame(i);
      largest = std::max(largest, std::uint64_t{frame.text_size} + frame.stored_size);
    }
    const std::uint64_t room =
        max_memory_bytes > kBase ? max_memory_bytes - kBase : max_memory_bytes / 2;
    const std::uint64_t most = std::max<std::uint64_t>(1, room / (largest + kSession));
    jobs = static_cast<unsigned>(std::min<std::uint64_t>(jobs, most));
  }

  const ArchiveReader& archive_;
};

class FromPlainDump final : public RestoreInput {
 public:
  FromPlainDump(std::shared_ptr<const RandomAccessFile> file, std::string into)
      : file_(std::move(file)), options_{std::move(into), false} {}

  const std::string& name() const override { return file_->name(); }

  RestoreContent Read(unsigned&, std::size_t max_memory_bytes, Observer& observer,
                      const CancelToken& cancel) override {
    max_memory_bytes_ = max_memory_bytes;
    return ReadPlainContent(file_, options_, observer, cancel);
  }

  // A quarter for what waits: a statement is held three times more, where it is cut out, sent, and
  // in the client library.
  std::map<std::uint32_t, std::string> LoadRows(const Load& load) override {
    PlainRowLoader loader(load.sessions, load.traits, file_, options_, load.content, load.targets,
                          load.done, load.load_table, max_memory_bytes_ / 4, load.observer,
                          load.cancel);
    loader.Run(load.jobs);
    return loader.warnings();
  }

 private:
  const std::shared_ptr<const RandomAccessFile> file_;
  const PlainDumpOptions options_;
  std::size_t max_memory_bytes_ = 0;
};

}  // namespace

std::unique_ptr<RestoreInput> ArchiveInput(const ArchiveReader& archive) {
  return std::make_unique<FromArchive>(archive);
}

std::unique_ptr<RestoreInput> PlainDumpInput(std::shared_ptr<const RandomAccessFile> file,
                                             std::string into) {
  return std::make_unique<FromPlainDump>(std::move(file), std::move(into));
}

}  // namespace dbomsbak
