// A folder of archives that `snapshot` keeps, on this machine or in an object store: names, states,
// lock, what is under way and what goes.
//
//     LABEL-20261127T101534Z.sql.zst       an archive; -2, -3 behind Z for others of one second;
//     with
//                                          .age behind it, it is encrypted
//     ….sql.zst.sha256                     for sha256sum -c
//     ….sql.zst.verified                   when it was read through (and rehearsed)
//     ….sql.zst.minisig                    its signature, where it is signed
//     ….sql.zst.pin                        it stays, whatever the rules; the first line says why
//     .dbomsbak/                           the lock, and archives that are not there yet
//
// Files of other names are shown when they are archives, and never touched.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/app/retention.h"
#include "dbomsbak/archive/records.h"
#include "dbomsbak/base/file.h"
#include "dbomsbak/base/process_lock.h"
#include "dbomsbak/objects/object_lock.h"

namespace dbomsbak {

class FolderPlace;

struct ArchiveName {
  std::string label;
  std::int64_t time = 0;
  unsigned sequence = 1;  // of those of one label and second, from 1
  bool encrypted = false;
};

// Letters, digits, '.', '_' and '-', a letter or digit first; 64 at most.
bool IsLabel(std::string_view text);
std::string FormatArchiveName(const ArchiveName& name);
std::optional<ArchiveName> ParseArchiveName(std::string_view file_name);

enum class ArchiveState {
  kGood,        // complete and verified
  kUnverified,  // complete; nothing says that it was read through
  kPartial,     // objects in scope were left out
  kDamaged,
  kIncomplete,
  kNewerFormat,
  kUnreadable,  // the file cannot be read, or is no archive
};
std::string_view ToString(ArchiveState state);

struct FolderEntry {
  std::string file;                 // without the folder
  std::optional<ArchiveName> name;  // of archives that `snapshot` made
  std::int64_t time = 0;            // by the name; else when it says that it was made
  ArchiveState state = ArchiveState::kUnreadable;
  std::string problem;  // what is wrong with it; may be empty
  std::uint64_t bytes = 0;
  std::string verified, rehearsed;  // UTC; empty: never
  unsigned unrehearsed = 0;         // as in Proof
  std::optional<std::string> pin;
  // When it could be opened. Of an encrypted one that no key at hand opens: what its proof says, as
  // far as that goes (root, tables, rows, partial).
  std::optional<Receipt> receipt;

  std::string_view label() const { return name ? std::string_view(name->label) : ""; }
  bool encrypted() const { return file.ends_with(".age"); }
};

// Archives (*.sql.zst, *.sql.zst.age) of the folder by label, the oldest first. Header, index and
// footer are read, and no more. Nothing is written. Errors: kIo when there is no such folder or it
// cannot be read.
std::vector<FolderEntry> ListFolder(FileSystem& files, const std::string& folder);

// Bytes that this user may still write there.
std::uint64_t FreeBytesOf(const std::string& folder);

// One run at a time. Errors: as of ProcessLock; of a folder in an object store, as of ObjectLock.
class FolderLock {
 public:
  FolderLock(FileSystem& files, const std::string& folder);

  // Error kLocked when it was lost, as that in a store may be.
  void RequireHeld() const;

 private:
  std::optional<ProcessLock> here_;
  std::optional<ObjectLock> in_store_;
};

// When an archive was proved, and of which archive that is said.
struct Proof {
  Sha256Digest root;
  std::string verified, rehearsed;  // UTC; empty: never
  unsigned unrehearsed = 0;         // archives of the label since one was rehearsed, with this one

  // Of an encrypted one, which those who keep the folder need not be able to open.
  struct Sealed {
    std::uint64_t bytes = 0;  // of the file
    Sha256Digest head;        // of its first bytes, which no other file has; FolderKeeper sets it
    std::uint64_t tables = 0, rows = 0;
    bool partial = false;
  };
  std::optional<Sealed> sealed = std::nullopt;
};
// The text of FILE.verified.
std::string FormatProof(const Proof& proof);

// What changes the folder; the lock is held for all of it. One thread.
class FolderKeeper {
 public:
  FolderKeeper(FileSystem& files, std::string folder);
  ~FolderKeeper();

  // From here on nothing is published or removed when this was lost (kLocked). Must outlive that.
  void Hold(const FolderLock& lock) { lock_ = &lock; }

  // Ends what killed runs began: an archive that was published gets its other files, one that was
  // on its way out goes, everything else under way is removed. Returns how many files that were.
  unsigned Sweep();

  // A name that nobody has yet. Behind `now` as the clock tells it, even where that has gone back.
  std::string FreshName(const std::string& label, std::int64_t now, bool encrypted = false) const;
  std::string WorkPath(const std::string& file) const;  // where it is made
  std::string Path(const std::string& file) const;      // where it is published

  // From WorkPath: the archive with its FILE.sha256, .verified, .minisig where it is signed and,
  // with a pin, .pin.
  void Publish(const std::string& file, const Proof& proof, const std::optional<std::string>& pin);
  // Of a published archive: its proof anew.
  void WriteProof(const std::string& file, const Proof& proof);
  // Removes what Publish() did not publish.
  void Discard(const std::string& file) noexcept;
  // A published archive with its other files. A pin that has come since stays, and so does it.
  bool Remove(const std::string& file);

 private:
  void WriteWork(const std::string& file, const std::string& text);
  // For the archive `file`, which is at `path`.
  void WriteNewProof(const std::string& file, const std::string& path, Proof proof);
  void FinishPublishing(const std::string& file);
  void RequireHeld() const;

  const FolderLock* lock_ = nullptr;
  FileSystem& files_;
  std::string folder_;
  std::unique_ptr<const FolderPlace> place_;
};

struct Retained {
  FolderEntry entry;
  std::string reason;    // why it stays; empty: it goes
  bool removed = false;  // it is gone
};

// Of the archives that `snapshot` made, those of `label` alone when it is not empty; each label by
// itself. What cannot be opened as an archive stays, and is not counted.
std::vector<Retained> PlanRetention(FileSystem& files, const std::string& folder,
                                    const std::string& label, const KeepRules& rules,
                                    std::int64_t now);
// Removes what goes, all that can be; then throws the first error.
void RemoveUnretained(FolderKeeper& keeper, std::vector<Retained>& plan);

}  // namespace dbomsbak
