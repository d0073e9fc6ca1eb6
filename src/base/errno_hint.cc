#include "dbomsbak/base/errno_hint.h"

#include <cerrno>

namespace dbomsbak {

std::string HintOfErrno(int error_number, std::string otherwise) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      return "Free some space there, or write to another disk.";
    case EROFS:
      return "The file system is mounted read-only: name a place on another one, or look into the "
             "system's log (dmesg) why it is.";
    case EIO:
      return "The disk may be failing: look into the system's log (dmesg).";
    case EMFILE:
    case ENFILE:
      return "Raise the limit of open files (ulimit -n), or lower --jobs.";
    case EFBIG:
      return "Raise the limit of a file's size (ulimit -f), or write to another file system.";
    default:
      return otherwise;
  }
}

}  // namespace dbomsbak
