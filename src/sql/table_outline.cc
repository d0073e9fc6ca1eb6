#include "sql/table_outline.h"

#include <algorithm>
#include <array>

#include "dbomsbak/base/ascii.h"
#include "dbomsbak/sql/quote.h"

namespace dbomsbak {
namespace {

using namespace std::string_view_literals;

bool CanBeName(const SqlToken& token) {
  return token.kind == SqlToken::Kind::kQuotedName || token.kind == SqlToken::Kind::kWord ||
         token.kind == SqlToken::Kind::kString;  // "t" under ANSI_QUOTES
}

bool IsKeyWord(const SqlToken& token) { return token.IsWord("key") || token.IsWord("index"); }

// Reads an item by its first words.
class ItemReader {
 public:
  explicit ItemReader(TableItem& item) : item_(item) {}

  void Read() {
    if (Is("constraint")) {
      ++at_;
      if (!Is("primary") && !Is("unique") && !Is("foreign") && !Is("check")) TakeName();
    }
    if (Is("primary")) {
      Skip("primary");
      SkipKey();
      item_.name.clear();  // its name means nothing
      return Set(TableItem::Kind::kKey);
    }
    if (Is("foreign") && IsKeyWord(Token(1))) {
      at_ += 2;
      if (!Token(0).IsSign('(')) TakeName();
      return Set(TableItem::Kind::kForeignKey);
    }
    if (Is("check") && Token(1).IsSign('(')) return Set(TableItem::Kind::kCheck);
    if (Is("period") && Token(1).IsWord("for")) return Set(TableItem::Kind::kPeriod);
    const bool special = (Is("fulltext") || Is("spatial") || Is("vector")) &&
                         (IsKeyWord(Token(1)) || Token(1).kind == SqlToken::Kind::kQuotedName);
    if (Is("unique") || special) {
      ++at_;
      SkipKey();
      if (!Token(0).IsSign('(')) TakeName();
      return Set(TableItem::Kind::kKey);
    }
    if (IsKeyWord(Token(0))) {
      ++at_;
      if (!Token(0).IsSign('(')) TakeName();
      return Set(TableItem::Kind::kKey);
    }
    TakeName();
    Set(TableItem::Kind::kColumn);
  }

 private:
  SqlToken Token(std::size_t ahead) const {
    const std::size_t place = at_ + ahead;
    return place < item_.tokens.size() ? item_.tokens[place] : SqlToken{};
  }
  bool Is(std::string_view word) const { return Token(0).IsWord(word); }
  void Skip(std::string_view word) {
    if (Is(word)) ++at_;
  }
  void SkipKey() {
    if (IsKeyWord(Token(0))) ++at_;
  }
  void TakeName() {
    if (!CanBeName(Token(0))) return;
    item_.name = NameOf(Token(0));
    ++at_;
  }
  void Set(TableItem::Kind kind) {
    item_.kind = kind;
    item_.body = at_;
  }

  TableItem& item_;
  std::size_t at_ = 0;
};

// Options of two and more words; all others are one.
constexpr std::array kLongNames{"character set"sv, "data directory"sv, "index directory"sv};

class OutlineReader {
 public:
  explicit OutlineReader(std::string_view text) : text_(text), tokens_(TokensOf(text)) {}

  TableOutline Read() {
    while (at_ < tokens_.size() && !tokens_[at_].IsSign('(')) ++at_;
    ReadItems();
    while (at_ < tokens_.size()) {
      if (Is(0, "partition") && Is(1, "by")) {
        outline_.partitioning.assign(tokens_.begin() + static_cast<std::ptrdiff_t>(at_),
                                     tokens_.end());
        outline_.partitioning_text = Text(at_, tokens_.size());
        break;
      }
      ReadOption();
    }
    return std::move(outline_);
  }

