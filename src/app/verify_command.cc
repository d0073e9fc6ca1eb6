#include "dbomsbak/app/verify_command.h"

#include <fmt/format.h>

#include "dbomsbak/objects/object_files.h"

namespace dbomsbak {
namespace {

void ThrowIfInterrupted(const Error& error) {
  if (error.code() == ErrorCode::kInterrupted || error.code() == ErrorCode::kTerminated) {
    throw error;
  }
}

void CheckSignatureOf(FileSystem& files, const RandomAccessFile& file,
                      const SignaturePolicy& signatures, const CancelToken& cancel,
                      FileVerdict& verdict) {
  std::optional<Error> refusal;
  try {
    verdict.signer = RequireSignature(files, verdict.path, file, signatures, cancel);
    verdict.signature = SignatureState::kGood;
  } catch (const Error& error) {
    ThrowIfInterrupted(error);
    refusal = error;
    verdict.signature = error.code() != ErrorCode::kWrongKey || verdict.path == "-" ||
                                !files.Exists(SignatureOf(verdict.path))
                            ? SignatureState::kMissing
                            : SignatureState::kBad;
  }
  const bool sound = verdict.code == ErrorCode::kOk || verdict.code == ErrorCode::kPartial ||
                     verdict.code == ErrorCode::kUnproven;
  if (verdict.code == ErrorCode::kDamaged || verdict.code == ErrorCode::kIncomplete) {
    verdict.error->set_hint(verdict.error->hint() +
                            (refusal ? " Its signature does not vouch for it either."
                                     : " It was like this when it was signed."));
  } else if (verdict.code == ErrorCode::kWrongKey) {
    verdict.error->set_hint(
        verdict.error->hint() +
        (refusal ? " Its signature does not vouch for it either." : " Its signature is good."));
  } else if (sound && refusal) {
    verdict.code = refusal->code();
    if (verdict.signature == SignatureState::kBad) {
      refusal->While("complete and intact, but not to be trusted");
    }
    verdict.error = refusal;
  }
}

}  // namespace

std::string_view ToString(SignatureState state) {
  switch (state) {
    case SignatureState::kNotAsked:
      break;
    case SignatureState::kGood:
      return "good";
    case SignatureState::kBad:
      return "bad";
    case SignatureState::kMissing:
      return "missing";
  }
  return "";
}

FileVerdict VerifyFile(FileSystem& files, const std::string& path, const VerifyOptions& options,
                       const SignaturePolicy& signatures, Observer& observer,
                       const CancelToken& cancel) {
  FileVerdict verdict;
  verdict.path = path;
  std::shared_ptr<const RandomAccessFile> file;
  try {
    file = files.OpenForReading(path);
    VerifyOptions wanted = options;
    if (IsObjectPath(path)) {
      wanted.max_memory_bytes = MemoryBeside(ObjectFiles::kReadingBytes, wanted.max_memory_bytes);
    }
    if (const auto encrypted = std::dynamic_pointer_cast<const AgeReader>(file)) {
      verdict.encrypted = true;
      wanted.stored = encrypted->stored();
    }
    verdict.report = Verify(file, wanted, observer, cancel);
    verdict.code = verdict.report->partial ? ErrorCode::kPartial : ErrorCode::kOk;
  } catch (const UnprovenError& doubt) {
    verdict.report = doubt.report;
    verdict.error = doubt;
    verdict.code = doubt.code();
  } catch (const Error& error) {
    ThrowIfInterrupted(error);
    verdict.error = error;
    verdict.code = error.code();
  }
  if (!file && path != "-") {
    // What is in it cannot be had; who signed it can be told all the same.
    try {
      file = OpenStored(files, path);
      verdict.encrypted = LooksEncrypted(*file);
    } catch (const Error&) {  // as was told before
    }
  }
  if (signatures.any() && file) CheckSignatureOf(files, *file, signatures, cancel, verdict);
  return verdict;
}

}  // namespace dbomsbak
