#include "engine/restore_input.h"

#include <fmt/format.h>

#include <utility>

#include "dbomsbak/archive/text_source.h"
#include "dbomsbak/base/error.h"
#include "engine/frame_memory.h"
#include "engine/plain_content.h"
#include "engine/plain_row_loader.h"
#include "engine/restore_choice.h"

namespace dbomsbak {
namespace {

class FromArchive final : public RestoreInput {
 public:
  explicit FromArchive(ArchiveReader archive) : archive_(std::move(archive)) {}

  const std::string& name() const override { return archive_.name(); }

  std::optional<ContentSource> Head() const override { return SourceOf(archive_); }

  RestoreContent Read(const ContentChoice& choice, unsigned& jobs, std::size_t max_memory_bytes,
                      Observer& observer, const CancelToken& cancel) override {
    jobs = JobsWithin(archive_, jobs, max_memory_bytes);
    return ReadContent(archive_, choice, jobs, observer, cancel);
  }

  std::map<std::uint32_t, std::string> LoadRows(const Load& load) override {
    RowLoader loader(load.sessions, load.traits, archive_, load.content, load.source, load.targets,
                     load.done, load.load_table, load.observer, load.cancel);
    loader.Run(load.jobs, load.proof);
    return loader.warnings();
  }

 private:
  const ArchiveReader archive_;
};

class FromPlainDump final : public RestoreInput {
 public:
  FromPlainDump(std::shared_ptr<const RandomAccessFile> file, PlainDumpOptions options)
      : file_(std::move(file)), options_(std::move(options)) {}

  const std::string& name() const override { return file_->name(); }

  std::optional<ContentSource> Head() const override { return std::nullopt; }

  RestoreContent Read(const ContentChoice& choice, unsigned&, std::size_t max_memory_bytes,
                      Observer& observer, const CancelToken& cancel) override {
    max_memory_bytes_ = max_memory_bytes;
    RestoreContent content = ReadPlainContent(file_, options_, observer, cancel);
    Choose(choice, content);
    return content;
  }

  // A quarter for what waits: a statement is held three times more, where it is cut out, sent, and
  // in the client library.
  std::map<std::uint32_t, std::string> LoadRows(const Load& load) override {
    PlainRowLoader loader(load.sessions, load.traits, file_, options_, load.content, load.source,
                          load.targets, load.done, load.load_table, max_memory_bytes_ / 4,
                          load.observer, load.cancel);
    loader.Run(load.jobs);
    return loader.warnings();
  }

 private:
  const std::shared_ptr<const RandomAccessFile> file_;
  const PlainDumpOptions options_;
  std::size_t max_memory_bytes_ = 0;
};

}  // namespace

std::optional<ArchiveReader> OpenUnlessPlain(const std::shared_ptr<const RandomAccessFile>& file,
                                             const std::string& into) {
  if (LooksLikeUnpacked(file) == FileKind::kPlainSql) return std::nullopt;
  ArchiveReader archive = ArchiveReader::Open(file);
  if (!into.empty()) {
    throw Error(ErrorCode::kUsage,
                fmt::format("'{}' is an archive, which knows its databases", file->name()),
                "--into is for plain dumps that name none; leave it out.");
  }
  return archive;
}

std::unique_ptr<RestoreInput> OpenInput(const std::shared_ptr<const RandomAccessFile>& file,
                                        const std::string& into, bool into_if_unnamed) {
  if (auto archive = OpenUnlessPlain(file, into_if_unnamed ? std::string() : into)) {
    return std::make_unique<FromArchive>(*std::move(archive));
  }
  PlainDumpOptions options;
  options.into = into;
  options.into_if_unnamed = into_if_unnamed;
  return std::make_unique<FromPlainDump>(file, std::move(options));
}

}  // namespace dbomsbak
