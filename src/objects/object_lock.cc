#include "dbomsbak/objects/object_lock.h"

#include <fmt/format.h>

#include <utility>

#include "dbomsbak/base/error.h"
#include "dbomsbak/base/process_lock.h"
#include "objects/mark.h"

namespace dbomsbak {
namespace {

constexpr std::size_t kLargestHolder = 400;

}  // namespace

ObjectLock::ObjectLock(ObjectStore& store, std::string key, std::string folder, std::string busy,
                       std::chrono::milliseconds renewed)
    : store_(store),
      key_(std::move(key)),
      folder_(std::move(folder)),
      busy_(std::move(busy)),
      mark_(NewMark()),
      holder_(LockHolder()),
      renewed_(renewed) {
  // A few rounds: it may be given back, or taken over by another run, at the same moment.
  for (int round = 0;; ++round) {
    const auto there = store_.Head(key_);
    WriteCondition condition;
    condition.only_if_absent = !there;
    if (there) {
      const std::int64_t now = there->now != 0 ? there->now : StoresTime();
      const bool knows = now != 0 && there->modified != 0;
      const bool dead = knows && now - there->modified > kDead.count();
      if (!dead || round > 4) {
        std::string holder;
        try {
          holder = store_.Read(key_, there->etag, 0,
                               std::min<std::size_t>(there->bytes, kLargestHolder));
        } catch (const Error&) {  // it has just changed
        }
        holder.resize(std::min(holder.find('\n'), holder.size()));
        throw Error(ErrorCode::kLocked,
                    fmt::format("{}{}{}", busy_, holder.empty() ? "" : ": ", holder),
                    knows ? fmt::format("Wait for it to end; the lock of a run that was killed is "
                                        "taken over {} minutes later.",
                                        kDead.count() / 60)
                          : fmt::format("Wait for it to end. This store does not tell when it was "
                                        "written: if that run was killed, remove the object '{}'.",
                                        key_))
            .About(folder_);
      }
      condition.only_if_etag = there->etag;
    }
    if (Take(condition)) break;
  }
  renewing_ = std::thread([this] { Renew(); });
}

ObjectLock::~ObjectLock() {
  {
    const std::scoped_lock lock(mutex_);
    end_ = true;
  }
  ended_.notify_all();
  if (renewing_.joinable()) renewing_.join();
  // Not asked whose it is: a run that is being stopped may ask nothing any more.
  if (lost_ || std::chrono::steady_clock::now() - last_ > kDead / 2) return;
  try {
    store_.Delete(key_);
  } catch (...) {  // it is taken over when it is old enough
  }
}

bool ObjectLock::Take(const WriteCondition& condition) {
  try {
    return Write(condition);
  } catch (...) {
    // Nobody would give it back.
    if (put_) {
      try {
        store_.Delete(key_);
      } catch (...) {  // it is taken over when it is old enough
      }
    }
    throw;
  }
}

// Some send no Date with their answers, but all keep one of what was written.
std::int64_t ObjectLock::StoresTime() {
  const std::string key = key_ + "." + mark_;
  std::int64_t time = 0;
  if (store_.Put(key, "what time is it?\n", mark_, {})) {
    if (const auto there = store_.Head(key)) time = there->modified;
    store_.Delete(key);
  }
  return time;
}

bool ObjectLock::Write(const WriteCondition& condition) {
  // No two writes have the same bytes: an ETag may be no more than their digest.
  const std::string text = fmt::format("{}\n{} {}\n", holder_, mark_, ++written_);
  if (!store_.Put(key_, text, mark_, condition)) return false;
  put_ = true;
  const auto there = store_.Head(key_);
  if (!there || there->made_by != mark_) return false;
  const std::scoped_lock lock(mutex_);
  etag_ = there->etag;
  last_ = std::chrono::steady_clock::now();
  return true;
}

void ObjectLock::Renew() {
  std::unique_lock lock(mutex_);
  while (!ended_.wait_for(lock, renewed_, [this] { return end_; })) {
    WriteCondition condition;
    condition.only_if_etag = etag_;
    lock.unlock();
    bool lost = false;
    try {
      lost = !Write(condition);
    } catch (const Error&) {  // once more, later
    }
    lock.lock();
    lost_ = lost_ || lost;
    if (lost_) return;
  }
}

void ObjectLock::RequireHeld() const {
  std::unique_lock lock(mutex_);
  bool held = !lost_ && std::chrono::steady_clock::now() - last_ < kDead;
  if (held) {
    // A machine that slept has not seen that time pass.
    lock.unlock();
    const auto there = store_.Head(key_);
    lock.lock();
    held = !lost_ && there && there->made_by == mark_;
    lost_ = !held;
  }
  if (held) return;
  throw Error(ErrorCode::kLocked,
              fmt::format("the lock of '{}' was lost: the store could not be reached for too long, "
                          "or another run has taken it over",
                          folder_),
              "What was not done by then was left; run it again.")
      .About(folder_);
}

}  // namespace dbomsbak
