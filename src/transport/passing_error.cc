#include "dbomsbak/transport/passing_error.h"

#include <algorithm>
#include <array>

#include "dbomsbak/transport/session.h"

namespace dbomsbak {

bool IsPassing(const Error& error) noexcept {
  constexpr std::array kNumbers{
      3u,    1021u, 1114u,                // no room, also for what a query puts aside
      5u,    24u,   1037u, 1038u, 1041u,  // no memory, no more files
      1040u, 1135u, 1203u, 1226u,         // no more sessions or threads
      1317u, 1969u, 3024u,                // KILL QUERY, or a limit of the server for statements
      4012u, 4013u, 4030u,                // OceanBase: a limit of time, or of memory
  };
  if (error.code() == ErrorCode::kConnectionLost || error.code() == ErrorCode::kBusy) return true;
  const auto* const told = dynamic_cast<const ServerError*>(&error);
  return told != nullptr &&
         std::find(kNumbers.begin(), kNumbers.end(), told->number()) != kNumbers.end();
}

}  // namespace dbomsbak
