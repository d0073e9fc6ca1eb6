#include "dbomsbak/app/oms_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "unit/thrown.h"
#include "unit/transport/temporary_folder.h"

namespace dbomsbak {
namespace {

using dbomsbak::test::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kUsual[] =
    "# OMS\n"
    "oms_meta_host: 10.0.0.5\n"
    "oms_meta_port: 2883\n"
    "oms_meta_user: root@oms#obcluster\n"
    "oms_meta_password: geheim#1\n"
    "drc_rm_db: oms_rm\n"
    "drc_cm_db: oms_cm\n"
    "drc_cm_heartbeat_db: oms_cm_hb\n"
    "cm_url: http://10.0.0.5:8088\n"
    "cm_nodes:\n"
    " - 10.0.0.5\n"
    "tsdb_password: ${tsdb_password}\n";

class OmsConfigTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& text, const std::string& name = "config.yaml") {
    return folder_.Write(name, text);
  }
  OmsConfig Read(const std::string& text, const OmsNeeds& needs = {}) {
    notices_.clear();
    return ReadOmsConfigs({Write(text)}, needs, notices_);
  }
  // The usual file with this in place of the line of the key that it names.
  static std::string With(const std::string& lines) {
    std::string text = kUsual;
    for (const char* key : {"oms_meta_host", "oms_meta_port", "oms_meta_password", "oms_meta_user",
                            "drc_rm_db", "drc_cm_db", "drc_cm_heartbeat_db"}) {
      if (lines.find(key) > 1) continue;
      const std::size_t begin = text.find(key);
      text.replace(begin, text.find('\n', begin) - begin, lines);
    }
    return text;
  }
  std::string Password(const std::string& written) {
    return Read(With("oms_meta_password: " + written)).password->Reveal();
  }
  Error ErrorOf(const std::vector<std::string>& paths, const OmsNeeds& needs = {}) {
    try {
      ReadOmsConfigs(paths, needs, notices_);
    } catch (const Error& error) {
      return error;
    }
    return Error(ErrorCode::kOk, "no error");
  }
  std::string MessageOf(const std::string& text, const OmsNeeds& needs = {}) {
    const Error error = ErrorOf({Write(text)}, needs);
    EXPECT_EQ(error.code(), ErrorCode::kUsage) << text;
    EXPECT_THAT(error.hint(), Not(IsEmpty())) << text;
    EXPECT_THAT(error.message(), HasSubstr(folder_.Path("config.yaml"))) << text;
    EXPECT_THAT(error.message() + error.hint(), Not(HasSubstr("geheim"))) << text;
    return error.message();
  }

  TemporaryFolder folder_;
  std::vector<std::string> notices_;
};

TEST_F(OmsConfigTest, TheUsualFileIsReadAsItStands) {
  const OmsConfig config = Read(kUsual);
  EXPECT_EQ(config.host, "10.0.0.5");
  EXPECT_EQ(config.port, 2883);
  EXPECT_EQ(config.user, "root@oms#obcluster");
  EXPECT_EQ(config.password->Reveal(), "geheim#1");
  EXPECT_THAT(config.databases, ElementsAre("oms_rm", "oms_cm", "oms_cm_hb"));
  EXPECT_THAT(config.heartbeats, ElementsAre("oms_cm_hb"));
  EXPECT_THAT(notices_, IsEmpty());
}

TEST_F(OmsConfigTest, LineEndsMarksAndQuotesOfAllEditorsAreTaken) {
  std::string crlf;
  for (const char c : std::string(kUsual)) crlf += c == '\n' ? std::string("\r\n") : std::string{c};
  std::string cr = kUsual;
  std::replace(cr.begin(), cr.end(), '\n', '\r');
  for (const std::string& text : {crlf, cr, "\xEF\xBB\xBF" + crlf, "---\n" + std::string(kUsual)}) {
    EXPECT_EQ(Read(text).password->Reveal(), "geheim#1");
    EXPECT_THAT(Read(text).databases, ElementsAre("oms_rm", "oms_cm", "oms_cm_hb"));
  }
  EXPECT_EQ(Read(With("\"oms_meta_host\" :\t'db.local'  # here")).host, "db.local");
  EXPECT_EQ(Read(With("oms_meta_port: '3306'")).port, 3306);
}

