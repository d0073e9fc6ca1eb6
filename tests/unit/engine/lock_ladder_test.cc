#include "engine/lock_ladder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "support/fake_session.h"
#include "unit/thrown.h"

namespace dbomsbak {
namespace {

using test::Answer;
using test::FakeServer;
using test::FakeSession;
using ::testing::HasSubstr;

ServerError Refused() {
  return ServerError(ErrorCode::kPrivilege, 1227, "42000", "access denied; you need RELOAD");
}
ServerError LockWaitTimeout() {
  return ServerError(ErrorCode::kBusy, 1205, "HY000", "lock wait timeout exceeded");
}

class LockLadder : public ::testing::Test {
 protected:
  LockLadder() {
    traits_.has_flush_tables_with_read_lock = true;
    traits_.has_real_table_locks = true;
    traits_.has_consistent_snapshot = true;
    traits_.has_metadata_locks_for_readers = true;
    request_.tables = {{"a", "t"}, {"b", "m"}};
    request_.patience.tries = 2;
  }

  SnapshotTaken Take() {
    return TakeSnapshot(traits_, request_, coordinator_, holder_, {&reader1_, &reader2_},
                        SilentObserver(), cancel_);
  }
  std::size_t Position(std::string_view prefix, std::size_t from = 0) {
    const auto statements = server_.statements();
    for (std::size_t i = from; i < statements.size(); ++i) {
      if (statements[i].starts_with(prefix)) return i;
    }
    ADD_FAILURE() << "no statement begins with " << prefix;
    return 0;
  }

