#include "sql/portable_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <optional>
#include <set>
#include <utility>

#include "base/contains.h"
#include "dbomsbak/base/ascii.h"
#include "dbomsbak/sql/quote.h"
#include "sql/partition_clause.h"
#include "sql/table_outline.h"
#include "sql/text_edits.h"
#include "sql/tokenizer.h"
#include "sql/version_comments.h"

namespace dbomsbak {
namespace {

using namespace std::string_view_literals;

// How OceanBase stores a table. Other servers have a COMPRESSION, too, and a ROW_FORMAT that means
// something.
constexpr std::array kPlacementOptions{"organization"sv,     "auto_increment_mode"sv,
                                       "row_format"sv,       "compression"sv,
                                       "replica_num"sv,      "block_size"sv,
                                       "use_bloom_filter"sv, "enable_macro_block_bloom_filter"sv,
                                       "tablet_size"sv,      "pctfree"sv};
// What is left of its options elsewhere.
constexpr std::array kOptionsOfAll{"engine"sv, "auto_increment"sv, "character set"sv, "collate"sv,
                                   "comment"sv};
// What every kind of server reads of those that MySQL and MariaDB print. (Versioning is no option:
// a table without it is another one.)
constexpr std::array kSharedOptions{"engine"sv,
                                    "auto_increment"sv,
                                    "avg_row_length"sv,
                                    "character set"sv,
                                    "checksum"sv,
                                    "collate"sv,
                                    "comment"sv,
                                    "delay_key_write"sv,
                                    "insert_method"sv,
                                    "key_block_size"sv,
                                    "max_rows"sv,
                                    "min_rows"sv,
                                    "pack_keys"sv,
                                    "row_format"sv,
                                    "stats_auto_recalc"sv,
                                    "stats_persistent"sv,
                                    "stats_sample_pages"sv,
                                    "union"sv,
                                    "with system versioning"sv};
// MariaDB's PAGE is of Aria alone, and OceanBase does not read FIXED.
constexpr std::array kSharedRowFormats{"default"sv, "dynamic"sv, "compact"sv, "redundant"sv,
                                       "compressed"sv};
// Servers that do not know another take their usual one without an error.
constexpr std::array kSharedEngines{"innodb"sv,  "myisam"sv,    "memory"sv,    "csv"sv,
                                    "archive"sv, "blackhole"sv, "mrg_myisam"sv};
constexpr std::string_view kUsualEngine = "InnoDB";

// A charset of one collation, which MySQL 5.6 and OceanBase do not take as the name of one.
constexpr std::string_view kBinary = "binary";

// Types whose literal defaults MySQL reads in parentheses alone.
constexpr std::array kLongTypes{"tinytext"sv,     "text"sv,           "mediumtext"sv,
                                "longtext"sv,     "tinyblob"sv,       "blob"sv,
                                "mediumblob"sv,   "longblob"sv,       "json"sv,
                                "geometry"sv,     "point"sv,          "linestring"sv,
                                "polygon"sv,      "multipoint"sv,     "multilinestring"sv,
                                "multipolygon"sv, "geomcollection"sv, "geometrycollection"sv};
// Defaults that are no literal, and every server reads without parentheses.
constexpr std::array kPlainDefaults{"null"sv, "true"sv, "false"sv, "current_timestamp"sv,
                                    "nextval"sv};

// Attributes of columns and keys that one kind of server knows, by their first words.
struct Attribute {
  std::string_view word, next;  // `next` may be empty
  bool has_value = false;       // with or without =
};
constexpr std::array kColumnAttributes{
    Attribute{"invisible", "", false},       Attribute{"srid", "", true},
    Attribute{"ref_system_id", "", true},    Attribute{"compressed", "", false},
    Attribute{"column_format", "", true},    Attribute{"storage", "", true},
    Attribute{"engine_attribute", "", true}, Attribute{"secondary_engine_attribute", "", true},
    Attribute{"not", "secondary", false},
};
constexpr std::array kKeyAttributes{
    Attribute{"invisible", "", false},
    Attribute{"ignored", "", false},
    Attribute{"engine_attribute", "", true},
    Attribute{"secondary_engine_attribute", "", true},
};
// Of a partition. (OceanBase reads none of them.)
constexpr std::array kPartitionAttributes{
    Attribute{"data", "directory", true}, Attribute{"index", "directory", true},
    Attribute{"tablespace", "", true},    Attribute{"max_rows", "", true},
    Attribute{"min_rows", "", true},      Attribute{"comment", "", true},
    Attribute{"nodegroup", "", true},
};

// Behind the attribute that begins at `at`; `at` itself if none does.
template <typename List>
std::size_t BehindAttribute(const List& attributes, const std::vector<SqlToken>& tokens,
                            std::size_t at) {
  for (const Attribute& each : attributes) {
    if (!tokens[at].IsWord(each.word)) continue;
    if (!each.next.empty() && !IsWordAt(tokens, at + 1, each.next)) continue;
    std::size_t end = at + (each.next.empty() ? 1 : 2);
    if (IsSignAt(tokens, end, '=')) ++end;
    if (each.has_value || IsSignAt(tokens, end - 1, '=')) ++end;
    return std::min(end, tokens.size());
  }
  return at;
}

// _utf8mb4'x': of what charset the string is; empty where `tokens[at]` is no introducer.
std::string CharsetOfString(const std::vector<SqlToken>& tokens, std::size_t at) {
  const bool introduces = tokens[at].kind == SqlToken::Kind::kWord &&
                          tokens[at].text.front() == '_' && at + 1 < tokens.size() &&
                          tokens[at + 1].kind == SqlToken::Kind::kString;
  return introduces ? LowerAscii(tokens[at].text.substr(1)) : std::string();
}

bool IsUnicode(std::string_view charset) {
  return charset == "utf8mb4" || charset == "utf8mb3" || charset == "utf8";
}

// Words of an item outside all parentheses.
template <typename Function>
void ForEachOuterWord(const TableItem& item, std::size_t at, Function function) {
  int depth = 0;
  for (; at < item.tokens.size(); ++at) {
    const SqlToken& token = item.tokens[at];
    if (token.IsSign('(')) ++depth;
    if (token.IsSign(')')) --depth;
    if (depth == 0 && token.kind == SqlToken::Kind::kWord) function(at);
  }
}

// Places in a column's tokens; its end where it says nothing of the kind.
struct ColumnWords {
  std::size_t type_end = 0;  // behind the type and what stands in parentheses there
  std::size_t charset = 0, collate = 0, fallback = 0;  // the words CHARACTER, COLLATE, DEFAULT
  std::size_t charset_name = 0;
  std::size_t charsets = 0, collations = 0;  // how often
  bool checked = false;

