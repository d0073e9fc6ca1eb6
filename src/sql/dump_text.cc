#include "sql/dump_text.h"

#include <algorithm>
#include <cstddef>

#include "dbomsbak/sql/quote.h"
#include "sql/tokenizer.h"

namespace dbomsbak {
namespace {

constexpr std::string_view kSpace = " \t\r\n\v\f";

std::string_view Trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

bool IsVersionComment(std::string_view text) {
  return text.starts_with("/*!") || text.starts_with("/*M!");
}

// Behind "/*!50003" or "/*M!100401".
std::size_t BehindVersion(std::string_view text) {
  std::size_t i = text[2] == '!' ? 3 : 4;
  while (i < text.size() && text[i] >= '0' && text[i] <= '9') ++i;
  return i;
}

// Behind the quoted text that begins at `start`.
std::size_t BehindQuote(std::string_view text, std::size_t start, bool backslash_escapes) {
  const char quote = text[start];
  std::size_t i = start + 1;
  for (; i < text.size(); ++i) {
    if (text[i] == '\\' && backslash_escapes && quote != '`') {
      ++i;
    } else if (text[i] == quote) {
      if (i + 1 >= text.size() || text[i + 1] != quote) return i + 1;
      ++i;
    }
  }
  return text.size();
}

// Of the "*/" that ends a version comment with nothing but words and names in it.
std::size_t CommentEnd(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '\'' || text[i] == '"' || text[i] == '`') {
      i = BehindQuote(text, i, true);
    } else if (text.substr(i).starts_with("*/")) {
      return i;
    } else {
      ++i;
    }
  }
  return text.size();
}

// What a program or view is called by: from there on all is the definition's own.
bool BeginsDefinition(std::string_view text) {
  const SqlToken first = SqlTokenizer(text).Next();
  for (const std::string_view word : {"view", "trigger", "event", "procedure", "function",
                                      "package", "table", "sequence", "sql", "aggregate"}) {
    if (first.IsWord(word)) return word != "sql" && word != "aggregate";
  }
  return false;
}

void AppendPart(std::string_view part, std::string& out) {
  part = Trimmed(part);
  if (part.empty()) return;
  if (!out.empty()) out += ' ';
  out += part;
}

}  // namespace

std::string WithoutWrapping(std::string_view statement) {
  std::string out;
  std::string_view rest = Trimmed(statement);
  while (IsVersionComment(rest)) {
    rest.remove_prefix(BehindVersion(rest));
    const std::string_view content = Trimmed(rest);
    const bool whole = BeginsDefinition(content) || content.starts_with("CREATE VIEW") ||
                       content.starts_with("CREATE TABLE");
    if (whole && content.ends_with("*/")) {
      AppendPart(content.substr(0, content.size() - 2), out);
      return out;
    }
    const std::size_t end = CommentEnd(rest);
    AppendPart(rest.substr(0, end), out);
    rest = Trimmed(rest.substr(std::min(end + 2, rest.size())));
  }
  AppendPart(rest, out);
  return out;
}

std::string InUsualQuotes(std::string_view text, bool ansi_quotes, bool backslash_escapes) {
  if (!ansi_quotes && backslash_escapes) return std::string(text);
  std::string out;
  out.reserve(text.size() + 64);
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    const std::string_view rest = text.substr(i);
    std::size_t end = i + 1;
    if (c == '\'' || c == '"' || c == '`') {
      end = BehindQuote(text, i, backslash_escapes && !(c == '"' && ansi_quotes));
      const std::string_view quoted = text.substr(i, end - i);
      if (c == '"' && ansi_quotes) {
        out += QuoteIdentifier(NameOf({SqlToken::Kind::kQuotedName, quoted, i}));
      } else {
        for (const char each : quoted) {
          out += each;
          if (each == '\\' && !backslash_escapes && c != '`') out += '\\';
        }
      }
      i = end;
      continue;
    }
    if (rest.starts_with("/*") && !IsVersionComment(rest)) {
      const std::size_t close = text.find("*/", i + 2);
      end = close == std::string_view::npos ? text.size() : close + 2;
    } else if (c == '#' || rest.starts_with("-- ")) {
      const std::size_t newline = text.find('\n', i);
      end = newline == std::string_view::npos ? text.size() : newline + 1;
    }
    out += text.substr(i, end - i);
    i = end;
  }
  return out;
}

}  // namespace dbomsbak
