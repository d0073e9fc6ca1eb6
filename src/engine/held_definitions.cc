#include "engine/held_definitions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/contains.h"
#include "dbomsbak/base/ascii.h"
#include "dbomsbak/sql/quote.h"
#include "engine/definition_text.h"
#include "engine/staging_proof.h"
#include "sql/table_outline.h"

namespace dbomsbak {
namespace {

using namespace std::string_view_literals;

// utf8 and utf8mb3 are one charset under two names, on servers old and new.
bool HasName(const std::set<std::string>& have, const std::string& name) {
  if (have.contains(name) || name == "default") return true;
  const std::string_view view = name;
  if (view == "utf8") return have.contains("utf8mb3");
  if (view == "utf8mb3") return have.contains("utf8");
  if (view.starts_with("utf8_")) return have.contains("utf8mb3_" + name.substr(5));
  if (view.starts_with("utf8mb3_")) return have.contains("utf8_" + name.substr(8));
  return false;
}

constexpr std::array kTextTypes{"tinytext"sv, "text"sv, "mediumtext"sv, "longtext"sv};
constexpr std::array kBlobTypes{"tinyblob"sv, "blob"sv, "mediumblob"sv, "longblob"sv};
constexpr std::array kGeometryTypes{"geometry"sv,     "point"sv,          "linestring"sv,
                                    "polygon"sv,      "multipoint"sv,     "multilinestring"sv,
                                    "multipolygon"sv, "geomcollection"sv, "geometrycollection"sv};
constexpr std::array kWide{
    std::pair{"utf8mb4"sv, 4U}, std::pair{"utf8mb3"sv, 3U}, std::pair{"utf8"sv, 3U},
    std::pair{"ucs2"sv, 2U},    std::pair{"utf16"sv, 4U},   std::pair{"utf16le"sv, 4U},
    std::pair{"utf32"sv, 4U},   std::pair{"big5"sv, 2U},    std::pair{"gbk"sv, 2U},
    std::pair{"gb2312"sv, 2U},  std::pair{"euckr"sv, 2U},   std::pair{"sjis"sv, 2U},
    std::pair{"cp932"sv, 2U},   std::pair{"ujis"sv, 3U},    std::pair{"eucjpms"sv, 3U},
    std::pair{"gb18030"sv, 4U}};

std::uint64_t WidthOf(std::string_view charset) {
  for (const auto& [name, width] : kWide) {
    if (name == charset) return width;
  }
  return 1;
}

std::optional<std::uint64_t> NumberOf(const SqlToken& token) {
  std::uint64_t value = 0;
  const char* const end = token.text.data() + token.text.size();
  const auto read = std::from_chars(token.text.data(), end, value);
  if (token.kind != SqlToken::Kind::kWord || read.ec != std::errc() || read.ptr != end) {
    return std::nullopt;
  }
  return value;
}

// A column by what its words say.
class ColumnText {
 public:
  ColumnText(const TableItem& item, const TableOutline& table) : item_(item) {
    type_ = item.body < item.tokens.size() ? LowerAscii(item.tokens[item.body].text) : "";
    if (Token(1).IsSign('(')) length_ = NumberOf(Token(2));
    charset_ = CharsetOfTable(table);
    for (std::size_t i = item.body; i + 1 < item.tokens.size(); ++i) {
      if (item.tokens[i].IsWord("collate")) {
        const std::string collation = LowerAscii(item.tokens[i + 1].text);
        charset_ = collation.substr(0, collation.find('_'));
        break;
      }
      if (item.tokens[i].IsWord("set") && i > 0 && item.tokens[i - 1].IsWord("character")) {
        charset_ = LowerAscii(item.tokens[i + 1].text);
      }
    }
  }

  const TableItem& item() const { return item_; }
  const std::string& type() const { return type_; }
  const std::string& charset() const { return charset_; }
  std::optional<std::uint64_t> length() const { return length_; }
  bool IsText() const { return Contains(kTextTypes, type_); }
  bool IsLong() const {
    return IsText() || Contains(kBlobTypes, type_) || Contains(kGeometryTypes, type_) ||
           type_ == "json";
  }

  // Bytes that a character of it may take; 1 for bytes.
  std::uint64_t width() const {
    return type_ == "char" || type_ == "varchar" || IsText() ? WidthOf(charset_) : 1;
  }

