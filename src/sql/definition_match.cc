#include "sql/definition_match.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/contains.h"
#include "dbomsbak/base/ascii.h"
#include "dbomsbak/sql/named_constraints.h"
#include "sql/table_outline.h"
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

bool IsUsualCollation(std::string_view collation) {
  if (collation == "latin1_general_ci") return false;  // latin1 has another one
  return collation.ends_with("_general_ci") || Contains(kUsualCollations, collation);
}

bool IsNumber(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789.") == std::string_view::npos &&
         text.find_first_of("0123456789") != std::string_view::npos;
}

bool IsTable(const std::vector<SqlToken>& tokens) {
  return tokens.size() > 1 && tokens[1].IsWord("table");
}

// What a string stands for; its two ways to write a quote are one.
std::string ValueOf(const SqlToken& token) {
  constexpr std::string_view kLetters = "ntr0Zb";
  constexpr std::string_view kMeant{"\n\t\r\0\x1A\b", 6};
  const char quote = token.text.front();
  std::string_view body = token.text.substr(1);
  if (body.ends_with(quote)) body.remove_suffix(1);
  std::string value;
  for (std::size_t i = 0; i < body.size(); ++i) {
    const bool more = i + 1 < body.size();
    if (body[i] == '\\' && more) {
      const std::size_t letter = kLetters.find(body[++i]);
      value += letter == std::string_view::npos ? body[i] : kMeant[letter];
    } else {
      value += body[i];
      if (body[i] == quote && more) ++i;
    }
  }
  return value;
}

// kStrict: what no server says in another way stays: parentheses, signs, collations, widths that
// mean something.
enum class Reading { kLoose, kStrict };

// `((a))` is `(a)`, `f()` is `f` and `(MAXVALUE)` is MAXVALUE.
std::vector<SqlToken> WithoutNeedlessParentheses(std::vector<SqlToken> tokens) {
  constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::vector<std::size_t> ends(tokens.size(), kNone), open;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].IsSign('(')) open.push_back(i);
    if (!tokens[i].IsSign(')') || open.empty()) continue;
    ends[open.back()] = i;
    open.pop_back();
  }
  std::vector<bool> needless(tokens.size(), false);
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    if (ends[i] == kNone) continue;
    const bool doubled = ends[i + 1] != kNone && ends[i + 1] + 1 == ends[i];
    const bool maxvalue = ends[i] == i + 2 && tokens[i + 1].IsWord("maxvalue");
    if (!doubled && !maxvalue && ends[i] != i + 1) continue;
    needless[i] = needless[ends[i]] = true;
  }
  std::vector<SqlToken> left;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (!needless[i]) left.push_back(tokens[i]);
  }
  return left;
}

// The text in words that do not depend on who printed it.
class Canon {
 public:
  // `table`: it is a table or a part of one, and its checks may stand anywhere.
  Canon(std::vector<SqlToken> tokens, bool table, Reading reading = Reading::kLoose)
      : tokens_(reading == Reading::kStrict ? WithoutNeedlessParentheses(std::move(tokens))
                                            : std::move(tokens)),
        table_(table),
        strict_(reading == Reading::kStrict) {}

  std::vector<std::string> Words() {
    zerofill_ = std::any_of(tokens_.begin(), tokens_.end(),
                            [](const SqlToken& token) { return token.IsWord("zerofill"); });
    for (at_ = 0; at_ < tokens_.size(); ++at_) {
      if (table_ && SkipCheck()) continue;
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
    if (word == "index") return "key";
    if (word == "geometrycollection") return "geomcollection";
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
        words_.push_back(fmt::format("`{}", NameOf(token)));
        return;
      default:
        if (IsSaid(token)) words_.emplace_back(token.text);
    }
  }

  // A sign that means something. ENGINE=InnoDB has one that does not; a >= 1 has one that does.
  bool IsSaid(const SqlToken& token) const {
    if (token.text == "=") {
      return strict_ && at_ > 0 && tokens_[at_ - 1].kind == SqlToken::Kind::kSign;
    }
    return strict_ || (token.text != "(" && token.text != ")");
  }

  // The number in int(11) is how wide it is shown.
  bool IsWidth(std::string_view type, std::string_view number) const {
    if (!strict_) return true;
    return !zerofill_ && !(type == "tinyint" && number == "1") &&
           !(type == "year" && number == "2");
  }

