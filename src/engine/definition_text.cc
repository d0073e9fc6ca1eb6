#include "engine/definition_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <initializer_list>
#include <utility>

#include "dbomsbak/base/ascii.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/sql/quote.h"
#include "sql/tokenizer.h"

namespace dbomsbak {
namespace {

enum class TokenType { kWord, kIdentifier, kString, kOther, kEnd };

struct Token {
  TokenType type = TokenType::kEnd;
  std::size_t begin = 0;
  std::size_t end = 0;
};

bool IsWordByte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) != 0 || c == '_' || c == '$' || byte >= 0x80;
}

// Walks a definition token by token. Comments are skipped; the content of version comments is not.
class TokenReader {
 public:
  explicit TokenReader(std::string_view text) : text_(text) {}

  Token Next() {
    SkipBlanks();
    Token token;
    token.begin = position_;
    if (position_ >= text_.size()) {
      token.end = position_;
      return token;
    }
    const char c = text_[position_];
    if (c == '`' || c == '\'' || c == '"') {
      SkipQuoted(c);
      token.type = c == '`' ? TokenType::kIdentifier : TokenType::kString;
    } else if (IsWordByte(c)) {
      while (position_ < text_.size() && IsWordByte(text_[position_])) ++position_;
      token.type = TokenType::kWord;
    } else {
      ++position_;
      token.type = TokenType::kOther;
    }
    token.end = position_;
    return token;
  }

  std::string_view Text(const Token& token) const {
    return text_.substr(token.begin, token.end - token.begin);
  }

  bool Is(const Token& token, std::string_view word) const {
    const std::string_view text = Text(token);
    return token.type == TokenType::kWord && text.size() == word.size() &&
           std::equal(text.begin(), text.end(), word.begin(), [](char a, char b) {
             return std::toupper(static_cast<unsigned char>(a)) == b;
           });
  }

  bool IsPunctuation(const Token& token, char c) const {
    return token.type == TokenType::kOther && text_[token.begin] == c;
  }

  // Begun so far.
  int version_comments() const { return version_comments_; }

 private:
  void SkipBlanks() {
    while (position_ < text_.size()) {
      const std::string_view rest = text_.substr(position_);
      if (std::isspace(static_cast<unsigned char>(rest[0])) != 0) {
        ++position_;
      } else if (rest.starts_with("/*!") || rest.starts_with("/*M!")) {
        ++version_comments_;
        position_ += rest[2] == '!' ? 3 : 4;
        while (position_ < text_.size() &&
               std::isdigit(static_cast<unsigned char>(text_[position_])) != 0) {
          ++position_;
        }
      } else if (rest.starts_with("*/")) {
        position_ += 2;
      } else if (rest.starts_with("/*")) {
        const std::size_t close = text_.find("*/", position_ + 2);
        position_ = close == std::string_view::npos ? text_.size() : close + 2;
      } else if (rest[0] == '#' ||
                 (rest.starts_with("--") &&
                  (rest.size() == 2 || static_cast<unsigned char>(rest[2]) <= ' '))) {
        const std::size_t close = text_.find('\n', position_);
        position_ = close == std::string_view::npos ? text_.size() : close + 1;
      } else {
        return;
      }
    }
  }

  void SkipQuoted(char quote) {
    ++position_;
    while (position_ < text_.size()) {
      const char c = text_[position_++];
      if (c == '\\' && quote != '`') {
        if (position_ < text_.size()) ++position_;
      } else if (c == quote) {
        if (position_ >= text_.size() || text_[position_] != quote) return;
        ++position_;  // a doubled quote stands for itself
      }
    }
  }

  std::string_view text_;
  std::size_t position_ = 0;
  int version_comments_ = 0;
};

void AddOnce(std::vector<std::string>& words, std::string_view word) {
  std::string lower = LowerAscii(word);
  if (std::find(words.begin(), words.end(), lower) == words.end())
    words.push_back(std::move(lower));
}

bool CanBeName(const Token& token) {
  return token.type == TokenType::kWord || token.type == TokenType::kIdentifier ||
         token.type == TokenType::kString;  // "t" under ANSI_QUOTES
}

