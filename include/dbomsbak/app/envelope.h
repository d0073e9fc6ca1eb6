// What may be around a dump: encryption for age, a signature for minisign.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dbomsbak/base/cancel.h"
#include "dbomsbak/base/digest.h"
#include "dbomsbak/base/file.h"
#include "dbomsbak/envelope/age.h"
#include "dbomsbak/envelope/minisign.h"

namespace dbomsbak {

// Files that may be encrypted: what is in them is read, with the keys at hand, by everyone who
// opens them. An encrypted file that no key opens is Error kWrongKey. One thread opens at a time.
class EncryptedFiles final : public FileSystem {
 public:
  EncryptedFiles(FileSystem& files, AgeKeys keys);

  // Of a file that this run has written, for which it may have no other key.
  void Learn(const Secret& file_key);
  // Asks for passphrases now rather than when these files are opened. What goes wrong is told then.
  void Unlock(const std::vector<std::string>& paths);

  std::unique_ptr<RandomAccessFile> OpenForReading(const std::string& path) override;
  FileSystem& stored() { return files_; }
  std::unique_ptr<WritableFile> CreateLocked(const std::string& path) override;
  bool Exists(const std::string& path) override;
  void Rename(const std::string& from, const std::string& to, bool replace) override;
  void Remove(const std::string& path) override;
  void SyncFolderOf(const std::string& path) override;

 private:
  FileSystem& files_;
  AgeKeys keys_;
};

// The file of that name as it lies there, also where `files` would decrypt it.
std::unique_ptr<RandomAccessFile> OpenStored(FileSystem& files, const std::string& path);

// How a dump is wrapped.
struct Envelope {
  AgeRecipients recipients;  // none: not encrypted
  std::optional<MinisignSecretKey> sign_key;
  std::function<void(const Secret& file_key)> learn;  // told each new one; may be empty

  bool any() const { return !recipients.none() || sign_key.has_value(); }
};

// Wraps what is written to `out`, which must outlive it. One thread.
class EnvelopeWriter {
 public:
  EnvelopeWriter(WritableFile& out, const Envelope& envelope);
  ~EnvelopeWriter();
  EnvelopeWriter(const EnvelopeWriter&) = delete;
  EnvelopeWriter& operator=(const EnvelopeWriter&) = delete;

  WritableFile& file();

  // Of every byte that went to `out`.
  struct Written {
    Sha256Digest sha256;
    std::uint64_t bytes = 0;
    std::string signature;  // the text of FILE.minisig; empty without a key
  };
  // Once, behind the last byte. `name` and `time` (seconds since 1970) are signed with the file.
  Written Finish(const std::string& name, std::int64_t time);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

std::string SignatureOf(const std::string& path);  // FILE.minisig

// Whom a file must be signed by.
struct SignaturePolicy {
  std::vector<MinisignPublicKey> keys;
  bool required = false;  // also where there is no key to check it with

  bool any() const { return required || !keys.empty(); }
};

// Whether `file`, opened from `path`, is signed as `policy` wants it, as it lies there: encrypted
// where it is. Error kWrongKey when it is not.
SignatureReport RequireSignature(FileSystem& files, const std::string& path,
                                 const RandomAccessFile& file, const SignaturePolicy& policy,
                                 const CancelToken& cancel);

}  // namespace dbomsbak
