#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <mutex>
#include <utility>

#include "dbomsbak/base/error.h"
#include "dbomsbak/envelope/age.h"
#include "envelope/age_armor.h"
#include "envelope/age_header.h"
#include "envelope/age_stream.h"

namespace dbomsbak {
namespace {

constexpr std::string_view kAnyVersion = "age-encryption.org/";
constexpr std::string_view kThisVersion = "age-encryption.org/v1\n";
constexpr std::uint64_t kNoChunk = std::numeric_limits<std::uint64_t>::max();

std::string BeginOf(const RandomAccessFile& file) {
  constexpr std::size_t kEnough = 2048;  // white space before the armor, and its first line
  return ReadUpTo(file, 0, kEnough);
}

[[noreturn]] void ThrowDamaged(const RandomAccessFile& file, std::string_view what) {
  throw Error(ErrorCode::kDamaged, fmt::format("'{}' is damaged: {}", file.name(), what),
              "Take another copy of the file; this one cannot be trusted.")
      .About(file.name());
}

[[noreturn]] void ThrowIncomplete(const RandomAccessFile& file, std::string_view what) {
  throw Error(
      ErrorCode::kIncomplete, fmt::format("'{}' is incomplete: {}", file.name(), what),
      "Take another copy of the file: this one is not whole, and a new dump would hold what "
      "is live now.")
      .About(file.name());
}

Error NoKey(const RandomAccessFile& file, const AgeHeader& header, const AgeKeys& keys,
            bool asked) {
  const char* what = "is encrypted for others: no key that is given opens it";
  const char* hint = "Give the identity file of one of its recipients with --identity FILE.";
  if (HasPassphrase(header) && asked) {
    what = "is not opened by this passphrase";
    hint = "Give the one it was encrypted with.";
  } else if (HasPassphrase(header)) {
    what = "is encrypted with a passphrase, and none is given";
    hint = "Give it with --passphrase-file FILE, or on a terminal.";
  } else if (keys.identities.empty()) {
    what = "is encrypted, and no key is given";
    hint = "Give the identity file of a recipient with --identity FILE.";
  }
  return Error(ErrorCode::kWrongKey, fmt::format("'{}' {}", file.name(), what), hint)
      .About(file.name());
}

}  // namespace

struct AgeReader::Impl {
  std::shared_ptr<const RandomAccessFile> stored;
  std::shared_ptr<const RandomAccessFile> file;  // without armor
  Secret file_key, payload_key;
  std::uint64_t payload = 0;  // where the first chunk begins
  std::uint64_t chunks = 0;
  std::uint64_t size = 0;  // of what is in it

  // What a thread needs to read a chunk, kept for the next one.
  struct Scratch {
    explicit Scratch(const Secret& key) : cipher(key) {}
    ~Scratch() { Wipe(text.data(), text.size()); }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

    ChaCha20Poly1305 cipher;
    std::string sealed, text;
    std::uint64_t chunk = kNoChunk;  // whose text that is
  };
  mutable std::mutex mutex;
  mutable std::vector<std::unique_ptr<Scratch>> scratch;

  // One that has the chunk already, if there is one.
  std::unique_ptr<Scratch> Take(std::uint64_t chunk) const {
    const std::lock_guard lock(mutex);
    if (scratch.empty()) return std::make_unique<Scratch>(payload_key);
    auto place = std::find_if(scratch.begin(), scratch.end(),
                              [&](const auto& one) { return one->chunk == chunk; });
    if (place == scratch.end()) --place;
    std::unique_ptr<Scratch> taken = std::move(*place);
    scratch.erase(place);
    return taken;
  }
  void GiveBack(std::unique_ptr<Scratch> one) const {
    const std::lock_guard lock(mutex);
    scratch.push_back(std::move(one));
  }

  std::uint64_t PlaceOf(std::uint64_t chunk) const { return payload + chunk * kSealedChunkBytes; }

  bool Open(Scratch& one, std::uint64_t chunk, bool last) const {
    one.chunk = kNoChunk;
    if (!one.cipher.Open(ChunkNonce(chunk, last), one.sealed, one.text)) return false;
    one.chunk = chunk;
    return true;
  }

  void Load(Scratch& one, std::uint64_t chunk) const {
    if (one.chunk == chunk) return;
    one.sealed.resize(kSealedChunkBytes);
    one.sealed.resize(file->ReadAt(PlaceOf(chunk), one.sealed.data(), one.sealed.size()));
    const bool last = chunk == chunks - 1;
    if (!last && one.sealed.size() < kSealedChunkBytes) {
      ThrowDamaged(*file, "it became shorter while it was read");
    }
    if (Open(one, chunk, last)) return;
    if (last && one.sealed.size() == kSealedChunkBytes && Open(one, chunk, false)) {
      one.chunk = kNoChunk;
      ThrowIncomplete(*file,
                      fmt::format("it ends at byte {}, between two chunks of it", file->Size()));
    }
    ThrowDamaged(*file,
                 last ? fmt::format("its last chunk, at byte {}, does not hold together: it "
                                    "was changed, or cut",
                                    PlaceOf(chunk))
                      : fmt::format("the chunk at byte {} does not hold together", PlaceOf(chunk)));
  }