  void AddWord() {
    const std::string word = Word(at_);
    if (word == "null" && (words_.empty() || words_.back() != "not")) return;
    if (word == "default" && Word(at_ + 1) == "null") return;
    if (word.starts_with('_') && at_ + 1 < tokens_.size() &&
        tokens_[at_ + 1].kind == SqlToken::Kind::kString &&
        (!strict_ || word.starts_with("_utf8"))) {
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
    if (word == "collate" && !strict_) {
      const std::size_t value = IsSign(at_ + 1, '=') ? at_ + 2 : at_ + 1;
      if (IsUsualCollation(Word(value))) {
        at_ = value;
        return;
      }
    }
    words_.push_back(word);
    if (Contains(kIntegerTypes, word) && IsSign(at_ + 1, '(') && IsSign(at_ + 3, ')') &&
        IsWidth(word, tokens_[at_ + 2].text)) {
      at_ += 3;
    }
  }

  void AddString(const SqlToken& token) {
    if (token.text.front() == '"') {  // a name, where ANSI_QUOTES says so
      words_.push_back(fmt::format("`{}", NameOf(token)));
      return;
    }
    const std::string_view inside = token.text.substr(1, token.text.size() - 2);
    if (token.text.size() < 2 || !IsNumber(inside)) {
      words_.push_back(fmt::format("'{}", ValueOf(token)));
      return;
    }
    for (const SqlToken& part : TokensOf(inside)) words_.emplace_back(part.text);
  }

  std::vector<SqlToken> tokens_;
  bool table_;
  bool strict_;
  bool zerofill_ = false;
  std::vector<std::string> words_;
  std::size_t at_ = 0;
  std::size_t checks_ = 0;
};

// A name may stand in back-ticks or bare, as in PARTITION BY HASH (id).
bool SameWord(std::string_view a, std::string_view b) {
  if (a == b) return true;
  const bool a_quoted = a.starts_with('`');
  if (a_quoted == b.starts_with('`')) return false;
  return EqualIgnoringCase(a_quoted ? a.substr(1) : a, a_quoted ? b : b.substr(1));
}

// The first of `wanted` that does not follow in `printed`.
std::string FirstMissing(const std::vector<std::string>& wanted,
                         const std::vector<std::string>& printed) {
  auto at = printed.begin();
  for (const std::string& word : wanted) {
    at = std::find_if(at, printed.end(),
                      [&](const std::string& each) { return SameWord(word, each); });
    if (at == printed.end()) return word;
    ++at;
  }
  return {};
}

// Part by part, for servers that print the parts of a table in another order.
class TableComparison {
 public:
  TableComparison(std::string_view wanted, std::string_view printed,
                  Reading reading = Reading::kLoose)
      : wanted_(OutlineOf(wanted)), printed_(OutlineOf(printed)), reading_(reading) {
    names_engines_ = printed_.Option("engine") != nullptr;
    if (strict()) {
      wanted_checks_ = CheckTexts(wanted_, TableName(wanted));
      printed_checks_ = CheckTexts(printed_, TableName(printed));
    }
  }

  std::string Run() {
    std::string missing = CompareColumns();
    if (missing.empty()) missing = CompareOthers();
    if (missing.empty()) missing = CompareOptions();
    if (missing.empty()) missing = ComparePartitions();
    return missing;
  }

 private:
  using Words = std::vector<std::string>;
  using Items = std::vector<const TableItem*>;

  bool strict() const { return reading_ == Reading::kStrict; }

  static std::string TableName(std::string_view create) {
    const std::vector<SqlToken> tokens = TokensOf(create);
    return tokens.size() > 2 ? NameOf(tokens[2]) : std::string();
  }

  // All checks of columns and of the table, with those names that someone gave them.
  static std::multiset<std::string> CheckTexts(const TableOutline& outline,
                                               const std::string& table) {
    std::multiset<std::string> texts;
    for (const TableItem& item : outline.items) {
      const std::vector<SqlToken>& tokens = item.tokens;
      for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
        if (!tokens[i].IsWord("check") || !tokens[i + 1].IsSign('(')) continue;
        std::size_t end = i + 1;
        for (int depth = 0; end < tokens.size(); ++end) {
          if (tokens[end].IsSign('(')) ++depth;
          if (tokens[end].IsSign(')') && --depth == 0) break;
        }
        end = std::min(end + 1, tokens.size());
        if (end + 1 < tokens.size() && tokens[end].IsWord("not") &&
            tokens[end + 1].IsWord("enforced")) {
          end += 2;
        }
        std::string text;
        if (i > 1 && tokens[i - 2].IsWord("constraint")) {
          const std::string name = NameOf(tokens[i - 1]);
          if (!IsAutomaticConstraintName(name, table)) text = "`" + name;
        }
        const std::vector<SqlToken> part(tokens.begin() + static_cast<std::ptrdiff_t>(i),
                                         tokens.begin() + static_cast<std::ptrdiff_t>(end));
        for (const std::string& word : Canon(part, false, Reading::kStrict).Words()) {
          text += ' ';
          text += word;
        }
        texts.insert(std::move(text));
        i = end - 1;
      }
    }
    return texts;
  }

