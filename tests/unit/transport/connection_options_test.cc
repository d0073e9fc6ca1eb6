#include "dbomsbak/transport/connection_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>

#include "dbomsbak/base/error.h"
#include "unit/thrown.h"
#include "unit/transport/temporary_folder.h"

namespace dbomsbak {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string asked_question;
Secret Prompt(const std::string& question) {
  asked_question = question;
  return Secret("typed");
}

class ConnectionOptionsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"DBOMSBAK_PASSWORD", "MYSQL_PWD", "MYSQL_HOST", "MYSQL_TCP_PORT",
                             "MYSQL_UNIX_PORT", "MYSQL_GROUP_SUFFIX", "MARIADB_GROUP_SUFFIX"}) {
      unsetenv(name);
    }
    asked_question.clear();
    arguments_.no_defaults = true;
  }
  void TearDown() override { SetUp(); }

  void UseFile(const std::string& text) {
    arguments_.defaults_file = folder_.Write("my.cnf", text);
  }
  ConnectionOptions Resolve() { return ResolveConnection(arguments_, &Prompt, notices_); }
  ErrorCode CodeOf() {
    try {
      Resolve();
    } catch (const Error& error) {
      message_ = error.message();
      return error.code();
    }
    return ErrorCode::kOk;
  }

  test::TemporaryFolder folder_;
  ConnectionArguments arguments_;
  std::vector<std::string> notices_;
  std::string message_;
};

TEST_F(ConnectionOptionsTest, NothingGivenIsTheLoginNameAtTheDefaultSocketWithoutPassword) {
  const ConnectionOptions options = Resolve();
  EXPECT_FALSE(options.user.empty());
  EXPECT_FALSE(options.has_password);
  EXPECT_FALSE(options.ssl_mode.has_value());
  EXPECT_THAT(options.Describe(), HasSubstr(" at the default socket"));
}

TEST_F(ConnectionOptionsTest, TheUserNameIsNeverSplit) {
  arguments_.user = "root@tenant#cluster";
  arguments_.host = "10.0.0.1";
  arguments_.port = 2883;
  const ConnectionOptions options = Resolve();
  EXPECT_EQ(options.user, "root@tenant#cluster");
  EXPECT_EQ(options.host, "10.0.0.1");
  EXPECT_EQ(options.Describe(), "root@tenant#cluster@10.0.0.1:2883");
}

TEST_F(ConnectionOptionsTest, ArgumentsWinOverFilesAndFilesOverTheEnvironment) {
  setenv("MYSQL_HOST", "from-environment", 1);
  setenv("MYSQL_TCP_PORT", "1111", 1);
  UseFile("[client]\nport=2222\nuser=filed\nsocket=/filed\n");
  arguments_.user = "argued";
  const ConnectionOptions options = Resolve();
  EXPECT_EQ(options.host, "from-environment");
  EXPECT_EQ(options.port, 2222);
  EXPECT_EQ(options.user, "argued");
  EXPECT_EQ(options.socket, "/filed");
}

TEST_F(ConnectionOptionsTest, TheLastLineCountsWhateverItsGroup) {
  UseFile(
      "[dbomsbak]\nuser=ours\n[client]\nuser=theirs\n[client-mariadb]\nhost=a\n[client-server]\n"
      "host=b\n[mysql]\nhost=c\n");
  EXPECT_EQ(Resolve().user, "theirs");
  EXPECT_EQ(Resolve().host, "b");
}

TEST_F(ConnectionOptionsTest, AGroupSuffixAddsGroups) {
  UseFile("[client_prod]\nuser=prod\n[client]\nhost=h\n[client_test]\nuser=test\n");
  arguments_.defaults_group_suffix = "_test";
  EXPECT_EQ(Resolve().user, "test");
  arguments_.defaults_group_suffix.clear();
  setenv("MYSQL_GROUP_SUFFIX", "_prod", 1);
  EXPECT_EQ(Resolve().user, "prod");
}

