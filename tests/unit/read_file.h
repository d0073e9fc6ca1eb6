// Files of the project, for tests: golden ones, mostly.
#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace dbomsbak {

inline std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

}  // namespace dbomsbak
