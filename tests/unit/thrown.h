// What an operator is told of an error, for tests.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "dbomsbak/base/error.h"

namespace dbomsbak {

// The Error that `function` ends with.
template <typename Function>
Error Thrown(Function&& function) {
  try {
    function();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return Error(ErrorCode::kOk, "");
}

// Its message whole, the object that it names, and what its hint has.
inline void ExpectTold(const Error& error, ErrorCode code, const std::string& message,
                       const std::string& object, const std::string& in_hint) {
  EXPECT_EQ(error.code(), code) << error.message();
  EXPECT_EQ(error.message(), message);
  EXPECT_EQ(error.object(), object) << error.message();
  EXPECT_THAT(error.hint(), ::testing::HasSubstr(in_hint)) << error.message();
}

// The same of what `function` ends with, by parts of message and hint.
template <typename Function>
void ExpectError(ErrorCode code, const std::string& in_message, const std::string& in_hint,
                 Function&& function) {
  const Error error = Thrown(function);
  EXPECT_EQ(error.code(), code) << in_message << ": " << error.message();
  EXPECT_THAT(error.message(), ::testing::HasSubstr(in_message));
  EXPECT_THAT(error.hint(), ::testing::HasSubstr(in_hint)) << error.message();
}

}  // namespace dbomsbak
