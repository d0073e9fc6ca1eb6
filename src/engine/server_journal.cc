#include "engine/server_journal.h"

#include <fmt/format.h>

#include <utility>

#include "dbomsbak/base/error.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/transport/server_numbers.h"

namespace dbomsbak {
namespace {

// A payload is cut into rows of this size: far below the smallest max_allowed_packet in use, also
// when every byte is escaped.
constexpr std::size_t kPartBytes = std::size_t{256} << 10;

// Under LOCK TABLES a table that is not there is only said not to be locked; ours is locked with
// the others, wherever it is.
constexpr unsigned kNotLocked = 1100;

}  // namespace

ServerJournal::ServerJournal(Session& session, std::string database, std::string table)
    : session_(session), database_(std::move(database)), table_(std::move(table)) {}

std::string ServerJournal::QuotedTable() const { return QuoteQualified(database_, table_); }

std::unique_ptr<ServerJournal> ServerJournal::Create(Session& session, std::string database,
                                                     std::string table) {
  std::unique_ptr<ServerJournal> journal(
      new ServerJournal(session, std::move(database), std::move(table)));
  session.Execute(fmt::format(
      "CREATE TABLE {} ("
      "`sequence` BIGINT UNSIGNED NOT NULL, `part` INT UNSIGNED NOT NULL, "
      "`parts` INT UNSIGNED NOT NULL, `time` DATETIME(6) NOT NULL, "
      "`event` VARCHAR(32) NOT NULL, `step` VARCHAR(128) NOT NULL, `payload` LONGTEXT NOT NULL, "
      "PRIMARY KEY (`sequence`, `part`)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 "
      "COLLATE=utf8mb4_bin COMMENT='what dbomsbak is doing or has done; used by undo and purge'",
      journal->QuotedTable()));
  journal->next_sequence_ = 1;
  return journal;
}

std::unique_ptr<ServerJournal> ServerJournal::Open(Session& session, std::string database,
                                                   std::string table) {
  return std::unique_ptr<ServerJournal>(
      new ServerJournal(session, std::move(database), std::move(table)));
}

bool ServerJournal::Exists(Session& session, const std::string& database,
                           const std::string& table) {
  try {
    session.Query(fmt::format("SELECT 1 FROM {} LIMIT 0", QuoteQualified(database, table)));
    return true;
  } catch (const ServerError& error) {
    if (error.number() == kNoSuchTable || error.number() == kUnknownDatabase ||
        error.number() == kNotLocked) {
      return false;
    }
    throw;
  }
}

std::uint64_t ServerJournal::NextSequence() {
  if (next_sequence_ == 0) {
    const auto last =
        session_.QueryValue(fmt::format("SELECT MAX(`sequence`) FROM {}", QuotedTable()));
    next_sequence_ = last ? std::stoull(*last) + 1 : 1;
  }
  return next_sequence_;
}

void ServerJournal::Append(std::string_view event, std::string_view step,
                           std::string_view payload) {
  NextSequence();
  const std::size_t parts = payload.empty() ? 1 : (payload.size() + kPartBytes - 1) / kPartBytes;
  // Part 0 is written last: an entry counts only when it is there. No transaction around the rows,
  // for START TRANSACTION would release LOCK TABLES.
  for (std::size_t part = parts; part-- > 0;) {
    session_.Execute(
        fmt::format("INSERT INTO {} (`sequence`,`part`,`parts`,`time`,`event`,`step`,`payload`) "
                    "VALUES ({},{},{},UTC_TIMESTAMP(6),{},{},{})",
                    QuotedTable(), next_sequence_, part, parts, QuoteString(event),
                    QuoteString(step), QuoteString(payload.substr(part * kPartBytes, kPartBytes))));
  }
  ++next_sequence_;
}

std::uint64_t ServerJournal::AppendFile(std::string_view event, std::string_view step,
                                        std::string_view path) {
  const std::uint64_t entry = NextSequence();
  // Words that no file holds: it is one line of one field.
  const std::string field = NewRunId() + NewRunId(), line = NewRunId() + NewRunId();
  session_.Execute(fmt::format(
      "LOAD DATA INFILE {} INTO TABLE {} CHARACTER SET binary "
      "FIELDS TERMINATED BY '{}' ESCAPED BY '' LINES TERMINATED BY '{}' (@bytes) "
      "SET `sequence`={},`part`=0,`parts`=1,`time`=UTC_TIMESTAMP(6),`event`={},"
      "`step`={},`payload`=COALESCE(HEX(@bytes),'')",
      QuoteString(path), QuotedTable(), field, line, entry, QuoteString(event), QuoteString(step)));
  ++next_sequence_;
  const auto bytes = session_.QueryValue(
      fmt::format("SELECT LENGTH(`payload`) FROM {} WHERE `sequence`={}", QuotedTable(), entry));
  return bytes.value_or("0") == "0" ? 0 : entry;
}

void ServerJournal::WriteFile(std::uint64_t entry, std::string_view path) {
  session_.Execute(
      fmt::format("SELECT UNHEX(`payload`) FROM {} WHERE `sequence`={} AND `part`=0 "
                  "INTO DUMPFILE {}",
                  QuotedTable(), entry, QuoteString(path)));
}

std::vector<JournalEntry> ServerJournal::Load() {
  const ResultSet rows = session_.Query(fmt::format(
      "SELECT `sequence`,`part`,`parts`,DATE_FORMAT(`time`,'%Y-%m-%dT%H:%i:%s.%fZ'),`event`,`step`,"
      "`payload` FROM {} ORDER BY `sequence`,`part`",
      QuotedTable()));
  std::vector<JournalEntry> entries;
  std::uint64_t parts_seen = 0, parts_wanted = 0;
  const auto check_last = [&] {
    if (parts_seen == parts_wanted) return;
    throw Error(
        ErrorCode::kNeedsHelp,
        fmt::format("journal {} lacks a part of entry {}", QuotedTable(), entries.back().sequence),
        "Somebody changed the journal. SHOW DATABASES LIKE '%dbomsbak%' lists what it speaks of: "
        "look at that by hand, and drop this table when it is known what is live.");
  };
  std::uint64_t abandoned = 0;  // an entry whose part 0 never arrived: its writer was killed
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    const std::uint64_t sequence = std::stoull(rows.Text(i, 0));
    if (rows.Text(i, 1) == "0") {
      check_last();
      entries.push_back({sequence, rows.Text(i, 3), rows.Text(i, 4), rows.Text(i, 5), ""});
      parts_seen = 0;
      parts_wanted = std::stoull(rows.Text(i, 2));
    } else if (entries.empty() || entries.back().sequence != sequence) {
      abandoned = sequence;
    }
    if (sequence == abandoned) continue;
    entries.back().payload += rows.Text(i, 6);
    ++parts_seen;
  }
  check_last();
  return entries;
}

}  // namespace dbomsbak