  FakeServer server_;
  FakeSession coordinator_{server_}, holder_{server_}, reader1_{server_}, reader2_{server_};
  ServerTraits traits_;
  SnapshotRequest request_;
  CancelToken cancel_;
};

TEST_F(LockLadder, AMomentThatIsStillToComeIsWaitedForByEachReader) {
  traits_ = {};
  traits_.has_snapshot_reads = true;
  server_.On("SELECT current_scn()", Answer({"scn"}, {{"123"}}));
  int refused = 0;
  server_.OnCall("SELECT 1 FROM `a`.`t` AS OF SNAPSHOT 123", [&](std::string_view) -> ResultSet {
    if (++refused <= 2) {
      throw ServerError(ErrorCode::kQueryRefused, 4344, "HY000", "invalid timestamp");
    }
    return {};
  });
  const SnapshotTaken taken = Take();
  EXPECT_EQ(taken.read_as_of, " AS OF SNAPSHOT 123");
  EXPECT_EQ(refused, 4) << "two refusals, then one look a reader";
}

TEST_F(LockLadder, SnapshotsAreOpenedWhileTheLockIsHeld) {
  const SnapshotTaken taken = Take();
  EXPECT_EQ(taken.record.method, "global-read-lock");
  EXPECT_EQ(taken.readers, 2u);
  EXPECT_FALSE(taken.tables_held);
  const std::size_t lock = Position("FLUSH TABLES WITH READ LOCK");
  const std::size_t wait = Position("SET SESSION lock_wait_timeout = 5");
  const std::size_t first = Position("START TRANSACTION WITH CONSISTENT SNAPSHOT");
  const std::size_t second = Position("START TRANSACTION WITH CONSISTENT SNAPSHOT", first + 1);
  const std::size_t unlock = Position("UNLOCK TABLES");
  EXPECT_LT(wait, lock);
  EXPECT_LT(lock, first);
  EXPECT_LT(second, unlock);
}

TEST_F(LockLadder, WithoutReloadTablesAreLockedWithAutocommitOff) {
  server_.OnError("FLUSH TABLES", Refused());
  EXPECT_EQ(Take().record.method, "table-locks");
  EXPECT_LT(Position("SET autocommit = 0"), Position("LOCK TABLES `a`.`t` READ, `b`.`m` READ"));
}

TEST_F(LockLadder, WithoutAnyLockOneSessionReads) {
  server_.OnError("FLUSH TABLES", Refused());
  server_.OnError("LOCK TABLES", Refused());
  const SnapshotTaken taken = Take();
  EXPECT_EQ(taken.record.method, "single-session");
  EXPECT_EQ(taken.readers, 1u);
}

// Nobody's DDL comes between the snapshot and the tables that are read at it.
TEST_F(LockLadder, WithoutAnyLockTablesAreTouchedBeforeTheSnapshotIsOpenedByARead) {
  server_.OnError("FLUSH TABLES", Refused());
  server_.OnError("LOCK TABLES", Refused());
  request_.pins = {{"a", "t"}};
  request_.touch = [](const std::vector<Session*>& readers) {
    readers.front()->Execute("(SELECT 1 FROM `a`.`t` LIMIT 0)");
    return Untouchable{};
  };
  request_.list_difference = [](Session& session) {
    session.Query("SELECT TABLE_SCHEMA");
    return std::optional<std::string>();
  };
  EXPECT_EQ(Take().record.method, "single-session");
  const std::size_t begin = Position("START TRANSACTION");
  const std::size_t touch = Position("(SELECT 1 FROM `a`.`t` LIMIT 0)");
  const std::size_t list = Position("SELECT TABLE_SCHEMA");
  const std::size_t pin = Position("SELECT 1 FROM `a`.`t` LIMIT 1");
  EXPECT_LT(begin, touch);
  EXPECT_LT(touch, list);
  EXPECT_LT(list, pin);
  EXPECT_LT(pin, Position("SELECT TABLE_SCHEMA", list + 1));
  EXPECT_FALSE(server_.Saw("START TRANSACTION WITH CONSISTENT SNAPSHOT"));
}

TEST_F(LockLadder, ListsThatDifferUnderTheLockGiveItBack) {
  request_.list_difference = [](Session&) {
    return std::optional<std::string>("`a`.`x` (created)");
  };
  EXPECT_THROW(Take(), ListChanged);
  EXPECT_LT(Position("FLUSH TABLES WITH READ LOCK"), Position("UNLOCK TABLES"));
}

TEST_F(LockLadder, ATableThatIsGoneWhenItIsLockedAsksForAnotherTry) {
  server_.OnError("FLUSH TABLES", Refused());
  server_.OnError("LOCK TABLES",
                  ServerError(ErrorCode::kQueryRefused, 1146, "42S02", "no `a`.`t`"));
  request_.last_try = false;
  EXPECT_THROW(Take(), ListChanged);
}

TEST_F(LockLadder, TablesWithoutTransactionsStayLockedOrAreRefusedByName) {
  request_.non_transactional = {{"b", "m"}};
  EXPECT_TRUE(Take().tables_held);
  EXPECT_LT(Position("LOCK TABLES `b`.`m` READ"), Position("UNLOCK TABLES"));

  server_.OnError("FLUSH TABLES", Refused());
  server_.OnError("LOCK TABLES", Refused());
  try {
    Take();
    FAIL() << "read a table that nothing held still";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::kNoSnapshot);
    EXPECT_THAT(e.message(), HasSubstr("`b`.`m`"));
  }
}

TEST_F(LockLadder, LocksThatAServerOnlyPretendsToTakeAreNotBelieved) {
  traits_.has_flush_tables_with_read_lock = false;
  traits_.has_real_table_locks = false;
  EXPECT_EQ(Take().record.method, "single-session");
  EXPECT_FALSE(server_.Saw("LOCK TABLES"));
}

TEST_F(LockLadder, WaitsTriesAgainAndThenNamesTheHolder) {
  server_.OnError("FLUSH TABLES", LockWaitTimeout());
  server_.On("SELECT ID, USER, HOST",
             Answer({}, {{"17", "app", "10.0.0.5", "63", "copy to tmp table", "ALTER TABLE\nt"}}));
  try {
    Take();
    FAIL() << "went on without a lock";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::kBusy);
    EXPECT_THAT(e.message(), HasSubstr("session 17 (app@10.0.0.5, 63 s"));
    EXPECT_THAT(e.message(), HasSubstr("ALTER TABLE t"));
  }
  const auto statements = server_.statements();
  EXPECT_EQ(std::count(statements.begin(), statements.end(), "FLUSH TABLES WITH READ LOCK"), 2);
  EXPECT_FALSE(server_.Saw("START TRANSACTION"));
}

TEST_F(LockLadder, OtherErrorsEndIt) {
  server_.OnError("START TRANSACTION WITH", FakeServer::Lost());
  EXPECT_THROW(Take(), ServerError);
}

TEST_F(LockLadder, WhereNoRungFitsNothingIsDumped) {
  traits_ = {};
  ExpectError(ErrorCode::kNoSnapshot, "this server offers no way to a consistent snapshot",
              "Stop all writers", [&] { Take(); });
}

}  // namespace
}  // namespace dbomsbak
