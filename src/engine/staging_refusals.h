// What a server refuses while staging is made, gathered, so that all of it is told at once.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/base/error.h"
#include "dbomsbak/base/object_id.h"

namespace dbomsbak {

// One thread.
class StagingRefusals {
 public:
  // Calls `make`, which makes the object. That the server refuses it is kept; other errors pass,
  // with what was done ("creating table `d`.`t` in staging") and about what.
  template <typename Function>
  void Try(std::string_view doing, const ObjectId& id, const Function& make) {
    try {
      make();
    } catch (Error& e) {
      Keep(e, doing, id.Describe());
    }
  }

  void Keep(const Error& refusal) { refusals_.push_back(refusal.message()); }

  // Of a caught error: kept if it is a refusal, else thrown again.
  void Keep(Error& error, std::string_view doing, const std::string& object);

  // Throws kRestorePreflight with all that was kept, if there is anything.
  void ThrowIfAny() const;

 private:
  std::vector<std::string> refusals_;
  std::string first_object_;
};

}  // namespace dbomsbak
