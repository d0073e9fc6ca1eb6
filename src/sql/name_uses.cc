#include "sql/name_uses.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "sql/tokenizer.h"

namespace dbomsbak {
namespace {

using Kind = SqlToken::Kind;

std::vector<SqlToken> Tokenize(std::string_view sql) {
  std::vector<SqlToken> tokens;
  SqlTokenizer tokenizer(sql);
  do {
    tokens.push_back(tokenizer.Next());
  } while (tokens.back().kind != Kind::kEnd);
  return tokens;
}

bool IsAnyWord(const SqlToken& token, std::initializer_list<std::string_view> words) {
  return token.kind == Kind::kWord &&
         std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return token.IsWord(word); });
}

// Walks the tokens of one definition.
class Scan {
 public:
  Scan(ObjectKind kind, std::string_view create) : kind_(kind), tokens_(Tokenize(create)) {
    found_.scope_parents.push_back(0);
    frames_.emplace_back();
  }

  NameUses Run() {
    Head();
    switch (kind_) {
      case ObjectKind::kTable:
      case ObjectKind::kSequence:
        TableBody();
        break;
      case ObjectKind::kView:
        ViewBody();
        break;
      case ObjectKind::kTrigger:
        TriggerHead();
        break;
      default:
        break;
    }
    return std::move(found_);
  }

 private:
  // What a pair of parentheses in a view holds.
  struct Frame {
    std::size_t scope = 0;
    bool has_select = false;  // FROM means something only behind a SELECT: TRIM(… FROM …)
    bool in_from = false;     // in a list of tables, where a comma brings the next one
    bool expects_table = false;
    bool in_with = false;
    bool expects_cte = false;
    std::string pending_cte;
    std::size_t last_table = kNone;  // an alias may still follow
  };
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  const SqlToken& At(std::size_t i) const { return tokens_[std::min(i, tokens_.size() - 1)]; }
  const SqlToken& Here() const { return At(next_); }
  bool AtEnd() const { return Here().kind == Kind::kEnd; }

  // In heads that the user wrote (triggers) names may be bare words or, under ANSI_QUOTES, "…".
  static bool IsName(const SqlToken& token, bool bare) {
    return token.kind == Kind::kQuotedName ||
           (bare && (token.kind == Kind::kWord ||
                     (token.kind == Kind::kString && token.text.front() == '"')));
  }

  // `a`.`b`.`c` from here on; `bare`: a.b.c, too.
  NameUse TakeName(NameUse::Role role, bool bare) {
    NameUse use;
    use.role = role;
    for (;;) {
      const SqlToken& token = Here();
      use.parts.push_back({NameOf(token), token.offset, token.text.size()});
      ++next_;
      if (!Here().IsSign('.') || !IsName(At(next_ + 1), bare)) break;
      ++next_;
    }
    return use;
  }

  void Add(NameUse use) {
    use.scope = frames_.back().scope;
    found_.uses.push_back(std::move(use));
  }

  // CREATE … TABLE|VIEW|… [IF NOT EXISTS] name. The name is bare only in a trigger.
  void Head() {
    static constexpr std::array<std::pair<ObjectKind, std::string_view>, 9> kWords{{
        {ObjectKind::kDatabase, "database"},
        {ObjectKind::kSequence, "sequence"},
        {ObjectKind::kTable, "table"},
        {ObjectKind::kView, "view"},
        {ObjectKind::kFunction, "function"},
        {ObjectKind::kProcedure, "procedure"},
        {ObjectKind::kTrigger, "trigger"},
        {ObjectKind::kEvent, "event"},
        {ObjectKind::kPackage, "package"},
    }};
    const ObjectKind kind = kind_ == ObjectKind::kPackageBody ? ObjectKind::kPackage : kind_;
    std::string_view word;
    for (const auto& [known, text] : kWords) {
      if (known == kind) word = text;
    }
    while (!AtEnd() && !Here().IsWord(word)) ++next_;
    if (AtEnd()) return;
    ++next_;
    if (kind_ == ObjectKind::kPackageBody && Here().IsWord("body")) ++next_;
    if (Here().IsWord("if") && At(next_ + 1).IsWord("not") && At(next_ + 2).IsWord("exists"))
      next_ += 3;
    if (IsName(Here(), kind_ == ObjectKind::kTrigger)) {
      Add(TakeName(NameUse::Role::kObject, kind_ == ObjectKind::kTrigger));
    }
  }

  void TriggerHead() {
    while (!AtEnd() && !Here().IsWord("on")) ++next_;
    if (AtEnd()) return;
    ++next_;
    if (IsName(Here(), true)) Add(TakeName(NameUse::Role::kTable, true));
    // FOR EACH ROW [FOLLOWS|PRECEDES other]: the other trigger's name takes no database.
  }

  // nextval(`db`.`s`), NEXT VALUE FOR `db`.`s`. Called with a name here.
  bool StandsForSequence() const {
    if (next_ < 2) return false;
    const SqlToken& before = At(next_ - 1);
    if (before.IsSign('(')) return IsAnyWord(At(next_ - 2), {"nextval", "lastval", "setval"});
    return before.IsWord("for") && At(next_ - 2).IsWord("value");
  }

  // Any name where it is neither a table nor an object of its own.
  void TakeOtherName() {
    if (StandsForSequence()) {
      Add(TakeName(NameUse::Role::kSequence, false));
      return;
    }
    NameUse use = TakeName(NameUse::Role::kOther, false);
    if (Here().IsSign('(')) use.role = NameUse::Role::kFunction;
    Add(std::move(use));
  }

