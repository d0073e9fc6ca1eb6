// An observer that several threads may tell.
#pragma once

#include <mutex>
#include <string_view>

#include "dbomsbak/engine/observer.h"

namespace dbomsbak {

class SerialObserver {
 public:
  explicit SerialObserver(Observer& observer) : observer_(observer) {}
  void Notice(std::string_view text) {
    std::lock_guard lock(mutex_);
    observer_.Notice(text);
  }
  void Warning(std::string_view text) {
    std::lock_guard lock(mutex_);
    observer_.Warning(text);
  }
  void Update(const Progress& progress) {
    std::lock_guard lock(mutex_);
    observer_.Update(progress);
  }

 private:
  std::mutex mutex_;
  Observer& observer_;
};

}  // namespace dbomsbak
