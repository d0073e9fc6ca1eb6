#include "dbomsbak/app/dump_command.h"

#include <memory>
#include <utility>

#include "dbomsbak/base/error.h"

namespace dbomsbak {
namespace {

std::string SidecarOf(const std::string& path) { return path + ".sha256"; }

class StandardOutput final : public DumpOutput {
 public:
  explicit StandardOutput(WritableFile& out) : out_(out) {}

  WritableFile& Begin() override {
    if (std::exchange(begun_, true)) {
      throw Error(ErrorCode::kNoSnapshot, "a dump into a pipe cannot start over",
                  "Run it again, or write to a file with -o.");
    }
    return out_;
  }

 private:
  WritableFile& out_;
  bool begun_ = false;
};

// FILE and FILE.sha256, both unpublished until Publish().
class PublishedOutput final : public DumpOutput {
 public:
  PublishedOutput(FileSystem& files, const DumpCommand& command)
      : files_(files), path_(command.target.path), command_(command) {
    Create();
  }
  ~PublishedOutput() override { Tell({}); }

  WritableFile& Begin() override {
    if (std::exchange(begun_, true)) Create();
    return dump_->file();
  }

  void Publish(const Sha256Digest& digest) {
    sidecar_->file().Append(Sha256SumLine(digest, path_));
    sidecar_->file().Sync();  // a full disk is noticed before the archive is published
    // The archive first: until the second rename an older sidecar does not fit, which is noticed;
    // the other way round it would speak for a file that is not there.
    dump_->Commit();
    sidecar_->Commit();
  }

 private:
  // While the files are not locked they may be another run's.
  void Create() {
    Tell({});
    dump_.reset();
    sidecar_.reset();
    dump_ = std::make_unique<AtomicFile>(files_, path_, command_.overwrite);
    sidecar_ = std::make_unique<AtomicFile>(files_, SidecarOf(path_), command_.overwrite);
    Tell({path_ + ".partial", SidecarOf(path_) + ".partial"});
  }
  void Tell(std::vector<std::string> own) {
    if (command_.own_files) command_.own_files(std::move(own));
  }

  FileSystem& files_;
  const std::string path_;
  const DumpCommand& command_;
  std::unique_ptr<AtomicFile> dump_;
  std::unique_ptr<AtomicFile> sidecar_;
  bool begun_ = false;
};

}  // namespace

DumpResult RunDumpCommand(SessionFactory& sessions, FileSystem& files,
                          WritableFile& standard_output, const DumpCommand& command,
                          Observer& observer, const CancelToken& cancel) {
  if (!command.target.to_stdout) {
    return RunDumpToFile(sessions, files, command, observer, cancel);
  }
  DumpOptions options = command.options;
  options.may_restart = false;
  StandardOutput output(standard_output);
  return RunDump(sessions, options, command.target.format, output, observer, cancel);
}

DumpResult RunDumpToFile(SessionFactory& sessions, FileSystem& files, const DumpCommand& command,
                         Observer& observer, const CancelToken& cancel) {
  PublishedOutput output(files, command);
  DumpResult result =
      RunDump(sessions, command.options, command.target.format, output, observer, cancel);
  if (command.before_publishing) command.before_publishing();
  cancel.ThrowIfCancelled();
  output.Publish(result.output_sha256);
  return result;
}

}  // namespace dbomsbak