  void TableBody() {
    bool in_union = false;
    for (; !AtEnd();) {
      const SqlToken& token = Here();
      if (token.IsWord("references") && IsName(At(next_ + 1), false)) {
        ++next_;
        Add(TakeName(NameUse::Role::kTable, false));
      } else if (token.IsWord("union") && At(next_ + 1).IsSign('=') && At(next_ + 2).IsSign('(')) {
        in_union = true;
        next_ += 3;
      } else if (in_union && token.IsSign(')')) {
        in_union = false;
        ++next_;
      } else if (token.kind == Kind::kQuotedName) {
        if (in_union) {
          Add(TakeName(NameUse::Role::kTable, false));
        } else {
          TakeOtherName();
        }
      } else {
        ++next_;
      }
    }
  }

  void ViewBody() {
    while (!AtEnd()) {
      const SqlToken& token = Here();
      switch (token.kind) {
        case Kind::kQuotedName:
          ViewName();
          break;
        case Kind::kWord:
          ViewWord(token);
          ++next_;
          break;
        case Kind::kSign:
          ViewSign(token.text.front());
          ++next_;
          break;
        default:
          ++next_;
          break;
      }
    }
  }

  void ViewName() {
    Frame& frame = frames_.back();
    if (frame.expects_cte) {
      NameCte(NameOf(Here()));
      ++next_;
    } else if (frame.expects_table) {
      NameUse use = TakeName(NameUse::Role::kTable, false);
      use.is_cte = use.parts.size() == 1 && ctes_.contains(use.parts.front().name);
      frame.expects_table = false;
      frame.last_table = found_.uses.size();
      Add(std::move(use));
    } else if (frame.last_table != kNone && !At(next_ + 1).IsSign('.')) {
      found_.uses[frame.last_table].alias = NameOf(Here());
      frame.last_table = kNone;
      ++next_;
    } else {
      TakeOtherName();
    }
  }

  void NameCte(std::string name) {
    Frame& frame = frames_.back();
    frame.expects_cte = false;
    if (recursive_) ctes_.insert(name);
    frame.pending_cte = std::move(name);
  }

  void ViewWord(const SqlToken& token) {
    Frame& frame = frames_.back();
    if (frame.expects_cte) {
      if (token.IsWord("recursive")) {
        recursive_ = true;
      } else {
        NameCte(NameOf(token));  // MariaDB prints it bare
      }
      return;
    }
    if (token.IsWord("select")) {
      // Every SELECT of a UNION is a scope of its own.
      const std::size_t around = frames_.size() > 1 ? frames_[frames_.size() - 2].scope : 0;
      found_.scope_parents.push_back(around);
      frame = Frame{};
      frame.scope = found_.scope_parents.size() - 1;
      frame.has_select = true;
    } else if (token.IsWord("with") &&
               !IsAnyWord(At(next_ + 1),
                          {"rollup", "check", "cascaded", "local", "ties", "time", "query"})) {
      frame.in_with = frame.expects_cte = true;
      recursive_ = false;
    } else if (token.IsWord("from")) {
      if (frame.has_select) frame.in_from = frame.expects_table = true;
    } else if (IsAnyWord(token, {"join", "straight_join"})) {
      if (frame.in_from) frame.expects_table = true;
      frame.last_table = kNone;
    } else if (IsAnyWord(token,
                         {"where", "group", "having", "order", "limit", "union", "except",
                          "intersect", "window", "procedure", "into", "offset", "fetch", "lock"})) {
      frame.in_from = frame.expects_table = false;
      frame.last_table = kNone;
    } else if (IsAnyWord(token, {"on", "using", "use", "ignore", "force", "left", "right", "inner",
                                 "cross", "natural"})) {
      frame.last_table = kNone;
    } else if (!token.IsWord("lateral") && frame.expects_table) {
      frame.expects_table = false;  // JSON_TABLE(…), dual
    }
  }

  void ViewSign(char sign) {
    Frame& frame = frames_.back();
    if (sign == '(') {
      Frame inner;
      inner.scope = frame.scope;
      inner.in_from = inner.expects_table = frame.expects_table;
      frame.expects_table = false;
      frames_.push_back(std::move(inner));
    } else if (sign == ')') {
      if (frames_.size() > 1) frames_.pop_back();
      Frame& outer = frames_.back();
      // `cte` (`a`,`b`) as (…): only the second pair makes the name known.
      if (outer.in_with && !outer.pending_cte.empty() && !At(next_ + 1).IsWord("as")) {
        ctes_.insert(std::exchange(outer.pending_cte, {}));
      }
    } else if (sign == ',') {
      frame.last_table = kNone;
      frame.expects_table = frame.in_from;
      frame.expects_cte = frame.in_with;
    }
  }

  ObjectKind kind_;
  std::vector<SqlToken> tokens_;
  std::size_t next_ = 0;
  NameUses found_;
  std::vector<Frame> frames_;
  std::set<std::string> ctes_;
  bool recursive_ = false;
};

}  // namespace

const NamePart* NameUse::database() const noexcept {
  if (parts.size() >= 3) return &parts.front();
  return parts.size() == 2 && role != Role::kOther ? &parts.front() : nullptr;
}

NameUses FindNameUses(ObjectKind kind, std::string_view create) { return Scan(kind, create).Run(); }

}  // namespace dbomsbak
