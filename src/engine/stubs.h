// Stand-ins for what a broken view is built on, there while that view is created. Each is noted in
// the journal before it is made; by that list they are thrown away, by whoever comes after a kill.
#pragma once

#include <string>
#include <vector>

#include "dbomsbak/base/object_id.h"
#include "dbomsbak/engine/step_runner.h"
#include "dbomsbak/transport/session.h"

namespace dbomsbak {

struct Stub {
  enum class Kind { kDatabase, kTable, kFunction, kColumn };  // kColumn: of a table that is there
  Kind kind = Kind::kTable;
  std::string database;
  std::string name;                  // of table or function
  std::vector<std::string> columns;  // of kTable all, of kColumn the one, of kFunction parameters
};

void MakeStub(Session& session, JournalStore& journal, const Stub& stub);

// Those that this run has made, last to first; then the journal says that they are gone.
void DropStubs(Session& session, JournalStore& journal, const std::vector<Stub>& stubs);

// Those that the journal tells of and nobody has thrown away, as far as they are still stubs: what
// somebody has made under the name since is left. Safe to be killed and called again.
void DropStubsLeft(Session& session, JournalStore& journal);

// A view that was there lacks columns, and another in its place has them for the moment. Whoever
// comes after a kill between the two notes creates it anew.
void NoteLentView(JournalStore& journal, const ObjectId& view);
void NoteLentViewsBack(JournalStore& journal);
std::vector<ObjectId> LentViewsLeft(JournalStore& journal);

}  // namespace dbomsbak