TEST_F(OmsConfigTest, PasswordsAreWhatYamlMakesOfThem) {
  EXPECT_EQ(Password("'it''s: #1 @x'"), "it's: #1 @x");
  EXPECT_EQ(Password(R"("a\"b\\")"), R"(a"b\)");
  EXPECT_EQ(Password("a#b${c}d  # comment"), "a#b${c}d");
  EXPECT_EQ(Password("0123"), "0123");
  EXPECT_EQ(Password("1e3"), "1e3");
  EXPECT_EQ(Password("true"), "true");
  EXPECT_EQ(Password("''"), "");
  EXPECT_EQ(Password("\xE5\xAF\x86"), "\xE5\xAF\x86");
}

TEST_F(OmsConfigTest, APasswordWithACommentBehindItIsKnownByItsLine) {
  const auto cut = [&](const std::string& written) {
    return Read(With("oms_meta_password: " + written)).password_cut;
  };
  EXPECT_EQ(cut("a #b"), folder_.Path("config.yaml") + ", line 5");
  EXPECT_EQ(cut("a\t#b"), folder_.Path("config.yaml") + ", line 5");
  for (const char* whole : {"a#b", "'a #b'", "\"a #b\" # c", "'a' # c"}) {
    EXPECT_EQ(cut(whole), "") << whole;
  }
}

TEST_F(OmsConfigTest, ADatabaseThatIsNotThereIsToldWithTheLineThatNamesIt) {
  const OmsConfig config = Read(kUsual);
  Error missing(ErrorCode::kUsage, "there is no database `oms_cm_hb`");
  missing.About("oms_cm_hb");
  TellWhereNamed(config.named_at, missing);
  EXPECT_EQ(missing.message(), folder_.Path("config.yaml") +
                                   ", line 8: drc_cm_heartbeat_db: there is no database "
                                   "`oms_cm_hb`");
  Error other(ErrorCode::kUsage, "there is no database `x`");
  other.About("x");
  TellWhereNamed(config.named_at, other);
  EXPECT_EQ(other.message(), "there is no database `x`");
}

TEST_F(OmsConfigTest, NumbersAreNamesAndANameCountsOnce) {
  EXPECT_THAT(Read(With("drc_rm_db: 331")).databases, ElementsAre("331", "oms_cm", "oms_cm_hb"));
  const std::string one = "drc_rm_db: db_oms\ndrc_cm_db: db_oms\ndrc_cm_heartbeat_db: db_oms\n";
  OmsNeeds needs;
  needs.host = needs.port = needs.password = false;
  needs.user = "";
  EXPECT_THAT(Read(one, needs).databases, ElementsAre("db_oms"));
}

TEST_F(OmsConfigTest, WhatIsNotAskedForMayBeWrong) {
  const std::string odd =
      "cm_nodes:\n   - a\n  - b\n- c\nodd: 'not closed\n\ttabs: &x\nodd: twice\n: x\n"
      "cm_region_cn: \xB9\xAB\n";
  EXPECT_THAT(Read(odd + kUsual + odd).databases, ElementsAre("oms_rm", "oms_cm", "oms_cm_hb"));
}

TEST_F(OmsConfigTest, EachMistakeIsToldByLineAndKeyNeverByValue) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"oms_meta_host:", "line 2: oms_meta_host has no value"},
      {"oms_meta_host: ''", "line 2: oms_meta_host has no value"},
      {"oms_meta_host: ~", "line 2: oms_meta_host has no value"},
      {"oms_meta_host: ${oms_meta_host}", "line 2: oms_meta_host is a placeholder"},
      {"oms_meta_host: <geheim>", "line 2: oms_meta_host is a placeholder"},
      {"oms_meta_host: xxx.xxx.xxx.1", "line 2: oms_meta_host is a placeholder"},
      {"oms_meta_host: [geheim]", "line 2: oms_meta_host begins with a sign"},
      {"oms_meta_host: \xE5\x28", "line 2: oms_meta_host is not in UTF-8"},
      {"oms_meta_host: \"geheim\\n\"", "line 2: oms_meta_host holds a control character"},
      {"oms_meta_host = geheim", "line 2: there is no ':' behind oms_meta_host"},
      {"oms_meta_host:geheim", "line 2: there is no blank behind oms_meta_host:"},
      {" oms_meta_host: geheim", "line 2: oms_meta_host does not begin its line"},
      {"\toms_meta_host: geheim", "line 2: oms_meta_host does not begin its line"},
      {"oms_meta_host: geheim\n oms_x: 1", "line 3: this would go on with oms_meta_host"},
      {"oms_meta_host:\n- geheim", "line 3: this would go on with oms_meta_host"},
      {"oms_meta_host: a\noms_meta_host: geheim", "line 3: oms_meta_host is given twice, first in"},
      {"oms_meta_port: 65536", "line 3: oms_meta_port is no port"},
      {"oms_meta_port: 0", "line 3: oms_meta_port is no port"},
      {"oms_meta_port: 2883x", "line 3: oms_meta_port is no port"},
      {"oms_meta_port: -1", "line 3: oms_meta_port is no port"},
      {"oms_meta_password: @geheim", "line 5: oms_meta_password begins with a sign"},
      {"oms_meta_password: &geheim x", "line 5: oms_meta_password begins with a sign"},
      {"oms_meta_password: !geheim", "line 5: oms_meta_password begins with a sign"},
      {"oms_meta_password: *geheim", "line 5: oms_meta_password begins with a sign"},
      {"oms_meta_password: '******'", "line 5: oms_meta_password is a placeholder"},
      {"oms_meta_password: ******", "line 5: oms_meta_password is"},
      {"oms_meta_password: #geheim", "line 5: oms_meta_password has no value"},
      {"oms_meta_password: geheim: x", "line 5: oms_meta_password is no value in YAML"},
      {"oms_meta_password: 'geheim", "line 5: oms_meta_password is no value in YAML"},
      {"oms_meta_password: \"geheim", "line 5: oms_meta_password is no value in YAML"},
      {"oms_meta_password: 'a'geheim", "line 5: oms_meta_password is no value in YAML"},
      {"drc_cm_db: " + std::string(65, 'd'), "line 7: drc_cm_db is longer than"},
      {"drc_cm_heartbeat_db: ${hb}", "line 8: drc_cm_heartbeat_db is a placeholder"},
      {"drc_rm_db_old: x", "drc_rm_db is missing"},
  };
  for (const auto& [line, message] : cases) {
    EXPECT_THAT(MessageOf(With(line)), HasSubstr(message)) << line;
  }
  EXPECT_THAT(MessageOf("oms_meta_host: h\n"), HasSubstr("oms_meta_port is missing"));
  EXPECT_THAT(MessageOf(""), HasSubstr("has none of OMS's keys"));
  EXPECT_THAT(MessageOf("host: geheim\n"), HasSubstr("has none of OMS's keys"));
  EXPECT_THAT(MessageOf("{\"oms_meta_host\": \"geheim\"}"), HasSubstr("has none of OMS's keys"));
  EXPECT_THAT(MessageOf(std::string("\xFF\xFEo\0m\0", 6)), HasSubstr("line 1: this is no text"));
  EXPECT_THAT(MessageOf(std::string(kUsual) + '\0'), HasSubstr("line 1: this is no text"));
  EXPECT_THAT(MessageOf(kUsual + std::string(1 << 20, '#')), HasSubstr("larger than 1 MiB"));
}

