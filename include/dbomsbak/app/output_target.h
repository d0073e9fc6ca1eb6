// Where a dump goes and in which form, decided by its name.
#pragma once

#include <optional>
#include <string>

#include "dbomsbak/engine/dump.h"

namespace dbomsbak {

struct OutputTarget {
  bool to_stdout = false;
  std::string path;  // empty for stdout
  DumpFormat format = DumpFormat::kPlainSql;
};

// `output`: the value of -o; `format`: that of --format. `x.sql.zst` is an archive, `x.sql` plain
// SQL, no -o plain SQL to stdout, `-` the archive to stdout; `format` overrides. What is encrypted
// is called x.sql.zst.age, and nothing else is. Errors: kUsage for a name that tells no format, and
// for a dump to a terminal that nobody asked for.
OutputTarget ResolveOutput(const std::optional<std::string>& output,
                           std::optional<DumpFormat> format, bool stdout_is_terminal,
                           bool encrypted = false);

// The line of NAME.sha256, as sha256sum writes and checks it: the name without its folder.
std::string Sha256SumLine(const Sha256Digest& digest, const std::string& path);

}  // namespace dbomsbak
