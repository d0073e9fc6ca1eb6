// The command `verify`: a verdict a file, and the worst of them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dbomsbak/app/envelope.h"
#include "dbomsbak/base/cancel.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/base/file.h"
#include "dbomsbak/engine/observer.h"
#include "dbomsbak/engine/verify.h"

namespace dbomsbak {

enum class SignatureState { kNotAsked, kGood, kBad, kMissing };
std::string_view ToString(SignatureState state);  // "" where it was not asked for

// `report` or `error` is set, and both for a complete dump that carries no proof, and for one that
// is intact and not signed as it should be; `code` follows.
struct FileVerdict {
  std::string path;
  ErrorCode code = ErrorCode::kInternal;
  std::optional<VerifyReport> report;
  std::optional<Error> error;
  bool encrypted = false;
  SignatureState signature = SignatureState::kNotAsked;
  std::optional<SignatureReport> signer;  // when it is good
};

// Never throws for what is wrong with the file; an interruption is thrown. With `signatures` the
// signature beside it is checked as well, whatever else is wrong: damage alone is an accident, a
// file that is intact and not what was signed is none (kWrongKey).
FileVerdict VerifyFile(FileSystem& files, const std::string& path, const VerifyOptions& options,
                       const SignaturePolicy& signatures, Observer& observer,
                       const CancelToken& cancel);

}  // namespace dbomsbak