  explicit ColumnWords(const TableItem& column) {
    const std::vector<SqlToken>& tokens = column.tokens;
    charset = collate = fallback = charset_name = tokens.size();
    type_end = std::min(column.body + 1, tokens.size());
    if (IsSignAt(tokens, type_end, '(')) type_end = BehindParentheses(tokens, type_end);
    ForEachOuterWord(column, type_end, [&](std::size_t i) {
      const bool short_name = tokens[i].IsWord("charset");
      if (short_name || (tokens[i].IsWord("character") && IsWordAt(tokens, i + 1, "set"))) {
        ++charsets;
        charset = i;
        charset_name = std::min(i + (short_name ? 1 : 2), tokens.size());
      } else if (tokens[i].IsWord("collate")) {
        ++collations;
        collate = i;
      } else if (tokens[i].IsWord("default") && fallback == tokens.size()) {
        fallback = i;
      } else if (tokens[i].IsWord("check")) {
        checked = true;
      }
    });
  }
};

class PortableWriter {
 public:
  PortableWriter(std::string create_table, const TableCollations& collations, bool placed)
      : own_(std::move(create_table)),
        text_(own_),
        collations_(collations),
        placed_(placed),
        outline_(OutlineOf(text_)),
        comments_(VersionCommentsOf(text_)),
        partitions_begin_(BeginOfPartitions()),
        edits_(text_) {}

  PortableTable Run() {
    table_.partitioned = !outline_.partitioning.empty();
    WriteOptions();
    for (const TableItem& item : outline_.items) {
      if (item.kind == TableItem::Kind::kColumn) WriteColumn(item);
      if (item.kind == TableItem::Kind::kKey) WriteKey(item);
      if (item.kind == TableItem::Kind::kCheck) WriteCheck(item);
    }
    WriteComments();
    WritePartitions();
    ExamineKinds();
    table_.create = edits_.Apply();
    if (table_.unheld.empty() && !IsSound()) {
      table_.unheld.emplace_back("its definition has words that are not understood");
    }
    return std::move(table_);
  }

