#include "engine/server_refusals.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "base/contains.h"
#include "dbomsbak/base/ascii.h"
#include "dbomsbak/base/utf8.h"
#include "dbomsbak/catalog/catalog.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/transport/passing_error.h"
#include "engine/definition_text.h"
#include "engine/object_creator.h"
#include "engine/restore_planner.h"
#include "sql/table_outline.h"

namespace dbomsbak {
namespace {

using namespace std::string_view_literals;

constexpr unsigned kSyntaxError = 1064;
constexpr unsigned kNoSuchFunction = 1305;

// What only other objects, accounts and databases decide, or only the execution: no databases, no
// such table, column or function, no privilege, the name is taken, no protocol for this statement.
constexpr std::array kUndecided{1005U, 1044U, 1045U, 1046U, 1049U, 1050U, 1051U,
                                1054U, 1072U, 1075U, 1142U, 1143U, 1146U, 1215U,
                                1227U, 1295U, 1304U, 1305U, 1347U, 1356U, 1359U,
                                1370U, 1449U, 1537U, 1822U, 1824U, 3105U, 4028U};
// Of tables, told by their text already: charset, engine, collation.
constexpr std::array kToldByText{1115U, 1273U, 1286U};

constexpr std::size_t kShownText = 100;

std::string Short(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (blank && (line.empty() || line.back() == ' ')) continue;
    if (line.size() >= kShownText && StartsCharacter(c)) {
      return line + " …";
    }
    line += blank ? ' ' : c;
  }
  return line;
}

struct ServerRefusal {
  unsigned number = 0;
  std::string words;
};

class Hearing {
 public:
  Hearing(Session& session, const RestoreContent& content, const CancelToken& cancel)
      : session_(session), content_(content), cancel_(cancel) {
    own_sql_mode_ = session.QueryValue("SELECT @@sql_mode").value_or("");
    own_time_zone_ = session.QueryValue("SELECT @@time_zone").value_or("");
    for (const std::string& database : Grounds()) {
      if (!Try("USE " + QuoteIdentifier(database))) break;
    }
  }

  // Where definitions are read as if they were for it. In information_schema, which every account
  // may use, most servers read no further than the name.
  std::vector<std::string> Grounds() {
    std::vector<std::string> grounds{"mysql"};
    for (std::string& name : ListDatabases(session_)) {
      if (!EqualIgnoringCase(name, "performance_schema")) grounds.push_back(std::move(name));
    }
    std::stable_partition(grounds.begin(), grounds.end(), [](const std::string& name) {
      return !EqualIgnoringCase(name, "information_schema");
    });
    return grounds;
  }

  std::map<ObjectId, std::vector<std::string>> Run() {
    for (const ContentObject& sequence : content_.sequences) HearWhole(sequence, sequence.create);
    for (const ContentObject& table : content_.tables) HearTable(table);
    for (const ContentObject& view : content_.views) {
      HearWhole(view, WithoutHeadDatabase(ObjectKind::kView, view.create));
      if (!refusals_.contains(view.record.id)) HearFunctions(view, TokensOf(view.create));
    }
    for (const auto* programs : {&content_.routines, &content_.triggers, &content_.events}) {
      for (const ContentObject& program : *programs) {
        HearWhole(program, WithoutHeadDatabase(program.record.id.kind, program.create));
      }
    }
    SetBack();
    try {
      session_.Execute("DEALLOCATE PREPARE dbomsbak_hearing");
    } catch (const ServerError& e) {  // the last one was refused
      if (e.code() == ErrorCode::kConnectionLost) throw;
    }
    session_.Execute("SET @dbomsbak_hearing = NULL");
    return std::move(refusals_);
  }

