// One run at a time at work on a folder of an object store.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

#include "dbomsbak/objects/object_store.h"

namespace dbomsbak {

// An object that only one run can make. It is written anew every minute; one that was not for ten
// minutes, by the store's own clock, is that of a run that was killed, and is taken over. Where the
// store knows no conditions two runs that begin at the same moment may both have it.
class ObjectLock {
 public:
  static constexpr std::chrono::seconds kRenewed{60}, kDead{600};

  // `busy` begins the message of kLocked, behind which process, host and start of the holder stand;
  // it is about `folder`. `store` must outlive it. Errors: kLocked; those of the store.
  ObjectLock(ObjectStore& store, std::string key, std::string folder, std::string busy,
             std::chrono::milliseconds renewed = kRenewed);
  ~ObjectLock();
  ObjectLock(const ObjectLock&) = delete;
  ObjectLock& operator=(const ObjectLock&) = delete;

  // Error kLocked when it was taken over meanwhile, or could not be written for too long; those of
  // the store, which is asked. For before anything that counts is changed.
  void RequireHeld() const;

 private:
  bool Take(const WriteCondition& condition);
  std::int64_t StoresTime();  // 0: it does not tell
  bool Write(const WriteCondition& condition);
  void Renew();

  ObjectStore& store_;
  const std::string key_, folder_, busy_, mark_, holder_;
  const std::chrono::milliseconds renewed_;
  unsigned written_ = 0;
  bool put_ = false;  // at least once
  std::string etag_;
  mutable std::mutex mutex_;
  std::condition_variable ended_;
  bool end_ = false;
  mutable bool lost_ = false;
  std::chrono::steady_clock::time_point last_;
  std::thread renewing_;
};

}  // namespace dbomsbak
