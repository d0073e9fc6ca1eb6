#include "dbomsbak/engine/observer.h"

namespace dbomsbak {
namespace {

class Silent final : public Observer {
 public:
  void Phase(std::string_view) override {}
  void Notice(std::string_view) override {}
  void Warning(std::string_view) override {}
  void Update(const Progress&) override {}
};

}  // namespace

Observer& SilentObserver() {
  static Silent silent;
  return silent;
}

}  // namespace dbomsbak
