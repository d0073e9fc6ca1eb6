#include "engine/row_loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine/restore_content.h"
#include "engine/staging_proof.h"
#include "support/fake_session.h"
#include "support/sample_archive.h"
#include "unit/thrown.h"

namespace dbomsbak {
namespace {

using test::FakeServer;
using test::FakeSessionFactory;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kCreate[] = "CREATE TABLE `t` (`a` int)";

ServerError Deadlock() {
  return ServerError(ErrorCode::kQueryRefused, 1213, "40001", "Deadlock found (error 1213)");
}

// Table `t` has three rows in three frames; `small` and `tiny` share a fourth.
class RowLoaderTest : public ::testing::Test {
 protected:
  RowLoaderTest() : sample_(SampleHeader({"d"})) {
    sample_.AddPreamble(R"(["d"])", false);
    sample_.AddDatabase("d");
    sample_.Cut();
    const std::vector<ColumnRecord> columns = {{"a", "int"}};
    sample_.AddTable("d", "t", kCreate, columns, {{"1"}, {"2"}, {"3"}}, 1, true);
    sample_.AddTable("d", "small", "CREATE TABLE `small` (`a` int)", columns, {{"4"}, {"5"}});
    sample_.AddTable("d", "tiny", "CREATE TABLE `tiny` (`a` int)", columns, {{"6"}});
  }

  void Open() {
    archive_.emplace(ArchiveReader::Open(std::make_shared<MemoryReadableFile>(sample_.Build())));
    content_ = ReadContent(*archive_, {}, 2, SilentObserver(), cancel_);
    for (const ContentObject& table : content_.tables) {
      targets_.push_back({"staging", table.record.id.name, true});
    }
    done_.assign(content_.units.size(), false);
  }

  std::size_t TableNumber(const std::string& name) const {
    for (std::size_t i = 0; i < content_.tables.size(); ++i) {
      if (content_.tables[i].record.id.name == name) return i;
    }
    return content_.tables.size();
  }

  void Load(unsigned jobs = 1) {
    FakeSessionFactory sessions(server_);
    RowLoader loader(sessions, traits_, *archive_, content_, content_.sources[0], targets_, done_,
                     "`staging`.`__dbomsbak_load`", SilentObserver(), cancel_);
    loader.Run(jobs);
  }

  // What was sent from the first transaction on.
  std::vector<std::string> Sent() const {
    std::vector<std::string> sent = server_.statements();
    sent.erase(sent.begin(), std::find(sent.begin(), sent.end(), "START TRANSACTION"));
    return sent;
  }

  std::size_t Count(const std::string& prefix) const {
    const std::vector<std::string> sent = server_.statements();
    return static_cast<std::size_t>(std::count_if(
        sent.begin(), sent.end(), [&](const std::string& sql) { return sql.starts_with(prefix); }));
  }

