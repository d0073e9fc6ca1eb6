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
  PublishedOutput(FileSystem& files, std::string path, bool overwrite)
      : files_(files), path_(std::move(path)), overwrite_(overwrite) {
    Create();
  }

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
  void Create() {
    dump_.reset();
    sidecar_.reset();
    dump_ = std::make_unique<AtomicFile>(files_, path_, overwrite_);
    sidecar_ = std::make_unique<AtomicFile>(files_, SidecarOf(path_), overwrite_);
  }

  FileSystem& files_;
  const std::string path_;
  const bool overwrite_;
  std::unique_ptr<AtomicFile> dump_;
  std::unique_ptr<AtomicFile> sidecar_;
  bool begun_ = false;
};

}  // namespace

std::vector<std::string> UnpublishedFilesOf(const OutputTarget& target) {
  if (target.to_stdout) return {};
  return {target.path + ".partial", SidecarOf(target.path) + ".partial"};
}

DumpResult RunDumpCommand(SessionFactory& sessions, FileSystem& files,
                          WritableFile& standard_output, const DumpCommand& command,
                          Observer& observer, const CancelToken& cancel) {
  DumpOptions options = command.options;
  if (command.target.to_stdout) {
    options.may_restart = false;
    StandardOutput output(standard_output);
    return RunDump(sessions, options, command.target.format, output, observer, cancel);
  }
  PublishedOutput output(files, command.target.path, command.overwrite);
  DumpResult result = RunDump(sessions, options, command.target.format, output, observer, cancel);
  if (command.before_publishing) command.before_publishing();
  cancel.ThrowIfCancelled();
  output.Publish(result.output_sha256);
  return result;
}

}  // namespace dbomsbak