 private:
  std::size_t OffsetOf(std::string_view part) const {
    return static_cast<std::size_t>(part.data() - text_.data());
  }
  std::size_t EndOf(std::string_view part) const { return OffsetOf(part) + part.size(); }
  void RemoveTokens(const std::vector<SqlToken>& tokens, std::size_t begin, std::size_t end) {
    edits_.Remove(tokens[begin].offset, tokens[end - 1].end() - tokens[begin].offset);
  }
  std::string_view Text(const std::vector<SqlToken>& tokens, std::size_t begin,
                        std::size_t end) const {
    return text_.substr(tokens[begin].offset, tokens[end - 1].end() - tokens[begin].offset);
  }
  const VersionComment* CommentAround(std::size_t offset) const {
    for (const VersionComment& comment : comments_) {
      if (comment.Holds(offset)) return &comment;
    }
    return nullptr;
  }
  const TableItem* ItemAround(std::size_t offset) const {
    for (const TableItem& item : outline_.items) {
      if (OffsetOf(item.text) <= offset && offset < EndOf(item.text)) return &item;
    }
    return nullptr;
  }

  // Its version comment included.
  std::size_t BeginOfPartitions() const {
    if (outline_.partitioning.empty()) return text_.size();
    const std::size_t clause = outline_.partitioning.front().offset;
    const VersionComment* const comment = CommentAround(clause);
    return comment == nullptr ? clause : comment->begin;
  }

  void LeaveOut(const TableItem& item, std::size_t begin, std::size_t end) {
    table_.left_out.push_back(
        fmt::format("{} of {}", Text(item.tokens, begin, end), Describe(item)));
    RemoveTokens(item.tokens, begin, end);
  }

  // ---- options ----

  void WriteOptions() {
    const TableOption* const charset = outline_.Option("character set");
    if (charset != nullptr && outline_.Option("collate") == nullptr && !collations_.table.empty() &&
        collations_.table != kBinary) {
      const bool wide = charset->text.find(" = ") != std::string_view::npos;
      edits_.Insert(EndOf(charset->text), (wide ? " COLLATE = " : " COLLATE=") + collations_.table);
    }
    for (const TableOption& option : outline_.options) {
      if (CommentAround(OffsetOf(option.text)) != nullptr) continue;  // told with its comment
      if (option.name == "engine") {
        WriteEngine(option);
      } else if (option.name == "collate" && EqualIgnoringCase(option.value, kBinary)) {
        edits_.Remove(option.text);
        if (charset == nullptr) edits_.Insert(EndOf(option.text), " DEFAULT CHARSET=binary");
      } else if (placed_ && Contains(kPlacementOptions, option.name)) {
        edits_.Remove(option.text);
        table_.placed = true;
      } else if (!IsShared(option)) {
        edits_.Remove(option.text);
        table_.left_out.emplace_back(option.text);
      }
    }
  }

  bool IsShared(const TableOption& option) const {
    if (placed_) return Contains(kOptionsOfAll, option.name);
    if (option.name == "row_format") return Contains(kSharedRowFormats, LowerAscii(option.value));
    return Contains(kSharedOptions, option.name);
  }

  void WriteEngine(const TableOption& option) {
    if (Contains(kSharedEngines, LowerAscii(option.value)) || option.value.empty()) return;
    table_.left_out.push_back(fmt::format("{} ({} stands for it)", option.text, kUsualEngine));
    edits_.Replace(OffsetOf(option.value), option.value.size(), std::string(kUsualEngine));
    usual_engine_ = true;
  }

  // ---- columns ----

  void WriteColumn(const TableItem& item) {
    const ColumnWords words(item);
    ForEachOuterWord(item, words.type_end, [&](std::size_t i) {
      if (CommentAround(item.tokens[i].offset) != nullptr) return;
      const std::size_t end = BehindAttribute(kColumnAttributes, item.tokens, i);
      if (end != i) LeaveOut(item, i, end);
    });
    WriteCollation(item, words);
    WriteDefault(item, words);
    table_.checked |= words.checked;
    if (!placed_) return;
    const std::vector<SqlToken>& tokens = item.tokens;
    ForEachOuterWord(item, words.type_end, [&](std::size_t i) {
      if (!tokens[i].IsWord("skip_index") || !IsSignAt(tokens, i + 1, '(')) return;
      RemoveTokens(tokens, i, BehindParentheses(tokens, i + 1));
    });
  }

