// Marks tell what this run has written from what others have.
#pragma once

#include <string>

namespace dbomsbak {

std::string NewMark();  // random, 32 hexadecimal digits

}  // namespace dbomsbak
