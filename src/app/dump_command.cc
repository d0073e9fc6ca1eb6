#include "dbomsbak/app/dump_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "dbomsbak/catalog/catalog.h"
#include "dbomsbak/sql/quote.h"

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

// `dump db t1` is how mysqldump names tables. Finds such a word among the databases.
std::optional<Error> TableNamedAsDatabase(SessionFactory& sessions,
                                          const std::vector<std::string>& databases) try {
  const auto session = sessions.Connect();
  const std::vector<std::string> names = ListDatabases(*session);
  const std::set<std::string> known(names.begin(), names.end());
  for (const std::string& word : databases) {
    if (known.contains(word)) continue;
    for (const std::string& database : databases) {
      if (!known.contains(database)) continue;
      const auto found = session->QueryValue(fmt::format(
          "SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = {} AND TABLE_NAME = {}",
          QuoteString(database), QuoteString(word)));
      if (!found) continue;
      Error error(ErrorCode::kUsage,
                  fmt::format("there is no database {}, but a table of that name in {}",
                              QuoteIdentifier(word), QuoteIdentifier(database)),
                  fmt::format("Did you mean 'dump --only {}.{}'? Arguments are databases.",
                              database, word));
      error.About(word);
      return error;
    }
  }
  return std::nullopt;
} catch (const Error&) {
  return std::nullopt;  // the first error says enough
}

}  // namespace

std::vector<std::string> UnpublishedFilesOf(const OutputTarget& target) {
  if (target.to_stdout) return {};
  return {target.path + ".partial", SidecarOf(target.path) + ".partial"};
}

DumpResult RunDumpCommand(SessionFactory& sessions, FileSystem& files,
                          WritableFile& standard_output, const DumpCommand& command,
                          Observer& observer, const CancelToken& cancel) {
  DumpOptions options = command.options;
  const auto run = [&](DumpOutput& output) {
    try {
      return RunDump(sessions, options, command.target.format, output, observer, cancel);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kUsage || options.scope.databases.size() < 2) throw;
      if (auto question = TableNamedAsDatabase(sessions, options.scope.databases)) throw *question;
      throw;
    }
  };

  if (command.target.to_stdout) {
    options.may_restart = false;
    StandardOutput output(standard_output);
    return run(output);
  }
  PublishedOutput output(files, command.target.path, command.overwrite);
  DumpResult result = run(output);
  cancel.ThrowIfCancelled();
  output.Publish(result.output_sha256);
  return result;
}

}  // namespace dbomsbak