  void WriteCollation(const TableItem& item, const ColumnWords& words) {
    const std::vector<SqlToken>& tokens = item.tokens;
    const bool charset = words.charset_name < tokens.size();
    if (words.collate < tokens.size()) {
      if (!IsWordAt(tokens, words.collate + 1, kBinary)) return;
      if (!charset) edits_.Insert(tokens[words.collate + 1].end(), " CHARACTER SET binary");
      RemoveTokens(tokens, words.collate, words.collate + 2);
      return;
    }
    const auto found = collations_.columns.find(item.name);
    if (found == collations_.columns.end()) return;
    const std::string& collation = found->second;
    const std::string said = collation == kBinary ? "" : " COLLATE " + collation;
    if (charset) {
      edits_.Insert(tokens[words.charset_name].end(), said);
    } else if (collation != collations_.table) {
      edits_.Insert(
          tokens[words.type_end - 1].end(),
          fmt::format(" CHARACTER SET {}{}", collation.substr(0, collation.find('_')), said));
    }
  }

  // MariaDB prints `DEFAULT uuid()`, and texts with literals. MySQL reads both in parentheses.
  void WriteDefault(const TableItem& item, const ColumnWords& words) {
    const std::vector<SqlToken>& tokens = item.tokens;
    const std::size_t at = words.fallback + 1;
    if (at >= tokens.size() || tokens[at].kind == SqlToken::Kind::kSign) return;  // (…), -5
    std::size_t end = at + 1;
    bool literal = tokens[at].kind == SqlToken::Kind::kString;
    if (tokens[at].kind == SqlToken::Kind::kWord) {
      const bool number = std::isdigit(static_cast<unsigned char>(tokens[at].text.front())) != 0;
      if (number || Contains(kPlainDefaults, LowerAscii(tokens[at].text))) return;
      literal = end < tokens.size() && tokens[end].kind == SqlToken::Kind::kString &&
                tokens[end].offset == tokens[at].end();  // b'1', _latin1'x'
      if (literal) {
        ++end;
      } else if (IsSignAt(tokens, end, '(')) {
        end = BehindParentheses(tokens, end);
      }
    }
    if (literal && !Contains(kLongTypes, LowerAscii(tokens[item.body].text))) return;
    edits_.Insert(tokens[at].offset, "(");
    edits_.Insert(tokens[end - 1].end(), ")");
  }

  // ---- checks ----

  // Some servers pass over NOT ENFORCED in its comment, or have no such words.
  void WriteCheck(const TableItem& item) {
    bool enforced = true;
    ForEachOuterWord(item, item.body, [&](std::size_t i) {
      if (item.tokens[i].IsWord("not") && IsWordAt(item.tokens, i + 1, "enforced")) {
        enforced = false;
      }
    });
    if (enforced) {
      table_.checked = true;
      return;
    }
    table_.left_out.push_back(Describe(item) + " (NOT ENFORCED)");
    RemoveItem(item);
  }

  // With the comma before it. The first item is a column and stays.
  void RemoveItem(const TableItem& item) {
    const std::size_t begin = text_.rfind(',', OffsetOf(item.text));
    if (begin == std::string_view::npos) return;
    std::size_t end = EndOf(item.text);
    if (const VersionComment* comment = CommentAround(end - 1)) end = comment->end;
    edits_.Remove(begin, end - begin);
    removed_.insert(&item);
  }

  // ---- keys ----

  // KEY `k` (…) [STORING (…)] [WITH PARSER p] [PARSER_PROPERTIES=(…)] [BLOCK_SIZE n] [LOCAL |
  // GLOBAL [partition by …]] [INVISIBLE | IGNORED]
  void WriteKey(const TableItem& item) {
    const std::vector<SqlToken>& tokens = item.tokens;
    std::size_t at = item.body;
    while (at < tokens.size() && !tokens[at].IsSign('(')) ++at;
    at = BehindParentheses(tokens, at);
    while (at < tokens.size()) {
      if (tokens[at].IsWord("comment")) {
        at += 2;
        continue;
      }
      if (CommentAround(tokens[at].offset) != nullptr) {
        ++at;
        continue;
      }
      if (const std::size_t end = BehindAttribute(kKeyAttributes, tokens, at); end != at) {
        LeaveOut(item, at, end);
        at = end;
        continue;
      }
      if (tokens[at].IsWord("with") && IsWordAt(tokens, at + 1, "parser") &&
          at + 2 < tokens.size()) {
        WriteParser(item, tokens[at + 2], tokens[at].offset, tokens[at + 2].end());
        at += 3;
        continue;
      }
      const std::size_t end = placed_ ? BehindPlacement(item, at) : at;
      if (end != at) RemoveTokens(tokens, at, end);
      at = std::max(end, at + 1);
    }
  }

