// What a file is, told by its first bytes, so that a wrong file is named for what it is.
#pragma once

#include <memory>
#include <string>

#include "dbomsbak/archive/archive_reader.h"
#include "dbomsbak/base/file.h"

namespace dbomsbak {

enum class FileKind { kArchive, kText, kEmpty, kGzip, kXz, kBzip2, kZip, kZstd, kAge, kUnknown };

FileKind KindOfFile(const RandomAccessFile& file);

// Opens `path` for verify: an archive or SQL text; anything else is refused by what it is.
// Errors: kIo, kUnsupported, kIncomplete (empty).
std::shared_ptr<const RandomAccessFile> OpenForVerify(FileSystem& files, const std::string& path);

// Opens an archive; SQL text is refused as well. Errors also those of ArchiveReader::Open.
ArchiveReader OpenArchive(FileSystem& files, const std::string& path);

}  // namespace dbomsbak
