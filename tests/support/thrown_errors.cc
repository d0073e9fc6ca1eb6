// Writes down every Error that a unit test throws, as tests/messages wants it, when
// DBOMSBAK_MESSAGES names a folder. Linked with --wrap=__cxa_throw.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <typeinfo>
#include <vector>

#include "dbomsbak/base/error.h"

namespace dbomsbak {
namespace {

// What is told of itself: reasons of a refusal, each in its own line.
std::vector<std::string> LinesOf(const std::string& message) {
  constexpr std::string_view kNext = "\n  - ";
  std::vector<std::string> lines;
  for (std::size_t at = 0;;) {
    const std::size_t end = message.find(kNext, at);
    lines.push_back(message.substr(at, end - at));
    if (end == std::string::npos) return lines;
    at = end + kNext.size();
  }
}

void WriteDown(const Error& error) {
  const char* const folder = std::getenv("DBOMSBAK_MESSAGES");
  const testing::TestInfo* const test = testing::UnitTest::GetInstance()->current_test_info();
  if (folder == nullptr || test == nullptr) return;
  nlohmann::ordered_json line;
  line["test"] = std::string("unit.") + test->test_suite_name() + "." + test->name();
  line["code"] = static_cast<int>(error.code());
  line["texts"] = LinesOf(error.message());
  std::ofstream out(std::string(folder) + "/" + std::to_string(::getpid()), std::ios::app);
  out << line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << '\n';
}

}  // namespace
}  // namespace dbomsbak

extern "C" {
[[noreturn]] void __real___cxa_throw(void* thrown, std::type_info* type, void (*destroy)(void*));
[[noreturn]] void __wrap___cxa_throw(void* thrown, std::type_info* type, void (*destroy)(void*));

void __wrap___cxa_throw(void* thrown, std::type_info* type, void (*destroy)(void*)) {
  void* object = thrown;
  if (typeid(dbomsbak::Error).__do_catch(type, &object, 1)) {
    dbomsbak::WriteDown(*static_cast<const dbomsbak::Error*>(object));
  }
  __real___cxa_throw(thrown, type, destroy);
}
}
