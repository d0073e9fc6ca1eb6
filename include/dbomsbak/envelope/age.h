// Files encrypted with age (formats/age.md): what is written, and read at any place of it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/base/file.h"
#include "dbomsbak/base/secret.h"

namespace dbomsbak {

// Whom a file is for: keys, or a passphrase alone.
struct AgeRecipients {
  std::vector<std::string> keys;  // X25519, 32 bytes each
  Secret passphrase;

  bool none() const { return keys.empty() && passphrase.empty(); }
};

// "age1…". Error kUsage, which says what else it is: an SSH key, a plugin's, a secret one.
std::string ParseAgeRecipient(std::string_view text);
// One a line, empty lines and those that begin with # aside. `name` is for messages. Error kUsage.
std::vector<std::string> ParseAgeRecipients(std::string_view text, const std::string& name);

// What opens files.
struct AgeKeys {
  std::vector<Secret> identities;  // X25519, 32 bytes each
  std::vector<Secret> file_keys;   // of files that this run has written itself
  // Asked once a file at most, for one with a passphrase; `name` is that of the file. May be empty,
  // as may be what it gives: there is none.
  std::function<Secret(const std::string& name)> passphrase;
};

// "AGE-SECRET-KEY-1…", one a line, empty lines and those that begin with # aside. Error kUsage.
std::vector<Secret> ParseAgeIdentities(std::string_view text, const std::string& name);

// Encrypts what is appended and passes it on: memory of one chunk of 64 KiB. What was not finished
// is no file that anything decrypts. `out` must outlive it. One thread.
class AgeWriter final : public WritableFile {
 public:
  // Writes the head at once. With a passphrase that takes a second and 256 MiB of memory.
  AgeWriter(WritableFile& out, const AgeRecipients& recipients);
  ~AgeWriter() override;

  void Append(std::string_view bytes) override;
  void Finish();  // the last chunk; nothing is appended afterwards
  void Sync() override;
  void Close() override;
  const std::string& name() const override;

  const Secret& file_key() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Whether a file, by its first bytes, is one of age's, armored or not.
bool LooksEncrypted(const RandomAccessFile& file);

// What is in an encrypted file. Any number of threads; memory of two chunks for each that reads at
// a time. A read decrypts the chunks it touches and no others; those that do not hold together are
// Error kDamaged.
class AgeReader final : public RandomAccessFile {
 public:
  // Proves head and end of the file. Errors: kWrongKey when no key of `keys` opens it; kDamaged;
  // kIncomplete for a file that was cut between two chunks, or in its head; kUnsupported for
  // another version of age.
  static std::unique_ptr<AgeReader> Open(std::shared_ptr<const RandomAccessFile> stored,
                                         const AgeKeys& keys);
  ~AgeReader() override;

  std::size_t ReadAt(std::uint64_t offset, char* out, std::size_t size) const override;
  std::uint64_t Size() const override;
  const std::string& name() const override;
  const std::shared_ptr<const RandomAccessFile>& stored() const;  // the file as it lies there
  const Secret& file_key() const;

 private:
  struct Impl;
  explicit AgeReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// The file as it lies there, where `file` is what is in an encrypted one; else `file`.
const RandomAccessFile& StoredFile(const RandomAccessFile& file);

}  // namespace dbomsbak
