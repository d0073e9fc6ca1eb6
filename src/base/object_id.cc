#include "dbomsbak/base/object_id.h"

#include <array>
#include <tuple>

namespace dbomsbak {
namespace {

struct Words {
  ObjectKind kind;
  std::string_view word;
  std::string_view keyword;  // in DROP and GRANT
};
constexpr std::array kWords{
    Words{ObjectKind::kDatabase, "database", "DATABASE"},
    Words{ObjectKind::kSequence, "sequence", "SEQUENCE"},
    Words{ObjectKind::kTable, "table", "TABLE"},
    Words{ObjectKind::kView, "view", "VIEW"},
    Words{ObjectKind::kFunction, "function", "FUNCTION"},
    Words{ObjectKind::kProcedure, "procedure", "PROCEDURE"},
    Words{ObjectKind::kPackage, "package", "PACKAGE"},
    Words{ObjectKind::kPackageBody, "package body", "PACKAGE BODY"},
    Words{ObjectKind::kTrigger, "trigger", "TRIGGER"},
    Words{ObjectKind::kEvent, "event", "EVENT"},
};

void AppendQuoted(std::string_view name, std::string& out) {
  out.push_back('`');
  for (const char c : name) {
    if (c == '`') out.push_back('`');
    out.push_back(c);
  }
  out.push_back('`');
}

}  // namespace

std::string_view ToString(ObjectKind kind) noexcept {
  for (const Words& words : kWords) {
    if (words.kind == kind) return words.word;
  }
  return "object";
}

std::string_view SqlKeyword(ObjectKind kind) noexcept {
  for (const Words& words : kWords) {
    if (words.kind == kind) return words.keyword;
  }
  return "";
}

std::optional<ObjectKind> ParseObjectKind(std::string_view text) noexcept {
  for (const Words& words : kWords) {
    if (words.word == text) return words.kind;
  }
  return std::nullopt;
}

std::string ObjectId::Describe() const {
  std::string text(ToString(kind));
  text.push_back(' ');
  AppendQuoted(database, text);
  if (kind != ObjectKind::kDatabase) {
    text.push_back('.');
    AppendQuoted(name, text);
  }
  return text;
}

bool operator<(const ObjectId& a, const ObjectId& b) noexcept {
  return std::tuple(std::string_view(a.database), ToString(a.kind), std::string_view(a.name)) <
         std::tuple(std::string_view(b.database), ToString(b.kind), std::string_view(b.name));
}

}  // namespace dbomsbak
