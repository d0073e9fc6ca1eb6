#include "dbomsbak/sql/composed_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "dbomsbak/base/ascii.h"
#include "dbomsbak/sql/named_constraints.h"
#include "dbomsbak/sql/quote.h"
#include "sql/name_uses.h"
#include "sql/table_outline.h"
#include "sql/tokenizer.h"

namespace dbomsbak {
namespace {

std::string_view TrimRight(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n' || text.back() == '\r' ||
                           text.back() == '\t')) {
    text.remove_suffix(1);
  }
  return text;
}

std::string_view Unquoted(std::string_view part) {
  if (part.size() >= 2 && (part.front() == '\'' || part.front() == '`') &&
      part.back() == part.front()) {
    part.remove_prefix(1);
    part.remove_suffix(1);
  }
  return part;
}

// Is a table of this name in another database among them, under its own name?
bool IsAmbiguous(const NameUses& names, std::string_view database) {
  std::set<std::string> own, others;
  for (const NameUse& use : names.uses) {
    if (use.role != NameUse::Role::kTable || use.database() == nullptr || !use.alias.empty()) {
      continue;
    }
    (use.database()->name == database ? own : others).insert(use.parts.back().name);
  }
  return std::any_of(own.begin(), own.end(),
                     [&](const std::string& name) { return others.contains(name); });
}

}  // namespace

std::string WithoutOwnDatabase(ObjectKind kind, std::string_view create,
                               std::string_view database) {
  const NameUses names = FindNameUses(kind, create);
  if (kind == ObjectKind::kView && IsAmbiguous(names, database)) return std::string(create);
  std::string text;
  std::size_t copied = 0;
  for (const NameUse& use : names.uses) {
    const NamePart* const part = use.database();
    if (part == nullptr || part->name != database) continue;
    const auto next = std::find_if(use.parts.begin(), use.parts.end(), [&](const NamePart& other) {
      return other.offset > part->offset;
    });
    if (next == use.parts.end()) continue;
    text += create.substr(copied, part->offset - copied);
    copied = next->offset;
  }
  text += create.substr(copied);
  return text;
}

std::string WithForeignKeysReversed(std::string_view create_table) {
  std::vector<NamedConstraint> keys = FindNamedConstraints(create_table);
  std::erase_if(keys, [](const NamedConstraint& constraint) { return !constraint.foreign_key; });
  const auto end = [](const NamedConstraint& key) {
    return key.definition_offset + key.definition_length;
  };
  std::string text;
  std::size_t copied = 0;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const NamedConstraint& other = keys[keys.size() - 1 - i];
    text += create_table.substr(copied, keys[i].item_offset - copied);
    text += create_table.substr(other.item_offset, end(other) - other.item_offset);
    copied = end(keys[i]);
  }
  text += create_table.substr(copied);
  return text;
}

std::string WithNameQuoted(std::string_view create, std::string_view keyword,
                           std::string_view name) {
  std::string text(create);
  if (name.find('`') == std::string_view::npos) return text;
  const std::string raw = fmt::format("{} `{}`", keyword, name);
  const std::size_t at = text.find(raw);
  if (at != std::string::npos) {
    text.replace(at, raw.size(), fmt::format("{} {}", keyword, QuoteIdentifier(name)));
  }
  return text;
}

std::string MemberListQuoted(std::string_view raw) {
  const std::size_t open = raw.find("('");
  const std::size_t close = raw.rfind("')");
  if (open == std::string_view::npos || close == std::string_view::npos || close < open + 2) {
    return std::string(raw);
  }
  std::string text(raw.substr(0, open + 1));
  std::string_view members = raw.substr(open + 2, close - open - 2);
  for (;;) {
    const std::size_t end = members.find("','");
    // Quotes doubled: so readers of the list know them, with backslashes or without.
    std::string member = "'";
    for (const char c : members.substr(0, end)) {
      if (c == '\'' || c == '\\') member += c;
      member += c;
    }
    text += member + "'";
    if (end == std::string_view::npos) break;
    text += ',';
    members.remove_prefix(end + 3);
  }
  text += raw.substr(close + 1);
  return text;
}

std::string WithMembersQuoted(std::string_view create_table, const MemberColumn& column) {
  std::string text(create_table);
  const std::string head = fmt::format("\n  {} ", QuoteIdentifier(column.name));
  std::size_t at = text.find(head + column.raw_column_type);
  if (at == std::string::npos) return {};
  at += head.size();
  const std::string quoted = MemberListQuoted(column.raw_column_type);
  text.replace(at, column.raw_column_type.size(), quoted);
  if (column.raw_default.empty()) return text;
  const std::string raw = fmt::format(" DEFAULT '{}'", column.raw_default);
  const std::size_t value = text.find(raw, at + quoted.size());
  if (value == std::string::npos) return {};
  text.replace(value, raw.size(), " DEFAULT " + QuoteString(column.raw_default));
  return text;
}

std::string WithBinaryMembers(std::string_view create_table, std::string_view column) {
  std::string text(create_table);
  const TableOutline outline = OutlineOf(create_table);
  const TableOption* const charset = outline.Option("character set");
  if (charset != nullptr && EqualIgnoringCase(charset->value, "binary")) return text;
  for (const TableItem& item : outline.items) {
    if (item.kind != TableItem::Kind::kColumn || item.name != column) continue;
    // ENUM ( … ) [CHARACTER SET … | COLLATE …]
    std::size_t at = item.body;
    while (at < item.tokens.size() && !item.tokens[at].IsSign(')')) ++at;
    if (at == item.tokens.size()) return text;
    const std::size_t end = item.tokens[at].end();
    if (++at < item.tokens.size() &&
        (item.tokens[at].IsWord("character") || item.tokens[at].IsWord("collate"))) {
      return text;
    }
    return text.insert(end, " CHARACTER SET binary");
  }
  return text;
}

