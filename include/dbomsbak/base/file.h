// Files behind interfaces, so that tests can make every call fail.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace dbomsbak {

// Every method throws Error kIo naming the file and the system's reason.

// Appends bytes to a file or pipe. One thread at a time. The destructor gives up quietly.
class WritableFile {
 public:
  virtual ~WritableFile() = default;
  virtual void Append(std::string_view bytes) = 0;
  virtual void Sync() = 0;   // to stable storage; no-op on pipes
  virtual void Close() = 0;  // the last chance to hear of a write error
  virtual const std::string& name() const = 0;
};

// Reads at offsets. Any number of threads.
class RandomAccessFile {
 public:
  virtual ~RandomAccessFile() = default;
  // Fills `out` with up to `size` bytes from `offset`; fewer only at the end of the file.
  virtual std::size_t ReadAt(std::uint64_t offset, char* out, std::size_t size) const = 0;
  virtual std::uint64_t Size() const = 0;
  virtual const std::string& name() const = 0;
};

// The calls a publisher needs. Posix() is the real one.
class FileSystem {
 public:
  virtual ~FileSystem() = default;
  // Regular files only: a folder, device, pipe or missing file is an Error kIo that says which.
  virtual std::unique_ptr<RandomAccessFile> OpenForReading(const std::string& path) = 0;
  // O_CREAT|O_EXCL|O_NOFOLLOW, mode 0600 whatever the umask, then flock. A file already there that
  // nobody holds locked is stale and replaced; one that is held is Error kLocked.
  virtual std::unique_ptr<WritableFile> CreateLocked(const std::string& path) = 0;
  virtual bool Exists(const std::string& path) = 0;  // also true for a dangling symlink
  // `replace` false: Error kWouldOverwrite when `to` exists, decided atomically.
  virtual void Rename(const std::string& from, const std::string& to, bool replace) = 0;
  virtual void Remove(const std::string& path) = 0;
  virtual void SyncFolderOf(const std::string& path) = 0;

  static FileSystem& Posix();
};

// Stdout or another descriptor that is not ours to close.
std::unique_ptr<WritableFile> WrapDescriptor(int descriptor, std::string name);

// The whole of a small file. Error kIo when it is larger than `max_bytes`.
std::string ReadWholeFile(FileSystem& files, const std::string& path, std::size_t max_bytes);

// Published or not there: bytes go to NAME.partial; Commit() is fsync, close, rename, fsync of the
// folder. Before that an older file of that name is untouched. The destructor abandons.
class AtomicFile {
 public:
  // `overwrite` false: Error kWouldOverwrite at once when `path` exists. A symlink is refused.
  AtomicFile(FileSystem& files, std::string path, bool overwrite);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  WritableFile& file() { return *file_; }
  void Commit();
  void Abandon() noexcept;

 private:
  FileSystem& files_;
  std::string path_;
  std::string partial_path_;
  bool overwrite_;
  std::unique_ptr<WritableFile> file_;
};

// A small file by AtomicFile.
void WriteWholeFile(FileSystem& files, const std::string& path, std::string_view text,
                    bool overwrite);

}  // namespace dbomsbak
