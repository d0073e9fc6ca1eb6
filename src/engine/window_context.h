// What the parts of the window share.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/contains.h"
#include "dbomsbak/base/object_id.h"
#include "dbomsbak/catalog/server_traits.h"
#include "dbomsbak/engine/observer.h"
#include "dbomsbak/transport/session.h"
#include "engine/object_creator.h"
#include "engine/server_journal.h"
#include "engine/set_swap.h"

namespace dbomsbak {

// All references must outlive it. One thread, one session.
struct WindowContext {
  Session& session;
  const ServerTraits& traits;
  const PreparedSet& set;
  ServerJournal& journal;
  Observer& observer;
  ObjectCreator creator;
};

// By kind and name; null when it is not there.
template <typename Object>
const Object* FindObject(const std::vector<Object>& objects, const ObjectId& id) {
  for (const Object& object : objects) {
    if (object.id.kind == id.kind && object.id.name == id.name) return &object;
  }
  return nullptr;
}

// A step that has run once has nothing left to do; before that, `needed` decides.
inline std::shared_ptr<bool> RanUnless(bool needed) { return std::make_shared<bool>(!needed); }

}  // namespace dbomsbak