  SampleArchive sample_;
  std::optional<ArchiveReader> archive_;
  RestoreContent content_;
  std::vector<LoadTarget> targets_;
  std::vector<bool> done_;
  ServerTraits traits_;
  FakeServer server_;
  CancelToken cancel_;
};

TEST_F(RowLoaderTest, RowsAndTheirNoteShareATransaction) {
  Open();
  Load();
  const std::vector<std::string> sent = Sent();
  ASSERT_GE(sent.size(), 5U);
  EXPECT_EQ(sent[1], "USE `staging`");
  EXPECT_EQ(sent[2], "INSERT INTO `t` (`a`) VALUES\n(1)");
  EXPECT_THAT(sent[3], StartsWith("INSERT INTO `staging`.`__dbomsbak_load`"));
  EXPECT_EQ(sent[4], "COMMIT");
  // Three frames of `t`, one transaction for all that shares the last frame.
  EXPECT_EQ(Count("COMMIT"), 4U);
  EXPECT_THAT(sent, Contains(HasSubstr("('d','small',4),('d','tiny',4)")));
}

TEST_F(RowLoaderTest, RowsGoToWhatTheTableIsCalledThere) {
  Open();
  targets_[TableNumber("t")].table = "x`1";
  Load();
  EXPECT_TRUE(server_.Saw("INSERT INTO `x``1` (`a`) VALUES\n(1)"));
  EXPECT_EQ(Count("INSERT INTO `t`"), 0U);
  // What is noted, and told, is the archive's name.
  EXPECT_THAT(Sent(), Contains(HasSubstr("('d','t',1)")));
}

TEST_F(RowLoaderTest, UnitsThatAreThereAreNotLoadedAgain) {
  Open();
  for (std::size_t i = 0; i < done_.size(); ++i) {
    done_[i] = content_.units[i].table == TableNumber("t") && content_.units[i].frame == 2;
  }
  Load(3);
  EXPECT_EQ(Count("INSERT INTO `t`"), 2U);
  EXPECT_FALSE(server_.Saw("INSERT INTO `t` (`a`) VALUES\n(2)"));
}

TEST_F(RowLoaderTest, DeadlockMeansTheWholeUnitAgain) {
  Open();
  int failures = 2;
  server_.OnCall("INSERT INTO `t` (`a`) VALUES\n(2)", [&](std::string_view) -> ResultSet {
    if (failures-- > 0) throw Deadlock();
    return {};
  });
  Load();
  EXPECT_EQ(Count("ROLLBACK"), 2U);
  EXPECT_EQ(Count("INSERT INTO `t` (`a`) VALUES\n(2)"), 3U);
  EXPECT_EQ(Count("COMMIT"), 4U);
}

TEST_F(RowLoaderTest, TableWithoutTransactionsIsNeverTriedTwice) {
  Open();
  targets_[TableNumber("t")].transactional = false;
  server_.OnError("INSERT INTO `t` (`a`) VALUES\n(2)", Deadlock());
  try {
    Load();
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.message(), HasSubstr("table `d`.`t`"));
  }
  EXPECT_EQ(Count("INSERT INTO `t` (`a`) VALUES\n(2)"), 1U);
}

TEST_F(RowLoaderTest, EveryFailingStatementEndsTheLoadAsItself) {
  Open();
  Load();
  const std::size_t statements = server_.statements().size();
  for (std::size_t n = 1; n <= statements; ++n) {
    FakeServer server;
    FakeSessionFactory sessions(server);
    server.FailAt(n, FakeServer::Lost());
    RowLoader loader(sessions, traits_, *archive_, content_, content_.sources[0], targets_, done_,
                     "`s`.`l`", SilentObserver(), cancel_);
    try {
      loader.Run(1);
      ADD_FAILURE() << "statement " << n << " failed unseen";
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::kConnectionLost) << n;
    }
  }
}

// Tables are read back as soon as they are whole.
class ProvedLoadTest : public RowLoaderTest {
 protected:
  void OpenWithStaged() {
    Open();
    Database& staging = staged_.databases.emplace_back();
    staging.name = "staging";
    for (const ContentObject& table : content_.tables) {
      Table& made = staging.tables.emplace_back();
      made.id = table.record.id;
      made.id.database = "staging";
      Column& column = made.columns.emplace_back();
      column.name = "a";
      column.kind = ColumnKind::Parse("int").value();
      column.select_expression = "`a`";
    }
    Holds("t", {{"1"}, {"2"}, {"3"}});
    Holds("small", {{"4"}, {"5"}});
    Holds("tiny", {{"6"}});
  }

  void Holds(const std::string& table, std::vector<Row> rows) {
    server_.On(ReadOf(table), test::Answer({"a"}, std::move(rows)));
  }
  static std::string ReadOf(const std::string& table) {
    return "SELECT `a` FROM `staging`.`" + table + "`";
  }

