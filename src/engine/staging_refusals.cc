#include "engine/staging_refusals.h"

#include <fmt/format.h>

#include "dbomsbak/base/units.h"
#include "dbomsbak/transport/passing_error.h"

namespace dbomsbak {

void StagingRefusals::Keep(Error& error, std::string_view doing, const std::string& object) {
  error.While(fmt::format("{} {} in staging", doing, object));
  error.About(object);
  if (error.code() != ErrorCode::kQueryRefused || IsPassing(error)) throw;
  if (refusals_.empty()) first_object_ = object;
  refusals_.push_back(error.message());
}

void StagingRefusals::ThrowIfAny() const {
  if (refusals_.empty()) return;
  std::string message = fmt::format("the server does not take {} of the archive",
                                    Counted(refusals_.size(), "object"));
  for (const std::string& refusal : refusals_) message += "\n  - " + refusal;
  throw Error(ErrorCode::kRestorePreflight, std::move(message),
              "Nothing live was changed. dbomsbak cat writes the SQL text of these objects.")
      .About(first_object_);
}

}  // namespace dbomsbak
