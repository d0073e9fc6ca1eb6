// Writes down every Error that a unit test throws, as tests/messages wants it, when
// DBOMSBAK_MESSAGES names a folder. Linked with --wrap=__cxa_throw.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <typeinfo>

#include "dbomsbak/base/error.h"

namespace dbomsbak {
namespace {

void WriteDown(const Error& error) {
  const char* const folder = std::getenv("DBOMSBAK_MESSAGES");
  const testing::TestInfo* const test = testing::UnitTest::GetInstance()->current_test_info();
  if (folder == nullptr || test == nullptr) return;
  nlohmann::ordered_json line;
  line["test"] = std::string("unit.") + test->test_suite_name() + "." + test->name();
  line["code"] = static_cast<int>(error.code());
  line["texts"] = {error.message()};
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
