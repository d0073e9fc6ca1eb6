#include "engine/restore_input.h"

#include <utility>

#include "engine/frame_memory.h"
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
    jobs = JobsWithin(archive_, jobs, max_memory_bytes);
    return ReadContent(archive_, jobs, observer, cancel);
  }

  std::map<std::uint32_t, std::string> LoadRows(const Load& load) override {
    RowLoader loader(load.sessions, load.traits, archive_, load.content, load.targets, load.done,
                     load.load_table, load.observer, load.cancel);
    loader.Run(load.jobs);
    return loader.warnings();
  }

 private:
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
