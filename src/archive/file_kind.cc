#include "dbomsbak/archive/file_kind.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include "archive/layout.h"
#include "dbomsbak/archive/format.h"

namespace dbomsbak {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kSniffBytes = 4096;

struct Signature {
  std::string_view bytes;
  FileKind kind;
};

constexpr std::array kSignatures{
    Signature{"\x28\xB5\x2F\xFD"sv, FileKind::kZstd},
    Signature{"\x1F\x8B"sv, FileKind::kGzip},
    Signature{"BZh"sv, FileKind::kBzip2},
    Signature{"\xFD"
              "7zXZ\0"sv,
              FileKind::kXz},
    Signature{"PK\x03\x04"sv, FileKind::kZip},
    Signature{"age-encryption.org/"sv, FileKind::kAge},
    Signature{"-----BEGIN AGE ENCRYPTED FILE-----"sv, FileKind::kAge},
};

constexpr std::array kFirstWords{"ALTER"sv, "BEGIN"sv,    "CREATE"sv, "DELIMITER"sv, "DELETE"sv,
                                 "DROP"sv,  "INSERT"sv,   "LOCK"sv,   "REPLACE"sv,   "SET"sv,
                                 "START"sv, "TRUNCATE"sv, "UPDATE"sv, "USE"sv};

// As much of our header's head as the file has; its size field may say anything.
bool BeginsAsArchive(std::string_view begin) {
  std::string head;
  layout::PutTaggedHead(head, layout::kHeaderTag, 0);
  begin = begin.substr(0, head.size());
  for (std::size_t i = 0; i < begin.size(); ++i) {
    const bool in_size = i >= 4 && i < layout::kFrameHeadSize;
    if (!in_size && begin[i] != head[i]) return false;
  }
  return true;
}

bool BeginsAsSql(std::string_view begin) {
  if (begin.starts_with("\xEF\xBB\xBF")) begin.remove_prefix(3);
  if (begin.find('\0') != std::string_view::npos) return false;
  const std::size_t start = begin.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) return false;
  begin.remove_prefix(start);
  if (begin.starts_with("--") || begin.starts_with("/*") || begin.starts_with("#")) return true;
  std::string word;
  for (const char c : begin.substr(0, 12)) {
    if (!std::isalpha(static_cast<unsigned char>(c))) break;
    word.push_back(static_cast<char>(std::toupper(static_cast<unsigned char>(c))));
  }
  return std::find(kFirstWords.begin(), kFirstWords.end(), word) != kFirstWords.end();
}

}  // namespace

FileKind LooksLike(const RandomAccessFile& file) {
  std::string begin(kSniffBytes, '\0');
  begin.resize(file.ReadAt(0, begin.data(), begin.size()));
  return LooksLike(begin);
}

FileKind LooksLike(std::string_view begin) {
  if (begin.empty()) return FileKind::kEmpty;
  if (BeginsAsArchive(begin)) return FileKind::kArchive;
  for (const Signature& signature : kSignatures) {
    if (begin.starts_with(signature.bytes)) return signature.kind;
  }
  return BeginsAsSql(begin) ? FileKind::kPlainSql : FileKind::kUnknown;
}

std::string_view Describe(FileKind kind) noexcept {
  switch (kind) {
    case FileKind::kEmpty:
      return "an empty file";
    case FileKind::kArchive:
      return "an archive of dbomsbak";
    case FileKind::kPlainSql:
      return "a plain SQL file";
    case FileKind::kZstd:
      return "a plain zstd file";
    case FileKind::kGzip:
      return "a gzip file";
    case FileKind::kBzip2:
      return "a bzip2 file";
    case FileKind::kXz:
      return "an xz file";
    case FileKind::kZip:
      return "a zip file";
    case FileKind::kAge:
      return "a file encrypted with age";
    case FileKind::kUnknown:
      break;
  }
  return "a file of unknown kind, nor is it SQL text";
}

std::string_view Advice(FileKind kind) noexcept {
  switch (kind) {
    case FileKind::kEmpty:
      return "The dump that should have written it failed; use another archive.";
    case FileKind::kArchive:
      return "";
    case FileKind::kPlainSql:
      return "Load it with `mysql --comments < FILE`, or with dbomsbak restore.";
    case FileKind::kZstd:
      return "A dump of another program in it loads with `zstd -dc FILE | mysql`.";
    case FileKind::kGzip:
      return "A dump of another program in it loads with `gzip -dc FILE | mysql`.";
    case FileKind::kBzip2:
      return "A dump of another program in it loads with `bzip2 -dc FILE | mysql`.";
    case FileKind::kXz:
      return "A dump of another program in it loads with `xz -dc FILE | mysql`.";
    case FileKind::kZip:
      return "Unpack it with `unzip` and give the file inside.";
    case FileKind::kAge:
      return "Decrypt it with `age -d` and give the archive inside.";
    case FileKind::kUnknown:
      break;
  }
  return "Check the name of the file.";
}

}  // namespace dbomsbak