  // TIMESTAMP NOT NULL, without a DEFAULT or an expression.
  bool IsBareTimestamp() const {
    if (type_ != "timestamp") return false;
    bool not_null = false;
    for (std::size_t i = item_.body; i < item_.tokens.size(); ++i) {
      const SqlToken& token = item_.tokens[i];
      if (token.IsWord("default") || token.IsWord("as")) return false;
      not_null = not_null || (token.IsWord("null") && item_.tokens[i - 1].IsWord("not"));
    }
    return not_null;
  }

  // DEFAULT and a literal that says something.
  bool HasLiteralDefault() const {
    const std::vector<SqlToken>& tokens = item_.tokens;
    for (std::size_t i = item_.body; i + 1 < tokens.size(); ++i) {
      if (tokens[i].IsWord("default")) {
        return !tokens[i + 1].IsWord("null") && !tokens[i + 1].IsSign('(');
      }
    }
    return false;
  }

  bool HasCheck() const {
    const std::vector<SqlToken>& tokens = item_.tokens;
    for (std::size_t i = item_.body; i + 1 < tokens.size(); ++i) {
      if (tokens[i].IsWord("check") && tokens[i + 1].IsSign('(')) return true;
    }
    return false;
  }

  // In the longest row, not a byte too many.
  std::uint64_t RowBytes() const {
    const std::uint64_t length = length_.value_or(1);
    const std::uint64_t bytes = length * width();
    if (type_ == "varchar" || type_ == "varbinary") return bytes + (bytes > 255 ? 2 : 1);
    if (type_ == "char" || type_ == "binary") return bytes;
    if (type_ == "tinytext" || type_ == "tinyblob") return 9;
    if (type_ == "text" || type_ == "blob") return 10;
    if (type_ == "mediumtext" || type_ == "mediumblob") return 11;
    if (IsLong()) return 12;
    if (type_ == "bigint" || type_ == "double") return 8;
    if (type_ == "int" || type_ == "float") return 4;
    return 1;  // or a little more
  }

 private:
  static std::string CharsetOfTable(const TableOutline& table) {
    if (const TableOption* charset = table.Option("character set")) {
      return LowerAscii(charset->value);
    }
    if (const TableOption* collation = table.Option("collate")) {
      return LowerAscii(collation->value.substr(0, collation->value.find('_')));
    }
    return {};
  }
  SqlToken Token(std::size_t ahead) const {
    const std::size_t place = item_.body + ahead;
    return place < item_.tokens.size() ? item_.tokens[place] : SqlToken{};
  }

  const TableItem& item_;
  std::string type_;
  std::string charset_;
  std::optional<std::uint64_t> length_;
};

// One column of a key, with the length that is taken of it.
struct KeyPart {
  std::string column;
  std::optional<std::uint64_t> prefix;
  bool descending = false;
};

std::vector<KeyPart> PartsOf(const TableItem& key) {
  std::vector<KeyPart> parts;
  int depth = 0;
  bool begins = false;
  for (std::size_t i = key.body; i < key.tokens.size(); ++i) {
    const SqlToken& token = key.tokens[i];
    if (token.IsSign('(')) {
      ++depth;
      begins = depth == 1;
      continue;
    }
    if (token.IsSign(')') && --depth == 0) break;
    if (depth == 1 && token.IsSign(',')) {
      begins = true;
    } else if (depth == 1 && begins) {
      parts.push_back({NameOf(token), std::nullopt, false});
      begins = false;
    } else if (!parts.empty() && depth == 2 && !parts.back().prefix && NumberOf(token)) {
      parts.back().prefix = NumberOf(token);
    } else if (!parts.empty() && depth == 1 && token.IsWord("desc")) {
      parts.back().descending = true;
    }
  }
  return parts;
}

// Options of tables that servers with a grammar for any option know by themselves.
constexpr std::array kKnownOptions{"engine"sv,
                                   "auto_increment"sv,
                                   "avg_row_length"sv,
                                   "character set"sv,
                                   "checksum"sv,
                                   "collate"sv,
                                   "comment"sv,
                                   "connection"sv,
                                   "data directory"sv,
                                   "delay_key_write"sv,
                                   "index directory"sv,
                                   "insert_method"sv,
                                   "key_block_size"sv,
                                   "max_rows"sv,
                                   "min_rows"sv,
                                   "pack_keys"sv,
                                   "page_checksum"sv,
                                   "row_format"sv,
                                   "sequence"sv,
                                   "stats_auto_recalc"sv,
                                   "stats_persistent"sv,
                                   "stats_sample_pages"sv,
                                   "transactional"sv,
                                   "union"sv,
                                   "with system versioning"sv,
                                   "encrypted"sv,
                                   "encryption_key_id"sv,
                                   "page_compressed"sv,
                                   "page_compression_level"sv,
                                   "password"sv};
// And of those that forget most of them.
constexpr std::array kKeptOptions{"engine"sv,
                                  "auto_increment"sv,
                                  "character set"sv,
                                  "collate"sv,
                                  "comment"sv,
                                  "row_format"sv,
                                  "compression"sv,
                                  "organization"sv,
                                  "auto_increment_mode"sv,
                                  "replica_num"sv,
                                  "block_size"sv,
                                  "use_bloom_filter"sv,
                                  "enable_macro_block_bloom_filter"sv,
                                  "tablet_size"sv,
                                  "pctfree"sv};

constexpr std::size_t kShownText = 80;

// Whitespace of a definition made one blank, and cut to what fits a message.
std::string Short(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (blank && (line.empty() || line.back() == ' ')) continue;
    line += blank ? ' ' : c;
    if (line.size() == kShownText) return line + " …";
  }
  return line;
}

// All that one object says against itself.
class Examiner {
 public:
  // `same_series`: it comes from a server that prints and takes the same, and asks only for what
  // servers of one series may lack.
  Examiner(const ContentObject& object, const RestoreFacts& facts, bool same_series)
      : object_(object), facts_(facts), traits_(facts.definitions), same_series_(same_series) {}

