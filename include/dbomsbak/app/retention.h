// Which archives of a folder stay. Pure: time is a parameter.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace dbomsbak {

// 0: not asked for. An archive stays that any of them keeps.
struct KeepRules {
  unsigned last = 0;  // the newest so many
  unsigned days = 0;  // those not older than so many times 24 hours
  // The newest of each of the last so many days, weeks (from Monday on) and months of UTC that have
  // one at all.
  unsigned daily = 0, weekly = 0, monthly = 0;

  bool any() const { return last + days + daily + weekly + monthly > 0; }
};

struct DatedArchive {
  std::int64_t time = 0;  // seconds since 1970
  unsigned sequence = 0;  // of those of one second
  bool good = false;      // verified and without losses
  bool pinned = false;
};

// Why each of `archives`, all of one label, stays; empty for what goes. Whatever the rules: what is
// pinned stays, the newest good one stays, and so does what is dated later than `now`, which is not
// counted either (the clock is wrong, or was). What is not good never takes the place of what is:
// it stays as long as the rules would keep it if it were good.
// Without a rule everything stays.
std::vector<std::string> Retain(const KeepRules& rules, const std::vector<DatedArchive>& archives,
                                std::int64_t now);

}  // namespace dbomsbak
