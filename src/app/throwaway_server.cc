#include "dbomsbak/app/throwaway_server.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "app/spawning.h"
#include "dbomsbak/app/archive_folder.h"
#include "dbomsbak/app/child_process.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/base/units.h"
#include "dbomsbak/transport/connection_options.h"

namespace dbomsbak {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPoll{20};
constexpr std::chrono::seconds kLongestAnswer{20};  // of --version
constexpr std::chrono::seconds kLongestEnd{60};
constexpr std::time_t kFresh = 60;  // seconds: a folder without its lock may still be in the making
constexpr std::uint64_t kEmptyServerBytes = std::uint64_t{300} << 20;
constexpr std::size_t kLogBytes = 4000, kLogLines = 6;
constexpr std::string_view kPrefix = "dbomsbak-throwaway-";
constexpr int kGuardDescriptor = 3, kLowest = 10;
// The life of the server: as long as somebody holds the other end of standard input. The job is a
// group of its own, for what sets up a data folder has children; until it is one, its first process
// is all of it. Nothing but the end of input ends the guardian: it is not to leave before the
// server.
constexpr char kGuardian[] = R"(
trap '' INT TERM HUP QUIT PIPE
server=
if command -v setsid > /dev/null; then
  setsid sh -c "$2" < /dev/null 3>&- &
  server=$!
else
  echo 'the program setsid is missing (on Debian: util-linux)'
  : > "$1/ended"
fi
while read -r line; do :; done
if [ -n "$server" ]; then
  kill -s KILL -- "-$server" 2> /dev/null
  kill -s KILL "$server" 2> /dev/null
fi
wait
rm -rf "$1"
)";

[[noreturn]] void ThrowNoFolder(const std::string& parent, int reason) {
  throw Error(ErrorCode::kIo,
              fmt::format("a throwaway server: cannot make its folder in '{}': {}", parent,
                          std::strerror(reason)),
              "Set TMPDIR to a folder that has room, and that this user may write to.")
      .About(parent);
}

[[noreturn]] void ThrowNoProcess(int reason) {
  throw Error(ErrorCode::kIo,
              fmt::format("a throwaway server cannot be started: {}", std::strerror(reason)),
              "Raise the limits of open files and processes (ulimit -n, -u), or free some memory.");
}