  std::vector<std::string> Run() {
    const ObjectRecord& record = object_.record;
    Charset(record.charset);
    Charset(record.character_set_client);
    Collation(record.collation);
    Collation(record.collation_connection);
    Collation(record.database_collation);
    switch (record.id.kind) {
      case ObjectKind::kDatabase:
        if (record.comment && !record.comment->empty() && !traits_.has_database_comments) {
          Add("its COMMENT, which databases do not have there");
        }
        break;
      case ObjectKind::kSequence:
        if (!facts_.traits.has_sequences) Add("the server has no sequences");
        break;
      case ObjectKind::kTable:
        ExamineTable();
        break;
      case ObjectKind::kView:
        ExamineView();
        break;
      default:
        break;
    }
    if (!same_series_ && !traits_.has_role_definers) ExamineDefiner();
    return std::move(reasons_);
  }

 private:
  void Add(std::string reason) {
    if (!Contains(reasons_, reason)) reasons_.push_back(std::move(reason));
  }
  void Charset(const std::string& name) {
    if (!name.empty() && !HasName(facts_.charsets, name)) {
      Add(fmt::format("the server has no charset {}", name));
    }
  }
  void Collation(const std::string& name) {
    if (!name.empty() && !HasName(facts_.collations, name)) {
      Add(fmt::format("the server has no collation {}", name));
    }
  }

  void ExamineTable() {
    const DefinitionNeeds needs = NeedsOf(object_.create);
    for (const std::string& name : needs.charsets) Charset(name);
    for (const std::string& name : needs.collations) Collation(name);
    const std::string& engine = object_.record.engine;
    if (!engine.empty() && !HasName(facts_.engines, LowerAscii(engine))) {
      Add(fmt::format("the server has no storage engine {}", engine));
    }
    table_ = OutlineOf(object_.create);
    if (traits_.gives_timestamps_defaults) ExamineTimestamps();
    if (same_series_) return;
    std::uint64_t row_bytes = 0;
    for (const TableItem& item : table_.items) {
      switch (item.kind) {
        case TableItem::Kind::kColumn:
          columns_.emplace_back(item, table_);
          ExamineColumn(columns_.back());
          row_bytes += columns_.back().RowBytes();
          break;
        case TableItem::Kind::kCheck:
          if (!traits_.keeps_checks) Forgets(item);
          break;
        default:
          break;
      }
    }
    for (const TableItem& item : table_.items) {
      if (item.kind == TableItem::Kind::kKey) ExamineKey(item);
    }
    row_bytes += columns_.size() / 8 + 1;
    if (traits_.max_row_bytes != 0 && row_bytes > traits_.max_row_bytes) {
      Add(
          fmt::format("a row of it may have {} bytes without TEXT and BLOB, the server's limit is "
                      "{}",
                      row_bytes, traits_.max_row_bytes));
    }
    ExamineOptions();
    if (!table_.partitioning.empty() && !traits_.has_partitions_of_every_engine && !IsInnoDb() &&
        !engine.empty()) {
      Add(fmt::format("it is partitioned, which there tables of engine {} cannot be", engine));
    }
  }

  void Forgets(const TableItem& item) {
    Add(fmt::format("{}: the server reads and forgets it", Describe(item)));
  }

