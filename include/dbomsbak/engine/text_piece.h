// SQL text on its way out of a dump, piece by piece.
#pragma once

#include <functional>
#include <string_view>

#include "dbomsbak/base/object_id.h"

namespace dbomsbak {

// Whole statements, of one object; or what stands between objects: settings, comments, USE.
struct TextPiece {
  const ObjectId* object = nullptr;  // none: what stands between them
  std::string_view part;             // "schema", "stand_in" or "data"; empty where none is
  std::string_view text;             // what `object` and this point to is valid during the call
};

using TextSink = std::function<void(const TextPiece&)>;

}  // namespace dbomsbak