[[noreturn]] void ThrowUnreadable(ObjectKind kind, std::string_view create) {
  throw Error(ErrorCode::kUnsupported,
              fmt::format("the head of a {} definition cannot be read: {}", ToString(kind),
                          create.substr(0, 120)),
              "Create that object anew with a plain CREATE statement, or leave it out.");
}

// The word right before the name in a CREATE statement.
std::string_view HeadKeyword(ObjectKind kind) {
  if (kind == ObjectKind::kDatabase || kind == ObjectKind::kSequence ||
      kind == ObjectKind::kTable) {
    throw Error(ErrorCode::kInternal, "this kind of definition has no head to change");
  }
  const std::string_view keyword = SqlKeyword(kind);  // of PACKAGE BODY the last word
  return keyword.substr(keyword.rfind(' ') + 1);      // npos + 1 is 0
}

// `a``b` without its quotes, of whatever kind.
std::string UnquoteIdentifier(std::string_view quoted) {
  const char quote = quoted.empty() ? '\0' : quoted.front();
  if (quote != '`' && quote != '"' && quote != '\'') return std::string(quoted);
  std::string name;
  for (std::size_t i = 1; i + 1 < quoted.size(); ++i) {
    name += quoted[i];
    if (quoted[i] == quote) ++i;
  }
  return name;
}

// Reads "[db .] name", `first` being its first token, and removes the "db ." from `out`, which is
// `create` with `removed` bytes fewer so far. Returns the token behind the name.
class HeadEditor {
 public:
  HeadEditor(ObjectKind kind, std::string_view create)
      : kind_(kind), create_(create), reader_(create), out_(create) {}

  Token Next() { return reader_.Next(); }
  const TokenReader& reader() const { return reader_; }

  Token DropDatabase(const Token& first, std::string& database) {
    if (!CanBeName(first)) ThrowUnreadable(kind_, create_);
    const Token dot = reader_.Next();
    if (!reader_.IsPunctuation(dot, '.')) return dot;
    database = UnquoteIdentifier(reader_.Text(first));
    const Token name = reader_.Next();
    if (!CanBeName(name)) ThrowUnreadable(kind_, create_);
    std::string replacement(reader_.Text(name));
    if (name.type == TokenType::kWord) replacement = QuoteIdentifier(replacement);
    const std::size_t length = name.end - first.begin;
    out_.replace(first.begin - removed_, length, replacement);
    removed_ += length - replacement.size();
    return reader_.Next();
  }

  // Over CREATE and all that may stand before the name. What is not known there is an error: a
  // server could take it for something else.
  void SkipToName() {
    if (!reader_.Is(Next(), "CREATE")) ThrowUnreadable(kind_, create_);
    Token token = Next();
    if (reader_.Is(token, "OR")) {
      Require(reader_.Is(Next(), "REPLACE"));
      token = Next();
    }
    for (;;) {
      if (reader_.Is(token, "ALGORITHM")) {
        Require(reader_.IsPunctuation(Next(), '=') && Next().type == TokenType::kWord);
        token = Next();
      } else if (reader_.Is(token, "DEFINER")) {
        Require(reader_.IsPunctuation(Next(), '='));
        token = SkipAccount();
      } else if (reader_.Is(token, "SQL")) {
        Require(reader_.Is(Next(), "SECURITY") && Next().type == TokenType::kWord);
        token = Next();
      } else if (IsOfKind(token)) {
        token = Next();
      } else {
        break;
      }
    }
    if (kind_ == ObjectKind::kPackageBody) {
      Require(reader_.Is(token, "PACKAGE"));
      token = Next();
    }
    Require(reader_.Is(token, HeadKeyword(kind_)));
  }

  // Until now there was no version comment, nor a string that two sql_modes read in two ways.
  void RequireOneReading(const Token& last) const {
    Require(reader_.version_comments() == 0);
    TokenReader again(create_);
    for (Token token = again.Next(); token.begin < last.end; token = again.Next()) {
      if (token.type == TokenType::kEnd) break;
      Require(token.type != TokenType::kString ||
              again.Text(token).find('\\') == std::string_view::npos);
    }
  }