bool CanRun(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

std::string Find(std::string_view name, const std::vector<std::string>& folders) {
  const char* const path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "" : path;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    const std::string file = fmt::format("{}/{}", rest.substr(0, end), name);
    if (rest.front() == '/' && CanRun(file)) return file;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  for (const std::string& folder : folders) {
    const std::string file = fmt::format("{}/{}", folder, name);
    if (CanRun(file)) return file;
  }
  return {};
}

std::string FolderOf(const std::string& path) { return path.substr(0, path.rfind('/')); }

// What makes the data folder of a MariaDB server. The one that belongs to it stands beside it, or
// in its tree.
std::string Installer(const std::string& program, const std::vector<std::string>& folders) {
  const std::string tree = FolderOf(FolderOf(program));
  for (const std::string& folder : {FolderOf(program), tree + "/bin", tree + "/scripts"}) {
    for (const char* name : {"mariadb-install-db", "mysql_install_db"}) {
      std::string file = fmt::format("{}/{}", folder, name);
      if (CanRun(file)) return file;
    }
  }
  if (std::string found = Find("mariadb-install-db", folders); !found.empty()) return found;
  throw Error(
      ErrorCode::kUnsupported,
      fmt::format("mariadb-install-db, which makes the data folder for '{}', is missing", program),
      "Install it (on Debian mariadb-server-core), or name another server: "
      "--throwaway=PROGRAM.");
}

// "mariadbd  Ver 10.11.6-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64 (Debian 12)"
ServerProgram Ask(const std::string& path, const std::vector<std::string>& folders,
                  const CancelToken& cancel) {
  const ChildResult said = RunChild({path, "--no-defaults", "--version"}, kLongestAnswer, cancel);
  const std::string line = said.out.substr(0, said.out.find('\n'));
  constexpr std::string_view kBefore = "Ver ";
  const std::size_t at = line.find(kBefore);
  if (said.code != 0 || at == std::string::npos) {
    std::string answer = line.empty() ? said.err.substr(0, said.err.find('\n')) : line;
    throw Error(ErrorCode::kUnsupported,
                fmt::format("'{}' does not tell the version of a database server: {}", path,
                            answer.empty() ? "it says nothing" : answer),
                "--throwaway=PROGRAM wants the mariadbd or mysqld itself, not what starts it.");
  }
  const std::string rest = line.substr(at + kBefore.size());
  ServerProgram program{
      path, fmt::format("{} {}", path.substr(path.rfind('/') + 1), rest.substr(0, rest.find(' '))),
      line.find("MariaDB") != std::string::npos, ""};
  std::error_code unknown;
  if (program.is_mariadb) {
    program.installer = Installer(fs::canonical(path, unknown).string(), folders);
  }
  return program;
}

// What makes the data folder, and the server.
std::string Script(const ServerProgram& program, const std::string& folder) {
  std::vector<std::string> make, serve{program.path, "--no-defaults"};
  std::error_code unknown;
  const std::string real = fs::canonical(program.path, unknown).string();
  if (program.is_mariadb) {
    // It need not know its own host's name.
    make = {program.installer, "--no-defaults", "--force", "--skip-test-db",
            "--auth-root-authentication-method=normal"};
  } else {
    make = {program.path, "--no-defaults", "--initialize-insecure"};
  }
  // Nothing of it is kept: it need not wait for the disk.
  std::vector<std::string> common{
      "--datadir=" + folder + "/data",      "--tmpdir=" + folder,
      "--innodb-use-native-aio=OFF",        "--innodb-flush-method=nosync",
      "--innodb-flush-log-at-trx-commit=0", "--loose-sync-frm=OFF"};
  if (::geteuid() == 0) common.emplace_back("--user=root");
  // Its folder for files is another user's; keys are of no use on a socket, and take a while.
  if (!program.is_mariadb) {
    for (const char* word : {"--secure-file-priv=NULL", "--loose-auto-generate-certs=OFF",
                             "--loose-caching-sha2-password-auto-generate-rsa-keys=OFF",
                             "--loose-sha256-password-auto-generate-rsa-keys=OFF"}) {
      common.emplace_back(word);
    }
  }
  // A server that was unpacked anywhere finds its parts.
  const std::string tree = FolderOf(FolderOf(real));
  for (const char* messages : {"english", "mysql/english", "mariadb/english"}) {
    if (!fs::exists(fmt::format("{}/share/{}", tree, messages), unknown)) continue;
    common.push_back("--basedir=" + tree);
    break;
  }
  make.insert(make.end(), common.begin(), common.end());
  serve.insert(serve.end(), common.begin(), common.end());
  // Nobody else may come, and all that an archive may hold shall fit.
  const std::vector<std::string> own{"--socket=" + folder + "/s",
                                     "--pid-file=" + folder + "/pid",
                                     "--skip-networking",
                                     "--loose-mysqlx=OFF",
                                     "--loose-disable-log-bin",
                                     "--loose-innodb-doublewrite=OFF",
                                     "--loose-performance-schema=OFF",
                                     "--max-allowed-packet=1073741824",
                                     "--event-scheduler=OFF"};
  serve.insert(serve.end(), own.begin(), own.end());
  return fmt::format("{} && {}; : > {}", ShellQuoted(make), ShellQuoted(serve),
                     ShellQuoted({folder + "/ended"}));
}

// ---- what killed runs have left ----------------------------------------------------------------

bool IsNumber(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Processes of this user that were started for the folder.
std::vector<pid_t> ProcessesFor(const std::string& folder) {
  const std::string sign = "--datadir=" + folder + "/data";
  std::vector<pid_t> found;
  std::error_code error;
  for (fs::directory_iterator entry("/proc", error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    struct stat status {};
    if (!IsNumber(name) || ::stat(entry->path().c_str(), &status) != 0 ||
        status.st_uid != ::geteuid()) {
      continue;
    }
    std::ifstream file(entry->path() / "cmdline");
    const std::string words((std::istreambuf_iterator<char>(file)), {});
    const pid_t process = std::stoi(name);
    if (process != ::getpid() && words.find(sign) != std::string::npos) found.push_back(process);
  }
  return found;
}

// Of a server that nobody looks after any more.
void Clear(const std::string& folder) {
  const Clock::time_point begun = Clock::now();
  for (;;) {
    const std::vector<pid_t> left = ProcessesFor(folder);
    if (left.empty() || Clock::now() - begun > kLongestEnd) break;
    for (const pid_t process : left) ::kill(process, SIGKILL);
    std::this_thread::sleep_for(kPoll);
  }
  std::error_code ignored;
  fs::remove_all(folder, ignored);
}

bool IsAbandoned(const std::string& folder) {
  struct stat status {};
  if (::lstat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) ||
      status.st_uid != ::geteuid()) {
    return false;
  }
  const int guard = ::open((folder + "/guard").c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC);
  if (guard < 0) return errno == ENOENT && std::time(nullptr) - status.st_mtime > kFresh;
  const bool is_free = ::flock(guard, LOCK_EX | LOCK_NB) == 0;
  ::close(guard);
  return is_free;
}

// Where its folder is made.
std::string Parent() {
  const char* const temporary = std::getenv("TMPDIR");
  return temporary == nullptr || *temporary != '/' ? "/tmp" : temporary;
}

void Close(int& descriptor) noexcept {
  if (descriptor >= 0) ::close(std::exchange(descriptor, -1));
}

// None that a child is to have another file at: ours may be closed.
void MoveUp(int& descriptor) {
  const int higher = descriptor < 0 ? -1 : ::fcntl(descriptor, F_DUPFD_CLOEXEC, kLowest);
  if (higher >= 0) ::close(std::exchange(descriptor, higher));
}

}  // namespace

std::vector<std::string> ServerFolders() {
  return {"/usr/sbin",      "/usr/local/sbin",      "/usr/libexec",
          "/usr/local/bin", "/usr/local/mysql/bin", "/opt/mysql/bin"};
}

ServerProgram FindServerProgram(const std::string& asked, const std::string& flavour,
                                const CancelToken& cancel,
                                const std::vector<std::string>& folders) {
  if (!asked.empty()) {
    const bool is_path = asked.find('/') != std::string::npos;
    const std::string path = !is_path ? Find(asked, folders) : CanRun(asked) ? asked : "";
    if (!path.empty()) return Ask(path, folders, cancel);
    throw Error(ErrorCode::kUnsupported, fmt::format("there is no program '{}'", asked),
                "--throwaway=PROGRAM wants a mariadbd or mysqld of this machine.");
  }
  std::vector<ServerProgram> found;
  std::optional<Error> refusal;
  for (const char* name : {"mariadbd", "mysqld"}) {  // the latter may be a name of the former
    const std::string path = Find(name, folders);
    if (path.empty()) continue;
    try {
      found.push_back(Ask(path, folders, cancel));
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kUnsupported) throw;
      refusal = error;
    }
  }
  const bool wants_mariadb = flavour == "MariaDB";
  for (ServerProgram& program : found) {
    if (program.is_mariadb == wants_mariadb) return std::move(program);
  }
  if (!found.empty()) return std::move(found.front());
  if (refusal) throw *refusal;
  throw Error(ErrorCode::kUnsupported, "no mariadbd or mysqld is found on this machine",
              "Install one (on Debian mariadb-server-core; it need not run), name it by "
              "--throwaway=PROGRAM, or rehearse on a server that is there: dbomsbak restore "
              "--rehearse.");
}

