#include "objects/mark.h"

#include <fmt/format.h>

#include <random>

namespace dbomsbak {

std::string NewMark() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
}

}  // namespace dbomsbak
