#include "dbomsbak/base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/uninterrupted.h"
#include "dbomsbak/base/errno_hint.h"
#include "dbomsbak/base/error.h"

namespace dbomsbak {
namespace {

[[noreturn]] void ThrowErrno(int error_number, std::string_view doing, const std::string& path) {
  std::string hint;
  switch (error_number) {
    case EACCES:
    case EPERM:
      hint = "Check the permissions of the file and of its folder.";
      break;
    case ENOENT:
      hint = "Check the path.";
      break;
    case EPIPE:
      hint = "The program reading the output has gone away.";
      break;
    case ENOLCK:
    case ENOTSUP:
      hint = "The file system must know locks.";
      break;
    case ENXIO:
      hint = "It is a socket, or a device that is not there: name a file.";
      break;
    default:
      hint = HintOfErrno(error_number, "Check the path, and what the name stands for.");
      break;
  }
  throw Error(ErrorCode::kIo,
              fmt::format("cannot {} '{}': {}", doing, path, std::strerror(error_number)),
              std::move(hint))
      .About(path);
}

std::string FolderOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

class Descriptor {
 public:
  explicit Descriptor(int value) noexcept : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(Descriptor&& other) noexcept : value_(other.Release()) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const noexcept { return value_; }
  int Release() noexcept { return std::exchange(value_, -1); }

 private:
  int value_;
};

class PosixWritableFile final : public WritableFile {
 public:
  PosixWritableFile(int descriptor, std::string name, bool owned)
      : descriptor_(descriptor), name_(std::move(name)), owned_(owned) {}
  ~PosixWritableFile() override {
    if (owned_ && descriptor_ >= 0) ::close(descriptor_);
  }

  void Append(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t count =
          Uninterrupted([&] { return ::write(descriptor_, bytes.data(), bytes.size()); });
      if (count < 0) ThrowErrno(errno, "write to", name_);
      bytes.remove_prefix(static_cast<std::size_t>(count));
      StartWriteback(static_cast<std::size_t>(count));
    }
  }

  void Sync() override {
    // Pipes and terminals answer EINVAL: there is nothing to sync.
    if (Uninterrupted([&] { return ::fsync(descriptor_); }) != 0 && errno != EINVAL &&
        errno != EROFS && errno != ENOTSUP) {
      ThrowErrno(errno, "sync", name_);
    }
  }

  void Close() override {
    if (!owned_) return;
    const int descriptor = std::exchange(descriptor_, -1);
    if (::close(descriptor) != 0 && errno != EINTR) ThrowErrno(errno, "close", name_);
  }

  const std::string& name() const override { return name_; }

 private:
  // The disk begins while more is made, so that Sync() finds little left to wait for. Only a hint:
  // what goes wrong with it, or with a file that is none, Sync() tells.
  void StartWriteback(std::size_t more) {
    constexpr std::size_t kPiece = std::size_t{4} << 20;
    dirty_ += more;
    if (!owned_ || dirty_ < kPiece) return;
    dirty_ = 0;
    ::sync_file_range(descriptor_, 0, 0, SYNC_FILE_RANGE_WRITE);
  }

  int descriptor_;
  std::string name_;
  bool owned_;
  std::size_t dirty_ = 0;  // bytes since the disk was last told to begin
};

class PosixRandomAccessFile final : public RandomAccessFile {
 public:
  PosixRandomAccessFile(int descriptor, std::string name, std::uint64_t size)
      : descriptor_(descriptor), name_(std::move(name)), size_(size) {}

  std::size_t ReadAt(std::uint64_t offset, char* out, std::size_t size) const override {
    std::size_t done = 0;
    while (done < size) {
      const ssize_t count = Uninterrupted([&] {
        return ::pread(descriptor_.get(), out + done, size - done,
                       static_cast<off_t>(offset + done));
      });
      if (count < 0) ThrowErrno(errno, "read", name_);
      if (count == 0) break;
      done += static_cast<std::size_t>(count);
    }
    return done;
  }

  std::uint64_t Size() const override { return size_; }
  const std::string& name() const override { return name_; }

 private:
  Descriptor descriptor_;
  std::string name_;
  std::uint64_t size_;
};

const char* KindOf(mode_t mode) noexcept {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a pipe";
  return "a device";
}

int Open(const std::string& path, int flags) {
  constexpr mode_t kOurs = 0600;
  return Uninterrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, kOurs); });
}

constexpr char kNameTemporaryFolder[] =
    "It is kept in a file while it is read: name a folder with room for it in TMPDIR.";

// A file without a name in TMPDIR, gone with its descriptor.
Descriptor OpenNameless() {
  const char* const wanted = std::getenv("TMPDIR");
  const std::string folder = wanted != nullptr && wanted[0] != '\0' ? wanted : "/tmp";
  Descriptor nameless(Open(folder, O_TMPFILE | O_RDWR));
  if (nameless.get() >= 0) return nameless;
  std::string name = folder + "/dbomsbak-XXXXXX";  // a file system without such files
  Descriptor named(::mkostemp(name.data(), O_CLOEXEC));
  if (named.get() < 0) {
    throw Error(
        ErrorCode::kIo,
        fmt::format("cannot put standard input aside in '{}': {}", folder, std::strerror(errno)),
        kNameTemporaryFolder)
        .About(folder);
  }
  ::unlink(name.c_str());
  return named;
}

