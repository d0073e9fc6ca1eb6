#include "faults/fault.h"

#include <cstdio>
#include <cstdlib>

namespace dbomsbak::test {

Fault& TheFault() {
  static Fault fault;
  return fault;
}

void Fault::Begin() {
  const char* const wanted = std::getenv("DBOMSBAK_FAULT");
  const char* const report = std::getenv("DBOMSBAK_FAULT_REPORT");
  if (wanted == nullptr || report == nullptr) return;
  const std::string_view text = wanted;
  const std::size_t first = text.find(':'), second = text.find(':', first + 1);
  if (second == std::string_view::npos) return;
  layer_ = text.substr(0, first);
  kind_ = text.substr(first + 1, second - first - 1);
  number_ = std::stoull(std::string(text.substr(second + 1)));
  if (const char* const at = std::getenv("DBOMSBAK_FAULT_AT")) at_ = at;
  report_ = report;
  begun_ = true;
}

bool Fault::Strikes(std::string_view call, bool on) {
  if (!call.starts_with(at_)) return false;
  std::lock_guard lock(mutex_);
  ++count_;
  if (number_ == 0 || count_ < number_ || (count_ > number_ && !on)) return false;
  if (struck_.empty()) {
    struck_ = call;
    struck_behind_ = renamed_;
  }
  return true;
}

void Fault::NoteRenaming() {
  std::lock_guard lock(mutex_);
  renamed_ = true;
}

void Fault::Report() const {
  if (!begun_) return;
  if (std::FILE* const file = std::fopen(report_.c_str(), "w")) {
    std::fprintf(file, "calls %llu\n", static_cast<unsigned long long>(count_));
    if (!struck_.empty()) std::fprintf(file, "struck %s\n", struck_.c_str());
    if (struck_behind_) std::fputs("renamed yes\n", file);
    std::fclose(file);
  }
}

}  // namespace dbomsbak::test