  // Where and how OceanBase stores a key.
  std::size_t BehindPlacement(const TableItem& item, std::size_t at) {
    const std::vector<SqlToken>& tokens = item.tokens;
    if (tokens[at].IsWord("storing")) return BehindParentheses(tokens, at + 1);
    if (tokens[at].IsWord("parser_properties")) {
      return BehindParentheses(tokens, IsSignAt(tokens, at + 1, '=') ? at + 2 : at + 1);
    }
    if (tokens[at].IsWord("block_size")) return std::min(at + 2, tokens.size());
    if (tokens[at].IsWord("local")) return at + 1;
    if (!tokens[at].IsWord("global")) return at;
    ExamineGlobalKey(item);
    if (IsWordAt(tokens, at + 1, "partition")) return tokens.size();
    // The line that an index without partitions of its own has for them.
    const std::size_t behind = tokens[at].end();
    if (text_.substr(behind, 2) == "\n ") edits_.Replace(behind, 2, {});
    return at + 1;
  }

  // `begin` to `end`: where it says WITH PARSER.
  void WriteParser(const TableItem& item, const SqlToken& name, std::size_t begin,
                   std::size_t end) {
    if (EqualIgnoringCase(NameOf(name), "ngram")) {
      // MySQL has it since 5.7 and OceanBase, too; MariaDB passes over comments of these numbers.
      edits_.Replace(begin, end - begin, std::string(kParserComment) + "ngram */");
      table_.one_alone.push_back(fmt::format(
          "{}: MariaDB and MySQL 5.6 have no parser ngram, and cut its texts into words",
          Describe(item)));
      return;
    }
    edits_.Remove(begin, end - begin);
    // What the others do anyway.
    if (EqualIgnoringCase(NameOf(name), "space")) return;
    table_.left_out.push_back(fmt::format("WITH PARSER {} of {}", NameOf(name), Describe(item)));
  }

  // One index over all partitions. As one of each it finds the same rows, but keeps values unique
  // only if they tell the partition.
  void ExamineGlobalKey(const TableItem& item) {
    if (!item.tokens.front().IsWord("unique") || outline_.partitioning.empty()) return;
    std::set<std::string> missing = PartitionClause(outline_.partitioning).columns;
    std::erase_if(missing, [&](const std::string& name) {
      return std::none_of(
          outline_.items.begin(), outline_.items.end(), [&](const TableItem& column) {
            return column.kind == TableItem::Kind::kColumn && LowerAscii(column.name) == name;
          });
    });
    for (std::size_t i = item.body; i < item.tokens.size() && !item.tokens[i].IsSign(')'); ++i) {
      missing.erase(LowerAscii(NameOf(item.tokens[i])));
    }
    if (missing.empty()) return;
    table_.unheld.push_back(fmt::format(
        "{} is UNIQUE over all partitions (GLOBAL), without the columns they are made by",
        Describe(item)));
  }

  // ---- version comments ----

  // What stands in one some servers pass over, without a word.
  void WriteComments() {
    for (const VersionComment& comment : comments_) {
      if (comment.begin >= partitions_begin_) break;
      const std::string_view text = comment.Text(text_);
      const TableItem* const item = ItemAround(comment.text_begin);
      if (item != nullptr && removed_.contains(item)) continue;
      const std::vector<SqlToken> tokens = TokensOf(text);
      if (item != nullptr && IsWordAt(tokens, 0, "with") && IsWordAt(tokens, 1, "parser") &&
          tokens.size() == 3) {
        WriteParser(*item, tokens[2], comment.begin, comment.end);
        continue;
      }
      edits_.Remove(comment.begin, comment.end - comment.begin);
      if (text.empty()) continue;
      table_.left_out.push_back(item == nullptr ? std::string(text)
                                                : fmt::format("{} of {}", text, Describe(*item)));
    }
  }

