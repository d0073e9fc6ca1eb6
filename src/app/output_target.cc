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

}  // namespace

OutputTarget ResolveOutput(const std::optional<std::string>& output,
                           std::optional<DumpFormat> format, bool stdout_is_terminal) {
  OutputTarget target;
  if (output && output->empty()) {
    throw Error(ErrorCode::kUsage, "-o is given without a file name",
                "Name a file, or leave -o away to write plain SQL to standard output.");
  }
  if (output && *output != "-") {
    target.path = *output;
    target.format = format ? *format : FormatOfName(*output);
    return target;
  }
  target.to_stdout = true;
  target.format = format.value_or(output ? DumpFormat::kArchive : DumpFormat::kPlainSql);
  const bool asked_for = output && target.format == DumpFormat::kPlainSql;
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
