#include "catalog/view_order.h"

#include <algorithm>
#include <map>
#include <utility>

#include "dbomsbak/sql/view_references.h"

namespace dbomsbak {
namespace {

using Name = std::pair<std::string, std::string>;  // database, view

class Sorter {
 public:
  explicit Sorter(const std::vector<Database>& databases) {
    for (const Database& database : databases) {
      for (const View& view : database.views) views_[{database.name, view.id.name}] = &view;
    }
  }

  std::vector<ObjectId> Run() {
    for (const auto& [name, view] : views_) Visit(name, *view);
    return std::move(order_);
  }

 private:
  enum class State { kUnseen, kOpen, kDone };

  void Visit(const Name& name, const View& view) {
    State& state = states_[name];
    if (state != State::kUnseen) return;
    state = State::kOpen;
    for (const ViewReference& reference : ViewReferences(view.create)) {
      const Name below{reference.database.empty() ? name.first : reference.database,
                       reference.table};
      const auto found = views_.find(below);
      if (found != views_.end()) Visit(below, *found->second);
    }
    states_[name] = State::kDone;
    order_.push_back(view.id);
  }

  std::map<Name, const View*> views_;
  std::map<Name, State> states_;
  std::vector<ObjectId> order_;
};

}  // namespace

std::vector<ObjectId> SortViews(std::vector<Database>& databases) {
  std::vector<ObjectId> order = Sorter(databases).Run();
  std::map<Name, std::size_t> place;
  for (std::size_t i = 0; i < order.size(); ++i) place[{order[i].database, order[i].name}] = i;
  for (Database& database : databases) {
    std::sort(database.views.begin(), database.views.end(), [&](const View& a, const View& b) {
      return place[{a.id.database, a.id.name}] < place[{b.id.database, b.id.name}];
    });
  }
  return order;
}

}  // namespace dbomsbak