  StagingProof LoadAndProve(unsigned jobs) {
    FakeSessionFactory sessions(server_);
    const std::vector<RestoreMember> members{{"d", "d", "staging", "displaced"}};
    RowProof proof(sessions, traits_, content_, members, staged_, SilentObserver(), cancel_);
    RowLoader loader(sessions, traits_, *archive_, content_, content_.sources[0], targets_, done_,
                     "`staging`.`__dbomsbak_load`", SilentObserver(), cancel_);
    loader.Run(jobs, &proof);
    EXPECT_TRUE(proof.complete());
    return proof.Finish();
  }

  Catalog staged_;
};

TEST_F(ProvedLoadTest, AllIsProvedWhenAllIsLoaded) {
  OpenWithStaged();
  for (const unsigned jobs : {1U, 2U, 7U}) {
    const StagingProof proof = LoadAndProve(jobs);
    EXPECT_EQ(proof.tables, 3U);
    EXPECT_EQ(proof.rows, 6U);
    ASSERT_EQ(proof.digests.size(), 3U);
    const std::size_t t = TableNumber("t");
    EXPECT_EQ(proof.digests[t].value, content_.tables[t].record.row_digest->value);
  }
}

TEST_F(ProvedLoadTest, AWholeTableIsReadWhileAnotherIsLoaded) {
  OpenWithStaged();
  bool read_meanwhile = false;
  server_.OnCall("INSERT INTO `small`", [&](std::string_view) -> ResultSet {
    for (int i = 0; i < 2000 && !read_meanwhile; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      read_meanwhile = server_.Saw(ReadOf("t"));
    }
    return {};
  });
  LoadAndProve(2);
  EXPECT_TRUE(read_meanwhile);
}

TEST_F(ProvedLoadTest, WhatWasThereAlreadyIsProvedToo) {
  OpenWithStaged();
  done_.assign(done_.size(), true);
  EXPECT_EQ(LoadAndProve(2).rows, 6U);
  EXPECT_EQ(Count("INSERT"), 0U);
}

TEST_F(ProvedLoadTest, ATableThatDiffersEndsTheLoad) {
  OpenWithStaged();
  Holds("t", {{"1"}, {"2"}, {"4"}});
  for (const unsigned jobs : {1U, 2U}) {
    try {
      LoadAndProve(jobs);
      FAIL();
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::kCopyDiffers);
      EXPECT_THAT(e.message(), HasSubstr("table `d`.`t` differs"));
    }
  }
}

TEST_F(ProvedLoadTest, WhatTheServerSaidOfATableThatDiffersIsTold) {
  OpenWithStaged();
  const std::vector<RestoreMember> members{{"d", "d", "staging", "displaced"}};
  FakeSessionFactory sessions(server_);
  std::map<std::uint32_t, std::string> warnings;
  for (std::size_t i = 0; i < content_.tables.size(); ++i) {
    warnings[static_cast<std::uint32_t>(i)] = "Data truncated";
  }
  const auto prove = [&] {
    ProveRows(sessions, traits_, content_, members, staged_, warnings, 1, SilentObserver(),
              cancel_);
  };
  Holds("t", {{"1"}, {"2"}, {"4"}});
  ExpectError(ErrorCode::kCopyDiffers, "the restored copy of table `d`.`t` differs: its 3 rows are",
              "Nothing was swapped", prove);
  Holds("t", {{"1"}, {"2"}});
  ExpectError(ErrorCode::kCopyDiffers,
              "the restored copy of table `d`.`t` differs: it holds 2 rows, the archive 3; the "
              "server said: Data truncated",
              "Nothing was swapped", prove);
  staged_.databases.clear();
  ExpectError(ErrorCode::kCopyDiffers, " is not in staging", "Run the same command again", prove);
}

TEST_F(ProvedLoadTest, EveryFailingStatementEndsBothAsItself) {
  OpenWithStaged();
  LoadAndProve(1);
  const std::size_t statements = server_.statements().size();
  for (const unsigned jobs : {1U, 3U}) {
    for (std::size_t n = 1; n <= statements; ++n) {
      server_.FailAt(n, FakeServer::Lost());
      try {
        LoadAndProve(jobs);
        ADD_FAILURE() << "statement " << n << " failed unseen with " << jobs << " jobs";
      } catch (const Error& e) {
        EXPECT_EQ(e.code(), ErrorCode::kConnectionLost) << n;
      }
    }
  }
}

