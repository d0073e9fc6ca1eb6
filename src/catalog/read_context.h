// What the parts of reading a catalogue share.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/answer.h"
#include "dbomsbak/catalog/catalog.h"
#include "dbomsbak/catalog/privileges.h"
#include "dbomsbak/catalog/server_traits.h"
#include "dbomsbak/transport/session.h"

namespace dbomsbak {

struct ReadContext {
  Session& session;
  const ServerTraits& traits;
  const CatalogRequest& request;
  Privileges privileges;
  std::string account;        // as GRANT … TO wants it
  std::string database_list;  // 'a','b': for WHERE … IN (…)
  Catalog catalog;

  // By exact name; the server's own comparison in WHERE ignores case.
  Database* Find(std::string_view database);

  void AddUnreadable(ObjectId id, ErrorCode code, std::string reason, std::string remedy);
  // "GRANT x ON `db`.`name` TO 'u'@'h'"
  std::string GrantOn(std::string_view privileges, std::string_view database,
                      std::string_view table) const;
  std::string GrantOnDatabase(std::string_view privileges, std::string_view database) const;
  // For a view that calls a function, or stands on one that does, whose EXECUTE is missing; empty
  // for other errors.
  std::string GrantOnFunction(const ServerError& error) const;
};

// SHOW CREATE of one object: `statement` is sent, and what `column` holds returned. Empty when the
// object cannot be read (it is then among the unreadable) or has gone since it was listed.
// `grant` is the remedy when a privilege is missing.
std::string ShowCreate(ReadContext& context, const ObjectId& id, const std::string& statement,
                       std::string_view column, const std::string& grant);
// The same with another way to ask.
std::string ShowCreate(ReadContext& context, const ObjectId& id,
                       const std::function<ResultSet()>& ask, std::string_view column,
                       const std::string& grant);

// Adds the error to the unreadable objects, unless it concerns the session rather than the object,
// or the object has gone: then it rethrows, or does nothing. Call inside a catch block.
void NoteUnreadable(ReadContext& context, const ObjectId& id, const ServerError& error,
                    const std::string& grant);

// Reads triggers, routines and events (with definitions where asked for) into the databases.
void ReadPrograms(ReadContext& context);

}  // namespace dbomsbak