  AgeHeader ReadHeader(const AgeKeys& keys) {
    std::string begin = ReadUpTo(*file, 0, std::size_t{16} << 10);
    if (begin.starts_with(kAnyVersion) && begin.size() > kThisVersion.size() &&
        !begin.starts_with(kThisVersion)) {
      throw Error(ErrorCode::kUnsupported,
                  fmt::format("'{}' is encrypted in another version of age", file->name()),
                  "Decrypt it with the age program (age -d), and give the result.")
          .About(file->name());
    }
    AgeHeader header;
    bool asked = false;
    std::optional<Secret> unwrapped;
    try {
      try {
        header = ParseAgeHeader(begin);
      } catch (const AgeHeaderFault& fault) {
        if (!fault.cut || begin.size() == file->Size()) throw;
        header = ParseAgeHeader(begin = ReadUpTo(*file, 0, kMostHeaderBytes));
      }
      unwrapped = UnwrapFileKey(header, keys, file->name(), asked);
    } catch (const AgeHeaderFault& fault) {
      if (fault.too_much) {
        throw Error(ErrorCode::kUnsupported,
                    fmt::format("'{}' is not opened: {}", file->name(), fault.what),
                    "Each step doubles memory and time. Decrypt it where there is enough of both, "
                    "and encrypt it anew.")
            .About(file->name());
      }
      if (fault.cut && begin.size() == file->Size()) ThrowIncomplete(*file, fault.what);
      ThrowDamaged(*file, fault.cut ? "its head has no end" : fault.what);
    }
    if (!unwrapped) throw NoKey(*file, header, keys, asked);
    file_key = std::move(*unwrapped);
    if (!EqualInConstantTime(HeaderMac(file_key, header.text), header.mac)) {
      ThrowDamaged(*file, "its head was changed: the MAC of it is another one");
    }
    const std::string nonce = ReadUpTo(*file, header.size, kPayloadNonceBytes);
    if (nonce.size() < kPayloadNonceBytes) ThrowIncomplete(*file, "it ends behind its head");
    payload_key = PayloadKey(file_key, nonce);
    return header;
  }

  void OpenAll(const AgeKeys& keys) {
    file = LooksArmored(BeginOf(*stored)) ? OpenArmor(stored) : stored;
    payload = ReadHeader(keys).size + kPayloadNonceBytes;
    const std::uint64_t sealed = file->Size() - payload;
    chunks = (sealed + kSealedChunkBytes - 1) / kSealedChunkBytes;
    if (chunks == 0) ThrowIncomplete(*file, "it ends behind its head");
    const std::uint64_t in_last = sealed - (chunks - 1) * kSealedChunkBytes;
    auto one = Take(kNoChunk);
    Load(*one, chunks - 1);
    if (in_last == kSealBytes && chunks > 1) ThrowDamaged(*file, "its last chunk is empty");
    size = sealed - chunks * kSealBytes;
    GiveBack(std::move(one));
  }
};

AgeReader::AgeReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AgeReader::~AgeReader() = default;

std::unique_ptr<AgeReader> AgeReader::Open(std::shared_ptr<const RandomAccessFile> stored,
                                           const AgeKeys& keys) {
  auto impl = std::make_unique<Impl>();
  impl->stored = std::move(stored);
  impl->OpenAll(keys);
  return std::unique_ptr<AgeReader>(new AgeReader(std::move(impl)));
}

std::size_t AgeReader::ReadAt(std::uint64_t offset, char* out, std::size_t size) const {
  if (offset >= impl_->size) return 0;
  size = static_cast<std::size_t>(std::min<std::uint64_t>(size, impl_->size - offset));
  if (size == 0) return 0;
  auto one = impl_->Take(offset / kChunkBytes);
  for (std::size_t done = 0; done < size;) {
    const std::uint64_t at = offset + done;
    impl_->Load(*one, at / kChunkBytes);
    done += one->text.copy(out + done, size - done, static_cast<std::size_t>(at % kChunkBytes));
  }
  impl_->GiveBack(std::move(one));
  return size;
}

std::uint64_t AgeReader::Size() const { return impl_->size; }
const std::string& AgeReader::name() const { return impl_->file->name(); }
const std::shared_ptr<const RandomAccessFile>& AgeReader::stored() const { return impl_->stored; }
const Secret& AgeReader::file_key() const { return impl_->file_key; }

bool LooksEncrypted(const RandomAccessFile& file) {
  const std::string begin = BeginOf(file);
  return begin.starts_with(kAnyVersion) || LooksArmored(begin);
}

const RandomAccessFile& StoredFile(const RandomAccessFile& file) {
  const auto* const encrypted = dynamic_cast<const AgeReader*>(&file);
  return encrypted == nullptr ? file : *encrypted->stored();
}

}  // namespace dbomsbak
