#include "dbomsbak/base/object_id.h"

#include <array>
#include <tuple>
#include <utility>

namespace dbomsbak {
namespace {

constexpr std::array<std::pair<ObjectKind, std::string_view>, 10> kWords{{
    {ObjectKind::kDatabase, "database"},
    {ObjectKind::kSequence, "sequence"},
    {ObjectKind::kTable, "table"},
    {ObjectKind::kView, "view"},
    {ObjectKind::kFunction, "function"},
    {ObjectKind::kProcedure, "procedure"},
    {ObjectKind::kPackage, "package"},
    {ObjectKind::kPackageBody, "package body"},
    {ObjectKind::kTrigger, "trigger"},
    {ObjectKind::kEvent, "event"},
}};

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
  for (const auto& [known, word] : kWords) {
    if (known == kind) return word;
  }
  return "object";
}

std::optional<ObjectKind> ParseObjectKind(std::string_view text) noexcept {
  for (const auto& [kind, word] : kWords) {
    if (word == text) return kind;
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
