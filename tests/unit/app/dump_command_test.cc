#include "dbomsbak/app/dump_command.h"

#include <gtest/gtest.h>

#include "dbomsbak/base/error.h"
#include "unit/memory_file.h"

namespace dbomsbak {
namespace {

class NoServer final : public SessionFactory {
 public:
  explicit NoServer(const bool& ready) : ready_(ready) {}
  std::unique_ptr<Session> Connect() override {
    was_ready = ready_;
    throw Error(ErrorCode::kConnect, "no server", "Start one.");
  }

  bool was_ready = false;

 private:
  const bool& ready_;
};

TEST(DumpCommandTest, APassphraseTakesItsTimeBeforeTheServerIsAskedAlsoIntoAPipe) {
  bool ready = false;
  NoServer server(ready);
  MemoryWritableFile out;
  DumpCommand command;
  command.target.to_stdout = true;
  command.target.format = DumpFormat::kPlainSql;
  command.options.scope.databases = {"d"};
  command.envelope.recipients.passphrase = Secret("four words are enough");
  command.envelope.learn = [&](const Secret&) { ready = true; };
  try {
    RunDumpCommand(server, FileSystem::Posix(), out, command, SilentObserver(), {});
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kConnect);
  }
  EXPECT_TRUE(server.was_ready);
  EXPECT_EQ(out.bytes(), "");  // and nothing of a dump that never began
}

}  // namespace
}  // namespace dbomsbak
