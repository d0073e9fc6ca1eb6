#include "transport/option_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dbomsbak/base/error.h"
#include "unit/transport/temporary_folder.h"

namespace dbomsbak {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// "name=value" of each line, "name" where there is no value.
std::vector<std::string> Texts(const std::vector<OptionLine>& lines) {
  std::vector<std::string> texts;
  for (const OptionLine& line : lines) {
    texts.push_back(line.value.has_value() ? line.name + "=" + *line.value : line.name);
  }
  return texts;
}

class OptionFilesTest : public ::testing::Test {
 protected:
  std::vector<std::string> Read(const std::string& text) {
    return Texts(ReadOptionFiles({{folder_.Write("my.cnf", text), true}}, {"client"}, notices_));
  }
  ErrorCode CodeOf(const std::string& text) {
    try {
      Read(text);
    } catch (const Error& error) {
      message_ = error.message();
      return error.code();
    }
    return ErrorCode::kOk;
  }

  test::TemporaryFolder folder_;
  std::vector<std::string> notices_;
  std::string message_;
};

TEST_F(OptionFilesTest, OnlyLinesOfWantedGroupsAreRead) {
  EXPECT_THAT(
      Read("[mysqld]\nport=1\n[client]\nport=2\n[ client ]\nuser = me \n[Client]\nport=3\n"),
      ElementsAre("port=2", "user=me"));
}

TEST_F(OptionFilesTest, UnderscoresAndDashesAreOneName) {
  EXPECT_THAT(Read("[client]\nssl_ca=/x\nssl-key = /y\n"), ElementsAre("ssl-ca=/x", "ssl-key=/y"));
}

TEST_F(OptionFilesTest, ANameWithoutEqualsHasNoValue) {
  EXPECT_THAT(Read("[client]\npassword\nuser=\n"), ElementsAre("password", "user="));
}

TEST_F(OptionFilesTest, CommentsBeginALineOrFollowAValue) {
  EXPECT_THAT(Read("# a\n; b\n[client] # c\nuser=me # you\npassword='a#b' # c\nhost=a;b\n"),
              ElementsAre("user=me", "password=a#b", "host=a;b"));
}

TEST_F(OptionFilesTest, AValueThatACommentCutsIsKnown) {
  const std::string path = folder_.Write("my.cnf",
                                         "[client]\na=b # c\na=b#c\na=# c\na='b'x#c\n"
                                         "a='b # c'\na='b' # c\na=\"b\"#c\na=b\na\n");
  std::vector<bool> cut;
  for (const OptionLine& line : ReadOptionFiles({{path, true}}, {"client"}, notices_)) {
    cut.push_back(line.cut);
  }
  EXPECT_THAT(cut, ElementsAre(true, true, true, true, false, false, false, false, false));
}

// What MariaDB's my_print_defaults prints for the same lines; see also tests/server.
TEST_F(OptionFilesTest, QuotesAndEscapesAreTheClients) {
  EXPECT_THAT(Read("[client]\n"
                   "a=\"two words\"\n"
                   "b='it\\'s'\n"
                   "c=tab\\there\n"
                   "d=\\s lead\n"
                   "e=back\\\\slash\n"
                   "f=C:\\Users\n"
                   "g=\"open\n"),
              ElementsAre("a=two words", "b=it's", "c=tab\there", "d=  lead", "e=back\\slash",
                          "f=C:\\Users", "g=\"open"));
}

TEST_F(OptionFilesTest, CarriageReturnsOfOtherSystemsAreNoPartOfAValue) {
  EXPECT_THAT(Read("[client]\r\nuser=me\r\n"), ElementsAre("user=me"));
}

TEST_F(OptionFilesTest, IncludedFilesStandWhereTheyAreNamed) {
  const std::string other = folder_.Write("other.cnf", "[client]\nuser=other\n[mysqld]\nuser=x\n");
  EXPECT_THAT(Read("[client]\nuser=first\n!include " + other + "\nhost=after\n"),
              ElementsAre("user=first", "user=other", "host=after"));
}

TEST_F(OptionFilesTest, AFolderGivesItsCnfFilesByName) {
  std::filesystem::create_directory(folder_.Path("conf.d"));
  folder_.Write("conf.d/20.cnf", "[client]\nuser=twenty\n");
  folder_.Write("conf.d/10.cnf", "[client]\nuser=ten\n");
  folder_.Write("conf.d/30.cnf~", "[client]\nuser=backup\n");
  EXPECT_THAT(Read("!includedir " + folder_.Path("conf.d") + "\n"),
              ElementsAre("user=ten", "user=twenty"));
}

TEST_F(OptionFilesTest, FilesThatIncludeEachOtherEndWithAMessage) {
  const std::string path = folder_.Path("my.cnf");
  EXPECT_EQ(CodeOf("[client]\n!include " + path + "\n"), ErrorCode::kUsage);
  EXPECT_THAT(message_, HasSubstr("too deeply"));
}

TEST_F(OptionFilesTest, MistakesAreNamedWithFileAndLine) {
  EXPECT_EQ(CodeOf("\nuser=me\n[client]\n"), ErrorCode::kUsage);
  EXPECT_THAT(message_, HasSubstr(folder_.Path("my.cnf") + ", line 2"));
  EXPECT_EQ(CodeOf("[client\nuser=me\n"), ErrorCode::kUsage);
  EXPECT_EQ(CodeOf("[client]\n!import x\n"), ErrorCode::kUsage);
  EXPECT_EQ(CodeOf("[client]\n!include /no/such/file\n"), ErrorCode::kIo);
}

TEST_F(OptionFilesTest, AMissingFileMattersOnlyWhenItWasAskedFor) {
  EXPECT_THAT(ReadOptionFiles({{"/no/such.cnf", false}}, {"client"}, notices_), IsEmpty());
  EXPECT_THROW(ReadOptionFiles({{"/no/such.cnf", true}}, {"client"}, notices_), Error);
}

TEST_F(OptionFilesTest, AFileEverybodyMayWriteIsLeftOut) {
  const std::string path = folder_.Write("open.cnf", "[client]\nuser=intruder\n", 0666);
  EXPECT_THAT(ReadOptionFiles({{path, true}}, {"client"}, notices_), IsEmpty());
  EXPECT_THAT(notices_, ElementsAre(HasSubstr("everybody may write it")));
}

TEST_F(OptionFilesTest, APasswordOthersCanReadIsToldOnlyWhenThereIsOne) {
  const std::string open = folder_.Write("a.cnf", "[client]\npassword=x\n", 0644);
  const std::string none = folder_.Write("b.cnf", "[client]\nuser=x\n", 0644);
  const std::string closed = folder_.Write("c.cnf", "[client]\npassword=x\n", 0600);
  ReadOptionFiles({{open}, {none}, {closed}}, {"client"}, notices_);
  EXPECT_THAT(notices_, ElementsAre(HasSubstr("a.cnf")));
}

}  // namespace
}  // namespace dbomsbak