TEST_F(OmsConfigTest, AKeyThatIsMissingIsNamed) {
  std::string text = kUsual;
  text.replace(text.find("oms_meta_host"), 4, "xyz_");
  const std::string path = Write(text);
  ExpectTold(ErrorOf({path}), ErrorCode::kUsage, path + ": oms_meta_host is missing", path,
             "what it lacks can be given");
}

TEST_F(OmsConfigTest, FilesThatCannotBeReadAreNamed) {
  const Error missing = ErrorOf({folder_.Path("none.yaml")});
  EXPECT_EQ(missing.code(), ErrorCode::kIo);
  EXPECT_THAT(missing.message(), HasSubstr("none.yaml: No such file"));
  const Error folder = ErrorOf({folder_.Path("")});
  EXPECT_EQ(folder.code(), ErrorCode::kUsage);
  EXPECT_THAT(folder.message(), HasSubstr("is a folder"));
  const std::string path = Write(kUsual);
  chmod(path.c_str(), 0);
  if (geteuid() != 0) {
    EXPECT_EQ(ErrorOf({path}).code(), ErrorCode::kIo);
  }
  chmod(path.c_str(), 0644);
  ReadOmsConfigs({path}, {}, notices_);
  EXPECT_THAT(notices_, ElementsAre(HasSubstr("others may read")));
  notices_.clear();
  chmod(path.c_str(), 0666);
  ReadOmsConfigs({path}, {}, notices_);
  EXPECT_THAT(notices_, ElementsAre(HasSubstr("everybody may write")));
}

