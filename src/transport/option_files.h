// Option files of the MySQL family (my.cnf), read as the mysql client reads them.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace dbomsbak {

// One line `name=value` of a group that was asked for. Names have '-' where the file may have '_'.
struct OptionLine {
  std::string name;
  std::optional<std::string> value;  // nullopt: no '='
  std::string group;
  std::string file;
  unsigned line = 0;
  bool cut = false;  // by a comment behind a value without quotes

  // "/etc/my.cnf, line 7", for messages.
  std::string Where() const;
};

// The values may be passwords: wipes them.
void WipeValues(std::vector<OptionLine>& lines) noexcept;

struct OptionFile {
  std::string path;
  bool required = false;  // named by the operator: must be there
};

// The files the mysql client looks into, in its order: /etc/my.cnf, /etc/mysql/my.cnf,
// $MYSQL_HOME/my.cnf, `extra_file` (required, when given), ~/.my.cnf.
std::vector<OptionFile> DefaultOptionFiles(const std::optional<std::string>& extra_file);

// All lines of the wanted groups, in the order they stand in; a later one wins. Follows !include
// and !includedir (*.cnf, by name). A file that everybody may write is left out with a notice, as
// the client does it. Errors: kIo (a required file, an !include that cannot be read), kUsage
// (a line that is no option, with file and line).
std::vector<OptionLine> ReadOptionFiles(const std::vector<OptionFile>& files,
                                        const std::vector<std::string>& groups,
                                        std::vector<std::string>& notices);

}  // namespace dbomsbak
