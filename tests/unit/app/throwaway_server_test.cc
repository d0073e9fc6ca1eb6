// What stands in the way of a server that is started for a while; with programs that only say that
// they are one. That a real one serves is the business of tests/server.
#include "dbomsbak/app/throwaway_server.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "support/sanitizers.h"
#include "unit/thrown.h"

namespace dbomsbak {
namespace {

namespace fs = std::filesystem;

// A variable of the environment, and its old value afterwards.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    if (const char* const old = std::getenv(name)) old_ = old;
    ::setenv(name, value.c_str(), 1);
  }
  ~Variable() { old_.empty() ? ::unsetenv(name_) : ::setenv(name_, old_.c_str(), 1); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::string old_;
};

class ThrowawayServerTest : public testing::Test {
 protected:
  ThrowawayServerTest() {
    char name[] = "/tmp/throwaway-XXXXXX";
    folder_ = ::mkdtemp(name);
    temporary_ = std::make_unique<Variable>("TMPDIR", folder_);
  }
  ~ThrowawayServerTest() override { fs::remove_all(folder_); }

  // A program that tells `version`, and else runs `script`.
  std::string Program(const std::string& name, const std::string& version,
                      const std::string& script) {
    std::string path = folder_ + "/" + name;
    std::ofstream(path) << "#!/bin/sh\ncase \"$*\" in *--version*) echo '" << version
                        << "'; exit;; esac\n"
                        << script << "\n";
    fs::permissions(path, fs::perms::owner_all);
    return path;
  }
  // What starting one that does `script` ends with.
  Error Started(const std::string& script) {
    const std::string path = Program("mysqld", "mysqld  Ver 8.0.99 for Linux", script);
    return Thrown([&] {
      ThrowawayServer(FindServerProgram(path, "", cancel_), 0, cancel_, std::chrono::seconds{1});
    });
  }

  CancelToken cancel_;
  std::string folder_;
  std::unique_ptr<Variable> temporary_;
};

TEST_F(ThrowawayServerTest, AServerThatDoesNotComeUpIsToldWithItsWords) {
  constexpr char kHint[] = "--throwaway=PROGRAM takes another server.";
  const std::tuple<const char*, const char*> table[] = {
      {"exit 1", "the throwaway server, mysqld 8.0.99, did not start: it said nothing"},
      {"echo no memory >&2; exit 1",
       "the throwaway server, mysqld 8.0.99, did not start:\n  - no memory"},
      {"sleep 60", "the throwaway server, mysqld 8.0.99, does not answer: it said nothing"},
      {"echo I think; sleep 60",
       "the throwaway server, mysqld 8.0.99, does not answer:\n  - I think"},
  };
  for (const auto& [script, message] : table) {
    ExpectTold(Started(script), ErrorCode::kIo, message, "", kHint);
  }
}

TEST_F(ThrowawayServerTest, AFolderThatTakesNoServerIsNamed) {
  const std::string file = folder_ + "/file";
  std::ofstream(file) << "text";
  const std::string program = Program("mysqld", "mysqld  Ver 8.0.99 for Linux", "exit 1");
  const auto start = [&](const std::string& parent, std::uint64_t bytes) {
    const Variable temporary("TMPDIR", parent);
    return Thrown([&, &server = program] {
      ThrowawayServer(FindServerProgram(server, "", cancel_), bytes, cancel_);
    });
  };
  ExpectTold(start(file, 0), ErrorCode::kIo,
             "a throwaway server: cannot make its folder in '" + file + "': Not a directory", file,
             "Set TMPDIR to a folder that has room, and that this user may write to.");
  const Error full = start(folder_, std::uint64_t{1} << 60);
  EXPECT_THAT(full.message(),
              testing::MatchesRegex("a throwaway server: [0-9.]+ [KMGT]iB are free in '" + folder_ +
                                    "', and 1.5 EiB are wanted"));
  ExpectTold(full, ErrorCode::kIo, full.message(), folder_,
             "Set TMPDIR to a folder with more room.");
}

TEST_F(ThrowawayServerTest, FewOpenFilesAreTold) {
  if (kSanitizerTakesDescriptors) GTEST_SKIP();
  const std::string program = Program("mysqld", "mysqld  Ver 8.0.99 for Linux", "exit 1");
  const ServerProgram found = FindServerProgram(program, "", cancel_);
  rlimit usual{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &usual), 0);
  const int lowest = ::dup(STDIN_FILENO);
  ::close(lowest);
  // For the guard of its folder and for its log, and none for a pipe.
  const rlimit few{static_cast<rlim_t>(lowest) + 2, usual.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  const Error error = Thrown([&] { ThrowawayServer(found, 0, cancel_); });
  ::setrlimit(RLIMIT_NOFILE, &usual);
  ExpectTold(error, ErrorCode::kIo, "a throwaway server cannot be started: Too many open files", "",
             "(ulimit -n, -u)");
}

TEST_F(ThrowawayServerTest, WhatIsNoServerOrLacksAPartIsRefused) {
  const Variable path("PATH", "/nowhere");
  const auto find = [&](const std::string& asked) {
    return Thrown([&] { FindServerProgram(asked, "", cancel_, {}); });
  };
  ExpectTold(find(""), ErrorCode::kUnsupported, "no mariadbd or mysqld is found on this machine",
             "", "Install one (on Debian mariadb-server-core");
  ExpectTold(find("nothing"), ErrorCode::kUnsupported, "there is no program 'nothing'", "",
             "--throwaway=PROGRAM wants a mariadbd or mysqld of this machine.");
  const std::string other = Program("other", "other 1.0", "");
  ExpectTold(find(other), ErrorCode::kUnsupported,
             "'" + other + "' does not tell the version of a database server: other 1.0", "",
             "wants the mariadbd or mysqld itself");
  const std::string bare = Program("mariadbd", "mariadbd  Ver 10.11.6-MariaDB for Linux", "");
  ExpectTold(find(bare), ErrorCode::kUnsupported,
             "mariadb-install-db, which makes the data folder for '" + bare + "', is missing", "",
             "Install it (on Debian mariadb-server-core)");
}

}  // namespace
}  // namespace dbomsbak