// Everything that reads archives and dumps reads them more than once, and nothing of them is
// trusted before their end was seen: what comes through a pipe is put aside first.
std::unique_ptr<RandomAccessFile> OpenStandardInput() {
  const std::string name = "standard input";
  struct stat status {};
  if (::fstat(STDIN_FILENO, &status) != 0) ThrowErrno(errno, "read", name);
  if (::isatty(STDIN_FILENO) == 1) {
    throw Error(ErrorCode::kUsage, "'-' reads standard input, which is a terminal",
                "Pipe an archive or a dump into it: ssh host cat x.sql.gz | dbomsbak verify -");
  }
  if (S_ISREG(status.st_mode)) {
    const int descriptor = ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
    if (descriptor < 0) ThrowErrno(errno, "read", name);
    return std::make_unique<PosixRandomAccessFile>(descriptor, name,
                                                   static_cast<std::uint64_t>(status.st_size));
  }
  Descriptor aside = OpenNameless();
  std::uint64_t size = 0;
  std::string piece(std::size_t{256} << 10, '\0');
  for (;;) {
    const ssize_t count =
        Uninterrupted([&] { return ::read(STDIN_FILENO, piece.data(), piece.size()); });
    if (count < 0) ThrowErrno(errno, "read", name);
    if (count == 0) break;
    for (ssize_t done = 0; done < count;) {
      const ssize_t written = Uninterrupted([&] {
        return ::write(aside.get(), piece.data() + done, static_cast<std::size_t>(count - done));
      });
      if (written < 0 && (errno == ENOSPC || errno == EDQUOT)) {
        throw Error(ErrorCode::kIo, "no space to put standard input aside", kNameTemporaryFolder);
      }
      if (written < 0) ThrowErrno(errno, "put aside", name);
      done += written;
    }
    size += static_cast<std::uint64_t>(count);
  }
  return std::make_unique<PosixRandomAccessFile>(aside.Release(), name, size);
}

class PosixFileSystem final : public FileSystem {
 public:
  std::unique_ptr<RandomAccessFile> OpenForReading(const std::string& path) override {
    if (path == "-") return OpenStandardInput();
    // O_NONBLOCK: opening a pipe nobody writes to must not hang.
    Descriptor descriptor(Open(path, O_RDONLY | O_NONBLOCK));
    if (descriptor.get() < 0) ThrowErrno(errno, "open", path);
    struct stat status {};
    if (::fstat(descriptor.get(), &status) != 0) ThrowErrno(errno, "examine", path);
    if (!S_ISREG(status.st_mode)) {
      throw Error(ErrorCode::kIo,
                  fmt::format("'{}' is {}, not a file", path, KindOf(status.st_mode)),
                  "Name an archive file.")
          .About(path);
    }
    return std::make_unique<PosixRandomAccessFile>(descriptor.Release(), path,
                                                   static_cast<std::uint64_t>(status.st_size));
  }