TEST_F(OmsConfigTest, WhatIsNamedOtherwiseNeedNotBeInTheFile) {
  OmsNeeds needs;
  needs.host = needs.port = needs.databases = false;
  EXPECT_EQ(Read("oms_meta_host: ${host}\noms_meta_user: u\noms_meta_password: p\n", needs).user,
            "u");
  // Another account's password is none for this one.
  needs.user = "someone";
  EXPECT_FALSE(Read("oms_meta_user: u\noms_meta_password: p\n", needs).password);
  EXPECT_FALSE(Read("oms_meta_user: ${u}\n", needs).password);
  needs.user = "u";
  EXPECT_EQ(Read("oms_meta_user: u\noms_meta_password: p\n", needs).password->Reveal(), "p");
}

TEST_F(OmsConfigTest, FurtherRegionsBringTheirHeartbeatsFromTheSameServerOnly) {
  const std::string first = Write(kUsual, "a.yaml");
  const std::string second = Write(With("drc_cm_heartbeat_db: oms_cm_hb_1"), "b.yaml");
  const OmsConfig both = ReadOmsConfigs({first, second}, {}, notices_);
  EXPECT_THAT(both.databases, ElementsAre("oms_rm", "oms_cm", "oms_cm_hb", "oms_cm_hb_1"));
  EXPECT_THAT(both.heartbeats, ElementsAre("oms_cm_hb", "oms_cm_hb_1"));
  for (const auto& [line, number] :
       std::vector<std::pair<std::string, std::string>>{{"oms_meta_host: 10.0.0.6", "2"},
                                                        {"oms_meta_port: 2881", "3"},
                                                        {"oms_meta_user: other", "4"},
                                                        {"oms_meta_password: geheim#2", "5"}}) {
    const Error error = ErrorOf({first, Write(With(line), "b.yaml")});
    EXPECT_EQ(error.code(), ErrorCode::kUsage);
    EXPECT_THAT(error.message(), HasSubstr("b.yaml, line " + number));
    EXPECT_THAT(error.message(), HasSubstr("is another than in " + first));
    EXPECT_THAT(error.message(), Not(HasSubstr("geheim")));
  }
}

TEST_F(OmsConfigTest, NamesChooseAmongTheFilesDatabasesOrAreAddedToThem) {
  const OmsConfig config = Read(kUsual);
  EXPECT_EQ(ChosenDatabases(config, {}), config.databases);
  EXPECT_THAT(ChosenDatabases(config, {"oms_cm"}), ElementsAre("oms_cm"));
  EXPECT_THAT(ChosenDatabases(config, {"oms_cm_hb_1"}),
              ElementsAre("oms_rm", "oms_cm", "oms_cm_hb", "oms_cm_hb_1"));
  EXPECT_THAT(ChosenDatabases(config, {"oms_cm", "x"}),
              ElementsAre("oms_rm", "oms_cm", "oms_cm_hb", "x"));
  EXPECT_THAT(MissingDatabases(config, {"OMS_RM", "oms_cm_hb", "x"}), ElementsAre("oms_cm"));
}

}  // namespace
}  // namespace dbomsbak