  std::string Take() { return std::move(out_); }

 private:
  void Require(bool readable) const {
    if (!readable) ThrowUnreadable(kind_, create_);
  }

  // Words before the kind's own that make it a special one.
  bool IsOfKind(const Token& token) const {
    const auto is_any = [&](std::initializer_list<std::string_view> words) {
      return std::any_of(words.begin(), words.end(),
                         [&](std::string_view word) { return reader_.Is(token, word); });
    };
    if (kind_ == ObjectKind::kFunction) return is_any({"AGGREGATE"});
    return kind_ == ObjectKind::kView &&
           is_any({"JSON", "RELATIONAL", "DUALITY", "MATERIALIZED", "FORCE", "NO"});
  }

  // `a`@`%`, `role`, CURRENT_USER(). Returns the token behind it.
  Token SkipAccount() {
    const Token user = Next();
    Require(CanBeName(user));
    Token token = Next();
    if (reader_.Is(user, "CURRENT_USER") || reader_.Is(user, "CURRENT_ROLE")) {
      if (!reader_.IsPunctuation(token, '(')) return token;
      Require(reader_.IsPunctuation(Next(), ')'));
      return Next();
    }
    if (!reader_.IsPunctuation(token, '@')) return token;
    Require(CanBeName(Next()));
    return Next();
  }

  ObjectKind kind_;
  std::string_view create_;
  TokenReader reader_;
  std::string out_;
  std::size_t removed_ = 0;
};

// Calls `each` with the database and name tokens of every `nextval(`db`.`s`)` and `lastval(…)`.
template <typename F>
void ForEachSequence(std::string_view create_table, const F& each) {
  TokenReader reader(create_table);
  Token token = reader.Next();
  while (token.type != TokenType::kEnd) {
    if (!reader.Is(token, "NEXTVAL") && !reader.Is(token, "LASTVAL")) {
      token = reader.Next();
      continue;
    }
    token = reader.Next();
    if (!reader.IsPunctuation(token, '(')) continue;
    const Token database = token = reader.Next();
    if (!CanBeName(database)) continue;
    token = reader.Next();
    if (!reader.IsPunctuation(token, '.')) continue;
    const Token name = token = reader.Next();
    if (CanBeName(name)) each(reader, database, name);
  }
}

}  // namespace

DefinitionNeeds NeedsOf(std::string_view create) {
  DefinitionNeeds needs;
  TokenReader reader(create);
  for (Token token = reader.Next(); token.type != TokenType::kEnd; token = reader.Next()) {
    bool collation = false;
    if (reader.Is(token, "COLLATE")) {
      collation = true;
    } else if (reader.Is(token, "CHARACTER")) {
      if (!reader.Is(reader.Next(), "SET")) continue;
    } else if (!reader.Is(token, "CHARSET")) {
      continue;
    }
    Token value = reader.Next();
    if (reader.IsPunctuation(value, '=')) value = reader.Next();
    if (value.type != TokenType::kWord) continue;
    AddOnce(collation ? needs.collations : needs.charsets, reader.Text(value));
  }
  return needs;
}