  static Items Of(const TableOutline& outline, bool columns) {
    Items items;
    for (const TableItem& item : outline.items) {
      if ((item.kind == TableItem::Kind::kColumn) == columns) items.push_back(&item);
    }
    return items;
  }

  static std::size_t ChecksOf(const TableOutline& outline) {
    std::size_t checks = 0;
    for (const TableItem& item : outline.items) {
      for (const std::string& word : Canon(item.tokens, true).Words()) checks += word == "check";
    }
    return checks;
  }

  // Engines whose indexes are trees, whether that is said or not.
  bool HasTrees() const {
    const TableOption* engine = wanted_.Option("engine");
    return engine == nullptr || EqualIgnoringCase(engine->value, "innodb") ||
           EqualIgnoringCase(engine->value, "myisam") || EqualIgnoringCase(engine->value, "aria");
  }

  // The words of an item, without its checks, which are compared apart, and without the way of an
  // index that all have.
  Words WordsOf(const TableItem& item) const {
    Words words = Canon(item.tokens, true, reading_).Words();
    std::erase(words, "check");
    if (strict() && !HasTrees()) return words;
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
      if (words[i] != "using" || words[i + 1] != "btree") continue;
      words.erase(words.begin() + static_cast<std::ptrdiff_t>(i),
                  words.begin() + static_cast<std::ptrdiff_t>(i) + 2);
      break;
    }
    return words;
  }

  // Cuts `word` and what follows it out, and returns that; empty when it is not there.
  static std::string Cut(Words& words, std::string_view word, std::string_view second) {
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (words[i] != word ||
          (!second.empty() && (i + 1 == words.size() || words[i + 1] != second)))
        continue;
      const std::size_t value = i + (second.empty() ? 1 : 2);
      std::string found = value < words.size() ? words[value] : std::string(word);
      const std::size_t end = std::min(value + 1, words.size());
      words.erase(words.begin() + static_cast<std::ptrdiff_t>(i),
                  words.begin() + static_cast<std::ptrdiff_t>(end));
      return found;
    }
    return {};
  }

  static std::string CharsetOf(std::string_view collation) {
    return std::string(collation.substr(0, collation.find('_')));
  }

  // A collation, or a charset for its usual one: of a column that says something about it, of the
  // table otherwise. The words are taken out.
  static std::string TakeCollation(Words& words, const TableOutline& outline, bool& said) {
    const std::string collation = Cut(words, "collate", "");
    const std::string charset = Cut(words, "character", "set");
    said = said || !collation.empty() || !charset.empty();
    if (!collation.empty()) return IsUsualCollation(collation) ? CharsetOf(collation) : collation;
    if (!charset.empty()) return charset;
    return DefaultCollation(outline);
  }

  static std::string DefaultCollation(const TableOutline& outline) {
    if (const TableOption* option = outline.Option("collate")) {
      const std::string collation = Only(option->value);
      return IsUsualCollation(collation) ? CharsetOf(collation) : collation;
    }
    const TableOption* option = outline.Option("character set");
    return option == nullptr ? std::string() : Only(option->value);
  }

  static std::string Only(std::string_view value) {
    const Words words = Canon(TokensOf(value), false).Words();
    return words.empty() ? std::string() : words.front();
  }

  std::string CompareColumns() const {
    const Items wanted = Of(wanted_, true);
    const Items printed = Of(printed_, true);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (i >= printed.size() || !EqualIgnoringCase(wanted[i]->name, printed[i]->name)) {
        return "`" + wanted[i]->name;
      }
      Words said = Canon(wanted[i]->tokens, true, reading_).Words();
      Words there = Canon(printed[i]->tokens, true, reading_).Words();
      for (Words* words : {&said, &there}) {
        std::erase(*words, "check");
        // It stands behind the type, or at the end.
        if (std::erase(*words, "invisible") > 0) words->push_back("invisible");
      }
      bool names_charset = false;
      const std::string collation = TakeCollation(said, wanted_, names_charset);
      const std::string there_collation = TakeCollation(there, printed_, names_charset);
      if (names_charset && collation != there_collation) return collation;
      if (std::string missing = FirstMissing(said, there); !missing.empty()) return missing;
    }
    return {};
  }

  std::string CompareOthers() const {
    Items printed = Of(printed_, false);
    for (const TableItem* item : Of(wanted_, false)) {
      if (item->kind == TableItem::Kind::kCheck) continue;
      Words said = WordsOf(*item);
      if (item->kind == TableItem::Kind::kForeignKey) SortActions(said);
      std::string missing = item->name.empty() ? said.front() : "`" + item->name;
      const auto found = std::find_if(printed.begin(), printed.end(), [&](const TableItem* other) {
        if (other->kind != item->kind) return false;
        if (!item->name.empty() && !EqualIgnoringCase(other->name, item->name)) return false;
        Words there = WordsOf(*other);
        if (item->kind == TableItem::Kind::kForeignKey) SortActions(there);
        const std::string first = FirstMissing(said, there);
        if (!first.empty() && !item->name.empty()) missing = first;
        return first.empty();
      });
      if (found == printed.end()) return missing;
      printed.erase(found);
    }
    if (strict()) return wanted_checks_ == printed_checks_ ? "" : "check";
    return ChecksOf(wanted_) > ChecksOf(printed_) ? "check" : "";
  }

  // ON DELETE … ON UPDATE …, in this order.
  static void SortActions(Words& words) {
    const auto on = [&](std::string_view event) {
      for (auto at = words.begin(); at != words.end() && at + 1 != words.end(); ++at) {
        if (*at == "on" && *(at + 1) == event) return at;
      }
      return words.end();
    };
    const auto update = on("update");
    const auto removal = on("delete");
    if (update < removal && removal != words.end()) std::rotate(update, removal, words.end());
  }

  std::string CompareOptions() const {
    for (const TableOption& option : wanted_.options) {
      if (option.name == "engine" && !names_engines_) {
        if (!strict() || EqualIgnoringCase(option.value, "innodb")) continue;
        return option.name;
      }
      if (option.name == "collate" || option.name == "character set") continue;
      const TableOption* there = printed_.Option(option.name);
      if (there == nullptr || Canon(TokensOf(option.value), false).Words() !=
                                  Canon(TokensOf(there->value), false).Words()) {
        return option.name;
      }
    }
    const std::string collation = DefaultCollation(wanted_);
    if (!collation.empty() && collation != DefaultCollation(printed_)) {
      return wanted_.Option("collate") != nullptr ? "collate" : "character";
    }
    return {};
  }

  std::string ComparePartitions() const {
    Words said = Canon(wanted_.partitioning, false, reading_).Words();
    Words there = Canon(printed_.partitioning, false, reading_).Words();
    if (!names_engines_) {
      while (!Cut(said, "engine", "").empty()) {
      }
    }
    // Some count them, some name them.
    for (const char* plural : {"partitions", "subpartitions"}) {
      if (std::find(there.begin(), there.end(), plural) != there.end()) continue;
      const std::string number = Cut(said, plural, "");
      if (number.empty()) continue;
      const std::string_view one(plural, std::string_view(plural).size() - 1);
      // PARTITION BY, and SUBPARTITION BY … SUBPARTITION TEMPLATE, are one word of it more each.
      std::size_t count = 0;
      for (std::size_t i = 0; i + 1 < there.size(); ++i) {
        count += there[i] == one && there[i + 1] != "by" && there[i + 1] != "template";
      }
      if (number != std::to_string(count)) return number;
    }
    return FirstMissing(said, there);
  }

  TableOutline wanted_, printed_;
  const Reading reading_;
  std::multiset<std::string> wanted_checks_, printed_checks_;  // kStrict
  bool names_engines_ = true;
};

}  // namespace

std::string FirstWordMissing(std::string_view wanted, std::string_view printed) {
  const std::vector<SqlToken> said = TokensOf(wanted);
  const std::vector<SqlToken> there = TokensOf(printed);
  const bool table = IsTable(said) && IsTable(there);
  std::string missing =
      FirstMissing(Canon(said, IsTable(said)).Words(), Canon(there, IsTable(there)).Words());
  if (missing.empty() || !table) return missing;
  return TableComparison(wanted, printed).Run();
}

std::string FirstWordOtherwise(std::string_view one, std::string_view other) {
  const std::vector<SqlToken> a = TokensOf(one);
  const std::vector<SqlToken> b = TokensOf(other);
  if (IsTable(a) && IsTable(b)) {
    std::string word = TableComparison(one, other, Reading::kStrict).Run();
    return word.empty() ? TableComparison(other, one, Reading::kStrict).Run() : word;
  }
  const std::vector<std::string> said = Canon(a, false, Reading::kStrict).Words();
  const std::vector<std::string> there = Canon(b, false, Reading::kStrict).Words();
  std::string word = FirstMissing(said, there);
  return word.empty() ? FirstMissing(there, said) : word;
}

}  // namespace dbomsbak
