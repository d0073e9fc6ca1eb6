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
      const bool dead =
          there->now != 0 && there->modified != 0 && there->now - there->modified > kDead.count();
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
                    fmt::format("Wait for it to end; the lock of a run that was killed is taken "
                                "over {} minutes later.",
                                kDead.count() / 60))
            .About(folder_);
      }
      condition.only_if_etag = there->etag;
    }
    if (Write(condition)) break;
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

bool ObjectLock::Write(const WriteCondition& condition) {
  // No two writes have the same bytes: an ETag may be no more than their digest.
  const std::string text = fmt::format("{}\n{} {}\n", holder_, mark_, ++written_);
  if (!store_.Put(key_, text, mark_, condition)) return false;
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
  const std::scoped_lock lock(mutex_);
  if (!lost_ && std::chrono::steady_clock::now() - last_ < kDead) return;
  throw Error(ErrorCode::kLocked,
              fmt::format("the lock of '{}' was lost: the store could not be reached for too long, "
                          "or another run has taken it over",
                          folder_),
              "Nothing was published; run it again.")
      .About(folder_);
}

}  // namespace dbomsbak