  // A setting of the server, so those of one series may differ in it.
  void ExamineTimestamps() {
    for (const TableItem& item : table_.items) {
      if (item.kind != TableItem::Kind::kColumn || !ColumnText(item, table_).IsBareTimestamp()) {
        continue;
      }
      Add(
          fmt::format("{}: the server gives a TIMESTAMP NOT NULL that says nothing a DEFAULT or ON "
                      "UPDATE (its explicit_defaults_for_timestamp is off)",
                      Describe(item)));
    }
  }

  void ExamineColumn(const ColumnText& column) {
    const std::string what = Describe(column.item());
    if (column.type() == "json" && !traits_.keeps_json_type) {
      Add(fmt::format("{}: the server has no type JSON, it would be LONGTEXT", what));
    }
    if (column.HasCheck() && !traits_.keeps_checks) {
      Add(fmt::format("the CHECK of {}: the server reads and forgets it", what));
    }
    if (column.IsLong() && column.HasLiteralDefault() && !traits_.has_literal_text_defaults) {
      Add(fmt::format("{}: the server has no literal DEFAULT for {}", what,
                      LowerAscii(column.type())));
    }
    if (column.type() == "year" && column.length() == 2U && !traits_.has_two_digit_years) {
      Add(fmt::format("{}: the server has no YEAR(2)", what));
    }
    constexpr std::uint64_t kLongest = 65535;
    const bool variable = column.type() == "varchar" || column.type() == "varbinary";
    if (traits_.max_row_bytes != 0 && variable &&
        column.length().value_or(0) * column.width() > kLongest) {
      Add(fmt::format("{}: {} bytes are more than a {} holds there", what,
                      *column.length() * column.width(), column.type()));
    }
  }

  bool IsInnoDb() const { return EqualIgnoringCase(object_.record.engine, "innodb"); }

  void ExamineKey(const TableItem& item) {
    const bool spatial = item.tokens.front().IsWord("spatial");
    if (spatial && IsInnoDb() && !traits_.has_spatial_keys_in_innodb) {
      Add(fmt::format("{}: the server has no SPATIAL index in InnoDB", Describe(item)));
    }
    const bool bytewise = !spatial && !item.tokens.front().IsWord("fulltext") &&
                          !item.tokens.front().IsWord("vector") && IsInnoDb();
    const TableOption* format = table_.Option("row_format");
    const bool dynamic = format != nullptr && (EqualIgnoringCase(format->value, "dynamic") ||
                                               EqualIgnoringCase(format->value, "compressed"));
    const std::uint64_t limit =
        dynamic ? traits_.max_key_column_bytes_dynamic : traits_.max_key_column_bytes;
    std::uint64_t total = 0;
    for (const KeyPart& part : PartsOf(item)) {
      if (part.descending && !traits_.keeps_descending_keys) {
        Add(fmt::format("{}: the server reads and forgets DESC", Describe(item)));
      }
      const auto column = std::find_if(
          columns_.begin(), columns_.end(),
          [&](const ColumnText& each) { return EqualIgnoringCase(each.item().name, part.column); });
      if (!bytewise || column == columns_.end()) continue;
      if (column->IsLong() && !part.prefix && !traits_.has_whole_text_keys) {
        Add(fmt::format("{}: the server has no key of a whole {}", Describe(item),
                        LowerAscii(column->type())));
      }
      if (limit == 0) continue;
      const bool long_type = column->type() == "varchar" || column->type() == "char" ||
                             column->type() == "varbinary" || column->type() == "binary" ||
                             column->IsLong();
      if (!long_type) continue;
      const std::uint64_t bytes =
          part.prefix.value_or(column->IsLong() ? 0 : column->length().value_or(1)) *
          column->width();
      total += bytes;
      if (bytes > limit) {
        Add(fmt::format("{}: {} bytes of {} are too long, the server's limit is {}", Describe(item),
                        bytes, Describe(column->item()), limit));
      }
    }
    constexpr std::uint64_t kAllColumns = 3072;
    if (limit != 0 && limit <= kAllColumns && total > kAllColumns) {
      Add(fmt::format("{}: {} bytes are too long, the server's limit is {}", Describe(item), total,
                      kAllColumns));
    }
  }

  void ExamineOptions() {
    for (const TableOption& option : table_.options) {
      if (traits_.takes_unknown_table_options && !Contains(kKnownOptions, option.name)) {
        Add(fmt::format("the server has no option {}", Short(option.text)));
      } else if (!traits_.keeps_storage_options && !Contains(kKeptOptions, option.name)) {
        Add(fmt::format("option {}: the server reads and forgets it", Short(option.text)));
      }
    }
  }

