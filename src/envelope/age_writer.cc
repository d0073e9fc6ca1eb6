#include <utility>

#include "dbomsbak/base/error.h"
#include "dbomsbak/envelope/age.h"
#include "envelope/age_header.h"
#include "envelope/age_stream.h"

namespace dbomsbak {
namespace {

Secret RandomFileKey() {
  std::string bytes = RandomBytes(kFileKeyBytes);
  Secret key(bytes);
  Wipe(bytes.data(), bytes.size());
  return key;
}

}  // namespace

struct AgeWriter::Impl {
  Impl(WritableFile& file, const AgeRecipients& recipients)
      : out(file),
        file_key(RandomFileKey()),
        nonce(RandomBytes(kPayloadNonceBytes)),
        cipher(PayloadKey(file_key, nonce)) {
    if (recipients.none() || (!recipients.keys.empty() && !recipients.passphrase.empty())) {
      throw Error(ErrorCode::kInternal, "a file is encrypted to keys, or by one passphrase");
    }
    chunk.reserve(kChunkBytes);
    out.Append(FormatAgeHeader(file_key, recipients) + nonce);
  }
  ~Impl() { Wipe(chunk.data(), chunk.size()); }

  void Flush(std::string_view text, bool last) {
    sealed.clear();
    cipher.Seal(ChunkNonce(number++, last), text, sealed);
    out.Append(sealed);
  }

  WritableFile& out;
  const Secret file_key;
  const std::string nonce;
  ChaCha20Poly1305 cipher;
  std::string chunk, sealed;
  std::uint64_t number = 0;
  bool finished = false;
};

AgeWriter::AgeWriter(WritableFile& out, const AgeRecipients& recipients)
    : impl_(std::make_unique<Impl>(out, recipients)) {}
AgeWriter::~AgeWriter() = default;

// A full chunk waits for a byte behind it: it may be the last one.
void AgeWriter::Append(std::string_view bytes) {
  if (impl_->finished) throw Error(ErrorCode::kInternal, "an encrypted file is finished already");
  std::string& chunk = impl_->chunk;
  while (!bytes.empty()) {
    if (chunk.size() == kChunkBytes) {
      impl_->Flush(chunk, false);
      chunk.clear();
    }
    if (chunk.empty() && bytes.size() > kChunkBytes) {
      impl_->Flush(bytes.substr(0, kChunkBytes), false);
      bytes.remove_prefix(kChunkBytes);
      continue;
    }
    const std::string_view piece = bytes.substr(0, kChunkBytes - chunk.size());
    chunk += piece;
    bytes.remove_prefix(piece.size());
  }
}

void AgeWriter::Finish() {
  if (std::exchange(impl_->finished, true)) {
    throw Error(ErrorCode::kInternal, "an encrypted file is finished twice");
  }
  impl_->Flush(impl_->chunk, true);
}

void AgeWriter::Sync() { impl_->out.Sync(); }
void AgeWriter::Close() { impl_->out.Close(); }
const std::string& AgeWriter::name() const { return impl_->out.name(); }
const Secret& AgeWriter::file_key() const { return impl_->file_key; }

}  // namespace dbomsbak