bool PartitionsReadBack(std::string_view create_table) {
  constexpr std::string_view kClause = "\n partition by ";
  const std::size_t start = create_table.rfind(kClause);
  if (start == std::string_view::npos) return true;
  const std::string_view clause = create_table.substr(start);
  if (clause.find('\\') != std::string_view::npos) return false;
  SqlTokenizer tokens(clause);
  SqlToken before;
  for (SqlToken token = tokens.Next(); token.kind != SqlToken::Kind::kEnd; token = tokens.Next()) {
    const auto quoted = [](const SqlToken& t) {
      return t.kind == SqlToken::Kind::kString || t.kind == SqlToken::Kind::kQuotedName;
    };
    const bool adjacent = before.kind != SqlToken::Kind::kEnd && before.end() == token.offset;
    if (adjacent && (quoted(before) || quoted(token)) && before.kind != SqlToken::Kind::kSign &&
        token.kind != SqlToken::Kind::kSign) {
      return false;
    }
    before = token;
  }
  return true;
}

std::string RoutineCreate(std::string_view shown, const RoutineFacts& facts) {
  std::string text(shown);
  if (!facts.comment.empty()) {
    const std::string tail = fmt::format("\n    COMMENT '{}'\n{}", facts.comment, facts.body);
    if (!text.ends_with(tail)) return {};
    text.resize(text.size() - tail.size());
    text += fmt::format("\n    COMMENT {}\n{}", QuoteString(facts.comment), facts.body);
  }
  if (!facts.return_charset.empty()) {
    // Before the body, which may hold such words as well.
    const std::string returns = fmt::format(" RETURNS {}\n", facts.returns);
    const std::size_t head = text.size() - std::min(text.size(), facts.body.size());
    const std::size_t at = text.find(returns);
    if (at == std::string::npos || at >= head) return {};
    text.insert(at + returns.size() - 1, " CHARSET " + facts.return_charset);
  }
  return text;
}

std::string QuotedDefiner(std::string_view definer) {
  const std::size_t at = definer.rfind('@');
  if (at == std::string_view::npos) return QuoteIdentifier(Unquoted(definer));
  return QuoteIdentifier(Unquoted(definer.substr(0, at))) + "@" +
         QuoteIdentifier(Unquoted(definer.substr(at + 1)));
}

std::string TriggerCreate(std::string_view definer, std::string_view statement) {
  SqlTokenizer tokens(statement);
  const SqlToken first = tokens.Next();
  if (!first.IsWord("trigger")) return {};
  // … FOR EACH ROW [{FOLLOWS | PRECEDES} other] body
  std::string text = fmt::format("CREATE DEFINER={} TRIGGER", QuotedDefiner(definer));
  SqlToken before;
  for (SqlToken token = tokens.Next(); token.kind != SqlToken::Kind::kEnd; token = tokens.Next()) {
    if (!(before.IsWord("each") && token.IsWord("row"))) {
      before = token;
      continue;
    }
    text += statement.substr(first.end(), token.end() - first.end());
    std::size_t body = token.end();
    const SqlToken order = tokens.Next();
    if (order.IsWord("follows") || order.IsWord("precedes")) body = tokens.Next().end();
    text += statement.substr(body);
    return text;
  }
  return {};
}

std::string EventCreate(const EventFacts& facts) {
  std::string text = fmt::format("CREATE DEFINER={} EVENT {} ON SCHEDULE",
                                 QuotedDefiner(facts.definer), QuoteIdentifier(facts.name));
  if (!facts.execute_at.empty()) {
    text += fmt::format(" AT {}", QuoteString(facts.execute_at));
  } else {
    text += fmt::format(" EVERY {} {}", facts.interval_value, facts.interval_field);
    if (!facts.starts.empty()) text += " STARTS " + QuoteString(facts.starts);
    if (!facts.ends.empty()) text += " ENDS " + QuoteString(facts.ends);
  }
  text += fmt::format(" ON COMPLETION {} {}", facts.on_completion,
                      facts.status == "ENABLED" ? "ENABLE" : "DISABLE");
  if (!facts.comment.empty()) text += " COMMENT " + QuoteString(facts.comment);
  // The server keeps the statements of a body without the BEGIN and END that stood around them; it
  // takes a CALL only without.
  if (SqlTokenizer(facts.body).Next().IsWord("call")) {
    std::string_view call = TrimRight(facts.body);
    if (call.ends_with(';')) call.remove_suffix(1);
    return text + fmt::format(" DO {}", call);
  }
  return text + fmt::format(" DO BEGIN\n{}\nEND", TrimRight(facts.body));
}

std::string SequenceCreate(const SequenceFacts& facts) {
  return fmt::format(
      "CREATE SEQUENCE {} START WITH {} INCREMENT BY {} MINVALUE {} MAXVALUE {} {} {} {}",
      QuoteIdentifier(facts.name), facts.next, facts.increment, facts.min_value, facts.max_value,
      facts.cache == "0" || facts.cache == "1" ? "NOCACHE" : "CACHE " + facts.cache,
      facts.order ? "ORDER" : "NOORDER", facts.cycle ? "CYCLE" : "NOCYCLE");
}

}  // namespace dbomsbak