  // ---- partitions ----

  void WritePartitions() {
    if (outline_.partitioning.empty()) return;
    OpenPartitionComments();
    WritePartitionAttributes();
    if (placed_) WritePlacedPartitions();
  }

  // /*!50100 PARTITION BY … */: some servers pass over the comment, and make one partition.
  void OpenPartitionComments() {
    for (const VersionComment& comment : comments_) {
      if (comment.begin < partitions_begin_) continue;
      const std::string_view text = comment.Text(text_);
      if (LowerAscii(text).starts_with("algorithm")) {
        edits_.Remove(comment.begin, comment.end - comment.begin);
        table_.left_out.push_back(fmt::format("{} of its partitions", text));
        continue;
      }
      edits_.Replace(comment.begin, comment.text_begin - comment.begin, {});
      if (text_.substr(0, comment.end).ends_with("*/")) edits_.Remove(comment.end - 2, 2);
    }
  }

  void WritePartitionAttributes() {
    const std::vector<SqlToken>& tokens = outline_.partitioning;
    std::set<std::string> left_out;
    for (std::size_t i = PartitionClause(tokens).list; i < tokens.size(); ++i) {
      const std::size_t end = BehindAttribute(kPartitionAttributes, tokens, i);
      if (end != i) {
        left_out.insert(fmt::format("{} of a partition", Text(tokens, i, end)));
        RemoveTokens(tokens, i, end);
        i = end - 1;
      } else if (tokens[i].IsWord("engine")) {
        const std::size_t name = IsSignAt(tokens, i + 1, '=') ? i + 2 : i + 1;
        if (name < tokens.size() && !Contains(kSharedEngines, LowerAscii(tokens[name].text))) {
          edits_.Replace(tokens[name].offset, tokens[name].text.size(), std::string(kUsualEngine));
        }
      }
    }
    table_.left_out.insert(table_.left_out.end(), left_out.begin(), left_out.end());
  }

  void WritePlacedPartitions() {
    const std::vector<SqlToken>& tokens = outline_.partitioning;
    const PartitionClause clause(tokens);
    if (clause.HasDefaultValue()) {
      table_.unheld.emplace_back("it has a DEFAULT partition");
    }
    const bool by_values = clause.method == "range" || clause.method == "list";
    if (!clause.submethod.empty() &&
        (!by_values || (clause.submethod != "hash" && clause.submethod != "key"))) {
      table_.unheld.push_back(fmt::format(
          "its partitions by {} have subpartitions by {}; others know such of HASH and KEY within "
          "RANGE and LIST alone",
          clause.method, clause.submethod));
    }
    if (!clause.HasEqualSubpartitions()) {
      table_.unheld.emplace_back("its partitions have different numbers of subpartitions");
    }
    if (clause.size != 0) {
      table_.left_out.emplace_back(Text(tokens, clause.size, clause.size_end));
      // The server cuts it when it grows; so far there is nothing to tell.
      if (by_values && clause.list == tokens.size()) {
        std::size_t begin = tokens.front().offset;
        while (begin > 0 && std::isspace(static_cast<unsigned char>(text_[begin - 1])) != 0) {
          --begin;
        }
        edits_.Remove(begin, tokens.back().end() - begin);
        table_.partitioned = false;
        return;
      }
      RemoveTokens(tokens, clause.size, clause.size_end);
    }
    if (clause.template_end != 0 && table_.unheld.empty()) SpellOutTemplate(clause);
  }

  // The server names the subpartitions so, and so do others.
  void SpellOutTemplate(const PartitionClause& clause) {
    const std::vector<SqlToken>& tokens = clause.tokens;
    std::vector<std::string> names;
    for (std::size_t i = clause.template_begin + 2; i + 1 < clause.template_end; ++i) {
      if (tokens[i].IsWord("subpartition")) names.push_back(NameOf(tokens[i + 1]));
    }
    RemoveTokens(tokens, clause.template_begin, clause.template_end);
    int depth = 0;
    std::string name;
    for (std::size_t i = clause.list; i < tokens.size(); ++i) {
      if (depth == 1 && tokens[i].IsWord("partition") && i + 1 < tokens.size()) {
        name = NameOf(tokens[i + 1]);
      }
      if (depth == 1 && (tokens[i].IsSign(',') || tokens[i].IsSign(')'))) {
        std::string list;
        for (const std::string& each : names) {
          list += fmt::format("{}\nsubpartition {}", list.empty() ? " (" : ",",
                              QuoteIdentifier(name + "s" + each));
        }
        edits_.Insert(tokens[i - 1].end(), list + ")");
      }
      if (tokens[i].IsSign('(')) ++depth;
      if (tokens[i].IsSign(')') && --depth == 0) break;
    }
  }

