// The one call of a run of the program that shall fail, by the environment:
//
//   DBOMSBAK_FAULT=LAYER:KIND:N   the N-th call (1 is the first) of that layer that this kind can
//                                 strike; N 0: none, they are only counted
//   DBOMSBAK_FAULT_AT=TEXT        only calls that begin with it count: DROP TABLE
//   DBOMSBAK_FAULT_REPORT=FILE    told at the end: "calls COUNT"; when it came to it "struck CALL",
//   and "renamed
//                                 yes" where a file had been given its name before
//
// Layers and kinds stand in system_calls.cc and sessions.cc.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace dbomsbak::test {

class Fault {
 public:
  // Nothing fails before this.
  void Begin();
  void Report() const;

  // What was asked for; empty for the other layer.
  std::string_view KindFor(std::string_view layer) const {
    return begun_ && layer_ == layer ? std::string_view(kind_) : std::string_view();
  }
  // Counts a call that could be struck. True when it is that one, or, with `on`, any behind it.
  bool Strikes(std::string_view call, bool on = false);
  void NoteRenaming();

 private:
  bool begun_ = false;
  std::string layer_, kind_, at_, report_;
  std::uint64_t number_ = 0;
  mutable std::mutex mutex_;
  std::uint64_t count_ = 0;
  std::string struck_;
  bool renamed_ = false, struck_behind_ = false;
};

Fault& TheFault();

}  // namespace dbomsbak::test
