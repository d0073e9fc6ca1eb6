#include "dbomsbak/app/envelope.h"

#include <fmt/format.h>

#include <utility>

#include "dbomsbak/base/error.h"
#include "dbomsbak/base/hashing_file.h"

namespace dbomsbak {
namespace {

constexpr std::size_t kLargestSignature = 32 << 10;

}  // namespace

EncryptedFiles::EncryptedFiles(FileSystem& files, AgeKeys keys)
    : files_(files), keys_(std::move(keys)) {}

void EncryptedFiles::Learn(const Secret& file_key) {
  for (const Secret& known : keys_.file_keys) {
    if (known.Reveal() == file_key.Reveal()) return;
  }
  keys_.file_keys.push_back(file_key);
}

void EncryptedFiles::Unlock(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    if (path == "-") continue;  // can be read only once
    try {
      OpenForReading(path);
    } catch (const Error&) {
    }
  }
}

std::unique_ptr<RandomAccessFile> EncryptedFiles::OpenForReading(const std::string& path) {
  std::unique_ptr<RandomAccessFile> file = files_.OpenForReading(path);
  if (!LooksEncrypted(*file)) return file;
  std::unique_ptr<AgeReader> opened = AgeReader::Open(std::move(file), keys_);
  Learn(opened->file_key());  // opened once more, it takes no passphrase's time
  return opened;
}
std::unique_ptr<WritableFile> EncryptedFiles::CreateLocked(const std::string& path) {
  return files_.CreateLocked(path);
}
bool EncryptedFiles::Exists(const std::string& path) { return files_.Exists(path); }
void EncryptedFiles::Rename(const std::string& from, const std::string& to, bool replace) {
  files_.Rename(from, to, replace);
}
void EncryptedFiles::Remove(const std::string& path) { files_.Remove(path); }
void EncryptedFiles::SyncFolderOf(const std::string& path) { files_.SyncFolderOf(path); }

std::unique_ptr<RandomAccessFile> OpenStored(FileSystem& files, const std::string& path) {
  auto* const decrypting = dynamic_cast<EncryptedFiles*>(&files);
  return (decrypting == nullptr ? files : decrypting->stored()).OpenForReading(path);
}

struct EnvelopeWriter::Impl {
  Impl(WritableFile& out, const Envelope& wanted) : envelope(wanted), hashed(out) {
    WritableFile* next = &hashed;
    if (envelope.sign_key) next = &signed_file.emplace(*next);
    if (!envelope.recipients.none()) {
      next = &encrypted.emplace(*next, envelope.recipients);
      if (envelope.learn) envelope.learn(encrypted->file_key());
    }
    outermost = next;
  }

  const Envelope& envelope;
  HashingFile hashed;
  std::optional<SignedWriter> signed_file;
  std::optional<AgeWriter> encrypted;
  WritableFile* outermost = nullptr;
};

EnvelopeWriter::EnvelopeWriter(WritableFile& out, const Envelope& envelope)
    : impl_(std::make_unique<Impl>(out, envelope)) {}
EnvelopeWriter::~EnvelopeWriter() = default;

WritableFile& EnvelopeWriter::file() { return *impl_->outermost; }

EnvelopeWriter::Written EnvelopeWriter::Finish(const std::string& name, std::int64_t time) {
  if (impl_->encrypted) impl_->encrypted->Finish();
  Written written;
  written.bytes = impl_->hashed.bytes();
  written.sha256 = impl_->hashed.sha256();
  if (impl_->signed_file) {
    std::string one_line = name;
    for (char& c : one_line) {
      if (static_cast<unsigned char>(c) < 0x20) c = '?';
    }
    written.signature = impl_->signed_file->Sign(
        *impl_->envelope.sign_key, fmt::format("timestamp:{}\tfile:{}\thashed", time, one_line));
  }
  return written;
}

std::string SignatureOf(const std::string& path) { return path + ".minisig"; }

SignatureReport RequireSignature(FileSystem& files, const std::string& path,
                                 const RandomAccessFile& file, const SignaturePolicy& policy,
                                 const CancelToken& cancel) {
  const auto refuse = [&](std::string_view what, std::string hint) {
    throw Error(ErrorCode::kWrongKey, fmt::format("'{}' {}", file.name(), what), std::move(hint))
        .About(file.name());
  };
  if (policy.keys.empty()) {
    refuse("must be signed, and no key is given to check that with",
           "Add --verify-key with the public key of whoever signs (a file, or its line RW…).");
  }
  const std::string beside = SignatureOf(path);
  if (path == "-" || !files.Exists(beside)) {
    refuse("is not signed", path == "-" ? "A signature stands beside a file: name the file."
                                        : "There is no '" + beside + "'.");
  }
  return CheckSignature(StoredFile(file), ReadWholeFile(files, beside, kLargestSignature),
                        policy.keys, cancel);
}

}  // namespace dbomsbak