TEST_F(ConnectionOptionsTest, OtherProgramsOptionsAreLeftAloneButOursMustBeKnown) {
  UseFile("[client]\ndefault-character-set=latin1\nprompt=x\n[dbomsbak]\nloose-jobs=3\nuser=me\n");
  EXPECT_EQ(Resolve().user, "me");
  UseFile("[dbomsbak]\nusr=me\n");
  EXPECT_EQ(CodeOf(), ErrorCode::kUsage);
  EXPECT_THAT(message_, HasSubstr("my.cnf, line 2: 'usr'"));
}

TEST_F(ConnectionOptionsTest, NumbersMustBeNumbersInRange) {
  UseFile("[client]\nport=65536\n");
  EXPECT_EQ(CodeOf(), ErrorCode::kUsage);
  UseFile("[client]\nport=33x\n");
  EXPECT_EQ(CodeOf(), ErrorCode::kUsage);
  EXPECT_THAT(message_, HasSubstr("33x"));
}

TEST_F(ConnectionOptionsTest, PasswordsWinInTheDocumentedOrder) {
  UseFile("[client]\npassword=filed\n");
  EXPECT_EQ(Resolve().password.Reveal(), "filed");
  setenv("MYSQL_PWD", "mysql-pwd", 1);
  EXPECT_EQ(Resolve().password.Reveal(), "mysql-pwd");
  setenv("DBOMSBAK_PASSWORD", "own-variable", 1);
  EXPECT_EQ(Resolve().password.Reveal(), "own-variable");
  arguments_.password_file = folder_.Write("password", "from file\nsecond line\n");
  EXPECT_EQ(Resolve().password.Reveal(), "from file");
  arguments_.ask_password = true;
  EXPECT_EQ(Resolve().password.Reveal(), "typed");
  arguments_.password = Secret("argued");
  EXPECT_EQ(Resolve().password.Reveal(), "argued");
}

TEST_F(ConnectionOptionsTest, AnEmptyPasswordThatWasGivenIsNotAsked) {
  UseFile("[client]\npassword=\n");
  EXPECT_TRUE(Resolve().has_password);
  EXPECT_TRUE(Resolve().password.empty());
  setenv("MYSQL_PWD", "", 1);
  EXPECT_TRUE(Resolve().has_password);
  EXPECT_EQ(asked_question, "");
}

TEST_F(ConnectionOptionsTest, APasswordLineWithoutValueAsks) {
  UseFile("[client]\npassword\nhost=h\nuser=u\n");
  EXPECT_EQ(Resolve().password.Reveal(), "typed");
  EXPECT_THAT(asked_question, HasSubstr("u@h:3306"));
}

TEST_F(ConnectionOptionsTest, AskingWithoutATerminalIsAnError) {
  arguments_.ask_password = true;
  EXPECT_THROW(ResolveConnection(arguments_, nullptr, notices_), Error);
}

TEST_F(ConnectionOptionsTest, APasswordFileIsItsFirstLineAsItStands) {
  arguments_.password_file = folder_.Write("password", " with blanks\t\r\nx");
  EXPECT_EQ(Resolve().password.Reveal(), " with blanks\t");
  arguments_.password_file = folder_.Write("password", "no newline");
  EXPECT_EQ(Resolve().password.Reveal(), "no newline");
  EXPECT_THAT(notices_, IsEmpty());
}

TEST_F(ConnectionOptionsTest, BadPasswordFilesAreRefused) {
  arguments_.password_file = folder_.Write("open", "x\n", 0602);
  EXPECT_EQ(CodeOf(), ErrorCode::kUsage);
  arguments_.password_file = folder_.Write("empty", "\nx\n");
  EXPECT_EQ(CodeOf(), ErrorCode::kUsage);
  arguments_.password_file = folder_.Path("missing");
  EXPECT_EQ(CodeOf(), ErrorCode::kIo);
  arguments_.password_file = folder_.Path(".");
  EXPECT_EQ(CodeOf(), ErrorCode::kUsage);
  arguments_.password_file = folder_.Write("long", std::string(5000, 'x'));
  EXPECT_EQ(CodeOf(), ErrorCode::kUsage);
}

