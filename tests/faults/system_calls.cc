// The C library's calls on files of one folder, one of which fails: what the program links against
// is found here first.
//
// Layer `files`; DBOMSBAK_FAULT_FOLDER names the folder, as the program is told it. Calls on
// standard output count as well where DBOMSBAK_FAULT_STDOUT is set. Kinds:
//   fail   that call fails: no space for what would take some, else an i/o error
//   full   it and all behind it that take space: the disk is full
//   dead   it and all behind it fail, closing and removing too
//   pipe   a write, and all behind it: nobody reads
//   short  a read or write does the half of it; no fault at all
//   eintr  a signal came first, once; no fault either
//   crumbs  each read or write from that one on does the half of it
//   signals  a signal comes before every second call from that one on
//   locks  the file system knows none, from that call on
//   replaced  from that call on names stand for other files than those that were opened
//   cut    that read and all behind it meet the end of the file
//
// Layer `clock`; what asks for the time of day. Neither is a fault of the program's:
//   back   from that call on the clock is a day behind
//   right  up to that call it is a day behind
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <string>
#include <string_view>

#include "faults/fault.h"

namespace dbomsbak::test {
namespace {

constexpr int kMostDescriptors = 4096;
std::array<std::atomic<bool>, kMostDescriptors> tracked{};

bool IsOurs(const char* path) {
  static const std::string folder = [] {
    const char* const text = std::getenv("DBOMSBAK_FAULT_FOLDER");
    return std::string(text == nullptr ? "" : text);
  }();
  return path != nullptr && !folder.empty() && std::string_view(path).starts_with(folder);
}

bool IsOurs(int descriptor) {
  static const bool standard_output = std::getenv("DBOMSBAK_FAULT_STDOUT") != nullptr;
  if (descriptor == STDOUT_FILENO) return standard_output;
  return descriptor >= 0 && descriptor < kMostDescriptors &&
         tracked[static_cast<std::size_t>(descriptor)];
}

void Track(int descriptor, bool ours) {
  if (descriptor < 0 || descriptor >= kMostDescriptors) return;
  tracked[static_cast<std::size_t>(descriptor)] = ours;
}

template <typename Function>
Function* Real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

enum class Taking { kSpace, kNone };
enum class Moving { kNothing, kIn, kOut };

// What shall become of a call: an errno, or 0 and how many of its bytes.
struct Fate {
  int error = 0;
  std::size_t bytes = 0;
};

Fate FateOf(const char* call, Taking taking, Moving moving = Moving::kNothing,
            std::size_t bytes = 0, bool may_be_interrupted = false) {
  Fault& fault = TheFault();
  const std::string_view kind = fault.KindFor("files");
  const bool takes = taking == Taking::kSpace;
  if (kind == "fail" && fault.Strikes(call)) return {takes ? ENOSPC : EIO, bytes / 2};
  if (kind == "dead" && fault.Strikes(call, true)) return {EIO, 0};
  if (kind == "full" && takes && fault.Strikes(call, true)) return {ENOSPC, bytes / 2};
  if (kind == "pipe" && moving == Moving::kOut && fault.Strikes(call, true)) return {EPIPE, 0};
  if (kind == "eintr" && may_be_interrupted && fault.Strikes(call)) return {EINTR, 0};
  if (kind == "cut" && moving == Moving::kIn && fault.Strikes(call, true)) return {0, 0};
  static std::atomic<unsigned> calls{0};
  if (kind == "signals" && may_be_interrupted && fault.Strikes(call, true) && calls++ % 2 == 0) {
    return {EINTR, 0};
  }
  const bool halves = moving != Moving::kNothing && bytes > 1;
  if (kind == "crumbs" && halves && fault.Strikes(call, true)) return {0, bytes / 2};
  if (kind == "short" && halves && fault.Strikes(call)) {
    return {0, bytes / 2};
  }
  return {0, bytes};
}

// What the clock is put back by.
std::time_t SecondsBehind(const char* call) {
  constexpr std::time_t kDay = 86400;
  const std::string_view kind = TheFault().KindFor("clock");
  if (kind != "back" && kind != "right") return 0;
  return TheFault().Strikes(call, true) == (kind == "back") ? kDay : 0;
}

int Failed(int error) {
  errno = error;
  return -1;
}

// Whether a call goes on; else errno is set.
bool IsGranted(const char* call, bool ours, Taking taking, bool may_be_interrupted = false) {
  if (!ours) return true;
  const Fate fate = FateOf(call, taking, Moving::kNothing, 0, may_be_interrupted);
  if (fate.error != 0) errno = fate.error;
  return fate.error == 0;
}

int Open(const char* path, int flags, mode_t mode) {
  static auto* const real = Real<int(int, const char*, int, ...)>("openat");
  const Taking taking = (flags & O_CREAT) != 0 ? Taking::kSpace : Taking::kNone;
  if (!IsGranted("open", IsOurs(path), taking, true)) return -1;
  const int descriptor = real(AT_FDCWD, path, flags, mode);
  Track(descriptor, IsOurs(path));
  return descriptor;
}

ssize_t Read(const char* name, int descriptor, void* out, std::size_t size, off_t offset) {
  Fate fate{0, size};
  if (IsOurs(descriptor)) fate = FateOf(name, Taking::kNone, Moving::kIn, size, true);
  if (fate.error != 0) return Failed(fate.error);
  if (offset < 0) {
    static auto* const real = Real<ssize_t(int, void*, std::size_t)>("read");
    return real(descriptor, out, fate.bytes);
  }
  static auto* const real = Real<ssize_t(int, void*, std::size_t, off_t)>("pread");
  return real(descriptor, out, fate.bytes, offset);
}

}  // namespace
}  // namespace dbomsbak::test

