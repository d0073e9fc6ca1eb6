#include "engine/torn_rename.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "dbomsbak/base/error.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/transport/server_numbers.h"
#include "engine/live_names.h"
#include "engine/server_files.h"
#include "engine/table_swap.h"

namespace dbomsbak {
namespace {

constexpr unsigned kNoFile = 1017;                  // of a MyISAM table, say
constexpr unsigned kNotThere = 13, kNotFound = 29;  // LOAD DATA, of a file that is not there
constexpr unsigned kFileExists = 1086;
constexpr unsigned kOptionForbids = 1290;

constexpr char kEventFile[] = "file";  // in the journal; the step is the table, with the ending

using Name = std::pair<std::string, std::string>;  // database, table
using Pair = TableSwap::Pair;

// Names in InnoDB's list are those of files; each partition has a line of its own.
std::set<Name> TablesOfInnodb(Session& session) {
  const auto part = [](int which) {
    return fmt::format(
        "CONVERT(CONVERT(CAST(SUBSTRING_INDEX(SUBSTRING_INDEX(SUBSTRING_INDEX(NAME, '#P#', 1), "
        "'#p#', 1), '/', {}) AS BINARY) USING filename) USING utf8mb4)",
        which);
  };
  const ResultSet answer = session.Query(
      fmt::format("SELECT {}, {} FROM information_schema.INNODB_SYS_TABLES WHERE NAME LIKE '%/%'",
                  part(1), part(-1)));
  std::set<Name> tables;
  for (std::size_t row = 0; row < answer.rows.size(); ++row) {
    tables.insert({answer.Text(row, 0), answer.Text(row, 1)});
  }
  return tables;
}

std::string AccountOf(Session& session) {
  return session.QueryValue("SELECT CURRENT_USER()").value_or("");
}

class TornTable {
 public:
  TornTable(Session& session, const ServerTraits& traits, const Pair& pair)
      : session_(session),
        traits_(traits),
        pair_(pair),
        from_(PathOfTable(session, pair.from_database, pair.from_table)),
        to_(PathOfTable(session, pair.to_database, pair.to_table)) {}

  // `instead`: what else the account could do, as a half sentence.
  [[noreturn]] void LeaveToHand(std::string_view why, const std::string& instead = "") const {
    throw Error(
        ErrorCode::kNeedsHelp,
        fmt::format("table {} stands between two databases: the server crashed while it renamed "
                    "it, its rows are in {} already, its definition is not{}{}",
                    From(), QuoteIdentifier(pair_.to_database), why.empty() ? "" : "; ", why),
        fmt::format("Nothing is lost. Move the file {0}.frm to {1}.frm (and any other {0}.* that "
                    "is still there){2}; then run the same command again: it goes on with the "
                    "swap.",
                    from_, to_, instead))
        .About(pair_.from_database + "." + pair_.from_table);
  }

  // RENAME moves partitions one by one, too.
  [[noreturn]] void RefuseDivided() const {
    throw Error(
        ErrorCode::kNeedsHelp,
        fmt::format("table {} stands between two databases: the server crashed while it renamed "
                    "it, some of its partitions are in {} already, the others are not",
                    From(), QuoteIdentifier(pair_.to_database)),
        fmt::format("No rows are lost, but neither a statement nor moving files brings them "
                    "together: InnoDB's own list is divided. Copy the server's data folder before "
                    "anything else; the partitions are {}#P#* and {}#P#*.",
                    from_, to_))
        .About(pair_.from_database + "." + pair_.from_table);
  }

  void Mend(ServerJournal& journal, bool has_definition) {
    try {
      if (!has_definition) {
        CopyDefinition(journal, ".par");
        if (!CopyDefinition(journal, ".frm")) LeaveToHand("the server does not find its file");
      }
    } catch (const ServerError& error) {
      if (error.code() == ErrorCode::kConnectionLost) throw;
      if (error.number() == kOptionForbids) LeaveToHand("secure_file_priv keeps the server off it");
      if (error.code() != ErrorCode::kPrivilege) LeaveToHand(error.message());
      LeaveToHand("", CopiesWithinDataFolder(session_, traits_)
                          ? fmt::format(", or let the server do it (GRANT FILE ON *.* TO {};)",
                                        QuoteAccount(AccountOf(session_)))
                          : "");
    }
    // What is dropped has no rows any more, which are proved to be where they belong.
    CheckOpens();
    session_.Execute("DROP TABLE IF EXISTS " + From());
    CheckOpens();
    if (ReadTableNames(session_, pair_.from_database).contains(pair_.from_table)) {
      LeaveToHand("what it left there cannot be dropped");
    }
  }

  std::string From() const { return QuoteQualified(pair_.from_database, pair_.from_table); }
  std::string To() const { return QuoteQualified(pair_.to_database, pair_.to_table); }

 private:
  // False when there is no such file. A copy that an earlier try has left stays: whether it is
  // whole shows when the table is opened.
  bool CopyDefinition(ServerJournal& journal, std::string_view ending) {
    std::uint64_t entry = 0;
    try {
      entry = journal.AppendFile(kEventFile, fmt::format("{}{}", pair_.from_table, ending),
                                 fmt::format("{}{}", from_, ending));
    } catch (const ServerError& error) {
      if (error.number() == kNotThere || error.number() == kNotFound) return false;
      throw;
    }
    if (entry == 0) LeaveToHand("the server cannot read its file");
    try {
      journal.WriteFile(entry, fmt::format("{}{}", to_, ending));
    } catch (const ServerError& error) {
      if (error.number() != kFileExists) throw;
    }
    return true;
  }

