#include "dbomsbak/app/retention.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "dbomsbak/base/utc_time.h"

namespace dbomsbak {
namespace {

using Moment = std::pair<std::int64_t, unsigned>;  // time and sequence

// Counts days, weeks or months from the newest on.
class Buckets {
 public:
  Buckets(unsigned wanted, std::int64_t (*number)(std::int64_t)) : left_(wanted), number_(number) {}

  // Newest first: is this the first of its bucket, and the bucket among those wanted?
  bool Keeps(std::int64_t time) {
    const std::int64_t number = number_(time);
    if (last_ == number) return false;
    last_ = number;
    if (left_ == 0) return false;
    --left_;
    return true;
  }

 private:
  unsigned left_;
  std::int64_t (*number_)(std::int64_t);
  std::int64_t last_ = -1;  // times are of 1970 and later
};

// Of moments from the newest to the oldest.
std::vector<std::string> ReasonsOf(const KeepRules& rules, const std::vector<Moment>& moments,
                                   std::int64_t now) {
  Buckets daily(rules.daily, UtcDay), weekly(rules.weekly, UtcWeek),
      monthly(rules.monthly, UtcMonth);
  std::vector<std::string> reasons(moments.size());
  for (std::size_t i = 0; i < moments.size(); ++i) {
    const std::int64_t time = moments[i].first;
    const auto add = [&](bool keeps, const char* word) {
      if (keeps) reasons[i] += (reasons[i].empty() ? "" : ", ") + std::string(word);
    };
    add(i == 0, "newest");
    add(i < rules.last, "last");
    add(rules.days > 0 && now - time <= std::int64_t{86400} * rules.days, "days");
    add(daily.Keeps(time), "daily");
    add(weekly.Keeps(time), "weekly");
    add(monthly.Keeps(time), "monthly");
  }
  return reasons;
}

}  // namespace

std::vector<std::string> Retain(const KeepRules& rules, const std::vector<DatedArchive>& archives,
                                std::int64_t now) {
  const auto moment = [](const DatedArchive& archive) {
    return Moment(archive.time, archive.sequence);
  };
  std::vector<Moment> good;
  for (const DatedArchive& archive : archives) {
    if (archive.good && archive.time <= now) good.push_back(moment(archive));
  }
  std::sort(good.begin(), good.end(), std::greater<>());
  const std::vector<std::string> of_good = ReasonsOf(rules, good, now);

  std::vector<std::string> reasons;
  for (const DatedArchive& archive : archives) {
    std::string reason;
    const auto place =
        std::lower_bound(good.begin(), good.end(), moment(archive), std::greater<>());
    const auto number = static_cast<std::size_t>(place - good.begin());
    if (!rules.any()) {
      reason = "no rule";
    } else if (archive.time > now) {
      reason = "dated later than now";
    } else if (archive.good) {
      reason = of_good[number];
    } else {
      std::vector<Moment> with = good;
      with.insert(with.begin() + static_cast<std::ptrdiff_t>(number), moment(archive));
      reason = ReasonsOf(rules, with, now)[number];
    }
    if (archive.pinned) reason = reason.empty() ? "pinned" : "pinned, " + reason;
    reasons.push_back(std::move(reason));
  }
  return reasons;
}

}  // namespace dbomsbak