namespace {

struct Head {
  std::string text;         // without databases
  std::string database;     // that the object is named with; empty: none
  std::string on_database;  // triggers: that of the table
  std::string_view behind;  // the first token behind the name
  std::size_t name_end = 0;
};

Head ReadHead(ObjectKind kind, std::string_view create) {
  HeadEditor editor(kind, create);
  const TokenReader& reader = editor.reader();
  editor.SkipToName();
  Token token = editor.Next();
  if (reader.Is(token, "IF")) {  // IF NOT EXISTS, or an object called IF
    const Token next = editor.Next();
    if (!reader.Is(next, "NOT")) ThrowUnreadable(kind, create);
    editor.Next();
    token = editor.Next();
  }
  Head head;
  token = editor.DropDatabase(token, head.database);
  editor.RequireOneReading(token);
  head.behind = reader.Text(token);
  head.name_end = token.begin;
  if (kind == ObjectKind::kTrigger) {
    // BEFORE|AFTER INSERT|UPDATE|DELETE ON table
    editor.Next();
    if (!reader.Is(editor.Next(), "ON")) ThrowUnreadable(kind, create);
    editor.DropDatabase(editor.Next(), head.on_database);
  }
  head.text = editor.Take();
  return head;
}

// Does the text hold a character of two bytes whose second looks like a back-tick? Which bytes
// begin one: as servers have it.
bool HidesBackTick(std::string_view text, std::string_view charset) {
  const std::string name = LowerAscii(charset);
  const bool gbk = name == "gbk" || name.starts_with("gb18030"), big5 = name == "big5";
  const bool sjis = name == "sjis" || name == "cp932";
  if (!gbk && !big5 && !sjis) return false;
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(text[i + 1]);
    const bool leads = gbk    ? byte >= 0x81 && byte <= 0xFE
                       : big5 ? byte >= 0xA1 && byte <= 0xF9
                              : (byte >= 0x81 && byte <= 0x9F) || (byte >= 0xE0 && byte <= 0xFC);
    if (!leads || next < 0x40 || next == 0x7F || next == 0xFF) continue;
    if (next == '`') return true;
    ++i;
  }
  return false;
}

}  // namespace

std::string WithoutHeadDatabase(ObjectKind kind, std::string_view create) {
  return ReadHead(kind, create).text;
}

bool MakesProgramOf(const ObjectId& object, std::string_view create,
                    std::string_view client_charset, bool oracle) {
  Head head;
  try {
    head = ReadHead(object.kind, create);
  } catch (const Error&) {
    return false;
  }
  for (const std::string& database : {head.database, head.on_database}) {
    if (!database.empty() && !EqualIgnoringCase(database, object.database)) return false;
  }
  if (HidesBackTick(create.substr(0, head.name_end), client_charset)) return false;
  // Without parentheses it could be a function of a library (RETURNS … SONAME).
  return object.kind != ObjectKind::kFunction || head.behind == "(" ||
         (oracle && EqualIgnoringCase(head.behind, "RETURN"));
}

bool DoesMoreThanCreate(std::string_view create) {
  TokenReader reader(create);
  reader.Next();  // CREATE
  bool head = true;
  for (Token token = reader.Next(); token.type != TokenType::kEnd; token = reader.Next()) {
    if (reader.IsPunctuation(token, ';')) return true;
    if (std::exchange(head, head && !reader.Is(token, "TABLE"))) continue;
    if (reader.Is(token, "SELECT") || reader.Is(token, "TABLE")) return true;
    if (!reader.Is(token, "VALUES")) continue;
    const Token next = reader.Next();  // of a partition: VALUES IN, VALUES LESS THAN
    if (!reader.Is(next, "IN") && !reader.Is(next, "LESS")) return true;
  }
  return false;
}

std::string WithFirstName(std::string_view statement, const std::string& name) {
  SqlTokenizer tokens(statement);
  for (SqlToken token = tokens.Next(); token.kind != SqlToken::Kind::kEnd; token = tokens.Next()) {
    if (token.kind != SqlToken::Kind::kQuotedName) continue;
    return fmt::format("{}{}{}", statement.substr(0, token.offset), QuoteIdentifier(name),
                       statement.substr(token.end()));
  }
  return std::string(statement);
}

std::string WithEventDisabled(std::string_view create_event) {
  TokenReader reader(create_event);
  // ON SCHEDULE … [ON COMPLETION [NOT] PRESERVE] ENABLE … DO …
  bool schedule = false;
  for (Token status = reader.Next(); status.type != TokenType::kEnd; status = reader.Next()) {
    schedule = schedule || reader.Is(status, "SCHEDULE");
    if (!schedule) continue;
    if (reader.Is(status, "DO")) break;
    if (!reader.Is(status, "ENABLE") && !reader.Is(status, "DISABLE")) continue;
    std::size_t end = status.end;
    if (reader.Is(reader.Next(), "ON")) end = reader.Next().end;  // ON SLAVE
    std::string disabled(create_event.substr(0, status.begin));
    disabled += "DISABLE";
    disabled += create_event.substr(end);
    return disabled;
  }
  ThrowUnreadable(ObjectKind::kEvent, create_event);
}

