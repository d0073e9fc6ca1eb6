#include "dbomsbak/base/file.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "unit/thrown.h"

namespace dbomsbak {
namespace {

class FileTest : public testing::Test {
 protected:
  FileTest() {
    char name[] = "/tmp/dbomsbak-file-XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  ~FileTest() override { std::filesystem::remove_all(folder_); }

  std::string Path(const char* name) const { return folder_ + "/" + name; }

  FileSystem& files_ = FileSystem::Posix();
  std::string folder_;
};

TEST_F(FileTest, WhatIsNoFileIsNamedAsWhatItIs) {
  const std::string pipe = Path("pipe"), folder = Path("folder");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  ASSERT_EQ(::mkdir(folder.c_str(), 0700), 0);
  for (const auto& [path, kind] : {std::pair(pipe, "a pipe"), std::pair(folder, "a folder"),
                                   std::pair(std::string("/dev/null"), "a device")}) {
    const std::string message = "'" + path + "' is " + kind + ", not a file";
    ExpectTold(Thrown([&] { files_.OpenForReading(path); }), ErrorCode::kIo, message, path,
               "Name an archive file.");
    ExpectTold(Thrown([&] { files_.CreateLocked(path); }), ErrorCode::kIo, message, path,
               "Remove it, or write to another name.");
    EXPECT_TRUE(files_.Exists(path));
  }
}

TEST_F(FileTest, WhatTheSystemSaysIsToldWithTheFileAndWhatToDo) {
  const std::string missing = Path("missing/x"), link = Path("link"), socket = Path("socket");
  const std::string under_file = Path("file/x");
  std::ofstream(Path("file")) << "text";
  ASSERT_EQ(::symlink(link.c_str(), link.c_str()), 0);
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socket.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ::close(descriptor);

  const auto open = [&](const std::string& path) { files_.OpenForReading(path); };
  const auto create = [&](const std::string& path) { files_.CreateLocked(path); };
  const auto told = [](const char* doing, const std::string& path, const char* reason) {
    return std::string("cannot ") + doing + " '" + path + "': " + reason;
  };
  ExpectTold(Thrown([&] { open(missing); }), ErrorCode::kIo,
             told("open", missing, "No such file or directory"), missing, "Check the path.");
  ExpectTold(Thrown([&] { create(missing); }), ErrorCode::kIo,
             told("create", missing, ("there is no folder '" + Path("missing") + "'").c_str()),
             missing, "mkdir -p");
  ExpectTold(Thrown([&] { open(under_file); }), ErrorCode::kIo,
             told("open", under_file, "Not a directory"), under_file, "Check the path, and what");
  ExpectTold(Thrown([&] { open(socket); }), ErrorCode::kIo,
             told("open", socket, "No such device or address"), socket, "It is a socket");
  ExpectTold(Thrown([&] { create(link); }), ErrorCode::kIo,
             told("replace", link, "Too many levels of symbolic links"), link, "Check the path");
  ExpectTold(Thrown([&] { files_.Remove(folder_); }), ErrorCode::kIo,
             told("remove", folder_, "Is a directory"), folder_, "Check the path");
  ExpectTold(Thrown([&] { files_.Exists(under_file); }), ErrorCode::kIo,
             told("examine", under_file, "Not a directory"), under_file, "Check the path");
  ExpectTold(Thrown([&] { files_.Rename(Path("file"), missing, true); }), ErrorCode::kIo,
             told("rename to", missing, "No such file or directory"), missing, "Check the path.");
  const auto full = WrapDescriptor(-1, "standard output");
  ExpectTold(Thrown([&] { full->Append("x"); }), ErrorCode::kIo,
             told("write to", "standard output", "Bad file descriptor"), "standard output",
             "Check the path");
}

TEST_F(FileTest, AFileThatAnotherRunWritesIsLeftToIt) {
  const std::string path = Path("x.partial");
  const auto first = files_.CreateLocked(path);
  ExpectTold(Thrown([&] { files_.CreateLocked(path); }), ErrorCode::kLocked,
             "another run is writing '" + path + "'", path, "Wait for it to end");
}

TEST_F(FileTest, AFileThatIsLargerThanMeantIsNotRead) {
  const std::string path = Path("large");
  std::ofstream(path) << "four";
  EXPECT_EQ(ReadWholeFile(files_, path, 4), "four");
  ExpectTold(Thrown([&] { ReadWholeFile(files_, path, 3); }), ErrorCode::kIo,
             "'" + path + "' is larger than 3 bytes", path, "Is it the file that was meant?");
}

}  // namespace
}  // namespace dbomsbak