TEST_F(ConnectionOptionsTest, APasswordFileOthersMayReadIsTold) {
  arguments_.password_file = folder_.Write("password", "x\n", 0644);
  EXPECT_EQ(Resolve().password.Reveal(), "x");
  EXPECT_THAT(notices_, ElementsAre(HasSubstr("chmod 600")));
}

TEST_F(ConnectionOptionsTest, APasswordMayComeThroughAPipe) {
  const std::string path = folder_.Path("pipe");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const int pipe = open(path.c_str(), O_WRONLY);
    const bool written =
        write(pipe, "pip", 3) == 3 && usleep(20'000) == 0 && write(pipe, "ed\n", 3) == 3;
    _exit(written ? 0 : 1);
  }
  arguments_.password_file = path;
  EXPECT_EQ(Resolve().password.Reveal(), "piped");
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST_F(ConnectionOptionsTest, APortOnTheCommandLineMeansTcpAndASocketMeansTheSocket) {
  arguments_.port = 3307;
  EXPECT_EQ(Resolve().protocol, "tcp");
  EXPECT_THAT(Resolve().Describe(), HasSubstr("@127.0.0.1:3307"));
  arguments_.host = "localhost";
  EXPECT_EQ(Resolve().protocol, "tcp");
  arguments_.host.reset();
  arguments_.socket = "/s";
  EXPECT_EQ(Resolve().protocol, "");
  arguments_.port.reset();
  UseFile("[client]\nhost=elsewhere\n");
  EXPECT_EQ(Resolve().protocol, "socket");
}

TEST_F(ConnectionOptionsTest, ProtocolAndTlsModeAreWordsInAnyCase) {
  arguments_.protocol = "TCP";
  arguments_.ssl_mode = "required";
  EXPECT_EQ(Resolve().protocol, "tcp");
  EXPECT_EQ(Resolve().ssl_mode, SslMode::kRequired);
  arguments_.protocol = "carrier pigeon";
  EXPECT_EQ(CodeOf(), ErrorCode::kUsage);
  arguments_.protocol = "memory";
  EXPECT_EQ(CodeOf(), ErrorCode::kUsage);
  arguments_.protocol.reset();
  arguments_.ssl_mode = "on";
  EXPECT_EQ(CodeOf(), ErrorCode::kUsage);
}

TEST_F(ConnectionOptionsTest, TlsWishesAreNeverWeakened) {
  const std::string ca = folder_.Write("ca.pem", "x");
  struct Case {
    std::string lines;
    std::optional<SslMode> mode;
  };
  const std::vector<Case> cases{
      {"", std::nullopt},
      {"ssl\n", SslMode::kRequired},
      {"ssl=0\n", SslMode::kDisabled},
      {"skip-ssl\n", SslMode::kDisabled},
      {"ssl-verify-server-cert\n", SslMode::kVerifyIdentity},
      {"ssl-verify-server-cert=OFF\n", std::nullopt},
      {"ssl-ca=" + ca + "\n", SslMode::kVerifyCa},
      {"ssl-ca=" + ca + "\nssl-verify-server-cert\n", SslMode::kVerifyIdentity},
      {"ssl-cert=" + ca + "\n", SslMode::kRequired},
      {"ssl-ca=" + ca + "\nssl-mode=PREFERRED\n", SslMode::kPreferred},
      {"ssl\nssl-mode=DISABLED\n", SslMode::kDisabled},
  };
  for (const Case& each : cases) {
    UseFile("[client]\n" + each.lines);
    EXPECT_EQ(Resolve().ssl_mode, each.mode) << each.lines;
  }
}

TEST_F(ConnectionOptionsTest, TlsFilesMustBeThere) {
  arguments_.ssl_ca = folder_.Path("missing.pem");
  EXPECT_EQ(CodeOf(), ErrorCode::kIo);
  EXPECT_THAT(message_, HasSubstr("missing.pem"));
  arguments_.ssl_ca.reset();
  arguments_.ssl_mode = "VERIFY_CA";
  EXPECT_EQ(CodeOf(), ErrorCode::kUsage);
}

TEST_F(ConnectionOptionsTest, AddressesOfIpv6AreDescribedInBrackets) {
  arguments_.host = "::1";
  arguments_.user = "u";
  EXPECT_EQ(Resolve().Describe(), "u@[::1]:3306");
}

TEST_F(ConnectionOptionsTest, WhatIsConfiguredIsReachedByTcpAndBeatsOptionFiles) {
  setenv("MYSQL_HOST", "environment", 1);
  setenv("MYSQL_PWD", "environment's", 1);
  UseFile("[client]\nhost=file\nport=1\nuser=file\npassword=file's\nsocket=/s\nprotocol=socket\n");
  arguments_.configured = {"10.0.0.5", "root@oms", 2883, Secret("configured")};
  EXPECT_EQ(Resolve().Describe(), "root@oms@10.0.0.5:2883");
  EXPECT_EQ(Resolve().protocol, "tcp");
  EXPECT_EQ(Resolve().password.Reveal(), "configured");
  UseFile("[client]\npassword\n");  // which asks
  EXPECT_EQ(Resolve().password.Reveal(), "configured");
  EXPECT_EQ(asked_question, "");
}

TEST_F(ConnectionOptionsTest, ArgumentsAndNamedPasswordsBeatWhatIsConfigured) {
  arguments_.configured = {"10.0.0.5", "root@oms", 2883, Secret("configured")};
  setenv("DBOMSBAK_PASSWORD", "environment's", 1);
  EXPECT_EQ(Resolve().password.Reveal(), "environment's");
  arguments_.password_file = folder_.Write("pw", "file's\n");
  EXPECT_EQ(Resolve().password.Reveal(), "file's");
  arguments_.ask_password = true;
  EXPECT_EQ(Resolve().password.Reveal(), "typed");
  arguments_.ask_password = false;
  arguments_.password = Secret("given");
  EXPECT_EQ(Resolve().password.Reveal(), "given");
  arguments_.host = "h";
  arguments_.port = 1;
  arguments_.user = "u";
  EXPECT_EQ(Resolve().Describe(), "u@h:1");
  arguments_.port.reset();
  EXPECT_EQ(Resolve().Describe(), "u@h:2883");
  arguments_.host.reset();
  arguments_.socket = "/s";
  EXPECT_EQ(Resolve().Describe(), "u at /s");
}

TEST_F(ConnectionOptionsTest, APasswordThatACommentCutsIsKnownByItsLineAsLongAsItCounts) {
  UseFile("[client]\nuser=u\npassword=cut # here\n");
  EXPECT_EQ(Resolve().password_cut, folder_.Path("my.cnf") + ", line 3");
  UseFile("[client]\nuser=u # not this\npassword='whole' # comment\n");
  EXPECT_EQ(Resolve().password_cut, "");
  UseFile("[client]\npassword=cut # here\n[dbomsbak]\npassword=whole\n");
  EXPECT_EQ(Resolve().password_cut, "");
  UseFile("[client]\npassword=cut # here\n");
  arguments_.configured = {"10.0.0.5", "root@oms", 2883, Secret("configured")};
  EXPECT_EQ(Resolve().password_cut, "");
  arguments_.configured->password_cut = "config.yaml, line 4";
  EXPECT_EQ(Resolve().password_cut, "config.yaml, line 4");
  arguments_.password = Secret("given");
  EXPECT_EQ(Resolve().password_cut, "");
}

TEST_F(ConnectionOptionsTest, FilesForTlsThatCannotBeReadAreNamed) {
  for (const auto& [option, member] : std::initializer_list<
           std::pair<const char*, std::optional<std::string> ConnectionArguments::*>>{
           {"--ssl-ca", &ConnectionArguments::ssl_ca},
           {"--ssl-cert", &ConnectionArguments::ssl_cert},
           {"--ssl-key", &ConnectionArguments::ssl_key}}) {
    ConnectionArguments before = arguments_;
    arguments_.*member = "/nowhere/x.pem";
    ExpectError(ErrorCode::kIo,
                std::string("cannot read ") + option + " /nowhere/x.pem: No such file",
                "Check the path", [&] { Resolve(); });
    arguments_ = before;
  }
}

}  // namespace
}  // namespace dbomsbak