std::vector<std::string> RemoveAbandonedServers() {
  std::vector<std::string> removed;
  std::error_code error;
  for (fs::directory_iterator entry(Parent(), error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string folder = entry->path().string();
    if (!entry->path().filename().string().starts_with(kPrefix) || !IsAbandoned(folder)) continue;
    Clear(folder);
    removed.push_back(folder);
  }
  std::sort(removed.begin(), removed.end());
  return removed;
}

ThrowawayServer::ThrowawayServer(ServerProgram program, std::uint64_t text_bytes,
                                 const CancelToken& cancel, std::chrono::seconds longest_start)
    : program_(std::move(program)) {
  const Clock::time_point begun = Clock::now();
  const std::string parent = Parent();
  const std::uint64_t wanted = kEmptyServerBytes + text_bytes + text_bytes / 2;
  if (const std::uint64_t free = FreeBytesOf(parent); free < wanted) {
    throw Error(ErrorCode::kIo,
                fmt::format("a throwaway server: {} are free in '{}', and {} are wanted",
                            HumanBytes(free), parent, HumanBytes(wanted)),
                "Set TMPDIR to a folder with more room.")
        .About(parent);
  }
  try {
    MakeFolder(parent);
    Spawn(Script(program_, folder_));
    AwaitStart(cancel, longest_start);
  } catch (...) {
    End();
    throw;
  }
  start_ms_ = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun).count());
}

ThrowawayServer::~ThrowawayServer() { End(); }

