// A plain dump, of whatever program, read statement by statement.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/base/object_id.h"

namespace dbomsbak {

// How a dump's statements want to be read, as its SET statements have it at that place.
struct DumpSettings {
  std::string client_charset = "utf8mb4";
  std::string time_zone;  // empty: the dump does not say
  bool ansi_quotes = false;
  bool backslash_escapes = true;
  friend bool operator==(const DumpSettings&, const DumpSettings&) = default;
};

// An object that a dump defines. Fields that the dump does not tell are empty.
struct DumpedObject {
  ObjectId id;
  std::uint64_t line = 0;  // of its CREATE statement, from 1
  // As SHOW CREATE would print it for a session of ours: wrapping version comments taken off, names
  // in back-ticks, strings with backslash escapes. Programs are as they were under their sql_mode.
  std::string create;
  std::string restart;  // sequences: SELECT SETVAL(…)
  std::string definer;  // user@host
  std::optional<std::string> sql_mode;
  std::string character_set_client, collation_connection, database_collation, time_zone;
  std::string table;                 // triggers
  std::uint64_t order = 0;           // triggers: their place among those of same table, time, event
  std::vector<std::string> columns;  // views: as their stand-in has them
  bool has_stand_in = false;         // views
  bool is_stand_in = false;          // the view itself has not come yet
  bool has_data_section = false;     // tables: the dump says that it goes over to their rows
  bool row_filtered = false;         // tables: dumped with a condition
  std::uint64_t rows = 0;            // tables
  std::uint64_t largest_statement = 0, data_bytes = 0;
};

struct DumpedDatabase {
  std::string name;
  bool created = false;            // the dump says how it is made
  std::string charset, collation;  // empty: not told
  bool tells_routines = false;     // the dump has a section for them, be it empty
  bool tells_events = false;
};

// What a dump holds, as far as it has been read.
struct DumpModel {
  std::string program;         // "MySQL dump 10.13  Distrib 9.7.4, for Linux (x86_64)"
  std::string server_version;  // "10.11.19-MariaDB-0+deb12u1"; empty: not told
  std::string head_database;   // that its head speaks of; empty: none
  bool is_own = false;         // dbomsbak wrote it
  std::map<std::string, DumpedDatabase> databases;
  std::map<ObjectId, DumpedObject> objects;
  std::vector<std::string> left_out;  // "line 20: SET GLOBAL gtid_purged": read, and not obeyed
  std::uint64_t rows = 0;
};

// One statement, and the comments before it are not part of it.
struct DumpStatement {
  enum class Role {
    kSetting,     // SET and its kin, LOCK TABLES, COMMIT …
    kDatabase,    // CREATE DATABASE, USE, ALTER DATABASE …
    kDefinition,  // CREATE, DROP, SETVAL
    kRows,        // INSERT, REPLACE
  };
  Role role = Role::kSetting;
  std::string_view text;  // valid during the call only
  std::uint64_t line = 0;
  const DumpedObject* object = nullptr;  // kDefinition (not of DROP), kRows
  std::uint64_t rows = 0;                // kRows
  const DumpSettings* settings = nullptr;
};

// Reads text against the closed grammar of what dumps hold: definitions of the objects of databases
// that the dump names, INSERTs of literal values, session settings. Nothing of it is run here, and
// anything else is Error kUnsupported, with the number of its line. One thread. Memory: all
// definitions, the statement in hand and the last piece.
class DumpReader {
 public:
  struct Options {
    std::string name;  // of the file, for messages
    std::string into;  // the database of a dump that names none; empty: kUsage for such a dump
    bool into_if_unnamed = false;     // one that names its databases passes `into` over
    bool into_head_database = false;  // then it is the one its head speaks of
    // The database a dump of our own has in its line `-- dbomsbak: {json}`; empty for none.
    std::function<std::string(std::string_view json)> own_database;
    std::size_t max_statement_bytes = std::size_t{1} << 30;  // no server takes more
  };
  using Sink = std::function<void(const DumpStatement&)>;

  DumpReader(Options options, Sink sink);
  ~DumpReader();

  void Feed(std::string_view piece);
  // The end of the text. Error kIncomplete without a dump's last line, or when a part is missing.
  void Finish();

  const DumpModel& model() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Counts the rows of an INSERT or REPLACE statement from behind its word VALUES on; nothing but
// lists of literals passes. `offset` of a refusal is set where it is.
std::optional<std::uint64_t> CountLiteralRows(std::string_view values, bool backslash_escapes,
                                              bool ansi_quotes, std::size_t& offset);

// The same, telling each value as it stands there, and each row's end; false where it is refused.
class LiteralSink {
 public:
  virtual ~LiteralSink() = default;
  virtual void Value(std::string_view literal) = 0;
  virtual void EndRow() = 0;
};
bool ReadLiteralRows(std::string_view values, bool backslash_escapes, bool ansi_quotes,
                     LiteralSink& sink);

}  // namespace dbomsbak
