#include "dbomsbak/app/output_target.h"

#include <fmt/format.h>

#include <string_view>

#include "dbomsbak/base/error.h"

namespace dbomsbak {
namespace {

DumpFormat FormatOfName(const std::string& path) {
  const std::string_view name = path;
  if (name.ends_with(".zst")) return DumpFormat::kArchive;
  if (name.ends_with(".sql")) return DumpFormat::kPlainSql;
  if (name.ends_with(".gz") || name.ends_with(".xz") || name.ends_with(".bz2")) {
    throw Error(ErrorCode::kUsage,
                fmt::format("cannot write '{}' in the form its name asks for", path),
                "Archives are compressed with zstd: name the file .sql.zst.")
        .About(path);
  }
  throw Error(ErrorCode::kUsage, fmt::format("the name '{}' does not tell the format", path),
              "Name it .sql.zst (archive) or .sql (plain SQL), or add --format archive or "
              "--format sql.")
      .About(path);
}

// The name of what is in it. A name must not promise what is not so.
std::string WithoutSuffix(const std::string& path, bool encrypted, bool format_is_said) {
  constexpr std::string_view kSuffix = ".age";
  const bool says_so = path.ends_with(kSuffix);
  if (says_so && !encrypted) {
    throw Error(
        ErrorCode::kUsage,
        fmt::format("'{}' is called as if it was encrypted, and nobody is named for whom", path),
        "Add --encrypt-to RECIPIENT, --recipients-file FILE or --encrypt-passphrase, or "
        "leave .age away.")
        .About(path);
  }
  if (encrypted && !says_so && !format_is_said) {
    throw Error(ErrorCode::kUsage,
                fmt::format("the name '{}' does not tell that it is encrypted", path),
                fmt::format("Name it {}.age.", path))
        .About(path);
  }
  return says_so ? path.substr(0, path.size() - kSuffix.size()) : path;
}

}  // namespace

OutputTarget ResolveOutput(const std::optional<std::string>& output,
                           std::optional<DumpFormat> format, bool stdout_is_terminal,
                           bool encrypted) {
  OutputTarget target;
  if (output && output->empty()) {
    throw Error(ErrorCode::kUsage, "-o is given without a file name",
                "Name a file, or leave -o away to write plain SQL to standard output.");
  }
  if (output && *output != "-") {
    target.path = *output;
    const std::string name = WithoutSuffix(*output, encrypted, format.has_value());
    target.format = format ? *format : FormatOfName(name);
    return target;
  }
  target.to_stdout = true;
  target.format = format.value_or(output ? DumpFormat::kArchive : DumpFormat::kPlainSql);
  const bool asked_for = output && target.format == DumpFormat::kPlainSql && !encrypted;
  if (stdout_is_terminal && !asked_for) {
    throw Error(ErrorCode::kUsage, "standard output is a terminal; a dump is not written there",
                "Name a file with -o FILE.sql.zst, or send the output to a file or pipe.");
  }
  return target;
}

std::string Sha256SumLine(const Sha256Digest& digest, const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  // sha256sum marks a line whose name had to be escaped with a backslash in front.
  std::string escaped;
  for (const char c : name) {
    if (c == '\\') {
      escaped += "\\\\";
    } else if (c == '\n') {
      escaped += "\\n";
    } else if (c == '\r') {
      escaped += "\\r";
    } else {
      escaped += c;
    }
  }
  return fmt::format("{}{}  {}\n", escaped == name ? "" : "\\", digest.hex(), escaped);
}

}  // namespace dbomsbak
