// A database server for a restore that is only to be proved: started, used and gone.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dbomsbak/base/cancel.h"
#include "dbomsbak/transport/session.h"

namespace dbomsbak {

struct ServerProgram {
  std::string path;
  std::string version;  // "mariadbd 10.11.6-MariaDB-0+deb12u1", for people
  bool is_mariadb = false;
  std::string installer;  // what makes its data folder; empty where it does so itself
};

// Where distributions put what is no command of a user.
std::vector<std::string> ServerFolders();

// `asked`: a path, or a name to look for; empty: mysqld or mariadbd, whichever is of the `flavour`
// (header.server_flavour; "OceanBase" counts as MySQL), or else the other. Looked for on PATH and
// in `folders`, where packages put it. Errors: kUnsupported, also when a part of it is missing.
ServerProgram FindServerProgram(const std::string& asked, const std::string& flavour,
                                const CancelToken& cancel,
                                const std::vector<std::string>& folders = ServerFolders());

// Ends and removes what is left of this user's throwaway servers that nobody looks after any more;
// their folders.
std::vector<std::string> RemoveAbandonedServers();

// Runs on an empty data folder of its own in $TMPDIR or /tmp, with a socket there and no network.
// The server and its folder go with this object, and also when this program is killed: a shell that
// waits for its end sees to that. Where that is killed as well, RemoveAbandonedServers() is for
// what is left. Its data outlives no crash, and need not.
class ThrowawayServer {
 public:
  // `text_bytes`: of what is to be restored; so much room must be there, and half as much again.
  // Error kIo without room, or when it does not start, or not answer in time (of a slow disk).
  ThrowawayServer(ServerProgram program, std::uint64_t text_bytes, const CancelToken& cancel,
                  std::chrono::seconds longest_start = std::chrono::seconds{300});
  ~ThrowawayServer();
  ThrowawayServer(const ThrowawayServer&) = delete;
  ThrowawayServer& operator=(const ThrowawayServer&) = delete;

  SessionFactory& sessions() { return *sessions_; }
  const ServerProgram& program() const { return program_; }
  const std::string& folder() const { return folder_; }
  std::uint64_t start_ms() const { return start_ms_; }
  // Has the server ended by itself?
  bool HasEnded() const;
  // What it said last, a line an item of a message.
  std::string LastWords() const;

  // Ends the server and waits until its folder is gone.
  void End() noexcept;

 private:
  void MakeFolder(const std::string& parent);
  void Spawn(std::string script);
  void AwaitStart(const CancelToken& cancel, std::chrono::seconds longest);

  ServerProgram program_;
  std::string folder_;  // empty: none
  std::uint64_t start_ms_ = 0;
  int guard_ = -1;     // locked as long as we or the guardian live
  int life_ = -1;      // closing it ends the server
  int guardian_ = -1;  // process id
  std::unique_ptr<SessionFactory> sessions_;
};

}  // namespace dbomsbak
