// Signatures beside files, as minisign writes and checks them (formats/minisign.md).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/base/cancel.h"
#include "dbomsbak/base/file.h"
#include "dbomsbak/base/secret.h"

namespace dbomsbak {

struct MinisignPublicKey {
  std::string id;   // 8 bytes
  std::string key;  // Ed25519, 32 bytes
};

// The text of a key file, or the line of base64 in it. Nothing when it is neither.
std::optional<MinisignPublicKey> ParseMinisignPublicKey(std::string_view text);

struct MinisignSecretKey {
  std::string id;
  Secret seed;  // Ed25519, 32 bytes
};

// The text of a key file. `password` is asked when it is encrypted, which then takes seconds and,
// as minisign writes it, 1 GiB of memory. Errors: kUsage for what is no such file; kWrongKey for a
// wrong password.
MinisignSecretKey ParseMinisignSecretKey(std::string_view text, const std::string& name,
                                         const std::function<Secret()>& password);

// Passes on what is appended, and knows what to sign of it. `out` must outlive it. One thread.
class SignedWriter final : public WritableFile {
 public:
  explicit SignedWriter(WritableFile& out);
  ~SignedWriter() override;

  void Append(std::string_view bytes) override;
  void Sync() override;
  void Close() override;
  const std::string& name() const override;

  // The text of FILE.minisig; once. `comment` is one line, and signed.
  std::string Sign(const MinisignSecretKey& key, std::string_view comment);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Of `id`, as minisign prints it.
std::string MinisignKeyName(std::string_view id);

struct SignatureReport {
  std::string key;      // MinisignKeyName of the key that signed
  std::string comment;  // the trusted one
};

// Whether `signature`, the text of FILE.minisig, is that of one of `keys` for the bytes of `file`,
// which is read once, and kept in memory for a signature of the old kind (1 GiB at most, as
// minisign does). Error kWrongKey when it is not, with why: no signature at all, by another key, of
// another file, or its comment was changed.
SignatureReport CheckSignature(const RandomAccessFile& file, std::string_view signature,
                               const std::vector<MinisignPublicKey>& keys,
                               const CancelToken& cancel);

}  // namespace dbomsbak
