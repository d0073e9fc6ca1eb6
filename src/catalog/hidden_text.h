// Text that a server's SHOW CREATE TABLE cannot show.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/catalog/catalog.h"
#include "dbomsbak/catalog/server_traits.h"
#include "dbomsbak/transport/session.h"

namespace dbomsbak {

// A column whose definition shows a '?' where something else may stand: MariaDB prints literal
// defaults and ENUM and SET members in three-byte UTF-8, whatever they hold.
struct HiddenTextSuspect {
  ObjectId table;
  std::string column;
  std::string data_type;
  std::string column_type;
};

bool MayHideText(const ServerTraits& traits, const Column& column, std::string_view column_default);

// Asks the server for the value itself. True: a table made from the printed definition would
// differ.
bool HidesText(Session& session, const HiddenTextSuspect& suspect);

}  // namespace dbomsbak
