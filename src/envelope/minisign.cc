#include "dbomsbak/envelope/minisign.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "dbomsbak/base/base64.h"
#include "dbomsbak/base/bytes.h"
#include "dbomsbak/base/error.h"
#include "envelope/primitives.h"

namespace dbomsbak {
namespace {

constexpr std::string_view kUntrusted = "untrusted comment: ", kTrusted = "trusted comment: ";
constexpr std::string_view kPlain = "Ed", kHashed = "ED";  // what is signed: the file, or its hash
constexpr std::string_view kKdf = "Sc", kChecksum = "B2";
constexpr std::size_t kIdBytes = 8, kKdfSaltBytes = 32;
constexpr std::size_t kPublicBytes = 2 + kIdBytes + kKeyBytes;
constexpr std::size_t kSecretBytes = kIdBytes + 2 * kKeyBytes + 32;  // the last are a checksum
constexpr std::size_t kSecretFileBytes = 6 + kKdfSaltBytes + 16 + kSecretBytes;
constexpr std::uint64_t kMostMemory = std::uint64_t{1} << 31;
constexpr std::uint64_t kLargestPlain = std::uint64_t{1} << 30;
constexpr std::size_t kPiece = std::size_t{1} << 20;

// The next line, without its end; the rest stays.
std::string_view TakeLine(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::optional<std::string> TakeBase64(std::string_view& text, std::size_t size) {
  std::optional<std::string> bytes = DecodeBase64(TakeLine(text), true);
  if (bytes && bytes->size() != size) bytes.reset();
  return bytes;
}

// How libsodium's crypto_pwhash_scryptsalsa208sha256 turns limits into scrypt's numbers (r is 8).
struct Work {
  unsigned log_n = 1;
  std::uint64_t p = 1;
};

Work WorkOf(std::uint64_t operations, std::uint64_t memory) {
  constexpr std::uint64_t kBlock = 8;
  operations = std::max<std::uint64_t>(operations, 32768);
  const bool fast = operations < memory / 32;
  const std::uint64_t most = fast ? operations / (kBlock * 4) : memory / (kBlock * 128);
  Work work;
  while (work.log_n < 63 && (std::uint64_t{1} << work.log_n) <= most / 2) ++work.log_n;
  if (!fast) {
    const std::uint64_t product =
        std::min<std::uint64_t>((operations / 4) >> work.log_n, 0x3fffffff);
    work.p = product / kBlock;
  }
  return work;
}

[[noreturn]] void NoSecretKey(const std::string& name, std::string_view what) {
  throw Error(ErrorCode::kUsage, fmt::format("'{}' is no secret key of minisign: {}", name, what),
              "It is what minisign -G writes (by itself ~/.minisign/minisign.key).")
      .About(name);
}

[[noreturn]] void Refuse(const RandomAccessFile& file, std::string_view what, std::string hint) {
  throw Error(ErrorCode::kWrongKey, fmt::format("'{}' {}", file.name(), what), std::move(hint))
      .About(file.name());
}

struct ParsedSignature {
  bool hashed = true;
  std::string id, signature, comment, global;
};

std::optional<ParsedSignature> ParseSignature(std::string_view text) {
  if (!TakeLine(text).starts_with(kUntrusted)) return std::nullopt;
  const std::optional<std::string> bytes = TakeBase64(text, 2 + kIdBytes + kSignatureBytes);
  if (!bytes || (!bytes->starts_with(kPlain) && !bytes->starts_with(kHashed))) return std::nullopt;
  const std::string_view comment = TakeLine(text);
  if (!comment.starts_with(kTrusted)) return std::nullopt;
  std::optional<std::string> global = TakeBase64(text, kSignatureBytes);
  if (!global) return std::nullopt;
  return ParsedSignature{bytes->starts_with(kHashed), bytes->substr(2, kIdBytes),
                         bytes->substr(2 + kIdBytes), std::string(comment.substr(kTrusted.size())),
                         std::move(*global)};
}

void ForEachPiece(const RandomAccessFile& file, const CancelToken& cancel,
                  const std::function<void(std::string_view)>& each) {
  std::string piece(kPiece, '\0');
  for (std::uint64_t at = 0;;) {
    cancel.ThrowIfCancelled();
    const std::size_t size = file.ReadAt(at, piece.data(), piece.size());
    if (size == 0) return;
    each(std::string_view(piece).substr(0, size));
    at += size;
  }
}

// What the signature is of.
std::string MessageOf(const RandomAccessFile& file, bool hashed, const CancelToken& cancel) {
  if (hashed) {
    Blake2b512Hasher hasher;
    ForEachPiece(file, cancel, [&](std::string_view piece) { hasher.Update(piece); });
    return hasher.Finish();
  }
  if (file.Size() > kLargestPlain) {
    Refuse(file,
           "is larger than 1 GiB, and its signature is of the old kind, which needs all of it",
           "Sign it anew with minisign -S, which hashes the file.");
  }
  std::string all;
  ForEachPiece(file, cancel, [&](std::string_view piece) {
    if (all.size() + piece.size() <= kLargestPlain) all += piece;
  });
  return all;
}

}  // namespace

std::optional<MinisignPublicKey> ParseMinisignPublicKey(std::string_view text) {
  if (text.starts_with(kUntrusted)) TakeLine(text);
  const std::optional<std::string> bytes = TakeBase64(text, kPublicBytes);
  if (!bytes || !bytes->starts_with(kPlain)) return std::nullopt;
  return MinisignPublicKey{bytes->substr(2, kIdBytes), bytes->substr(2 + kIdBytes)};
}

MinisignSecretKey ParseMinisignSecretKey(std::string_view text, const std::string& name,
                                         const std::function<Secret()>& password) {
  if (!TakeLine(text).starts_with(kUntrusted)) NoSecretKey(name, "its first line is no comment");
  std::optional<std::string> decoded = TakeBase64(text, kSecretFileBytes);
  if (!decoded) NoSecretKey(name, "its second line is no key");
  const Secret all(*decoded);
  Wipe(decoded->data(), decoded->size());
  std::string_view bytes = all.Reveal();
  const auto take = [&](std::size_t size) {
    const std::string_view taken = bytes.substr(0, size);
    bytes.remove_prefix(size);
    return taken;
  };
  const std::string_view algorithm = take(2), kdf = take(2), checksum = take(2);
  const std::string_view salt = take(kKdfSaltBytes), limits = take(16);
  if (algorithm != kPlain || checksum != kChecksum ||
      (kdf != kKdf && kdf != std::string_view("\0\0", 2))) {
    NoSecretKey(name, "it is of another kind");
  }
  std::string key(bytes);
  const bool encrypted = kdf == kKdf;
  if (encrypted) {
    const std::uint64_t memory = GetU64(limits.data() + 8);
    const Work work = WorkOf(GetU64(limits.data()), memory);
    if (memory > kMostMemory || work.p == 0 || work.p > 64) {
      NoSecretKey(name, "its password would take more memory or time than is reasonable");
    }
    const Secret mask = Scrypt(password().Reveal(), salt, work.log_n, 8, work.p, kSecretBytes);
    for (std::size_t i = 0; i < key.size(); ++i) {
      key[i] = static_cast<char>(key[i] ^ mask.Reveal()[i]);
    }
  }
  MinisignSecretKey secret{key.substr(0, kIdBytes),
                           Secret(std::string_view(key).substr(kIdBytes, kKeyBytes))};
  // The public half stands beside the seed: that it fits tells as much as the checksum would.
  const bool right = EqualInConstantTime(
      Ed25519PublicKey(secret.seed), std::string_view(key).substr(kIdBytes + kKeyBytes, kKeyBytes));
  Wipe(key.data(), key.size());
  if (right) return secret;
  if (!encrypted) NoSecretKey(name, "its halves do not fit");
  throw Error(ErrorCode::kWrongKey, fmt::format("the password of '{}' is wrong", name),
              "It is the one that minisign -G asked for.")
      .About(name);
}

struct SignedWriter::Impl {
  WritableFile& out;
  Blake2b512Hasher hasher;
};

SignedWriter::SignedWriter(WritableFile& out) : impl_(new Impl{out, {}}) {}
SignedWriter::~SignedWriter() = default;

void SignedWriter::Append(std::string_view bytes) {
  impl_->hasher.Update(bytes);
  impl_->out.Append(bytes);
}
void SignedWriter::Sync() { impl_->out.Sync(); }
void SignedWriter::Close() { impl_->out.Close(); }
const std::string& SignedWriter::name() const { return impl_->out.name(); }

std::string SignedWriter::Sign(const MinisignSecretKey& key, std::string_view comment) {
  const std::string signature = Ed25519Sign(key.seed, impl_->hasher.Finish());
  const std::string global = Ed25519Sign(key.seed, signature + std::string(comment));
  return fmt::format("{}signature by dbomsbak with key {}\n{}\n{}{}\n{}\n", kUntrusted,
                     MinisignKeyName(key.id),
                     EncodeBase64(std::string(kHashed) + key.id + signature, true), kTrusted,
                     comment, EncodeBase64(global, true));
}

std::string MinisignKeyName(std::string_view id) {
  return fmt::format("{:X}", id.size() == kIdBytes ? GetU64(id.data()) : 0);
}

SignatureReport CheckSignature(const RandomAccessFile& file, std::string_view signature,
                               const std::vector<MinisignPublicKey>& keys,
                               const CancelToken& cancel) {
  const std::optional<ParsedSignature> parsed = ParseSignature(signature);
  if (!parsed) {
    Refuse(file, "has a signature file that holds no signature of minisign",
           "Take the FILE.minisig that was written with the file.");
  }
  const auto key = std::find_if(keys.begin(), keys.end(),
                                [&](const MinisignPublicKey& one) { return one.id == parsed->id; });
  if (key == keys.end()) {
    Refuse(file,
           fmt::format("is signed with key {}, which is not among those that are trusted",
                       MinisignKeyName(parsed->id)),
           "Trust the public key of whoever signed it (--verify-key), if that is who should have.");
  }
  if (!Ed25519Verify(key->key, MessageOf(file, parsed->hashed, cancel), parsed->signature)) {
    Refuse(file, "is not what was signed: the signature beside it is of other bytes",
           "Do not use this file: take another copy of it, with its FILE.minisig.");
  }
  if (!Ed25519Verify(key->key, parsed->signature + parsed->comment, parsed->global)) {
    Refuse(
        file, "has a signature whose comment was changed",
        "Take another copy of FILE.minisig; what its trusted comment says is not to be believed.");
  }
  return {MinisignKeyName(parsed->id), parsed->comment};
}

}  // namespace dbomsbak