 private:
  // Objects with no settings of their own are made under the session's.
  std::optional<ServerRefusal> Set(const ObjectRecord& record) {
    const bool program = record.id.kind != ObjectKind::kTable &&
                         record.id.kind != ObjectKind::kSequence &&
                         record.id.kind != ObjectKind::kView;
    const std::string mode = program ? record.sql_mode : own_sql_mode_;
    const std::string zone =
        program && !record.time_zone.empty() ? record.time_zone : own_time_zone_;
    if (mode == sql_mode_ && zone == time_zone_) return std::nullopt;
    sql_mode_ = time_zone_ = std::nullopt;
    if (std::optional<ServerRefusal> refusal = Try(fmt::format(
            "SET sql_mode = {}, time_zone = {}", QuoteString(mode), QuoteString(zone)))) {
      SetBack();
      return refusal;
    }
    sql_mode_ = mode;
    time_zone_ = zone;
    return std::nullopt;
  }

  void SetBack() {
    session_.Execute(fmt::format("SET sql_mode = {}, time_zone = {}", QuoteString(own_sql_mode_),
                                 QuoteString(own_time_zone_)));
    sql_mode_ = own_sql_mode_;
    time_zone_ = own_time_zone_;
  }

  std::optional<ServerRefusal> Try(const std::string& statement) {
    try {
      session_.Execute(statement);
    } catch (const ServerError& e) {
      if (IsPassing(e)) throw;
      return ServerRefusal{e.number(), e.message()};
    }
    return std::nullopt;
  }

  // nullopt: it would be taken, or only its execution can tell.
  std::optional<ServerRefusal> Prepare(std::string_view text, const std::string& charset) {
    std::string literal;
    AppendHexLiteral(text, literal);
    const bool utf8 = charset.empty() || charset.starts_with("utf8") || charset == "binary";
    // A name or a comment that is not text in its charset is told elsewhere.
    if (Try("SET @dbomsbak_hearing = " +
            (utf8 ? "_utf8mb4 " + literal
                  : fmt::format("CONVERT(_{} {} USING utf8mb4)", charset, literal)))) {
      return std::nullopt;
    }
    std::optional<ServerRefusal> refusal = Try("PREPARE dbomsbak_hearing FROM @dbomsbak_hearing");
    if (refusal && Contains(kUndecided, refusal->number)) refusal.reset();
    return refusal;
  }

  void Add(const ContentObject& object, std::string reason) {
    std::vector<std::string>& reasons = refusals_[object.record.id];
    if (!Contains(reasons, reason)) reasons.push_back(std::move(reason));
  }

  void HearWhole(const ContentObject& object, const std::string& text) {
    cancel_.ThrowIfCancelled();
    if (const auto refusal = Set(object.record)) {
      Add(object, "its settings: " + refusal->words);
      return;
    }
    const auto refusal = Prepare(text, object.record.character_set_client);
    // OceanBase has events in the database alone that they are for.
    constexpr unsigned kNotSupported = 1235;
    const bool elsewhere =
        refusal && refusal->number == kNotSupported && object.record.id.kind == ObjectKind::kEvent;
    if (refusal && !elsewhere) Add(object, refusal->words);
  }

  void HearTable(const ContentObject& table) {
    cancel_.ThrowIfCancelled();
    Set(table.record);
    const TableOutline outline = OutlineOf(table.create);
    const auto whole = Prepare(table.create, {});
    if (!whole) return HearExpressions(table, outline);
    // Which of its parts is it?
    bool told = false;
    const auto hear = [&](std::string_view items, std::string_view behind, std::string_view part,
                          const std::string& what) {
      const auto refusal =
          Prepare(fmt::format("CREATE TABLE `dbomsbak_hearing` (`dbomsbak_hearing` "
                              "INT{}{}) {}",
                              items.empty() ? "" : ", ", items, behind),
                  {});
      if (!refusal) return;
      told = true;
      if (Contains(kToldByText, refusal->number)) return;
      Add(table, refusal->number == kSyntaxError
                     ? fmt::format("{}: the server does not know how to read {}", what, Short(part))
                     : fmt::format("{}: {}", what, refusal->words));
    };
    for (const TableItem& item : outline.items) {
      // An AUTO_INCREMENT column needs a key.
      const bool counts = item.kind == TableItem::Kind::kColumn &&
                          std::any_of(item.tokens.begin(), item.tokens.end(),
                                      [](const SqlToken& t) { return t.IsWord("auto_increment"); });
      const std::string opened = Joined(item.tokens);
      hear(counts ? opened + fmt::format(", KEY ({})", QuoteIdentifier(item.name)) : opened, "",
           opened, Describe(item));
    }
    for (const TableOption& option : outline.options)
      hear("", option.text, option.text, "an option");
    if (!outline.partitioning.empty()) {
      const std::string opened = Joined(outline.partitioning);
      hear("", opened, opened, "its partitions");
    }
    if (!told && !Contains(kToldByText, whole->number)) Add(table, whole->words);
  }

