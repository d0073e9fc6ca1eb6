// Creates views in an order that works, and those whose base is gone all the same.
#pragma once

#include <string>
#include <vector>

#include "dbomsbak/catalog/catalog.h"
#include "dbomsbak/engine/step_runner.h"
#include "dbomsbak/transport/session.h"
#include "engine/object_creator.h"
#include "engine/stubs.h"
#include "engine/view_bases.h"

namespace dbomsbak {

// `session`, `creator` and `journal` must outlive it; one thread.
class ViewBuilder {
 public:
  // Stubs are noted in `journal` and stand on `ground` only. DropStubsLeft and LentViewsLeft tell
  // what a killed run left.
  ViewBuilder(Session& session, ObjectCreator& creator, JournalStore& journal, StubGround ground);

  // Creates or replaces `views` in their databases (View::id). `known`: all views that shall be
  // there, so that a broken view on a broken view is understood. Where a base is missing, a stub
  // (table, function, column of a table, a view in another's place) stands in for the moment.
  // Errors, when a view cannot be created all the same: kRestorePreflight where what it needs lies
  // off the ground, else kQueryRefused.
  void Create(const std::vector<const View*>& views, const std::vector<const View*>& known);

 private:
  void CreateAsPossible(std::vector<const View*>& pending);
  // Whatever a view names that is not there at all.
  void StandIn(const View& view, const std::vector<const View*>& known, unsigned depth);
  void StandInForTable(const ViewReference& reference);
  void StandInForFunctions(const View& view);
  // What is there, but lacks columns.
  void LendColumns(const std::vector<const View*>& pending, const std::vector<const View*>& known);
  void TakeStubsAway();
  [[noreturn]] void Refuse(const std::vector<const View*>& pending,
                           const std::vector<const View*>& known, const std::string& refusal);
  void Make(const Stub& stub);

  Session& session_;
  ObjectCreator& creator_;
  JournalStore& journal_;
  StubGround ground_;  // and the databases that were made
  std::vector<Stub> stubs_;
  std::vector<const View*> lent_views_;  // to be created anew as they shall be
  std::string first_refusal_;
};

}  // namespace dbomsbak