EventState EventStateOf(std::string_view create_event) {
  TokenReader reader(create_event);
  for (Token token = reader.Next(); token.type != TokenType::kEnd; token = reader.Next()) {
    if (!reader.Is(token, "PRESERVE")) continue;
    if (!reader.Is(reader.Next(), "DISABLE")) break;
    return reader.Is(reader.Next(), "ON") ? EventState::kDisabledOnReplica : EventState::kDisabled;
  }
  return EventState::kEnabled;
}

std::string EngineOf(std::string_view create_table) {
  TokenReader reader(create_table);
  int depth = 0;
  for (Token token = reader.Next(); token.type != TokenType::kEnd; token = reader.Next()) {
    if (reader.IsPunctuation(token, '(')) ++depth;
    if (reader.IsPunctuation(token, ')')) --depth;
    if (depth != 0 || !reader.Is(token, "ENGINE")) continue;
    token = reader.Next();
    if (reader.IsPunctuation(token, '=')) token = reader.Next();
    return UnquoteIdentifier(reader.Text(token));
  }
  return {};
}

bool HasEnumColumn(std::string_view create_table) {
  TokenReader reader(create_table);
  bool type = false;
  for (Token token = reader.Next(); token.type != TokenType::kEnd; token = reader.Next()) {
    if (type && reader.IsPunctuation(token, '(')) return true;
    type = reader.Is(token, "ENUM") || reader.Is(token, "SET");
  }
  return false;
}

std::string WithSequenceDatabases(std::string_view create_table, const DatabaseMap& map) {
  std::string out;
  std::size_t copied = 0;
  ForEachSequence(create_table,
                  [&](const TokenReader& reader, const Token& database, const Token&) {
                    const auto found = map.find(UnquoteIdentifier(reader.Text(database)));
                    if (found == map.end()) return;
                    out += create_table.substr(copied, database.begin - copied);
                    out += QuoteIdentifier(found->second);
                    copied = database.end;
                  });
  out += create_table.substr(copied);
  return out;
}

std::vector<std::pair<std::string, std::string>> SequencesUsedBy(std::string_view create_table) {
  std::vector<std::pair<std::string, std::string>> used;
  ForEachSequence(create_table,
                  [&](const TokenReader& reader, const Token& database, const Token& name) {
                    std::pair sequence(UnquoteIdentifier(reader.Text(database)),
                                       UnquoteIdentifier(reader.Text(name)));
                    if (std::find(used.begin(), used.end(), sequence) == used.end()) {
                      used.push_back(std::move(sequence));
                    }
                  });
  return used;
}

std::string WithoutSqlMode(std::string_view modes, std::string_view mode) {
  std::string left;
  while (!modes.empty()) {
    const std::size_t comma = modes.find(',');
    const std::string_view each = modes.substr(0, comma);
    if (!EqualIgnoringCase(each, mode)) {
      if (!left.empty()) left += ',';
      left += each;
    }
    modes = comma == std::string_view::npos ? std::string_view{} : modes.substr(comma + 1);
  }
  return left;
}

bool DeclaresItsData(std::string_view create_function) {
  TokenReader reader(create_function);
  bool negated = false;
  for (Token token = reader.Next(); token.type != TokenType::kEnd; token = reader.Next()) {
    // The body begins; what it says is no declaration.
    if (reader.Is(token, "BEGIN") || reader.Is(token, "RETURN")) return false;
    if (reader.Is(token, "READS")) return true;
    if (reader.Is(token, "DETERMINISTIC") && !negated) return true;
    if (reader.Is(token, "NO") && reader.Is(reader.Next(), "SQL")) return true;
    negated = reader.Is(token, "NOT");
  }
  return false;
}

}  // namespace dbomsbak