  // ---- what not all can hold ----

  void ExamineKinds() {
    ExamineStrings();
    if (outline_.Option("with system versioning") != nullptr) {
      table_.one_alone.emplace_back("MySQL has no system-versioned tables");
    }
    const PartitionClause clause(outline_.partitioning);
    if (clause.HasDefaultPartition()) {
      table_.one_alone.emplace_back("MySQL has no DEFAULT partitions");
    }
    if (clause.IsLinear()) {
      table_.one_alone.emplace_back("OceanBase has no LINEAR partitions");
    }
    for (const TableItem& item : outline_.items) {
      switch (item.kind) {
        case TableItem::Kind::kPeriod:
          table_.one_alone.emplace_back("MySQL has no periods");
          break;
        case TableItem::Kind::kForeignKey:
          if (!table_.partitioned) break;
          table_.unheld.push_back(
              fmt::format("{}: a partitioned table cannot have one", Describe(item)));
          break;
        case TableItem::Kind::kColumn:
          if (placed_ || usual_engine_) ExamineCounter(item);
          break;
        case TableItem::Kind::kKey:
          ExamineKey(item);
          break;
        case TableItem::Kind::kCheck:
          break;
      }
    }
  }

  // See WithoutUnicodeIntroducers(): others cannot go.
  void ExamineStrings() {
    const std::vector<SqlToken> tokens = TokensOf(text_);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (CharsetOfString(tokens, i).empty()) continue;
      if (tokens[i + 1].text.find('\\') == std::string_view::npos) continue;
      table_.one_alone.push_back(fmt::format("the string {}{}: MariaDB loses its backslashes",
                                             tokens[i].text, tokens[i + 1].text));
    }
  }

  void ExamineKey(const TableItem& item) {
    if (item.tokens.front().IsWord("vector")) {
      table_.one_alone.push_back(fmt::format("{}: MySQL has no VECTOR keys", Describe(item)));
    }
    if (table_.partitioned && item.tokens.front().IsWord("spatial")) {
      table_.unheld.push_back(
          fmt::format("{}: a partitioned table cannot have a SPATIAL one", Describe(item)));
    }
    if (table_.partitioned && item.tokens.front().IsWord("fulltext")) {
      table_.one_alone.push_back(
          fmt::format("{}: MySQL has no FULLTEXT keys of partitioned tables", Describe(item)));
    }
    ExamineKeyParts(item);
  }

  void ExamineKeyParts(const TableItem& item) {
    const std::vector<SqlToken>& tokens = item.tokens;
    const bool ordered = !tokens.front().IsWord("fulltext") && !tokens.front().IsWord("spatial") &&
                         !tokens.front().IsWord("vector");
    std::size_t at = item.body;
    while (at < tokens.size() && !tokens[at].IsSign('(')) ++at;
    int depth = 0;
    for (; at + 1 < tokens.size(); ++at) {
      if (tokens[at].IsSign('(')) ++depth;
      if (tokens[at].IsSign(')') && --depth == 0) return;
      if (depth != 1 || !(tokens[at].IsSign('(') || tokens[at].IsSign(','))) continue;
      if (tokens[at + 1].IsSign('(')) {  // ((a + 1)) or (a, (a + 1))
        table_.one_alone.push_back(
            fmt::format("{}: MariaDB has no keys of expressions", Describe(item)));
        return;
      }
      if (ordered && !IsSignAt(tokens, at + 2, '(') && IsLong(NameOf(tokens[at + 1]))) {
        table_.one_alone.push_back(
            fmt::format("{}: MySQL has no keys of whole texts", Describe(item)));
        return;
      }
    }
  }

  bool IsLong(const std::string& column) const {
    return std::any_of(outline_.items.begin(), outline_.items.end(), [&](const TableItem& item) {
      return item.kind == TableItem::Kind::kColumn && item.body < item.tokens.size() &&
             EqualIgnoringCase(item.name, column) &&
             Contains(kLongTypes, LowerAscii(item.tokens[item.body].text));
    });
  }