  // DEFINER=`role`, where others say DEFINER=`user`@`host`.
  void ExamineDefiner() {
    if (object_.record.definer.empty()) return;
    SqlTokenizer tokens(object_.create);
    SqlToken token = tokens.Next();
    while (token.kind != SqlToken::Kind::kEnd && !token.IsWord("definer")) token = tokens.Next();
    if (!tokens.Next().IsSign('=')) return;
    const SqlToken name = tokens.Next();
    if (name.kind != SqlToken::Kind::kQuotedName || tokens.Next().IsSign('@')) return;
    Add(fmt::format("its definer is the role {}; on that server it would be an account",
                    name.text));
  }

  void ExamineView() {
    if (traits_.keeps_view_security) return;
    SqlTokenizer tokens(object_.create);
    for (SqlToken token = tokens.Next(); token.kind != SqlToken::Kind::kEnd;
         token = tokens.Next()) {
      if (token.IsWord("view")) return;
      if (token.IsWord("invoker")) Add("SQL SECURITY INVOKER: the server reads and forgets it");
    }
  }

  const ContentObject& object_;
  const RestoreFacts& facts_;
  const DefinitionTraits& traits_;
  bool same_series_;
  TableOutline table_;
  std::vector<ColumnText> columns_;
  std::vector<std::string> reasons_;
};

// What only several objects together say: names and triggers that a server has once.
class Together {
 public:
  explicit Together(const DefinitionTraits& traits) : traits_(traits) {}

  std::optional<std::string> Against(const ContentObject& object) {
    const ObjectId& id = object.record.id;
    if (id.kind == ObjectKind::kTable && traits_.check_names_are_of_the_database) {
      std::string taken;
      for (const TableItem& item : OutlineOf(object.create).items) {
        if (item.kind != TableItem::Kind::kCheck || item.name.empty()) continue;
        const auto [place, fresh] =
            checks_.emplace(std::pair{id.database, LowerAscii(item.name)}, id.name);
        if (fresh || place->second == id.name) continue;
        taken += fmt::format(
            "{}its {} has the name of one of {}, which the server has once in a "
            "database",
            taken.empty() ? "" : "; ", Describe(item), QuoteQualified(id.database, place->second));
      }
      if (!taken.empty()) return taken;
    }
    if (id.kind == ObjectKind::kTrigger && !traits_.has_many_triggers_an_event) {
      const auto [place, fresh] = triggers_.emplace(
          std::tuple{id.database, object.record.table, OccasionOf(object.create)}, id.name);
      if (!fresh) {
        return fmt::format(
            "{} is one of the same time and event, and the server has one for a table",
            QuoteIdentifier(place->second));
      }
    }
    return std::nullopt;
  }

 private:
  // "before insert"
  static std::string OccasionOf(std::string_view create_trigger) {
    SqlTokenizer tokens(create_trigger);
    for (SqlToken token = tokens.Next(); token.kind != SqlToken::Kind::kEnd;
         token = tokens.Next()) {
      if (!token.IsWord("before") && !token.IsWord("after")) continue;
      return LowerAscii(token.text) + " " + LowerAscii(tokens.Next().text);
    }
    return {};
  }

  const DefinitionTraits& traits_;
  std::map<std::pair<std::string, std::string>, std::string> checks_;
  std::map<std::tuple<std::string, std::string, std::string>, std::string> triggers_;
};

}  // namespace

std::string Unheld::Describe() const {
  return fmt::format("{} cannot be held here: {}", id.Describe(), fmt::join(reasons, "; "));
}

std::vector<Unheld> FindUnheld(const RestoreContent& content, const RestoreFacts& facts) {
  std::vector<Unheld> unheld;
  Together together(facts.definitions);
  for (const auto* objects :
       {&content.databases, &content.sequences, &content.tables, &content.views, &content.routines,
        &content.triggers, &content.events}) {
    for (const ContentObject& object : *objects) {
      const bool same_series = PrintsAlike(content, object.record.id.database, facts.traits);
      Unheld found{object.record.id, Examiner(object, facts, same_series).Run()};
      if (!same_series) {
        if (std::optional<std::string> reason = together.Against(object)) {
          found.reasons.push_back(std::move(*reason));
        }
      }
      const auto refused = facts.refusals.find(object.record.id);
      if (refused != facts.refusals.end()) {
        found.reasons.insert(found.reasons.end(), refused->second.begin(), refused->second.end());
      }
      if (!found.reasons.empty()) unheld.push_back(std::move(found));
    }
  }
  return unheld;
}

}  // namespace dbomsbak
