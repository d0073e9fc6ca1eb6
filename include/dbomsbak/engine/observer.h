// How the engine tells what it does, without printing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dbomsbak {

// What one session, or one thread, has in hand.
struct JobProgress {
  std::string phase;            // what it does to the object: "load", "prove"; empty: nothing now
  std::string object;           // "table `d`.`t`"
  std::uint64_t part = 0;       // of the object: the chunk, load unit or frame, from 1; 0: no parts
  std::uint64_t parts = 0;      // 0 when unknown
  std::uint64_t rows_done = 0;  // of the object, by this job; so with bytes of SQL text
  std::uint64_t bytes_done = 0;
};

struct Progress {
  std::string phase;   // "load", "prove", "dump"
  std::string object;  // what is in hand
  std::uint64_t rows_done = 0;
  std::uint64_t rows_total = 0;   // 0 when unknown; an estimate while dumping
  std::uint64_t rows_before = 0;  // of rows_done: by an earlier run, in no time of this one
  std::uint64_t bytes_done = 0;   // of SQL text
  std::uint64_t objects_done = 0;
  std::uint64_t objects_total = 0;
  std::vector<JobProgress> jobs;  // empty where they are not told apart
};

// Called from any engine thread, never two at a time. Must return soon.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void Phase(std::string_view text) = 0;   // "loading 3 databases into staging"
  virtual void Notice(std::string_view text) = 0;  // worth knowing, not a failure
  virtual void Warning(std::string_view text) = 0;
  virtual void Update(const Progress& progress) = 0;
};

// Tells another one all of it, but for what a subclass makes of it. `next` must outlive it.
class ForwardingObserver : public Observer {
 public:
  explicit ForwardingObserver(Observer& next) : next_(next) {}
  void Phase(std::string_view text) override { next_.Phase(text); }
  void Notice(std::string_view text) override { next_.Notice(text); }
  void Warning(std::string_view text) override { next_.Warning(text); }
  void Update(const Progress& progress) override { next_.Update(progress); }

 protected:
  Observer& next_;
};

// Says nothing.
Observer& SilentObserver();

}  // namespace dbomsbak
