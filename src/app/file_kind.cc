#include "dbomsbak/app/file_kind.h"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

#include "dbomsbak/archive/format.h"
#include "dbomsbak/base/bytes.h"
#include "dbomsbak/base/error.h"

namespace dbomsbak {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::uint32_t kZstdMagic = 0xFD2FB528;       // RFC 8878, 3.1.1
constexpr std::uint32_t kSkippableMagic = 0x184D2A50;  // and the fifteen after it

struct Signature {
  std::string_view bytes;
  FileKind kind;
};
constexpr std::array kSignatures{
    Signature{"\x1f\x8b"sv, FileKind::kGzip},
    Signature{"\xfd"
              "7zXZ\0"sv,
              FileKind::kXz},
    Signature{"BZh"sv, FileKind::kBzip2},
    Signature{"PK\x03\x04"sv, FileKind::kZip},
    Signature{"age-encryption.org/"sv, FileKind::kAge},
};

[[noreturn]] void Refuse(const std::string& path, std::string_view what, std::string hint) {
  throw Error(ErrorCode::kUnsupported, fmt::format("'{}' is {}", path, what), std::move(hint))
      .About(path);
}

void RefuseStrangers(FileKind kind, const std::string& path) {
  switch (kind) {
    case FileKind::kArchive:
    case FileKind::kText:
      return;
    case FileKind::kEmpty:
      throw Error(ErrorCode::kIncomplete, fmt::format("'{}' is empty", path),
                  "The dump that should have written it failed; use another archive.")
          .About(path);
    case FileKind::kGzip:
      Refuse(path, "gzip-compressed data, not an archive",
             "A plain dump in it can be loaded with gzip -dc FILE | mysql.");
    case FileKind::kXz:
      Refuse(path, "xz-compressed data, not an archive",
             "A plain dump in it can be loaded with xz -dc FILE | mysql.");
    case FileKind::kBzip2:
      Refuse(path, "bzip2-compressed data, not an archive",
             "A plain dump in it can be loaded with bzip2 -dc FILE | mysql.");
    case FileKind::kZip:
      Refuse(path, "a zip file, not an archive", "Unpack it first.");
    case FileKind::kAge:
      Refuse(path, "encrypted with age", "Decrypt it first: age -d FILE > x.sql.zst.");
    case FileKind::kZstd:
      Refuse(path, "zstd-compressed data without an archive's header",
             "If it was written by another program, load it with zstd -dc FILE | mysql.");
    case FileKind::kUnknown:
      Refuse(path, "neither SQL text nor an archive", "Check the name of the file.");
  }
}

}  // namespace

FileKind KindOfFile(const RandomAccessFile& file) {
  std::string head(4096, '\0');
  head.resize(file.ReadAt(0, head.data(), head.size()));
  if (head.empty()) return FileKind::kEmpty;
  for (const Signature& signature : kSignatures) {
    if (head.starts_with(signature.bytes)) return signature.kind;
  }
  // A file shorter than a magic number may be the stump of an archive: ArchiveReader judges it.
  std::string magic;
  PutU32(magic, kOwnFrameMagic);
  if (magic.starts_with(head)) return FileKind::kArchive;
  if (head.size() >= 4) {
    const std::uint32_t first = GetU32(head.data());
    if (first == kZstdMagic) return FileKind::kZstd;
    if ((first & ~std::uint32_t{0xF}) == kSkippableMagic) return FileKind::kArchive;
  }
  // The magic with some bits flipped, followed by our name a few bytes on, is a damaged archive.
  if (head.substr(0, 64).find(kArchiveMagic) != std::string::npos) return FileKind::kArchive;
  for (const char c : head) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 && c != '\n' && c != '\r' && c != '\t') {
      return head.size() < 4 ? FileKind::kArchive : FileKind::kUnknown;
    }
  }
  return FileKind::kText;
}

std::shared_ptr<const RandomAccessFile> OpenForVerify(FileSystem& files, const std::string& path) {
  std::shared_ptr<const RandomAccessFile> file = files.OpenForReading(path);
  RefuseStrangers(KindOfFile(*file), path);
  return file;
}

ArchiveReader OpenArchive(FileSystem& files, const std::string& path) {
  std::shared_ptr<const RandomAccessFile> file = files.OpenForReading(path);
  const FileKind kind = KindOfFile(*file);
  RefuseStrangers(kind, path);
  if (kind == FileKind::kText) {
    throw Error(ErrorCode::kUnsupported,
                fmt::format("'{}' is plain SQL text, not an archive", path),
                "Load plain SQL with mysql --comments < FILE; verify can prove a file written by "
                "dbomsbak dump.")
        .About(path);
  }
  return ArchiveReader::Open(std::move(file));
}

}  // namespace dbomsbak
