// What a server says, or does not say, that ends a command: told with what to do about it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "dbomsbak/transport/server_numbers.h"
#include "engine/chunk_reader.h"
#include "engine/lock_ladder.h"
#include "engine/object_creator.h"
#include "engine/portable_definitions.h"
#include "engine/prepared_copy.h"
#include "engine/proved_staging.h"
#include "engine/restore_lock.h"
#include "engine/running_statements.h"
#include "engine/server_journal.h"
#include "engine/set_content.h"
#include "engine/set_history.h"
#include "engine/set_swap.h"
#include "engine/statement_deadline.h"
#include "engine/throttle.h"
#include "engine/view_builder.h"
#include "support/fake_session.h"
#include "unit/thrown.h"

namespace dbomsbak {
namespace {

using test::Answer;
using test::FakeServer;
using test::FakeSession;
using test::FakeSessionFactory;

using Code = ErrorCode;

class ServerAnswers : public ::testing::Test {
 protected:
  FakeServer server_;
  FakeSession session_{server_};
};

TEST_F(ServerAnswers, WhoHoldsTheRestoreLockIsToldAsFarAsItCanBeSeen) {
  const auto take = [&] { const RestoreLock lock(session_, 0); };
  ExpectError(Code::kQueryRefused, "the server could not give the restore lock", "error log", take);
  server_.On("SELECT GET_LOCK", Answer({"l"}, {{"0"}}));
  const std::string told = "another run holds the restore lock: ", wait = "Wait until";
  ExpectError(Code::kLocked, told + "a session that has just ended", wait, take);
  server_.On("SELECT IS_USED_LOCK", Answer({"id"}, {{"42"}}));
  ExpectError(Code::kLocked, told + "session 42", wait, take);
  server_.On("SELECT USER, HOST", Answer({"u", "h"}, {{"ops", "10.0.0.5"}}));
  ExpectError(Code::kLocked, told + "session 42 of ops@10.0.0.5", wait, take);
}

TEST_F(ServerAnswers, AStatementOfADeadProgramThatDoesNotEndIsTold) {
  server_.On("SELECT CONCAT(ID", Answer({"one"}, {{"17 4711"}}));
  ExpectError(
      Code::kBusy, "a statement of a program that is gone still runs, in session 17", "KILL",
      [&] { WaitForRunningChanges(session_, SilentObserver(), std::chrono::milliseconds(1)); });
}

TEST_F(ServerAnswers, ARenameThatWaitsTooLongIsEndedAndToldAsBusy) {
  FakeSessionFactory sessions(server_);
  const auto rename = [&] {
    while (!server_.Saw("KILL QUERY")) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    throw ServerError(Code::kQueryRefused, 1317, "70100", "query execution was interrupted");
  };
  ExpectError(Code::kBusy, "tables could not be renamed within 0 s", "--lock-wait",
              [&] { RunWithDeadline(sessions, session_, std::chrono::milliseconds(1), rename); });
}

TEST_F(ServerAnswers, AJournalThatSomebodyChangedIsNamed) {
  server_.On("SELECT `sequence`",
             Answer({"sequence", "part", "parts", "time", "event", "step", "payload"},
                    {{"7", "0", "2", "t", "note", "set", "{"}}));
  ExpectError(Code::kNeedsHelp,
              "journal `d__dbomsbak_old_1`.`__dbomsbak_journal` lacks a part of "
              "entry 7",
              "drop this table",
              [&] { ServerJournal::Open(session_, "d__dbomsbak_old_1")->Load(); });
}

TEST_F(ServerAnswers, WhatIsNotedOfStagingThatSomebodyChangedIsToldAsThat) {
  for (const char* text : {"", "{}", R"({"server":"x","objects":[["d","no kind","t","",""]]})"}) {
    ExpectError(Code::kNeedsHelp, "what is noted of the proved staging cannot be read", "--abort",
                [&] { ProvedStagingFromJson(text); });
  }
}

TEST_F(ServerAnswers, APreparedCopyWhoseNoteIsGoneIsToldAsChanged) {
  PreparedCopy copy;
  copy.holder = "d__dbomsbak_new_r";
  ExpectError(Code::kNeedsHelp,
              "what is noted of the prepared copy cannot be read: "
              "`d__dbomsbak_new_r`.`__dbomsbak_",
              "--abort", [&] { ReadPrepared(session_, copy); });
}

TEST_F(ServerAnswers, ALoadThatCannotBeSeenCannotBeLimited) {
  SerialObserver observer(SilentObserver());
  Throttle throttle({.rows_a_second = 0, .bytes_a_second = 0, .running_threads = 1}, observer);
  ExpectError(Code::kUnsupported, "the server does not tell how many threads run",
              "Limit bytes or rows", [&] { throttle.AwaitCalm(session_); });
}

TEST_F(ServerAnswers, ASnapshotThatWasNotKeptLongEnoughIsToldWithTheSettingForIt) {
  Table orders;
  orders.id = {"d", ObjectKind::kTable, "orders"};
  TableToRead table;
  table.table = &orders;
  const auto read = [&](const TableToRead* which) {
    return [which] {
      ServerError gone(Code::kQueryRefused, kSnapshotDiscarded, "HY000", "snapshot discarded");
      try {
        throw gone;
      } catch (ServerError& error) {
        ThrowReadError(error, which, 900);
      }
    };
  };
  const std::string told = "the server no longer keeps the dump's snapshot, reading ";
  ExpectError(Code::kNoSnapshot, told + "table `d`.`orders`: ", "undo_retention = 3600",
              read(&table));
  ExpectError(Code::kNoSnapshot, told + "the next table: ", "undo_retention = 3600", read(nullptr));
}

TEST_F(ServerAnswers, ABrokenTableIsNamedWithWhatMayMendIt) {
  ExpectError(Code::kQueryRefused, "cannot read the rows of table `d`.`t`: crashed",
              "CHECK TABLE `d`.`t`", [] {
                throw UnreadableRows(ServerError(Code::kQueryRefused, 1194, "HY000", "crashed"),
                                     {"d", ObjectKind::kTable, "t"});
              });
}

TEST_F(ServerAnswers, ALockThatDoesNotComeIsToldAlsoWhereNobodyCanBeSeen) {
  const LockPatience patience{3, 2, {}};
  const CancelToken cancel;
  ExpectError(Code::kBusy, "could not get the lock in 2 tries of 3 s", "--lock-wait", [&] {
    WithPatience(session_, patience, "the lock", SilentObserver(), cancel, [] {
      throw ServerError(Code::kBusy, kLockWaitTimeout, "HY000", "lock wait timeout exceeded");
    });
  });
}

TEST_F(ServerAnswers, TextThatACharsetLacksIsNotSentInIt) {
  server_.On("SELECT HEX(CONVERT(", Answer({"hex", "same"}, {{"3F", "0"}}));
  ExpectError(Code::kUnsupported, "库 has characters that charset latin1 does not have",
              "SET NAMES utf8mb4", [&] { FromUtf8(session_, "库", "latin1"); });
}

TEST_F(ServerAnswers, ADumpOfNothingIsNoDump) {
  DumpOptions options;
  options.all_databases = true;
  ExpectError(Code::kUsage, "there is no database to dump", "--all-databases",
              [&] { NormalisedScope(options, session_, SilentObserver()); });
}

TEST_F(ServerAnswers, WhatNoOtherServerCanHoldIsNamed) {
  std::vector<Unreadable> unheld(12);
  for (std::size_t i = 0; i < unheld.size(); ++i) {
    unheld[i].id = {"d", ObjectKind::kTable, "t" + std::to_string(i)};
  }
  ExpectError(Code::kUnsupported, "neither MySQL nor MariaDB can hold table `d`.`t0`, ",
              "--ddl native", [&] { ThrowNotPortable(unheld); });
}

TEST_F(ServerAnswers, ADisplacedCopyThatThereIsNotIsToldWithThoseThatThereAre) {
  std::vector<JournaledSet> sets(1);
  sets[0].set.members = {{"shop", "", "shop__dbomsbak_old_1"}};
  ExpectError(Code::kRestorePreflight, "there is no displaced copy of `crm`",
              "There is one of `shop`.", [&] { SelectSets(sets, {"crm"}, ""); });
  ExpectError(Code::kRestorePreflight,
              "there is no displaced copy of `crm` that this account may "
              "see",
              "There may be one: unseen", [&] { SelectSets(sets, {"crm"}, "unseen"); });
}

TEST_F(ServerAnswers, AViewWhoseBaseIsThereAndYetDoesNotServeIsNamed) {
  class Nowhere final : public JournalStore {
    void Append(std::string_view, std::string_view, std::string_view) override {}
    std::vector<JournalEntry> Load() override { return {}; }
  } journal;
  server_.OnError("CREATE OR REPLACE VIEW",
                  ServerError(Code::kQueryRefused, 1356, "HY000", "view references invalid table"));
  View view;
  view.id = {"d", ObjectKind::kView, "v"};
  view.create = "CREATE VIEW `v` AS select 1 AS `1`";
  ObjectCreator creator(session_);
  ViewBuilder builder(session_, creator, journal, {});
  ExpectError(Code::kQueryRefused, "view `d`.`v` cannot be created: ", "--ignore-table DB.VIEW",
              [&] { builder.Create({&view}, {&view}); });
}

// What others changed since the plan was made: nothing is swapped then.
TEST_F(ServerAnswers, WhatChangedBeforeTheSwapIsNamed) {
  PreparedSet set;
  set.members = {{"d", "d__dbomsbak_new_r", "d__dbomsbak_old_1"}};
  set.before.resize(1);
  set.before[0].name = "d";
  set.incoming.resize(1);
  set.outgoing.resize(1);
  const std::string told = "the databases have changed since they were looked at: ";
  const auto look = [&](const std::string& what) {
    ExpectError(Code::kRestorePreflight, told + what, "Keep others from changing definitions",
                [&] { CheckUnchanged(session_, set); });
  };
  set.incoming[0] = {"t"};
  look("table `d__dbomsbak_new_r`.`t` is missing");
  set.incoming[0].clear();
  set.before[0].create = "CREATE DATABASE `d`";
  look("database `d` is gone");
  const auto exists = [&](const std::string& name) {
    server_.OnCall("SELECT SCHEMA_NAME, ", [name](std::string_view sql) {
      return sql.find("'" + name + "'") == sql.npos ? ResultSet{} : Answer({}, {{name, "c", "c"}});
    });
  };
  exists("d");
  set.before[0].create.clear();
  look("database `d` is there now");
}

TEST_F(ServerAnswers, ADisplacedNameThatIsTakenKeepsTheSwapFromBeginning) {
  PreparedSet set;
  set.members = {{"d", "d__dbomsbak_new_r", "d__dbomsbak_old_1"}};
  set.before.resize(1);
  set.incoming.resize(1);
  set.outgoing.resize(1);
  const auto of_copy = [&](const std::string& prefix, const Row& row) {
    server_.OnCall(prefix, [row](std::string_view sql) {
      return sql.find("_old_1'") == sql.npos ? ResultSet{} : Answer({}, {row});
    });
  };
  of_copy("SELECT SCHEMA_NAME, ", {"d__dbomsbak_old_1", "utf8mb4", "utf8mb4_bin"});
  of_copy("SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE", {"d__dbomsbak_old_1", "t", "BASE TABLE"});
  ExpectError(Code::kRestorePreflight, "database `d__dbomsbak_old_1` is in use", "Nothing was",
              [&] { CheckUnchanged(session_, set); });
}

}  // namespace
}  // namespace dbomsbak
