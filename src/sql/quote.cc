#include "dbomsbak/sql/quote.h"

#include <cstring>

#include "dbomsbak/base/error.h"
#include "sql/text_scan.h"

namespace dbomsbak {
namespace {

void AppendIdentifier(std::string_view name, std::string& out) {
  out.push_back('`');
  for (const char c : name) {
    if (c == '`') out.push_back('`');
    out.push_back(c);
  }
  out.push_back('`');
}

// Every character that a terminal, a client or a pager could take for more than text.
bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

}  // namespace

std::string QuoteIdentifier(std::string_view name) {
  std::string out;
  out.reserve(name.size() + 2);
  AppendIdentifier(name, out);
  return out;
}

std::string QuoteCollation(std::string_view name) {
  return name == "binary" ? QuoteIdentifier(name) : std::string(name);
}

std::string QuoteQualified(std::string_view database, std::string_view name) {
  std::string out;
  out.reserve(database.size() + name.size() + 5);
  AppendIdentifier(database, out);
  out.push_back('.');
  AppendIdentifier(name, out);
  return out;
}

std::string QuoteString(std::string_view text) {
  std::string out;
  AppendQuotedString(text, out);
  return out;
}

void AppendQuotedString(std::string_view text, std::string& out) {
  out.push_back('\'');
  if (!TraitsOf(text).may_need_escapes) {
    out += text;
  } else {
    constexpr std::size_t kPiece = 4096;
    char buffer[2 * kPiece + kScanSlack];
    while (!text.empty()) {
      const std::string_view piece = text.substr(0, kPiece);
      out.append(buffer, Escape(piece, buffer));
      text.remove_prefix(piece.size());
    }
  }
  out.push_back('\'');
}

void AppendHexLiteral(std::string_view bytes, std::string& out) {
  if (bytes.empty()) {
    out += "''";
    return;
  }
  out += "0x";
  constexpr std::size_t kPiece = 4096;
  char buffer[2 * kPiece];
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, kPiece);
    out.append(buffer, EncodeHex(piece, buffer));
    bytes.remove_prefix(piece.size());
  }
}

std::string EscapeLike(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c == '_' || c == '%' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out;
}

std::string CommentSafe(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    // "*/" would end a comment, "/*" would open one within it.
    if (IsControl(c)) {
      out.push_back(' ');
    } else if (c == '/' && !out.empty() && out.back() == '*') {
      out += " /";
    } else if (c == '*' && !out.empty() && out.back() == '/') {
      out += " *";
    } else {
      out.push_back(c);
    }
  }
  // The caller's text may hold the other half; and right behind "/*" a "!" or "M!" would even run.
  if (!out.empty() && (out.back() == '*' || out.back() == '/')) out.push_back(' ');
  const bool starts_badly =
      out.starts_with('*') || out.starts_with('/') || out.starts_with('!') || out.starts_with("M!");
  if (starts_badly) out.insert(out.begin(), ' ');
  return out;
}

std::string UnquoteString(std::string_view quoted, bool backslash_escapes) {
  const auto damaged = [] {
    return Error(ErrorCode::kDamaged, "this is no SQL string literal",
                 "Take another copy of the file, or take the dump again.");
  };
  if (quoted.size() < 2 || (quoted.front() != '\'' && quoted.front() != '"') ||
      quoted.back() != quoted.front()) {
    throw damaged();
  }
  const char quote = quoted.front();
  const std::string_view body = quoted.substr(1, quoted.size() - 2);
  std::string out;
  out.reserve(body.size());
  for (std::size_t i = 0; i < body.size(); ++i) {
    char c = body[i];
    if (c == quote) {
      if (++i == body.size() || body[i] != quote) throw damaged();
    } else if (c == '\\' && backslash_escapes) {
      if (++i == body.size()) throw damaged();
      c = body[i];
      switch (c) {
        case '0':
          c = '\0';
          break;
        case 'n':
          c = '\n';
          break;
        case 'r':
          c = '\r';
          break;
        case 't':
          c = '\t';
          break;
        case 'b':
          c = '\b';
          break;
        case 'Z':
          c = '\x1A';
          break;
        case '%':
        case '_':
          out.push_back('\\');
          break;  // they keep their backslash outside LIKE as well
        default:
          break;
      }
    }
    out.push_back(c);
  }
  return out;
}

}  // namespace dbomsbak