 private:
  bool Is(std::size_t ahead, std::string_view word) const {
    return at_ + ahead < tokens_.size() && tokens_[at_ + ahead].IsWord(word);
  }
  bool IsSign(char sign) const { return at_ < tokens_.size() && tokens_[at_].IsSign(sign); }
  std::string_view Text(std::size_t begin, std::size_t end) const {
    const std::size_t from = tokens_[begin].offset;
    return text_.substr(from, tokens_[end - 1].end() - from);
  }

  void ReadItems() {
    int depth = 0;
    std::size_t begin = at_ + 1;
    for (; at_ < tokens_.size(); ++at_) {
      const SqlToken& token = tokens_[at_];
      if (token.IsSign('(')) ++depth;
      if (token.IsSign(')')) --depth;
      const bool last = depth == 0;
      if (!last && !(depth == 1 && token.IsSign(','))) continue;
      AddItem(begin, at_);
      begin = at_ + 1;
      if (last) break;
    }
    ++at_;
  }

  void AddItem(std::size_t begin, std::size_t end) {
    if (begin >= end) return;
    TableItem item;
    item.tokens.assign(tokens_.begin() + static_cast<std::ptrdiff_t>(begin),
                       tokens_.begin() + static_cast<std::ptrdiff_t>(end));
    item.text = Text(begin, end);
    ItemReader(item).Read();
    outline_.items.push_back(std::move(item));
  }

  void ReadOption() {
    const std::size_t begin = at_;
    if (IsSign(',')) {
      ++at_;
      return;
    }
    TableOption option;
    if (Is(0, "with") && Is(1, "system")) {
      option.name = "with system versioning";
      at_ = std::min(at_ + 3, tokens_.size());
      option.text = Text(begin, at_);
      outline_.options.push_back(std::move(option));
      return;
    }
    if (Is(0, "with") && Is(1, "column") && Is(2, "group")) at_ += 2;  // (…) behind it
    if (Is(0, "default") && at_ + 1 < tokens_.size()) ++at_;
    option.name = LowerAscii(NameOf(tokens_[at_++]));
    if (at_ < tokens_.size()) {
      const std::string two = option.name + " " + LowerAscii(tokens_[at_].text);
      if (std::find(kLongNames.begin(), kLongNames.end(), two) != kLongNames.end()) {
        option.name = two;
        ++at_;
      }
    }
    if (option.name == "charset") option.name = "character set";
    if (IsSign('=')) ++at_;
    if (at_ < tokens_.size()) {
      const std::size_t value = at_;
      int depth = 0;
      do {
        if (IsSign('(')) ++depth;
        if (IsSign(')')) --depth;
        ++at_;
      } while (depth > 0 && at_ < tokens_.size());
      option.value = Text(value, at_);
    }
    option.text = Text(begin, at_);
    outline_.options.push_back(std::move(option));
  }

  std::string_view text_;
  std::vector<SqlToken> tokens_;
  std::size_t at_ = 0;
  TableOutline outline_;
};

}  // namespace

const TableOption* TableOutline::Option(std::string_view name) const noexcept {
  for (const TableOption& option : options) {
    if (option.name == name) return &option;
  }
  return nullptr;
}

TableOutline OutlineOf(std::string_view create_table) { return OutlineReader(create_table).Read(); }

std::string Describe(const TableItem& item) {
  const auto named = [&](std::string_view what) {
    return item.name.empty() ? std::string(what)
                             : std::string(what) + " " + QuoteIdentifier(item.name);
  };
  switch (item.kind) {
    case TableItem::Kind::kColumn:
      return named("column");
    case TableItem::Kind::kKey:
      return item.tokens.front().IsWord("primary") ? "the primary key" : named("key");
    case TableItem::Kind::kForeignKey:
      return named("foreign key");
    case TableItem::Kind::kCheck:
      return named("check");
    case TableItem::Kind::kPeriod:
      return "the period";
  }
  return {};
}

}  // namespace dbomsbak