void ThrowawayServer::MakeFolder(const std::string& parent) {
  std::string folder = fmt::format("{}/{}XXXXXX", parent, kPrefix);
  if (folder.size() + 2 >= sizeof(sockaddr_un::sun_path)) {
    throw Error(ErrorCode::kIo,
                fmt::format("a throwaway server: the path '{}' is too long for its socket", parent),
                "Set TMPDIR to a folder with a shorter path.")
        .About(parent);
  }
  // What makes a data folder is a shell script, which takes these apart.
  if (folder.find_first_of(" \t\n\"'\\$`*?[") != std::string::npos) {
    throw Error(ErrorCode::kIo,
                fmt::format("a throwaway server: the path '{}' holds a character that its scripts "
                            "do not take",
                            parent),
                "Set TMPDIR to a folder whose path has no blanks, quotes or the like.")
        .About(parent);
  }
  if (::mkdtemp(folder.data()) == nullptr) ThrowNoFolder(parent, errno);
  folder_ = folder;
  // It gets its name when it is locked: without, it would look abandoned.
  const std::string guard = folder_ + "/guard", fresh = guard + ".new";
  guard_ = ::open(fresh.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (guard_ < 0 || ::flock(guard_, LOCK_EX | LOCK_NB) != 0 ||
      ::rename(fresh.c_str(), guard.c_str()) != 0) {
    ThrowNoFolder(parent, errno);
  }
  MoveUp(guard_);
}

void ThrowawayServer::Spawn(std::string script) {
  std::array<int, 2> life{-1, -1};
  const std::string log = folder_ + "/log";
  int log_end = ::open(log.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
  if (log_end < 0) ThrowNoProcess(errno);
  if (::pipe2(life.data(), O_CLOEXEC) != 0) {
    const int reason = errno;
    Close(log_end);
    ThrowNoProcess(reason);
  }
  for (int* one : {&life[0], &life[1], &log_end}) MoveUp(*one);
  life_ = life[1];
  SpawnFileActions actions;
  ::posix_spawn_file_actions_adddup2(&actions.value, life[0], kChildIn);
  ::posix_spawn_file_actions_adddup2(&actions.value, log_end, kChildOut);
  ::posix_spawn_file_actions_adddup2(&actions.value, log_end, kChildErr);
  ::posix_spawn_file_actions_adddup2(&actions.value, guard_, kGuardDescriptor);
  const SpawnAttributes attributes;
  std::vector<std::string> words{
      "sh", "-c", kGuardian, "dbomsbak-throwaway", folder_, std::move(script)};
  std::vector<std::string> environment = ChildEnvironment({});
  pid_t child = 0;
  const int failed = ::posix_spawn(&child, "/bin/sh", &actions.value, &attributes.value,
                                   PointersTo(words).data(), PointersTo(environment).data());
  Close(life[0]);
  Close(log_end);
  if (failed != 0) ThrowNoProcess(failed);
  guardian_ = child;
}

void ThrowawayServer::AwaitStart(const CancelToken& cancel, std::chrono::seconds longest) {
  ConnectionOptions options;
  options.socket = folder_ + "/s";
  options.protocol = "socket";
  options.user = "root";
  options.has_password = true;
  options.ssl_mode = SslMode::kDisabled;
  sessions_ = MakeSessionFactory(options);
  const Clock::time_point begun = Clock::now();
  for (;;) {
    cancel.ThrowIfCancelled();
    const bool has_ended = HasEnded();
    const bool too_long = Clock::now() - begun > longest;
    if (has_ended || too_long) {
      throw Error(ErrorCode::kIo,
                  fmt::format("the throwaway server, {}, {}:{}", program_.version,
                              has_ended ? "did not start" : "does not answer", LastWords()),
                  "Those are its own words. Another folder ($TMPDIR) may help where a security "
                  "module keeps the server to its own ones; --throwaway=PROGRAM takes another "
                  "server.");
    }
    try {
      if (::access(options.socket.c_str(), F_OK) == 0) {
        sessions_->Connect();
        return;
      }
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kConnect) throw;
    }
    std::this_thread::sleep_for(kPoll);
  }
}

bool ThrowawayServer::HasEnded() const { return ::access((folder_ + "/ended").c_str(), F_OK) == 0; }

std::string ThrowawayServer::LastWords() const {
  std::ifstream file(folder_ + "/log", std::ios::binary);
  file.seekg(0, std::ios::end);
  const std::streamoff size = file.tellg();
  file.seekg(std::max<std::streamoff>(0, size - std::streamoff{kLogBytes}));
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  std::vector<std::string> lines, errors;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (end > begin) lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  std::copy_if(lines.begin(), lines.end(), std::back_inserter(errors),
               [](const auto& line) { return line.find("ERROR") != std::string::npos; });
  std::vector<std::string>& told = errors.empty() ? lines : errors;
  if (told.empty()) return " it said nothing";
  if (told.size() > kLogLines) told.erase(told.begin(), told.end() - kLogLines);
  std::string items;
  for (const std::string& line : told) items += "\n  - " + line;
  return items;
}

void ThrowawayServer::End() noexcept {
  if (folder_.empty()) return;
  sessions_.reset();
  Close(life_);
  const Clock::time_point begun = Clock::now();
  while (guardian_ > 0) {
    const pid_t ended = ::waitpid(guardian_, nullptr, WNOHANG);
    if (ended == guardian_ || (ended < 0 && errno != EINTR)) guardian_ = -1;
    if (Clock::now() - begun > kLongestEnd) break;  // it goes on without us
    if (guardian_ > 0) std::this_thread::sleep_for(kPoll / 4);
  }
  try {
    // The guardian may have been killed.
    if (guardian_ <= 0 && fs::exists(folder_)) Clear(folder_);
  } catch (...) {  // the next run sees to it
  }
  Close(guard_);
  folder_.clear();
}

}  // namespace dbomsbak