TEST_F(ProvedLoadTest, CancelWhileItWaitsEndsBoth) {
  OpenWithStaged();
  server_.OnCall("INSERT INTO `small`", [&](std::string_view) -> ResultSet {
    cancel_.Cancel(2);
    return {};
  });
  try {
    LoadAndProve(3);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::kInterrupted);
  }
}

// A table `w` of two frames, large enough to go whole, beside the others; `value` is one more row.
class WholeLoadTest : public RowLoaderTest {
 protected:
  void OpenWithWhole(const std::optional<std::string>& value = std::nullopt) {
    std::vector<SampleRow> rows(6, {std::string(200'000, 'x')});
    if (value) rows.push_back({*value});
    sample_.AddTable("d", "w", "CREATE TABLE `w` (`a` longtext) ENGINE=InnoDB",
                     {{"a", "text:utf8mb4"}}, rows, 3, true);
    traits_.takes_local_rows = traits_.has_bulk_load = true;
    Open();
  }
  static constexpr char kLoad[] = "LOAD DATA LOCAL INFILE 'rows' INTO TABLE `staging`.`w` ";
};

TEST_F(WholeLoadTest, AllRowsOfATableAndItsNotesShareATransaction) {
  OpenWithWhole();
  Load();
  const std::vector<std::string> sent = Sent();
  // The largest comes first.
  EXPECT_THAT(sent[1], StartsWith(kLoad));
  EXPECT_EQ(std::count(sent[1].begin(), sent[1].end(), '\n'), 6);
  EXPECT_THAT(sent[2], HasSubstr("('d','w',4),('d','w',5)"));
  EXPECT_EQ(sent[3], "COMMIT");
  EXPECT_EQ(Count(kLoad), 1U);
  EXPECT_EQ(Count("INSERT INTO `w`"), 0U);
  EXPECT_TRUE(server_.Saw("ALTER TABLE `staging`.`w` STATS_AUTO_RECALC=DEFAULT"));
}

TEST_F(WholeLoadTest, ManyRowsTakeLongerThanAFewOfMoreBytes) {
  const std::vector<SampleRow> rows(60'000, {std::string(20, 'x')});
  sample_.AddTable("d", "narrow", "CREATE TABLE `narrow` (`a` longtext) ENGINE=InnoDB",
                   {{"a", "text:utf8mb4"}}, rows, 30'000, true);
  const SampleRow last{std::string(400'000, 'x')};
  OpenWithWhole(last.front());
  const auto bytes = [&](const char* name) {
    return content_.tables[TableNumber(name)].record.data->length;
  };
  ASSERT_GT(bytes("w"), bytes("narrow"));
  Load();
  const std::vector<std::string> sent = Sent();
  EXPECT_THAT(sent[1], StartsWith("LOAD DATA LOCAL INFILE 'rows' INTO TABLE `staging`.`narrow` "));
  EXPECT_EQ(Count(kLoad), 1U);
}

TEST_F(WholeLoadTest, WhatTheServerRefusesSoGoesByInserts) {
  OpenWithWhole();
  server_.OnError(kLoad, ServerError(ErrorCode::kQueryRefused, 1021, "HY000", "disk full"));
  Load();
  EXPECT_EQ(Count("ROLLBACK"), 1U);
  EXPECT_EQ(Count("INSERT INTO `w`"), 2U);
  EXPECT_TRUE(server_.Saw("ALTER TABLE `staging`.`w` STATS_AUTO_RECALC=DEFAULT"));
}

TEST_F(WholeLoadTest, AValueWithoutFieldsSendsAllByInserts) {
  OpenWithWhole("\xFF");
  Load();
  EXPECT_EQ(Count(kLoad), 0U);  // it was ended in the middle
  EXPECT_EQ(Count("ROLLBACK"), 1U);
  EXPECT_EQ(Count("INSERT INTO `w`"), 3U);
}

TEST_F(WholeLoadTest, ATableOfWhichSomeRowsAreThereGoesByUnits) {
  OpenWithWhole();
  for (std::size_t i = 0; i < done_.size(); ++i) {
    done_[i] = content_.units[i].table == TableNumber("w") && content_.units[i].frame == 5;
  }
  Load();
  EXPECT_EQ(Count(kLoad), 1U);
  EXPECT_EQ(Count("SET SESSION unique_checks=0"), 0U);
  EXPECT_THAT(Sent(), Contains(HasSubstr("('d','w',4)")));
}

TEST_F(RowLoaderTest, CancelEndsItBetweenFrames) {
  Open();
  cancel_.Cancel(2);
  EXPECT_THROW(Load(2), Error);
  EXPECT_EQ(Count("INSERT INTO `t`"), 0U);
}

TEST_F(RowLoaderTest, ContentCountsRowsAndLongestStatements) {
  Open();
  EXPECT_EQ(content_.rows, 6U);
  EXPECT_EQ(content_.units.size(), 5U);
  EXPECT_EQ(content_.tables[TableNumber("small")].largest_statement,
            std::string("INSERT INTO `small` (`a`) VALUES\n(4),\n(5)").size());
  EXPECT_EQ(content_.tables[TableNumber("t")].create, kCreate);
}

TEST_F(RowLoaderTest, WhatHasRowsAloneCannotBeRestored) {
  sample_.header.scope.no_create_info = true;
  sample_.objects[1].create.reset();
  ExpectError(ErrorCode::kUnsupported, "memory holds no definition of table `d`.`t`",
              "--no-create-info: load it into tables that exist", [&] { Open(); });
}

TEST_F(RowLoaderTest, WhatIsOutsideOfTheDeclaredDatabasesIsNotContent) {
  for (const ObjectKind kind : {ObjectKind::kTable, ObjectKind::kDatabase}) {
    SampleArchive sample = sample_;
    sample.AddTable("victim", "x", "CREATE TABLE `x` (`a` int)", {{"a", "int"}}, {{"1"}});
    if (kind == ObjectKind::kDatabase) {
      sample.objects.pop_back();
      sample.AddDatabase("victim");
      sample.objects.back().id.database = "d";
    }
    const ArchiveReader archive =
        ArchiveReader::Open(std::make_shared<MemoryReadableFile>(sample.Build()));
    try {
      ReadContent(archive, {}, 1, SilentObserver(), cancel_);
      ADD_FAILURE() << ToString(kind);
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::kDamaged) << e.message();
    }
  }
}

// A file may be whole and yet made to do harm: what is sent to the server as it stands is looked
// at.
TEST_F(RowLoaderTest, WhatNoDumpWritesIsNotContent) {
  const auto refused = [&](SampleArchive sample) {
    try {
      const ArchiveReader archive =
          ArchiveReader::Open(std::make_shared<MemoryReadableFile>(sample.Build()));
      ReadContent(archive, {}, 1, SilentObserver(), cancel_);
      return false;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::kUnsupported) << e.message();
      return true;
    }
  };
  const std::vector<ColumnRecord> columns = {{"a", "int"}};
  const auto table = [&](const std::string& create) {
    SampleArchive sample = sample_;
    sample.AddTable("d", "x", create, columns, {{"1"}});
    return sample;
  };
  EXPECT_FALSE(refused(table("CREATE TABLE `x` (\n  `a` int\n)")));
  EXPECT_FALSE(refused(table("CREATE TABLE `x``.``y`(`a` int)")));
  EXPECT_FALSE(
      refused(table("CREATE TABLE `x` (`a` int COMMENT 'SELECT', `select` int) /* SELECT */ "
                    "PARTITION BY LIST (`a`) (PARTITION p VALUES IN (1))")));
  for (const char* create :
       {"DROP DATABASE `victim`", "CREATE TABLE `victim`.`x` (`a` int)",
        "CREATE TABLE `victim` .`x` (`a` int)", "CREATE TABLE `victim` /**/.`x` (`a` int)",
        "CREATE TABLE victim.x (`a` int)", "CREATE OR REPLACE TABLE `x` (`a` int)",
        "CREATE/**/TABLE `x` (`a` int)", "/*M! CREATE TABLE `x` (*/ DROP DATABASE x",
        "CREATE TABLE `x", "GRANT ALL ON *.* TO `x`", " CREATE TABLE `x` (`a` int)",
        "CREATE TABLE `x` (`a` int) SELECT 1 AS `a`",
        "CREATE TABLE `x` (`a` int) IGNORE AS (TABLE `victim`.`t`)",
        "CREATE TABLE `x` (`a` int) /*!80019 VALUES ROW(victim.f()) */",
        "CREATE TABLE `x` (`a` int); DROP DATABASE victim", "CREATE TABLE `x` (`a` varch;r(9))"}) {
    EXPECT_TRUE(refused(table(create))) << create;
  }
  const auto sequence = [&](const std::string& create, const std::string& restart) {
    SampleArchive sample = sample_;
    ObjectRecord record;
    record.id = {"d", ObjectKind::kSequence, "s"};
    record.create = sample.Add(create);
    sample.Add(";\n" + restart + ";\n");
    record.schema =
        Slice{record.create->frame, record.create->offset, create.size() + restart.size() + 4};
    record.definition_sha256 = Sha256(create).hex();
    sample.objects.push_back(record);
    return sample;
  };
  const std::string create = "CREATE SEQUENCE `s` start with 1",
                    value = "SELECT SETVAL(`s`, -41, 0, 2)";
  EXPECT_FALSE(refused(sequence(create, value)));
  EXPECT_TRUE(refused(sequence("DROP DATABASE `victim`", value)));
  EXPECT_TRUE(refused(sequence("CREATE SEQUENCE `victim`.`s` start with 1", value)));
  EXPECT_TRUE(refused(sequence("CREATE SEQUENCE `s` start with 1; DROP DATABASE victim", value)));
  for (const char* restart :
       {"SELECT SETVAL(`s`, 1, 0) INTO OUTFILE '/tmp/x'", "SELECT SETVAL(`s`, SLEEP(1))",
        "SELECT SETVAL(`s`, 1), SETVAL(`t`, 1)", "SELECT SETVAL(`victim`.`s`, 1)"}) {
    EXPECT_TRUE(refused(sequence(create, restart))) << restart;
  }
  const auto program = [&](ObjectKind kind, const std::string& text) {
    SampleArchive sample = sample_;
    ObjectRecord record;
    record.id = {"d", kind, "x"};
    record.create = sample.Add(text);
    sample.Add("\n");
    record.definition_sha256 = Sha256(text).hex();
    sample.objects.push_back(record);
    return sample;
  };
  using Kind = ObjectKind;
  for (const auto& [kind, text] : std::vector<std::pair<Kind, std::string>>{
           {Kind::kView,
            "CREATE ALGORITHM=UNDEFINED DEFINER=`a`@`%` SQL SECURITY DEFINER VIEW `x` AS select 1"},
           {Kind::kView, "CREATE VIEW `x` AS select 1"},
           {Kind::kTrigger,
            "create or replace definer=`a`@`%` TRIGGER d.x BEFORE INSERT ON d.t FOR EACH ROW SET "
            "@a=1"},
           {Kind::kTrigger,
            "CREATE /* as typed */ TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET @a=1"},
           {Kind::kEvent, "CREATE DEFINER=`a`@`%` EVENT `x` ON SCHEDULE EVERY 1 DAY DO SELECT 1"},
           {Kind::kProcedure, "CREATE PROCEDURE `x`() SELECT 1"},
           {Kind::kFunction, "CREATE AGGREGATE FUNCTION `x`(a INT) RETURNS int(11) BEGIN END"},
           {Kind::kView, "CREATE VIEW `D`.`x` AS select 1"},
           {Kind::kFunction, "CREATE DEFINER=CURRENT_USER() FUNCTION `x`() RETURNS int RETURN 1"},
           {Kind::kPackage, "CREATE DEFINER=role PACKAGE `x` AS END"},
           {Kind::kPackageBody, "CREATE DEFINER=`a`@`%` PACKAGE BODY `x` AS END"}}) {
    EXPECT_FALSE(refused(program(kind, text))) << text;
  }
  for (const auto& [kind, text] : std::vector<std::pair<Kind, std::string>>{
           {Kind::kView, "GRANT CREATE VIEW ON *.* TO `x`"},
           {Kind::kTrigger, "GRANT TRIGGER ON *.* TO `x`"},
           {Kind::kEvent, "GRANT EVENT ON *.* TO `x`"},
           {Kind::kProcedure, "GRANT ALTER ROUTINE ON PROCEDURE `x` TO `y`"},
           {Kind::kProcedure, "DROP PROCEDURE `x`"},
           {Kind::kView, "CREATE /*M! VIEW `x` */ USER y"},
           {Kind::kView, "/*!999999 CREATE VIEW x */ DROP DATABASE y"},
           {Kind::kView, "CREATE OR REPLACE USER `x` IDENTIFIED BY 'VIEW'"},
           {Kind::kView, "CREATE VIEW `victim`.`x` AS select 1"},
           {Kind::kView, "CREATE DEFINER=a@view VIEW victim.x AS select 1"},
           {Kind::kView, "CREATE DEFINER=`a`@`%` /*!99999 VIEW x */ VIEW `victim`.`x` AS select 1"},
           {Kind::kView, "CREATE VIEW victim /*!99999 , */ .x AS select 1"},
           {Kind::kEvent,
            "CREATE DEFINER=a@event EVENT victim.x ON SCHEDULE EVERY 1 DAY DO SET @a=1"},
           {Kind::kProcedure, "CREATE DEFINER=a@procedure PROCEDURE victim.x() SELECT 1"},
           {Kind::kProcedure,
            "CREATE DEFINER=\"a\\\"@\" PROCEDURE x(\" PROCEDURE victim.x() SELECT 1"},
           {Kind::kTrigger,
            "CREATE TRIGGER victim.x BEFORE INSERT ON victim.t FOR EACH ROW SET @a=1"},
           {Kind::kTrigger, "CREATE TRIGGER x BEFORE INSERT ON victim.t FOR EACH ROW SET @a=1"},
           {Kind::kFunction, "CREATE DEFINER=`a`@`%` FUNCTION x RETURNS INTEGER SONAME 'x.so'"},
           {Kind::kFunction, "CREATE FUNCTION x RETURNS INTEGER SONAME 'x.so'"},
           {Kind::kFunction, "CREATE AGGREGATE FUNCTION x RETURNS INTEGER SONAME '(.so'"}}) {
    EXPECT_TRUE(refused(program(kind, text))) << text;
  }
  // To gbk the second back-tick is the half of a character.
  const std::string hidden =
      "CREATE DEFINER=`a\x81`@` PROCEDURE victim.p() SELECT 1 -- ` PROCEDURE x() SELECT 1";
  for (const char* charset : {"utf8mb4", "gbk"}) {
    SampleArchive sample = program(Kind::kProcedure, hidden);
    sample.objects.back().character_set_client = charset;
    EXPECT_EQ(refused(sample), charset == std::string("gbk"));
  }
  const auto granted = [&](const std::string& grant) {
    SampleArchive sample = program(Kind::kProcedure, "CREATE PROCEDURE `x`() SELECT 1");
    sample.objects.back().grants = {grant};
    return sample;
  };
  for (const char* grant :
       {"GRANT EXECUTE ON PROCEDURE `d`.`X` TO 'u'@'%'",
        "GRANT EXECUTE, ALTER ROUTINE ON PROCEDURE `d`.`x` TO 'it\\'s'@'h' WITH GRANT OPTION",
        "GRANT EXECUTE ON PROCEDURE `d`.`x` TO `it``s`@`%`",
        "GRANT USAGE ON PROCEDURE `d`.`x` TO 'role'"}) {
    EXPECT_FALSE(refused(granted(grant))) << grant;
  }
  for (const char* grant :
       {"DROP DATABASE `victim`", "GRANT ALL ON *.* TO 'u'@'%'",
        "GRANT EXECUTE ON PROCEDURE `victim`.`x` TO 'u'@'%'",
        "GRANT EXECUTE ON FUNCTION `d`.`x` TO 'u'@'%'",
        "GRANT EXECUTE, SUPER ON PROCEDURE `d`.`x` TO 'u'@'%'",
        "GRANT EXECUTE ON PROCEDURE `d`.`x` TO 'u'@'%' IDENTIFIED BY 'x'",
        "GRANT EXECUTE ON PROCEDURE `d`.`x` TO 'u'@'%' WITH GRANT OPTION, 'v'@'%'",
        "GRANT EXECUTE ON PROCEDURE `d`.`x` TO 'u\\'@'%'"}) {
    EXPECT_TRUE(refused(granted(grant))) << grant;
  }
  const auto rows = [&](const std::string& values) {
    SampleArchive sample = table("CREATE TABLE `x` (`a` int)");
    sample.objects.back().data = sample.Add("INSERT INTO `x` (`a`) VALUES\n" + values + ";\n");
    return sample;
  };
  EXPECT_FALSE(refused(rows("(-1)")));
  for (const char* values : {"(SLEEP(9))", "((SELECT 1))", "(@@version)", "(1+(1))",
                             "(1) ON DUPLICATE KEY UPDATE a=(2)", "(/*!50000 USER() */)"}) {
    EXPECT_TRUE(refused(rows(values))) << values;
  }
  for (std::string ObjectRecord::*word :
       {&ObjectRecord::charset, &ObjectRecord::collation, &ObjectRecord::character_set_client,
        &ObjectRecord::collation_connection, &ObjectRecord::database_collation}) {
    SampleArchive sample = table("CREATE TABLE `x` (`a` int)");
    sample.objects.back().*word = "latin1, GLOBAL general_log = 1";
    EXPECT_TRUE(refused(sample));
    sample.objects.back().*word = "utf8mb4_0900_ai_ci";
    EXPECT_FALSE(refused(sample));
  }
}

TEST_F(RowLoaderTest, ContentThatContradictsTheIndexIsDamage) {
  const auto expect_damage = [&](const std::function<void(std::vector<ObjectRecord>&)>& change) {
    SampleArchive sample = sample_;
    change(sample.objects);
    try {
      const ArchiveReader archive =
          ArchiveReader::Open(std::make_shared<MemoryReadableFile>(sample.Build()));
      ReadContent(archive, {}, 1, SilentObserver(), cancel_);
      ADD_FAILURE();
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::kDamaged) << e.message();
    }
  };
  using Objects = std::vector<ObjectRecord>;
  // 0 is the database, 1 to 3 are `t`, `small`, `tiny`.
  expect_damage([](Objects& objects) { objects[1].rows = 4; });
  expect_damage([](Objects& objects) { objects[1].data = objects[2].data; });
  expect_damage([](Objects& objects) { objects[2].data->length = 1 << 20; });
  expect_damage([](Objects& objects) { objects[2].data->offset += 1; });
  expect_damage([](Objects& objects) { objects[3].columns[0].name = "b"; });
  expect_damage([](Objects& objects) { objects[3].definition_sha256 = Sha256("x").hex(); });
  expect_damage([](Objects& objects) { objects[3].data.reset(); });
}

}  // namespace
}  // namespace dbomsbak
