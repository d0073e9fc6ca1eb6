// OMS's own configuration, config.yaml: where its MetaDB is and which databases make it up.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/base/error.h"
#include "dbomsbak/base/secret.h"

namespace dbomsbak {

// Keys of the file: oms_meta_host, oms_meta_port, oms_meta_user, oms_meta_password; drc_rm_db (the
// console's database), drc_cm_db (the cluster manager's), drc_cm_heartbeat_db. What else is in it
// is not read, right or wrong.
struct OmsConfig {
  std::string host;
  std::uint16_t port = 0;
  std::string user;                             // never split: root@tenant#cluster
  std::optional<Secret> password;               // that of `user`
  std::string password_cut;                     // "FILE, line 4" where a comment stands behind it
  std::vector<std::string> databases;           // each once, in the order of the files
  std::vector<std::string> heartbeats;          // those of them that are drc_cm_heartbeat_db
  std::vector<std::string> paths;               // the files
  std::map<std::string, std::string> named_at;  // database to "FILE, line 7: drc_cm_db"
};

// What is wanted of the files. What the operator names otherwise they need not tell.
struct OmsNeeds {
  bool host = true, port = true;
  std::optional<std::string> user;  // who is named otherwise; the password is his only if the
                                    // files name him, too
  bool password = true;
  bool databases = true;
};

// Reads one file, or several: each further region has one with a heartbeat database of its own.
// They must lead to the same server as the same account. That others may read a file goes to
// `notices`, for a password is in it.
// Errors: kIo; kUsage, with file, line and key: what is no 'key: value', missing, empty, given
// twice, a template's placeholder still. A message never quotes a value.
OmsConfig ReadOmsConfigs(const std::vector<std::string>& paths, const OmsNeeds& needs,
                         std::vector<std::string>& notices);

// Which databases are meant where `named` are named beside the files: with none all of the files;
// where the files have all of them these alone; and else those of the files, and these.
std::vector<std::string> ChosenDatabases(const OmsConfig& config,
                                         const std::vector<std::string>& named);

// Where the files name the database that is not there, by this error, its message says in which
// line. All else of kUsage and kPrivilege is about a file, or about an object in a database.
void TellWhereNamed(const std::map<std::string, std::string>& named_at, Error& error);

// Those of OMS's databases that are not among `held`, in upper or lower case.
std::vector<std::string> MissingDatabases(const OmsConfig& config,
                                          const std::vector<std::string>& held);

}  // namespace dbomsbak
