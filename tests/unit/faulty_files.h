// A file system in memory whose N-th call fails, for tests that let every one of them fail.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "dbomsbak/base/error.h"
#include "dbomsbak/base/file.h"

namespace dbomsbak {

class FaultyFiles final : public FileSystem {
 public:
  static constexpr int kNever = -1;

  // The call that fails from now on, the first one being 0. It is told with kIo; or, with `shrink`,
  // a read ends early as if the file had been cut meanwhile, and all others go well.
  void FailAt(int number, bool shrink = false) {
    left_ = number;
    shrink_ = shrink;
    failed_ = false;
  }
  bool failed() const { return failed_; }
  std::map<std::string, std::string>& files() { return files_; }

  std::unique_ptr<RandomAccessFile> OpenForReading(const std::string& path) override {
    Call(path);
    if (!files_.contains(path)) throw Error(ErrorCode::kIo, "no such file", "Check it.");
    return std::make_unique<Reader>(*this, path);
  }
  std::unique_ptr<WritableFile> CreateLocked(const std::string& path) override {
    Call(path);
    files_[path].clear();
    return std::make_unique<Writer>(*this, path);
  }
  bool Exists(const std::string& path) override {
    Call(path);
    return files_.contains(path);
  }
  void Rename(const std::string& from, const std::string& to, bool replace) override {
    Call(to);
    if (!replace && files_.contains(to)) throw Error(ErrorCode::kWouldOverwrite, "is there", "-");
    files_[to] = std::move(files_.at(from));
    files_.erase(from);
  }
  void Remove(const std::string& path) override {
    Call(path);
    files_.erase(path);
  }
  void SyncFolderOf(const std::string& path) override { Call(path); }

 private:
  class Reader final : public RandomAccessFile {
   public:
    Reader(FaultyFiles& files, std::string path)
        : files_(files), path_(std::move(path)), bytes_(files.files_.at(path_)) {}
    std::size_t ReadAt(std::uint64_t offset, char* out, std::size_t size) const override {
      const bool cut = files_.shrink_ && files_.IsTurn();
      if (!files_.shrink_) files_.Call(path_);
      if (offset >= bytes_.size()) return 0;
      return bytes_.copy(out, cut ? size / 2 : size, static_cast<std::size_t>(offset));
    }
    std::uint64_t Size() const override { return bytes_.size(); }
    const std::string& name() const override { return path_; }

   private:
    FaultyFiles& files_;
    const std::string path_, bytes_;
  };

  class Writer final : public WritableFile {
   public:
    Writer(FaultyFiles& files, std::string path) : files_(files), path_(std::move(path)) {}
    void Append(std::string_view bytes) override {
      // A disk that fills up takes a part.
      try {
        files_.Call(path_);
      } catch (const Error&) {
        files_.files_[path_] += bytes.substr(0, bytes.size() / 2);
        throw;
      }
      files_.files_[path_] += bytes;
    }
    void Sync() override { files_.Call(path_); }
    void Close() override { files_.Call(path_); }
    const std::string& name() const override { return path_; }

   private:
    FaultyFiles& files_;
    const std::string path_;
  };

  bool IsTurn() {
    if (left_ < 0 || left_-- > 0) return false;
    failed_ = true;
    return true;
  }
  void Call(const std::string& path) {
    if (!shrink_ && IsTurn()) throw Error(ErrorCode::kIo, "'" + path + "' fails", "Look at it.");
  }

  std::map<std::string, std::string> files_;
  int left_ = kNever;
  bool shrink_ = false, failed_ = false;
};

}  // namespace dbomsbak
