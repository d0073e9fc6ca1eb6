#include "dbomsbak/engine/plain_text.h"

#include <gtest/gtest.h>

#include "engine/plain_content.h"
#include "unit/memory_file.h"
#include "unit/thrown.h"

namespace dbomsbak {
namespace {

constexpr char kPlainHead[] = "-- MySQL dump 10.13\n\nCREATE DATABASE `d`;\nUSE `d`;\n";
constexpr char kTable[] = "CREATE TABLE `t` (\n  `a` int\n);\n";
constexpr char kEnd[] = "-- Dump completed\n";

TEST(PlainTextTest, AnObjectThatTheDumpDoesNotHoldIsNamed) {
  std::string text;
  const TextSink out = [&](const TextPiece& piece) { text += piece.text; };
  PlainTextPart part;
  part.only = {{"d", "t"}};
  const auto file = InMemory(std::string(kPlainHead) + kTable + kEnd);
  WritePlainText(file, part, out, CancelToken());
  EXPECT_NE(text.find("CREATE TABLE `t`"), std::string::npos);
  part.only.push_back({"d", "nope"});
  ExpectError(ErrorCode::kUsage, "'memory' holds no object `d`.`nope`", "dbomsbak info lists",
              [&] { WritePlainText(file, part, out, CancelToken()); });
}

TEST(PlainTextTest, ADefinitionThatDoesMoreThanCreateIsRefused) {
  const std::string text = "CREATE TABLE `x` (`a` int) IGNORE AS (TABLE `victim`.`t`);\n";
  ExpectError(ErrorCode::kUnsupported,
              "'memory' line 8: the definition of table `d`.`x` is none that a dump holds: CREATE "
              "TABLE `x` (`a` int) IGNORE",
              "Take it out, or load the file with the mysql client", [&] {
                ReadPlainContent(InMemory(std::string(kPlainHead) + kTable + text + kEnd), {},
                                 SilentObserver(), CancelToken());
              });
}

}  // namespace
}  // namespace dbomsbak