  static std::string Joined(const std::vector<SqlToken>& tokens) {
    std::string text;
    std::size_t end = tokens.empty() ? 0 : tokens.front().offset;
    for (const SqlToken& token : tokens) {
      if (token.offset > end) text += ' ';
      text += token.text;
      end = token.end();
    }
    return text;
  }

  // Functions in generated columns, defaults, checks and keys are looked for only when the table is
  // made.
  void HearExpressions(const ContentObject& table, const TableOutline& outline) {
    for (const TableItem& item : outline.items) {
      std::vector<SqlToken> inside;
      int depth = 0;
      bool expression = item.kind == TableItem::Kind::kCheck;
      for (std::size_t i = item.body; i < item.tokens.size(); ++i) {
        const SqlToken& token = item.tokens[i];
        if (token.IsSign('(')) ++depth;
        if (token.IsSign(')') && --depth == 0 && item.kind == TableItem::Kind::kColumn) {
          expression = false;
        }
        if (depth == 0 &&
            (token.IsWord("as") || token.IsWord("check") || token.IsWord("default"))) {
          expression = true;
        }
        if (item.kind == TableItem::Kind::kKey && depth == 2 && token.IsSign('('))
          expression = true;
        if (expression && depth > 0) inside.push_back(token);
      }
      HearFunctions(table, inside);
    }
  }

  void HearFunctions(const ContentObject& object, const std::vector<SqlToken>& tokens) {
    // Words before a parenthesis that some servers do not reserve.
    constexpr std::array kNoFunctions{"columns"sv, "nested"sv,    "over"sv,   "rows"sv,
                                      "groups"sv,  "recursive"sv, "lateral"sv};
    for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
      if (tokens[i].kind != SqlToken::Kind::kWord || !tokens[i + 1].IsSign('(')) continue;
      if (i > 0 && (tokens[i - 1].IsSign('.') || tokens[i - 1].IsWord("as"))) continue;
      const std::string name = LowerAscii(tokens[i].text);
      if (Contains(kNoFunctions, name) || !IsUnknown(name)) continue;
      const bool comes = std::any_of(content_.routines.begin(), content_.routines.end(),
                                     [&](const ContentObject& routine) {
                                       return routine.record.id.kind == ObjectKind::kFunction &&
                                              EqualIgnoringCase(routine.record.id.name, name);
                                     });
      if (!comes) Add(object, fmt::format("the server has no function {}", name));
    }
  }

  // Asked without arguments, a server complains of them, or of the name.
  bool IsUnknown(const std::string& name) {
    const auto found = unknown_.find(name);
    if (found != unknown_.end()) return found->second;
    const auto refusal =
        Try(fmt::format("PREPARE dbomsbak_hearing FROM {}", QuoteString("SELECT " + name + "()")));
    return unknown_[name] = refusal && refusal->number == kNoSuchFunction;
  }

  Session& session_;
  const RestoreContent& content_;
  const CancelToken& cancel_;
  std::string own_sql_mode_, own_time_zone_;
  std::optional<std::string> sql_mode_, time_zone_;
  std::map<std::string, bool> unknown_;
  std::map<ObjectId, std::vector<std::string>> refusals_;
};

}  // namespace

std::map<ObjectId, std::vector<std::string>> Refusals(Session& session,
                                                      const RestoreContent& content,
                                                      const CancelToken& cancel) {
  return Hearing(session, content, cancel).Run();
}

}  // namespace dbomsbak
