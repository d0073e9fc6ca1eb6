// Foreign keys of tables that stay into tables that a swap replaces: a RENAME takes each along with
// its old parent, and they shall point to the new one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dbomsbak/catalog/privileges.h"
#include "dbomsbak/engine/step_runner.h"
#include "engine/foreign_key_lines.h"
#include "engine/outside_references.h"
#include "engine/window_context.h"

namespace dbomsbak {

// As their tables print them; of a table that is not there any more, or that the account may not
// see, none.
std::vector<KeyDefinition> ReadKeyDefinitions(Session& session,
                                              const std::vector<InboundKey>& keys);

// What stands against pointing `keys` to what `set` brings, before any row is looked at: a
// privilege on their tables (with the GRANT), a parent that does not come, a definition that is not
// among those read. `account` is CURRENT_USER().
std::vector<std::string> RepointingProblems(const PreparedSet& set,
                                            const std::vector<InboundKey>& keys,
                                            const std::vector<KeyDefinition>& definitions,
                                            const Privileges& privileges,
                                            const std::string& account);

// Before the swap each key gets a twin: the same key under another name, into the table that is to
// go live. The RENAME takes that along, too. From before its rows are counted the child is so bound
// to what will be live, and none without a parent there can come in. Behind the swap the key itself
// is made anew, and the twin goes. At no moment is the child without a key, and whatever is cut
// off in the middle can be told from the child's own definition.
//
// `context` must outlive it; one thread; not under LOCK TABLES.
class KeyTwins {
 public:
  explicit KeyTwins(WindowContext& context);

  // Waits for open transactions on the children, as the session's time-outs say (kBusy). Error
  // kRestorePreflight when a row has no parent in what is to go live, or a key does not fit there.
  Step Make();
  Step Replace();

 private:
  // The child as it is now.
  struct Child {
    std::optional<ForeignKeyLine> key, twin;
    bool index_of_twin = false;  // an index that the server makes for a key has the key's name
  };
  std::optional<Child> Look(const KeyDefinition& key);  // nullopt: it is gone
  // Does the line point into `database`? `key` tells where its child is.
  static bool PointsInto(const std::optional<ForeignKeyLine>& line, const KeyDefinition& key,
                         const std::string& database);

  bool TakesTwin(const KeyDefinition& key) const;
  bool HasTwin(const KeyDefinition& key);
  void MakeTwin(const KeyDefinition& key);
  bool IsSettled(const KeyDefinition& key);
  // Makes of key and twin the key alone, into the live table, whatever there is of both.
  void Settle(const KeyDefinition& key);
  void SettleAll();

  Session& session_;
  const ServerTraits& traits_;
  const PreparedSet& set_;
};

}  // namespace dbomsbak
