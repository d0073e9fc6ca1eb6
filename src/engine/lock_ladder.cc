#include "engine/lock_ladder.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <thread>

#include "dbomsbak/base/ascii.h"
#include "dbomsbak/base/utf8.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/transport/passing_error.h"
#include "dbomsbak/transport/server_numbers.h"

namespace dbomsbak {
namespace {

using Clock = std::chrono::steady_clock;

std::string OneLine(std::string text, std::size_t longest) {
  for (char& c : text) {
    if (c == '\n' || c == '\r' || c == '\t') c = ' ';
  }
  if (text.size() > longest) {
    text.resize(WholeCharacters(text, longest).size());
    text += "…";
  }
  return text;
}

std::string TableList(const std::vector<QualifiedName>& tables, std::size_t most) {
  std::string list;
  for (std::size_t i = 0; i < tables.size() && i < most; ++i) {
    if (i > 0) list += ", ";
    list += QuoteQualified(tables[i].first, tables[i].second);
  }
  if (tables.size() > most) list += fmt::format(" and {} more", tables.size() - most);
  return list;
}

std::string LockTablesRead(const std::vector<QualifiedName>& tables) {
  std::string sql = "LOCK TABLES ";
  for (std::size_t i = 0; i < tables.size(); ++i) {
    if (i > 0) sql += ", ";
    sql += QuoteQualified(tables[i].first, tables[i].second);
    sql += " READ";
  }
  return sql;
}

// Transactions that the snapshot must not lose sight of again: repeatable reads, opened at once.
void StartConsistentSnapshot(Session& reader) {
  reader.Execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");
  reader.Execute("START TRANSACTION WITH CONSISTENT SNAPSHOT");
}

// MariaDB's BACKUP STAGE needs the same right, and this lock waits for no longer.
class GlobalReadLock final : public SnapshotRung {
 public:
  std::string_view method() const override { return "global-read-lock"; }
  std::string_view lock_name() const override { return "the global read lock"; }
  bool Fits(const ServerTraits& traits) const override {
    return traits.has_flush_tables_with_read_lock && traits.has_consistent_snapshot;
  }
  bool many_sessions() const override { return true; }
  bool holds_tables() const override { return true; }
  bool second_lock_passes() const override { return true; }
  bool keeps_names() const override { return true; }
  void Lock(Session& coordinator, const std::vector<QualifiedName>&) const override {
    coordinator.Execute("FLUSH TABLES WITH READ LOCK");
  }
  void Unlock(Session& coordinator) const override { coordinator.Execute("UNLOCK TABLES"); }
  void OpenSnapshot(Session& reader, const std::vector<QualifiedName>&) const override {
    StartConsistentSnapshot(reader);
  }
};

class TableLocks final : public SnapshotRung {
 public:
  std::string_view method() const override { return "table-locks"; }
  std::string_view lock_name() const override { return "read locks on all tables"; }
  bool Fits(const ServerTraits& traits) const override {
    return traits.has_real_table_locks && traits.has_consistent_snapshot;
  }
  bool many_sessions() const override { return true; }
  bool holds_tables() const override { return true; }
  // A writer that waits for this lock has precedence over a read lock asked for later.
  bool second_lock_passes() const override { return false; }
  void Lock(Session& coordinator, const std::vector<QualifiedName>& tables) const override {
    // With autocommit on, MySQL 5.6 lets go of InnoDB's own table locks at once, and commits pass.
    coordinator.Execute("SET autocommit = 0");
    if (tables.empty()) return;
    coordinator.Execute(LockTablesRead(tables));
  }
  void Unlock(Session& coordinator) const override {
    coordinator.Execute("UNLOCK TABLES");
    coordinator.Execute("COMMIT");
    coordinator.Execute("SET autocommit = 1");
  }
  void OpenSnapshot(Session& reader, const std::vector<QualifiedName>&) const override {
    StartConsistentSnapshot(reader);
  }
};

// Nobody waits for anybody, and nothing without transactions is held still.
class WithoutLock : public SnapshotRung {
 public:
  std::string_view lock_name() const override { return "no lock"; }
  bool holds_tables() const override { return false; }
  bool second_lock_passes() const override { return true; }
  void Lock(Session&, const std::vector<QualifiedName>&) const override {}
  void Unlock(Session&) const override {}
};

// Every SELECT names the moment: no transaction is needed.
class SnapshotReads final : public WithoutLock {
 public:
  std::string_view method() const override { return "snapshot-reads"; }
  bool Fits(const ServerTraits& traits) const override { return traits.has_snapshot_reads; }
  bool many_sessions() const override { return true; }
  void OpenSnapshot(Session&, const std::vector<QualifiedName>&) const override {}
  std::string Moment(Session& coordinator) const override {
    return coordinator.QueryValue("SELECT current_scn()").value_or("");
  }
};

// WITH CONSISTENT SNAPSHOT is taken there and does nothing: it is the first read of a table that
// opens the snapshot.
class PinnedSession final : public WithoutLock {
 public:
  std::string_view method() const override { return "pinned-session"; }
  bool Fits(const ServerTraits& traits) const override {
    return traits.pins_snapshot_at_first_read;
  }
  bool many_sessions() const override { return false; }
  void OpenSnapshot(Session& reader, const std::vector<QualifiedName>& tables) const override {
    reader.Execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");
    reader.Execute("START TRANSACTION");
    if (tables.empty()) return;
    reader.Execute(fmt::format("SELECT 1 FROM {} LIMIT 1",
                               QuoteQualified(tables.front().first, tables.front().second)));
  }
};

class SingleSession final : public WithoutLock {
 public:
  std::string_view method() const override { return "single-session"; }
  bool Fits(const ServerTraits& traits) const override { return traits.has_consistent_snapshot; }
  bool many_sessions() const override { return false; }
  bool can_touch_first() const override { return true; }
  void OpenSnapshot(Session& reader, const std::vector<QualifiedName>&) const override {
    StartConsistentSnapshot(reader);
  }
};

// The server's position in its binary log at the snapshot. Needs no right where the server keeps
// it with the snapshot (MariaDB), one to ask for it elsewhere; unknown is no error.
void RecordBinlogPosition(Session& reader, Session& coordinator, const ServerTraits& traits,
                          bool locked, SnapshotRecord& record) {
  // A moment with a number of its own is no place in a binary log.
  if (!traits.log_bin || !record.scn.empty()) return;
  try {
    const ResultSet answer = reader.Query("SHOW STATUS LIKE 'binlog_snapshot_%'");
    for (std::size_t i = 0; i < answer.rows.size(); ++i) {
      const std::string name = LowerAscii(answer.Text(i, 0));
      if (name == "binlog_snapshot_file") record.binlog_file = answer.Text(i, 1);
      if (name == "binlog_snapshot_position" && !answer.Text(i, 1).empty()) {
        record.binlog_position = std::stoull(answer.Text(i, 1));
      }
    }
  } catch (const ServerError&) {
  }
  if (locked && record.binlog_file.empty()) {
    for (const char* sql : {"SHOW MASTER STATUS", "SHOW BINARY LOG STATUS"}) {
      try {
        const ResultSet answer = coordinator.Query(sql);
        if (answer.empty()) continue;
        record.binlog_file = answer.Text(0, 0);
        record.binlog_position = std::stoull(answer.Text(0, 1));
        break;
      } catch (const ServerError&) {
      }
    }
  }
  if (!locked) return;
  for (const char* sql : {"SELECT @@GLOBAL.gtid_binlog_pos", "SELECT @@GLOBAL.gtid_executed"}) {
    try {
      record.gtid = coordinator.QueryValue(sql).value_or("");
      record.gtid.erase(std::remove(record.gtid.begin(), record.gtid.end(), '\n'),
                        record.gtid.end());
      return;
    } catch (const ServerError&) {
    }
  }
}

// Is a table gone, or only not there for the moment? Unless this is the last try, both look alike.
void RequireAllThere(const Untouchable& found, bool last_try) {
  if (last_try) return;
  for (const auto& [name, refusal] : found) {
    if (refusal.no_such_table) {
      throw ListChanged(QuoteQualified(name.first, name.second) + " (dropped)");
    }
  }
}

// Runs `lock`; where a broken table refuses it, that one is taken out of `tables` and it runs
// again. Error ListChanged when a table has gone.
void LockReadable(Session& session, std::vector<QualifiedName>& tables, bool last_try,
                  Untouchable& unlockable, const std::function<void()>& lock,
                  const std::function<void()>& let_go) {
  try {
    lock();
    return;
  } catch (const ServerError& e) {
    if (e.code() != ErrorCode::kQueryRefused || IsPassing(e)) throw;
    let_go();
    const Untouchable found = TouchAll(session, tables);
    RequireAllThere(found, last_try);
    if (found.empty()) {
      if (e.number() == kNoSuchTable) throw ListChanged(e.message());  // and there again
      throw;
    }
    unlockable.insert(found.begin(), found.end());
  }
  std::erase_if(tables, [&](const QualifiedName& name) { return unlockable.contains(name); });
  lock();
}

std::string AsOf(const std::string& scn) { return " AS OF SNAPSHOT " + scn; }

// A moment that the server has just told may count as one of the future to another session, for
// some milliseconds.
void AwaitMoment(Session& reader, const QualifiedName& table, std::string_view read_as_of,
                 const CancelToken& cancel) {
  constexpr std::chrono::seconds kLongest{10};
  const auto deadline = Clock::now() + kLongest;
  for (;; std::this_thread::sleep_for(std::chrono::milliseconds(20))) {
    cancel.ThrowIfCancelled();
    try {
      reader.Query(fmt::format("SELECT 1 FROM {}{} LIMIT 1",
                               QuoteQualified(table.first, table.second), read_as_of));
      return;
    } catch (const ServerError& e) {
      if (IsPassing(e)) throw;
      // Whatever else is wrong with the table is told when it is read.
      if (e.number() != kSnapshotBeforeRename || Clock::now() > deadline) return;
    }
  }
}

[[noreturn]] void RefuseNonTransactional(const std::vector<QualifiedName>& tables) {
  throw Error(ErrorCode::kNoSnapshot,
              fmt::format("no lock can be had to read tables without transactions: {}",
                          TableList(tables, 5)),
              "Grant RELOAD, or LOCK TABLES on the databases, or convert the tables to InnoDB.")
      .About(QuoteQualified(tables.front().first, tables.front().second));
}

}  // namespace

unsigned UndoRetention(Session& session) {
  try {
    const ResultSet answer = session.Query("SHOW PARAMETERS LIKE 'undo_retention'");
    const auto value = std::find(answer.columns.begin(), answer.columns.end(), "value");
    if (answer.empty() || value == answer.columns.end()) return 0;
    unsigned seconds = 0;
    const std::string text =
        answer.Text(0, static_cast<std::size_t>(value - answer.columns.begin()));
    std::from_chars(text.data(), text.data() + text.size(), seconds);
    return seconds;
  } catch (const ServerError& e) {
    if (e.code() == ErrorCode::kConnectionLost) throw;
    return 0;
  }
}

void Pause(unsigned attempt, const CancelToken& cancel) {
  const auto pause = std::chrono::milliseconds(std::min(200u * attempt, 2000u));
  const auto until = Clock::now() + pause;
  while (Clock::now() < until) {
    cancel.ThrowIfCancelled();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

std::string DescribeLockHolders(Session& session, const std::vector<std::uint64_t>& own_sessions) {
  std::string own = std::to_string(session.connection_id());
  for (const std::uint64_t id : own_sessions) own += fmt::format(", {}", id);
  // Who holds metadata locks, where the plugin that tells is there; who has written and not yet
  // committed, where we may see that; else whoever is at work, longest first; else whoever is idle:
  // LOCK TABLES and open transactions hold locks without doing anything.
  static constexpr const char* kQuestions[] = {
      "SELECT p.ID, p.USER, p.HOST, p.TIME, CONCAT(m.LOCK_TYPE, ' on `', m.TABLE_SCHEMA, '`.`', "
      "m.TABLE_NAME, '`'), p.INFO FROM information_schema.METADATA_LOCK_INFO m "
      "JOIN information_schema.PROCESSLIST p ON p.ID = m.THREAD_ID "
      "WHERE p.ID NOT IN ({}) AND m.LOCK_MODE NOT IN ('MDL_SHARED', 'MDL_SHARED_READ', "
      "'MDL_INTENTION_EXCLUSIVE') ORDER BY p.TIME DESC LIMIT 3",
      "SELECT p.ID, p.USER, p.HOST, TIMESTAMPDIFF(SECOND, t.trx_started, NOW()), "
      "'open transaction', IFNULL(p.INFO, '') FROM information_schema.INNODB_TRX t "
      "JOIN information_schema.PROCESSLIST p ON p.ID = t.trx_mysql_thread_id "
      "WHERE p.ID NOT IN ({}) AND (t.trx_rows_modified > 0 OR t.trx_rows_locked > 0) "
      "ORDER BY t.trx_started LIMIT 3",
      "SELECT ID, USER, HOST, TIME, IFNULL(STATE, ''), INFO FROM information_schema.PROCESSLIST "
      "WHERE ID NOT IN ({}) AND COMMAND NOT IN ('Sleep', 'Daemon', 'Binlog Dump') "
      "AND USER NOT IN ('system user', 'event_scheduler') ORDER BY TIME DESC LIMIT 3",
      ("SELECT ID, USER, HOST, TIME, 'idle, may hold it', '' FROM information_schema.PROCESSLIST "
       "WHERE ID NOT IN ({}) AND COMMAND = 'Sleep' ORDER BY TIME DESC LIMIT 3"),
  };
  std::string description;
  for (const char* question : kQuestions) {
    try {
      const ResultSet answer = session.Query(fmt::format(fmt::runtime(question), own));
      for (std::size_t i = 0; i < answer.rows.size(); ++i) {
        if (!description.empty()) description += "; ";
        description +=
            fmt::format("session {} ({}@{}, {} s, {})", answer.Text(i, 0), answer.Text(i, 1),
                        answer.Text(i, 2), answer.Text(i, 3), answer.Text(i, 4));
        const std::string statement = OneLine(answer.Text(i, 5), 100);
        if (!statement.empty()) description += ": " + statement;
      }
    } catch (const ServerError& e) {
      if (e.code() == ErrorCode::kConnectionLost) throw;
    }
    if (!description.empty()) break;
  }
  return description;
}

std::string HintOfHolders(const std::string& holders) {
  return holders.empty()
             ? "Look at the server's process list for what holds it (with GRANT PROCESS "
               "for this account it is named here), or raise --lock-wait."
             : "Wait until that session is finished (or end it), then run again.";
}

void WithPatience(Session& witness, const LockPatience& patience, std::string_view what,
                  Observer& observer, const CancelToken& cancel,
                  const std::function<void()>& lock) {
  for (unsigned attempt = 1;; ++attempt) {
    cancel.ThrowIfCancelled();
    try {
      lock();
      return;
    } catch (const ServerError& e) {
      const bool again = e.number() == kLockWaitTimeout || e.number() == kDeadlock;
      if (!again) throw;
      if (attempt < std::max(1u, patience.tries)) {
        if (attempt == 1) {
          const std::string holders = DescribeLockHolders(witness, patience.own_sessions);
          observer.Notice(fmt::format("waiting for {}{}{}", what,
                                      holders.empty() ? "" : "; in the way: ", holders));
        }
        Pause(attempt, cancel);
        continue;
      }
    }
    const std::string holders = DescribeLockHolders(witness, patience.own_sessions);
    throw Error(
        ErrorCode::kBusy,
        fmt::format("could not get {} in {} tries of {} s{}", what, std::max(1u, patience.tries),
                    patience.wait_s, holders.empty() ? std::string() : "; in the way: " + holders),
        HintOfHolders(holders));
  }
}

const std::vector<const SnapshotRung*>& SnapshotLadder() {
  static const GlobalReadLock global_read_lock;
  static const TableLocks table_locks;
  static const SnapshotReads snapshot_reads;
  static const PinnedSession pinned_session;
  static const SingleSession single_session;
  static const std::vector<const SnapshotRung*> ladder = {
      &global_read_lock, &table_locks, &snapshot_reads, &pinned_session, &single_session};
  return ladder;
}

namespace {

// Reads a row of one of `pins`, and so opens the snapshot of the session's transaction.
void PinSnapshot(Session& reader, const SnapshotRequest& request, const Untouchable& untouchable) {
  for (const QualifiedName& name : request.pins) {
    if (untouchable.contains(name)) continue;
    try {
      reader.Execute(
          fmt::format("SELECT 1 FROM {} LIMIT 1", QuoteQualified(name.first, name.second)));
      return;
    } catch (const ServerError& e) {
      if (e.code() != ErrorCode::kQueryRefused || IsPassing(e)) throw;
      // It is broken: the next.
    }
  }
}

// Opens the snapshots and every table in them. `free`: a session that holds nothing.
void OpenSnapshots(const SnapshotRung& rung, const SnapshotRequest& request, Session& coordinator,
                   Session& free, const std::vector<Session*>& readers, SnapshotTaken& taken,
                   const CancelToken& cancel) {
  const std::vector<Session*> sharing(readers.begin(),
                                      readers.begin() + static_cast<std::ptrdiff_t>(taken.readers));
  const auto require_same_list = [&] {
    if (!request.list_difference) return;
    if (const auto changed = request.list_difference(free)) throw ListChanged(*changed);
  };
  const auto touch = [&] {
    if (!request.touch) return;
    const Untouchable found = request.touch(sharing);
    RequireAllThere(found, request.last_try || rung.keeps_names());
    taken.untouchable.insert(found.begin(), found.end());
  };
  if (rung.can_touch_first() && request.touch && !request.pins.empty()) {
    Session& reader = *sharing.front();
    reader.Execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");
    reader.Execute("START TRANSACTION");
    touch();
    require_same_list();
    PinSnapshot(reader, request, taken.untouchable);
    require_same_list();
    return;
  }
  if (!rung.keeps_names()) require_same_list();
  taken.record.scn = rung.Moment(coordinator);
  for (Session* reader : sharing) {
    rung.OpenSnapshot(*reader, request.tables);
    if (!taken.record.scn.empty() && !request.tables.empty()) {
      AwaitMoment(*reader, request.tables.front(), AsOf(taken.record.scn), cancel);
    }
  }
  if (!rung.keeps_names()) require_same_list();
  touch();
  if (rung.keeps_names()) require_same_list();
}

}  // namespace

SnapshotTaken TakeSnapshot(const ServerTraits& traits, const SnapshotRequest& request,
                           Session& coordinator, Session& holder,
                           const std::vector<Session*>& readers, Observer& observer,
                           const CancelToken& cancel) {
  const std::string set_wait =
      fmt::format("SET SESSION lock_wait_timeout = {}", std::max(1u, request.patience.wait_s));
  for (const SnapshotRung* rung : SnapshotLadder()) {
    if (!rung->Fits(traits)) continue;
    if (!request.non_transactional.empty() && !rung->holds_tables()) {
      RefuseNonTransactional(request.non_transactional);
    }
    SnapshotTaken taken;
    std::vector<QualifiedName> tables = request.tables;
    const bool in_one_statement =
        !request.non_transactional.empty() && rung->holds_tables() && !rung->second_lock_passes();
    Session& locker = in_one_statement ? holder : coordinator;
    try {
      locker.Execute(set_wait);
      WithPatience(coordinator, request.patience, rung->lock_name(), observer, cancel, [&] {
        LockReadable(
            locker, tables, request.last_try, taken.untouchable,
            [&] { rung->Lock(locker, tables); }, [&] { rung->Unlock(locker); });
      });
    } catch (const ServerError& e) {
      if (e.number() == kNoSuchTable) {
        rung->Unlock(locker);
        throw ListChanged(e.message());
      }
      if (e.code() != ErrorCode::kPrivilege) throw;
      rung->Unlock(locker);
      observer.Notice(fmt::format("{} cannot be had ({}); trying the next way to a snapshot",
                                  rung->lock_name(), e.message()));
      continue;
    }
    const bool touched_first = rung->can_touch_first() && !request.pins.empty();
    if (!rung->many_sessions() && !touched_first && request.before_unprotected) {
      request.before_unprotected();
    }
    const auto locked_at = Clock::now();
    taken.readers = rung->many_sessions() ? readers.size() : 1;
    const auto let_go = [&] { rung->Unlock(locker); };
    try {
      Session& free = in_one_statement ? coordinator : holder;
      OpenSnapshots(*rung, request, coordinator, free, readers, taken, cancel);
    } catch (const BehindDdl&) {
      let_go();
      throw;
    } catch (const ListChanged&) {
      let_go();
      throw;
    }
    if (!taken.record.scn.empty()) taken.read_as_of = AsOf(taken.record.scn);
    taken.record.method = rung->method();
    taken.record.time =
        coordinator.QueryValue("SELECT DATE_FORMAT(UTC_TIMESTAMP(), '%Y-%m-%dT%H:%i:%sZ')")
            .value_or("");
    taken.names_kept = rung->keeps_names();
    taken.record.ddl_locked = traits.has_metadata_locks_for_readers;
    RecordBinlogPosition(*readers.front(), coordinator, traits, rung->many_sessions(),
                         taken.record);
    // At the snapshot or behind it, never before: a sequence that lags would hand out values that
    // rows already have.
    for (const QualifiedName& sequence : request.sequences) {
      try {
        taken.sequence_values.push_back(
            {sequence,
             readers.front()
                 ->QueryValue(fmt::format("SELECT next_not_cached_value FROM {}",
                                          QuoteQualified(sequence.first, sequence.second)))
                 .value_or("")});
      } catch (const ServerError& e) {
        if (e.code() != ErrorCode::kPrivilege) throw;  // the catalogue names it, and the GRANT
      }
    }
    std::vector<QualifiedName> held = request.non_transactional;
    std::erase_if(held,
                  [&](const QualifiedName& name) { return taken.untouchable.contains(name); });
    taken.tables_held = in_one_statement;
    if (!in_one_statement && !held.empty()) {
      try {
        holder.Execute(set_wait);
        LockReadable(
            holder, held, request.last_try, taken.untouchable,
            [&] {
              if (!held.empty()) holder.Execute(LockTablesRead(held));
            },
            [] {});
        taken.tables_held = !held.empty();
      } catch (const ServerError& e) {
        if (e.code() == ErrorCode::kPrivilege) RefuseNonTransactional(request.non_transactional);
        throw;
      } catch (const ListChanged&) {
        let_go();
        throw;
      }
    }
    if (!in_one_statement) rung->Unlock(locker);
    taken.lock_ms = std::chrono::duration<double, std::milli>(Clock::now() - locked_at).count();
    return taken;
  }
  throw Error(ErrorCode::kNoSnapshot, "this server offers no way to a consistent snapshot",
              "Stop all writers and use another tool, or upgrade the server.");
}

}  // namespace dbomsbak
