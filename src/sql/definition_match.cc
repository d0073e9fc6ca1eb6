#include "sql/definition_match.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "dbomsbak/base/ascii.h"
#include "sql/tokenizer.h"

namespace dbomsbak {
namespace {

using namespace std::string_view_literals;

constexpr std::array kIntegerTypes{"tinyint"sv, "smallint"sv, "mediumint"sv,
                                   "int"sv,     "bigint"sv,   "year"sv};
// Collations that servers leave out, one for each charset; the others end in _general_ci.
constexpr std::array kUsualCollations{
    "big5_chinese_ci"sv,   "dec8_swedish_ci"sv,     "hp8_english_ci"sv,     "latin1_swedish_ci"sv,
    "swe7_swedish_ci"sv,   "ujis_japanese_ci"sv,    "sjis_japanese_ci"sv,   "tis620_thai_ci"sv,
    "euckr_korean_ci"sv,   "gb2312_chinese_ci"sv,   "gbk_chinese_ci"sv,     "latin5_turkish_ci"sv,
    "cp932_japanese_ci"sv, "eucjpms_japanese_ci"sv, "gb18030_chinese_ci"sv, "binary"sv};

template <typename List>
bool Holds(const List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool IsUsualCollation(std::string_view collation) {
  return collation.ends_with("_general_ci") || Holds(kUsualCollations, collation);
}

bool IsNumber(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789.") == std::string_view::npos &&
         text.find_first_of("0123456789") != std::string_view::npos;
}

// The text in words that do not depend on who printed it.
class Canon {
 public:
  explicit Canon(std::string_view text) {
    SqlTokenizer tokenizer(text);
    for (SqlToken token = tokenizer.Next(); token.kind != SqlToken::Kind::kEnd;
         token = tokenizer.Next()) {
      tokens_.push_back(token);
    }
  }

  std::vector<std::string> Words() {
    const bool table = tokens_.size() > 1 && Word(1) == "table";
    for (at_ = 0; at_ < tokens_.size(); ++at_) {
      if (table && SkipCheck()) continue;
      AddToken();
    }
    for (; checks_ > 0; --checks_) words_.emplace_back("check");
    return std::move(words_);
  }

 private:
  std::string Word(std::size_t at) const {
    if (at >= tokens_.size() || tokens_[at].kind != SqlToken::Kind::kWord) return {};
    std::string word = LowerAscii(tokens_[at].text);
    if (word == "utf8") return "utf8mb3";
    if (word.starts_with("utf8_")) return "utf8mb3_" + word.substr(5);
    return word;
  }
  bool IsSign(std::size_t at, char sign) const {
    return at < tokens_.size() && tokens_[at].IsSign(sign);
  }

  // [CONSTRAINT `name`] CHECK (…): servers print them beside a column or behind all, under names of
  // their own.
  bool SkipCheck() {
    std::size_t at = at_;
    if (Word(at) == "constraint") {
      ++at;
      if (at < tokens_.size() && tokens_[at].kind == SqlToken::Kind::kQuotedName) ++at;
    }
    if (Word(at) != "check" || !IsSign(at + 1, '(')) return false;
    int depth = 0;
    for (++at; at < tokens_.size(); ++at) {
      if (IsSign(at, '(')) ++depth;
      if (IsSign(at, ')') && --depth == 0) break;
    }
    ++checks_;
    at_ = at;
    // The comma before it, when it stands among the columns and keys.
    if (!words_.empty() && words_.back() == ",") words_.pop_back();
    return true;
  }

  void AddToken() {
    const SqlToken& token = tokens_[at_];
    switch (token.kind) {
      case SqlToken::Kind::kWord:
        AddWord();
        return;
      case SqlToken::Kind::kString:
        AddString(token);
        return;
      case SqlToken::Kind::kQuotedName:
        words_.push_back("`" + NameOf(token));
        return;
      default:
        if (token.text != "(" && token.text != ")" && token.text != "=") {
          words_.emplace_back(token.text);
        }
    }
  }

  void AddWord() {
    const std::string word = Word(at_);
    if (word == "null" && (words_.empty() || words_.back() != "not")) return;
    if (word == "default" && Word(at_ + 1) == "null") return;
    if (word.starts_with('_') && at_ + 1 < tokens_.size() &&
        tokens_[at_ + 1].kind == SqlToken::Kind::kString) {
      return;  // an introducer
    }
    if (word == "on" && (Word(at_ + 1) == "delete" || Word(at_ + 1) == "update")) {
      // What a foreign key does anyway: some servers print it, some do not.
      if (Word(at_ + 2) == "restrict") {
        at_ += 2;
        return;
      }
      if (Word(at_ + 2) == "no" && Word(at_ + 3) == "action") {
        at_ += 3;
        return;
      }
    }
    if (word == "collate") {
      const std::size_t value = IsSign(at_ + 1, '=') ? at_ + 2 : at_ + 1;
      if (IsUsualCollation(Word(value))) {
        at_ = value;
        return;
      }
    }
    if (Holds(kIntegerTypes, word) && IsSign(at_ + 1, '(') && IsSign(at_ + 3, ')')) at_ += 3;
    words_.push_back(word);
  }

  void AddString(const SqlToken& token) {
    if (token.text.front() == '"') {  // a name, where ANSI_QUOTES says so
      words_.push_back("`" + NameOf(token));
      return;
    }
    const std::string_view inside = token.text.substr(1, token.text.size() - 2);
    if (token.text.size() < 2 || !IsNumber(inside)) {
      words_.emplace_back(token.text);
      return;
    }
    SqlTokenizer tokenizer(inside);
    for (SqlToken part = tokenizer.Next(); part.kind != SqlToken::Kind::kEnd;
         part = tokenizer.Next()) {
      words_.emplace_back(part.text);
    }
  }

  std::vector<SqlToken> tokens_;
  std::vector<std::string> words_;
  std::size_t at_ = 0;
  std::size_t checks_ = 0;
};

}  // namespace

namespace {

// A name may stand in back-ticks or bare, as in PARTITION BY HASH (id).
bool SameWord(std::string_view a, std::string_view b) {
  if (a == b) return true;
  const bool a_quoted = a.starts_with('`');
  if (a_quoted == b.starts_with('`')) return false;
  return EqualIgnoringCase(a_quoted ? a.substr(1) : a, a_quoted ? b : b.substr(1));
}

}  // namespace

std::string FirstWordMissing(std::string_view wanted, std::string_view printed) {
  const std::vector<std::string> there = Canon(printed).Words();
  auto at = there.begin();
  for (const std::string& word : Canon(wanted).Words()) {
    at = std::find_if(at, there.end(),
                      [&](const std::string& each) { return SameWord(word, each); });
    if (at == there.end()) return word;
    ++at;
  }
  return {};
}

}  // namespace dbomsbak
