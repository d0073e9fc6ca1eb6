// Creates views, routines, triggers and events under the settings they were made with.
#pragma once

#include <string>
#include <string_view>

#include "dbomsbak/catalog/catalog.h"
#include "dbomsbak/transport/session.h"

namespace dbomsbak {

// What a server remembers with an object. Empty fields are left as the session has them.
struct CreationSettings {
  std::string sql_mode;
  bool has_sql_mode = false;  // an empty sql_mode is a mode, too
  std::string character_set_client, collation_connection, database_collation, time_zone;
};
CreationSettings SettingsOf(const View& view);
CreationSettings SettingsOf(const StoredProgram& program);

// `session` must outlive it; one thread. The session keeps `database` as its default database, all
// else is set back, also after an error.
class ObjectCreator {
 public:
  explicit ObjectCreator(Session& session);

  // `sql` is in the object's own character_set_client, as the catalogue has definitions. Where the
  // database's collation is not the object's, it is changed for the moment.
  void Create(const std::string& database, const CreationSettings& settings, std::string_view sql);

  // Would Create change the collation of `database`? That is refused under LOCK TABLES.
  bool BorrowsCollation(const std::string& database, const CreationSettings& settings);

 private:
  // That of `database`, which becomes the default one, where the object's is another; else empty.
  std::string OtherCollation(const std::string& database, const CreationSettings& settings);

  Session& session_;
  std::string own_sql_mode_, own_time_zone_;
};

// DROP … IF EXISTS. For a package its database becomes the default one, as in ObjectCreator.
void DropObject(Session& session, const ObjectId& id);

// Text between UTF-8, which names come in, and the charset a definition is in; converted by the
// server. Error kUnsupported for characters `charset` does not have.
std::string FromUtf8(Session& session, std::string_view utf8, const std::string& charset);
std::string ToUtf8(Session& session, std::string_view text, const std::string& charset);

// `CREATE …` → `CREATE OR REPLACE …`. Text that already says so is returned as it is.
std::string WithOrReplace(std::string_view create);

}  // namespace dbomsbak
