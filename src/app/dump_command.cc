#include "dbomsbak/app/dump_command.h"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <utility>

#include "dbomsbak/base/error.h"
#include "dbomsbak/base/utc_time.h"
#include "dbomsbak/objects/object_files.h"

namespace dbomsbak {
namespace {

std::string SidecarOf(const std::string& path) { return path + ".sha256"; }

std::string NameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// What the dump is told to write to, in its envelope where it has one.
class WrappedOutput : public DumpOutput {
 public:
  explicit WrappedOutput(const DumpCommand& command) : command_(command) {}

  // The dump is complete. What `result` tells of its output is then that of what was written.
  void Finish(DumpResult& result) {
    if (!wrapped_) return;
    const EnvelopeWriter::Written written = wrapped_->Finish(
        NameOf(command_.target.path), command_.options.source_date_epoch.value_or(UtcNow()));
    result.output_sha256 = written.sha256;
    result.output_bytes = written.bytes;
    signature_ = written.signature;
  }

 protected:
  WritableFile& Wrap(WritableFile& out) {
    wrapped_.reset();
    if (!command_.envelope.any()) return out;
    return wrapped_.emplace(out, command_.envelope).file();
  }

  const DumpCommand& command_;
  std::string signature_;

 private:
  std::optional<EnvelopeWriter> wrapped_;
};

// Keeps the little that is written before the dump begins: one that never does writes nothing.
class HeldFile final : public WritableFile {
 public:
  explicit HeldFile(WritableFile& out) : out_(out) {}
  void Append(std::string_view bytes) override {
    if (begun_) {
      out_.Append(bytes);
    } else {
      held_ += bytes;
    }
  }
  void Sync() override { out_.Sync(); }
  void Close() override { out_.Close(); }
  const std::string& name() const override { return out_.name(); }

  void Begin() {
    begun_ = true;
    if (!held_.empty()) out_.Append(held_);
    held_.clear();
  }

 private:
  WritableFile& out_;
  bool begun_ = false;
  std::string held_;
};

class StandardOutput final : public WrappedOutput {
 public:
  // Wrapped now, as a passphrase takes its time, and a snapshot may hold locks.
  StandardOutput(WritableFile& out, const DumpCommand& command)
      : WrappedOutput(command), out_(out), file_(Wrap(out_)) {}

  WritableFile& Begin() override {
    if (std::exchange(begun_, true)) {
      throw Error(ErrorCode::kInternal, "a dump into a pipe cannot start over");
    }
    out_.Begin();
    return file_;
  }

 private:
  HeldFile out_;
  WritableFile& file_;
  bool begun_ = false;
};

// FILE and what stands beside it, all unpublished until Publish().
class PublishedOutput final : public WrappedOutput {
 public:
  PublishedOutput(FileSystem& files, const DumpCommand& command)
      : WrappedOutput(command), files_(files), path_(command.target.path) {
    Create();
  }
  ~PublishedOutput() override { Tell({}); }

  WritableFile& Begin() override {
    if (std::exchange(begun_, true)) Create();
    return *out_;
  }

  void Publish(const Sha256Digest& digest) {
    sidecar_->file().Append(Sha256SumLine(digest, path_));
    sidecar_->file().Sync();  // a full disk is noticed before the archive is published
    if (sign_file_) {
      sign_file_->file().Append(signature_);
      sign_file_->file().Sync();
    }
    // The archive first: until the second rename an older sidecar does not fit, which is noticed;
    // the other way round it would speak for a file that is not there.
    dump_->Commit();
    try {
      sidecar_->Commit();
      if (sign_file_) {
        sign_file_->Commit();
      } else if (files_.Exists(SignatureOf(path_))) {
        files_.Remove(SignatureOf(path_));  // of the file that was there before
      }
    } catch (Error& error) {
      error.set_hint(
          fmt::format("{}{}'{}' itself is there, and whole; what stands beside it may be missing, "
                      "or an older one's: dump it again with --overwrite.",
                      error.hint(), error.hint().empty() ? "" : " ", path_));
      throw;
    }
  }

 private:
  // While the files are not locked they may be another run's.
  void Create() {
    Tell({});
    dump_.reset();
    sidecar_.reset();
    sign_file_.reset();
    dump_ = std::make_unique<AtomicFile>(files_, path_, command_.overwrite);
    out_ =
        &Wrap(dump_->file());  // now, as a passphrase takes its time, and a snapshot may hold locks
    sidecar_ = std::make_unique<AtomicFile>(files_, SidecarOf(path_), command_.overwrite);
    if (!command_.overwrite && files_.Exists(SignatureOf(path_))) {
      throw Error(ErrorCode::kWouldOverwrite,
                  fmt::format("'{}' already exists", SignatureOf(path_)),
                  "Choose another name, or add --overwrite.")
          .About(SignatureOf(path_));
    }
    std::vector<std::string> own{path_ + ".partial", SidecarOf(path_) + ".partial"};
    if (command_.envelope.sign_key) {
      sign_file_ = std::make_unique<AtomicFile>(files_, SignatureOf(path_), command_.overwrite);
      own.push_back(SignatureOf(path_) + ".partial");
    }
    Tell(std::move(own));
  }
  void Tell(std::vector<std::string> own) {
    if (command_.own_files) command_.own_files(std::move(own));
  }

  FileSystem& files_;
  const std::string path_;
  std::unique_ptr<AtomicFile> dump_;
  WritableFile* out_ = nullptr;
  std::unique_ptr<AtomicFile> sidecar_;
  std::unique_ptr<AtomicFile> sign_file_;
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
  StandardOutput output(standard_output, command);
  DumpResult result = RunDump(sessions, options, command.target.format, output, observer, cancel);
  output.Finish(result);
  return result;
}

DumpResult RunDumpToFile(SessionFactory& sessions, FileSystem& files, const DumpCommand& command,
                         Observer& observer, const CancelToken& cancel) {
  PublishedOutput output(files, command);
  DumpOptions options = command.options;
  if (IsObjectPath(command.target.path)) {
    options.largest_output_bytes = LargestObject(options.max_memory_bytes);
    options.max_memory_bytes =
        MemoryBeside(WritingBytes(options.max_memory_bytes), options.max_memory_bytes);
  }
  DumpResult result = RunDump(sessions, options, command.target.format, output, observer, cancel);
  output.Finish(result);
  if (command.before_publishing) command.before_publishing();
  cancel.ThrowIfCancelled();
  output.Publish(result.output_sha256);
  return result;
}

}  // namespace dbomsbak