using namespace dbomsbak::test;  // NOLINT: what follows is the C library's

extern "C" {

int open(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = va_arg(more, mode_t);
  va_end(more);
  return Open(path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = va_arg(more, mode_t);
  va_end(more);
  return Open(path, flags, mode);
}

ssize_t write(int descriptor, const void* bytes, std::size_t size) {
  static auto* const real = Real<ssize_t(int, const void*, std::size_t)>("write");
  if (!IsOurs(descriptor)) return real(descriptor, bytes, size);
  const Fate fate = FateOf("write", Taking::kSpace, Moving::kOut, size, true);
  if (fate.error == 0) return real(descriptor, bytes, fate.bytes);
  if (fate.bytes > 0 && real(descriptor, bytes, fate.bytes) < 0) return -1;  // a disk takes a part
  return Failed(fate.error);
}
ssize_t pwrite(int descriptor, const void* bytes, std::size_t size, off_t offset) {
  static auto* const real = Real<ssize_t(int, const void*, std::size_t, off_t)>("pwrite");
  if (!IsOurs(descriptor)) return real(descriptor, bytes, size, offset);
  const Fate fate = FateOf("pwrite", Taking::kSpace, Moving::kOut, size, true);
  return fate.error == 0 ? real(descriptor, bytes, fate.bytes, offset) : Failed(fate.error);
}
ssize_t read(int descriptor, void* out, std::size_t size) {
  return Read("read", descriptor, out, size, -1);
}
ssize_t pread(int descriptor, void* out, std::size_t size, off_t offset) {
  return Read("pread", descriptor, out, size, offset);
}
ssize_t pread64(int descriptor, void* out, std::size_t size, off_t offset) {
  return Read("pread", descriptor, out, size, offset);
}
// With _FORTIFY_SOURCE.
ssize_t __read_chk(int descriptor, void* out, std::size_t size, std::size_t) {
  return Read("read", descriptor, out, size, -1);
}
ssize_t __pread_chk(int descriptor, void* out, std::size_t size, off_t offset, std::size_t) {
  return Read("pread", descriptor, out, size, offset);
}

int fsync(int descriptor) {
  static auto* const real = Real<int(int)>("fsync");
  return IsGranted("fsync", IsOurs(descriptor), Taking::kSpace, true) ? real(descriptor) : -1;
}
int close(int descriptor) {
  static auto* const real = Real<int(int)>("close");
  const bool ours = descriptor != STDOUT_FILENO && IsOurs(descriptor);
  Track(descriptor, false);
  const int closed = real(descriptor);  // it is, whatever is told
  return IsGranted("close", ours, Taking::kSpace, true) ? closed : -1;
}
int Flock(int descriptor, int operation) __asm__("flock");  // a struct has the name
int Flock(int descriptor, int operation) {
  static auto* const real = Real<int(int, int)>("flock");
  const bool ours = IsOurs(descriptor);
  if (ours && TheFault().KindFor("files") == "locks" && TheFault().Strikes("flock", true)) {
    return Failed(ENOLCK);
  }
  return IsGranted("flock", ours, Taking::kNone, true) ? real(descriptor, operation) : -1;
}
int fstat(int descriptor, struct stat* status) noexcept {
  static auto* const real = Real<int(int, struct stat*)>("fstat");
  return IsGranted("fstat", IsOurs(descriptor), Taking::kNone) ? real(descriptor, status) : -1;
}
int lstat(const char* path, struct stat* status) noexcept {
  static auto* const real = Real<int(const char*, struct stat*)>("lstat");
  if (!IsGranted("lstat", IsOurs(path), Taking::kNone)) return -1;
  const int told = real(path, status);
  const bool replaced = IsOurs(path) && TheFault().KindFor("files") == "replaced";
  if (replaced && TheFault().Strikes("lstat", true)) status->st_ino ^= 1;
  return told;
}
int statvfs(const char* path, struct statvfs* status) noexcept {
  static auto* const real = Real<int(const char*, struct statvfs*)>("statvfs");
  return IsGranted("statvfs", IsOurs(path), Taking::kNone) ? real(path, status) : -1;
}
int rename(const char* from, const char* to) noexcept {
  static auto* const real = Real<int(const char*, const char*)>("rename");
  if (!IsGranted("rename", IsOurs(to), Taking::kSpace)) return -1;
  const int renamed = real(from, to);
  if (renamed == 0) TheFault().NoteRenaming();
  return renamed;
}
int renameat2(int from_folder, const char* from, int to_folder, const char* to,
              unsigned flags) noexcept {
  static auto* const real = Real<int(int, const char*, int, const char*, unsigned)>("renameat2");
  if (!IsGranted("renameat2", IsOurs(to), Taking::kSpace)) return -1;
  const int renamed = real(from_folder, from, to_folder, to, flags);
  if (renamed == 0) TheFault().NoteRenaming();
  return renamed;
}
int unlink(const char* path) noexcept {
  static auto* const real = Real<int(const char*)>("unlink");
  return IsGranted("unlink", IsOurs(path), Taking::kNone) ? real(path) : -1;
}
int fchmodat(int folder, const char* path, mode_t mode, int flags) noexcept {
  static auto* const real = Real<int(int, const char*, mode_t, int)>("fchmodat");
  return IsGranted("fchmodat", IsOurs(path), Taking::kNone) ? real(folder, path, mode, flags) : -1;
}
int mkdir(const char* path, mode_t mode) noexcept {
  static auto* const real = Real<int(const char*, mode_t)>("mkdir");
  return IsGranted("mkdir", IsOurs(path), Taking::kSpace) ? real(path, mode) : -1;
}

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  static auto* const real = Real<int(clockid_t, timespec*)>("clock_gettime");
  const int told = real(clock, time);
  if (told == 0 && clock == CLOCK_REALTIME) time->tv_sec -= SecondsBehind("clock_gettime");
  return told;
}
int gettimeofday(timeval* time, void* zone) noexcept {
  static auto* const real = Real<int(timeval*, void*)>("gettimeofday");
  const int told = real(time, zone);
  if (told == 0) time->tv_sec -= SecondsBehind("gettimeofday");
  return told;
}
time_t time(time_t* out) noexcept {
  static auto* const real = Real<time_t(time_t*)>("time");
  const time_t now = real(nullptr) - SecondsBehind("time");
  if (out != nullptr) *out = now;
  return now;
}

}  // extern "C"