  // OceanBase counts in any column of a key, and so does Aria.
  void ExamineCounter(const TableItem& column) {
    const bool counts = std::any_of(column.tokens.begin(), column.tokens.end(),
                                    [](const SqlToken& t) { return t.IsWord("auto_increment"); });
    if (!counts) return;
    const bool leads =
        std::any_of(outline_.items.begin(), outline_.items.end(), [&](const TableItem& item) {
          if (item.kind != TableItem::Kind::kKey) return false;
          std::size_t at = item.body;
          while (at < item.tokens.size() && !item.tokens[at].IsSign('(')) ++at;
          return at + 1 < item.tokens.size() &&
                 EqualIgnoringCase(NameOf(item.tokens[at + 1]), column.name);
        });
    if (leads) return;
    table_.unheld.push_back(
        fmt::format("{} is AUTO_INCREMENT, and no key begins with it", Describe(column)));
  }

  // ---- the result ----

  // Read again: is it the same table, and is nothing said twice or where it is passed over?
  bool IsSound() const {
    const TableOutline written = OutlineOf(table_.create);
    std::size_t i = 0;
    for (const TableItem& item : outline_.items) {
      if (removed_.contains(&item)) continue;
      if (i == written.items.size()) return false;
      const TableItem& other = written.items[i++];
      if (other.kind != item.kind || other.name != item.name) return false;
      if (item.kind != TableItem::Kind::kColumn) continue;
      const ColumnWords words(other);
      if (words.charsets > 1 || words.collations > 1) return false;
    }
    if (i != written.items.size()) return false;
    if (written.partitioning.empty() == table_.partitioned) return false;
    const std::vector<VersionComment> comments = VersionCommentsOf(table_.create);
    return std::all_of(comments.begin(), comments.end(), [&](const VersionComment& comment) {
      return std::string_view(table_.create).substr(comment.begin).starts_with(kParserComment);
    });
  }

  static constexpr std::string_view kParserComment = "/*!50700 WITH PARSER ";

  const std::string own_;
  const std::string_view text_;
  const TableCollations& collations_;
  const bool placed_;
  const TableOutline outline_;
  const std::vector<VersionComment> comments_;
  const std::size_t partitions_begin_;
  std::set<const TableItem*> removed_;
  bool usual_engine_ = false;  // InnoDB stands for another
  TextEdits edits_;
  PortableTable table_;
};

}  // namespace

std::string WithoutUnicodeIntroducers(std::string_view create_table) {
  const std::vector<SqlToken> tokens = TokensOf(create_table);
  TextEdits edits(create_table);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (!IsUnicode(CharsetOfString(tokens, i))) continue;
    edits.Replace(tokens[i].offset, tokens[i].text.size(), {});
  }
  return edits.Apply();
}

std::string WithoutPlacementOptions(std::string_view create_table) {
  const TableOutline outline = OutlineOf(create_table);
  if (outline.Option("replica_num") == nullptr && outline.Option("tablet_size") == nullptr) {
    return std::string(create_table);
  }
  TextEdits edits(create_table);
  for (const TableItem& item : outline.items) {
    if (item.kind != TableItem::Kind::kKey) continue;
    int depth = 0;
    for (std::size_t i = item.body; i < item.tokens.size(); ++i) {
      const SqlToken& token = item.tokens[i];
      if (token.IsSign('(')) ++depth;
      if (token.IsSign(')')) --depth;
      if (depth != 0) continue;
      if (token.IsWord("local")) edits.Remove(token.text);
      if (token.IsWord("block_size") && i + 1 < item.tokens.size()) {
        edits.Remove(token.offset, item.tokens[i + 1].end() - token.offset);
      }
    }
  }
  for (const TableOption& option : outline.options) {
    const bool usual = option.name != "row_format" || EqualIgnoringCase(option.value, "dynamic");
    if (usual && Contains(kPlacementOptions, option.name)) edits.Remove(option.text);
  }
  return edits.Apply();
}

PortableTable PortableTableOf(std::string_view create_table, const TableCollations& collations,
                              bool placed) {
  return PortableWriter(WithoutUnicodeIntroducers(create_table), collations, placed).Run();
}

}  // namespace dbomsbak