  std::unique_ptr<WritableFile> CreateLocked(const std::string& path) override {
    // A few rounds: another run may replace the stale file at the same moment.
    for (int round = 0; round < 8; ++round) {
      Descriptor fresh(Open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW));
      if (fresh.get() < 0) {
        if (errno == ENOENT) {
          throw Error(
              ErrorCode::kIo,
              fmt::format("cannot create '{}': there is no folder '{}'", path, FolderOf(path)),
              "Make the folder first (mkdir -p), or name another one.")
              .About(path);
        }
        if (errno != EEXIST) ThrowErrno(errno, "create", path);
        RemoveStale(path);
        continue;
      }
      try {
        if (!Lock(fresh.get(), path)) continue;
      } catch (const Error&) {
        ::unlink(path.c_str());
        throw;
      }
      // Between creation and lock the file may have been taken for a stale one and removed.
      if (!StillNamed(fresh.get(), path)) continue;
      return std::make_unique<PosixWritableFile>(fresh.Release(), path, true);
    }
    throw Error(ErrorCode::kLocked, fmt::format("another run keeps replacing '{}'", path),
                "Wait for the other run to end.")
        .About(path);
  }

  bool Exists(const std::string& path) override {
    struct stat status {};
    if (::lstat(path.c_str(), &status) == 0) return true;
    if (errno == ENOENT) return false;
    ThrowErrno(errno, "examine", path);
  }

  void Rename(const std::string& from, const std::string& to, bool replace) override {
    if (replace) {
      if (::rename(from.c_str(), to.c_str()) != 0) ThrowErrno(errno, "rename to", to);
      return;
    }
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return;
    if (errno == EINVAL || errno == ENOSYS) {  // a file system without it: link refuses as well
      if (::link(from.c_str(), to.c_str()) == 0) {
        ::unlink(from.c_str());
        return;
      }
    }
    if (errno == EEXIST) {
      throw Error(ErrorCode::kWouldOverwrite, fmt::format("'{}' already exists", to),
                  "Choose another name, or add --overwrite.")
          .About(to);
    }
    ThrowErrno(errno, "rename to", to);
  }

  void Remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) ThrowErrno(errno, "remove", path);
  }

  void SyncFolderOf(const std::string& path) override {
    const std::string folder = FolderOf(path);
    const Descriptor descriptor(Open(folder, O_RDONLY | O_DIRECTORY));
    if (descriptor.get() < 0) ThrowErrno(errno, "open", folder);
    if (Uninterrupted([&] { return ::fsync(descriptor.get()); }) != 0 && errno != EINVAL)
      ThrowErrno(errno, "sync", folder);
  }

 private:
  // False when another one has it.
  static bool Lock(int descriptor, const std::string& path) {
    if (Uninterrupted([&] { return ::flock(descriptor, LOCK_EX | LOCK_NB); }) == 0) return true;
    if (errno == EWOULDBLOCK) return false;
    ThrowErrno(errno, "lock", path);
  }

  static bool StillNamed(int descriptor, const std::string& path) {
    struct stat ours {
    }, named{};
    return ::fstat(descriptor, &ours) == 0 && ::lstat(path.c_str(), &named) == 0 &&
           ours.st_ino == named.st_ino && ours.st_dev == named.st_dev;
  }

  static void RemoveStale(const std::string& path) {
    Descriptor old(Open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
    if (old.get() < 0) {
      if (errno == ENOENT) return;
      ThrowErrno(errno, "replace", path);
    }
    struct stat status {};
    if (::fstat(old.get(), &status) != 0) ThrowErrno(errno, "examine", path);
    if (!S_ISREG(status.st_mode)) {
      throw Error(ErrorCode::kIo,
                  fmt::format("'{}' is {}, not a file", path, KindOf(status.st_mode)),
                  "Remove it, or write to another name.")
          .About(path);
    }
    if (!Lock(old.get(), path)) {
      throw Error(ErrorCode::kLocked, fmt::format("another run is writing '{}'", path),
                  "Wait for it to end, or write to another name.")
          .About(path);
    }
    if (StillNamed(old.get(), path) && ::unlink(path.c_str()) != 0 && errno != ENOENT) {
      ThrowErrno(errno, "replace", path);
    }
  }
};

}  // namespace

FileSystem& FileSystem::Posix() {
  static PosixFileSystem files;
  return files;
}

std::unique_ptr<WritableFile> WrapDescriptor(int descriptor, std::string name) {
  return std::make_unique<PosixWritableFile>(descriptor, std::move(name), false);
}

std::string ReadWholeFile(FileSystem& files, const std::string& path, std::size_t max_bytes) {
  const auto file = files.OpenForReading(path);
  if (file->Size() > max_bytes) {
    throw Error(ErrorCode::kIo, fmt::format("'{}' is larger than {} bytes", path, max_bytes),
                "Is it the file that was meant?")
        .About(path);
  }
  std::string text(static_cast<std::size_t>(file->Size()), '\0');
  text.resize(file->ReadAt(0, text.data(), text.size()));
  return text;
}

void WriteWholeFile(FileSystem& files, const std::string& path, std::string_view text,
                    bool overwrite) {
  AtomicFile out(files, path, overwrite);
  out.file().Append(text);
  out.Commit();
}

AtomicFile::AtomicFile(FileSystem& files, std::string path, bool overwrite)
    : files_(files),
      path_(std::move(path)),
      partial_path_(path_ + ".partial"),
      overwrite_(overwrite) {
  std::error_code ignored;
  const auto status = std::filesystem::symlink_status(path_, ignored);
  if (std::filesystem::is_symlink(status)) {
    throw Error(ErrorCode::kIo, fmt::format("'{}' is a symbolic link", path_),
                "Name the file itself; archives are never written through a link.")
        .About(path_);
  }
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    throw Error(ErrorCode::kIo, fmt::format("'{}' is not a regular file", path_),
                "Name a file to write.")
        .About(path_);
  }
  if (!overwrite_ && files_.Exists(path_)) {
    throw Error(ErrorCode::kWouldOverwrite, fmt::format("'{}' already exists", path_),
                "Choose another name, or add --overwrite.")
        .About(path_);
  }
  file_ = files_.CreateLocked(partial_path_);
}

AtomicFile::~AtomicFile() { Abandon(); }

void AtomicFile::Commit() {
  file_->Sync();
  // Renamed while still locked: closed first, the file could be taken for a stale one.
  files_.Rename(partial_path_, path_, overwrite_);
  std::unique_ptr<WritableFile> file = std::move(file_);
  file->Close();
  files_.SyncFolderOf(path_);
}

void AtomicFile::Abandon() noexcept {
  if (!file_) return;
  try {
    files_.Remove(partial_path_);
  } catch (...) {  // the file stays behind as stale; the next run replaces it
  }
  file_.reset();
}

}  // namespace dbomsbak
