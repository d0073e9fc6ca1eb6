// What a file is, by its first bytes.
#pragma once

#include <string_view>

#include "dbomsbak/base/file.h"

namespace dbomsbak {

enum class FileKind {
  kEmpty,
  kArchive,   // begins as our archives do; whether it is whole is ArchiveReader's to say
  kPlainSql,  // text that begins as a dump does
  kZstd,
  kGzip,
  kBzip2,
  kXz,
  kZip,
  kAge,
  kUnknown,
};

// Reads the first few KiB. Errors: kIo.
FileKind LooksLike(const RandomAccessFile& file);
// The same, of bytes at hand.
FileKind LooksLike(std::string_view begin);

// For messages: "a gzip file", "a plain SQL file".
std::string_view Describe(FileKind kind) noexcept;

// What to do with such a file when an archive was asked for; a whole sentence.
std::string_view Advice(FileKind kind) noexcept;

}  // namespace dbomsbak
