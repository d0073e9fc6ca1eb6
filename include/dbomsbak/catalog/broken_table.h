// What is told about a table that its server cannot open or read.
#pragma once

#include <string>

namespace dbomsbak {

// "CHECK TABLE `d`.`t` tells what is wrong …": whole sentences, for a hint.
std::string BrokenTableRemedy(const std::string& database, const std::string& table);

}  // namespace dbomsbak