  void CheckOpens() {
    try {
      session_.Query("SHOW CREATE TABLE " + To());
      session_.Query(fmt::format("SELECT * FROM {} LIMIT 1", To()));
    } catch (const ServerError& error) {
      if (error.code() == ErrorCode::kConnectionLost) throw;
      LeaveToHand(fmt::format("with a copy of it the table does not open: {}", error.message()));
    }
  }

  Session& session_;
  const ServerTraits& traits_;
  const Pair& pair_;
  const std::string from_, to_;
};

// 0 when the table opens.
unsigned OpenError(Session& session, const std::string& database, const std::string& table) {
  try {
    session.Query(fmt::format("SELECT 1 FROM {} LIMIT 0", QuoteQualified(database, table)));
    return 0;
  } catch (const ServerError& error) {
    if (error.code() == ErrorCode::kConnectionLost) throw;
    return error.number();
  }
}

// nullopt: the server has no such list.
std::optional<std::set<Name>> ListInnodb(Session& session, const Pair& pair) {
  try {
    return TablesOfInnodb(session);
  } catch (const ServerError& error) {
    if (error.code() == ErrorCode::kConnectionLost) throw;
    if (error.code() != ErrorCode::kPrivilege) return std::nullopt;
    // What looks as if it had not moved may be all that is left of a table.
    throw Error(
        ErrorCode::kPrivilege,
        fmt::format("table {} does not open: whether a crash of the server has left it between "
                    "two databases cannot be seen without PROCESS",
                    QuoteQualified(pair.from_database, pair.from_table)),
        fmt::format("GRANT PROCESS ON *.* TO {}; then run the same command again.",
                    QuoteAccount(AccountOf(session))))
        .About(pair.from_database + "." + pair.from_table);
  }
}

// Names of tables, asked once a database.
class TableLists {
 public:
  explicit TableLists(Session& session) : session_(session) {}
  bool Has(const std::string& database, const std::string& table) {
    auto found = lists_.find(database);
    if (found == lists_.end()) {
      found = lists_.emplace(database, ReadTableNames(session_, database)).first;
    }
    return found->second.contains(table);
  }

 private:
  Session& session_;
  std::map<std::string, std::set<std::string>> lists_;
};

}  // namespace

bool MendTornTable(Session& session, const ServerTraits& traits, const PreparedSet& set,
                   ServerJournal& journal, Observer& observer) {
  TableLists lists(session);
  // A RENAME goes through its list one by one: whatever is not torn and not moved is the first of
  // those that it has not come to.
  for (const Pair& pair : TableSwap::PairsOf(set)) {
    if (!lists.Has(pair.from_database, pair.from_table)) continue;
    const bool has_definition = lists.Has(pair.to_database, pair.to_table);
    const unsigned error = OpenError(session, pair.from_database, pair.from_table);
    if (error == kNoSuchTable) {
      const auto innodb = ListInnodb(session, pair);
      if (!innodb) return false;
      if (innodb->contains({pair.to_database, pair.to_table})) {
        TornTable torn(session, traits, pair);
        if (innodb->contains({pair.from_database, pair.from_table})) torn.RefuseDivided();
        torn.Mend(journal, has_definition);
        observer.Notice(fmt::format(
            "table {}, which the crash of the server had left between two databases, is put "
            "together again as {}: the server has copied its definition to its rows",
            torn.From(), torn.To()));
        return true;
      }
    }
    if (pair.outgoing && has_definition) continue;
    if (error == kNoFile) TornTable(session, traits, pair).LeaveToHand("");
    return false;
  }
  return false;
}

bool CopiesWithinDataFolder(Session& session, const ServerTraits& traits) {
  const ResultSet answer = session.Query("SELECT @@secure_file_priv, @@datadir");
  // NULL means "everywhere" to MariaDB and to MySQL before 5.6.34, to MySQL since then "nowhere".
  if (!answer.rows[0][0]) {
    return traits.version_number < 50634 || traits.version_number >= 100000;
  }
  return answer.Text(0, 1).starts_with(answer.Text(0, 0));
}

std::string TornTableWarning(const Privileges& privileges, const std::string& account,
                             bool copies) {
  std::string text =
      "this server's RENAME is not atomic in a crash: a swap that the server does not survive is "
      "finished by the next command; a table that the crash has left between two databases ";
  const bool may_copy = privileges.HasGlobal("FILE");
  const bool sees_all = privileges.HasGlobal("PROCESS");
  if (may_copy && copies) {
    text += "is put together then";
  } else {
    text += fmt::format("is named then{}, with the file to move by hand",
                        copies ? "" : " (secure_file_priv keeps the server off its own folder)");
  }
  std::vector<std::string> missing;
  if (copies && !may_copy) missing.push_back("FILE");
  if (!sees_all) missing.push_back("PROCESS");
  if (missing.empty()) return text;
  return text + fmt::format("; for it to be {}: GRANT {} ON *.* TO {};",
                            copies && !may_copy ? "put together without help" : "recognised",
                            fmt::join(missing, ", "), QuoteAccount(account));
}

}  // namespace dbomsbak
