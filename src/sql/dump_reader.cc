#include "dbomsbak/sql/dump_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "base/contains.h"
#include "dbomsbak/base/ascii.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/sql/statement_splitter.h"
#include "sql/dump_text.h"
#include "sql/tokenizer.h"

namespace dbomsbak {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kLastWords = "-- Dump completed";
constexpr std::size_t kMaxShortStatement = std::size_t{1} << 20;  // of SET, USE, DROP and their kin
constexpr std::size_t kShownBytes = 60;

// Session variables that shape nothing we would not set ourselves: their values are passed over.
constexpr std::array kOwnBusiness{
    "character_set_results"sv,
    "unique_checks"sv,
    "foreign_key_checks"sv,
    "check_constraint_checks"sv,
    "sql_notes"sv,
    "note_verbosity"sv,
    "autocommit"sv,
    "sql_quote_show_create"sv,
    "system_versioning_insert_history"sv,
    "sql_require_primary_key"sv,
    "sql_generate_invisible_primary_key"sv,
    "innodb_strict_mode"sv,
    "explicit_defaults_for_timestamp"sv,
    "max_statement_time"sv,
    "ob_query_timeout"sv,
    "ob_trx_timeout"sv,
    "net_read_timeout"sv,
    "net_write_timeout"sv,
    "wait_timeout"sv,
    "lock_wait_timeout"sv,
};
// What a dump wants of the server as a whole, or of its binary log: read, told, and not obeyed.
constexpr std::array kNotObeyed{"gtid_purged"sv, "gtid_slave_pos"sv, "innodb_stats_auto_recalc"sv};
// Modes that bring ANSI_QUOTES with them.
constexpr std::array kAnsiModes{"ansi_quotes"sv, "ansi"sv,   "db2"sv,       "maxdb"sv,
                                "mssql"sv,       "oracle"sv, "postgresql"sv};
// A byte below 0x80 may be half a character in these.
constexpr std::array kTreacherousCharsets{"big5"sv, "cp932"sv, "gb18030"sv, "gbk"sv,  "sjis"sv,
                                          "ucs2"sv, "utf16"sv, "utf16le"sv, "utf32"sv};

bool IsUtf8Charset(std::string_view charset) {
  return charset.starts_with("utf8") || charset == "binary";
}

std::string_view WithoutTrailingSpace(std::string_view text) {
  const std::size_t last = text.find_last_not_of(" \t\r\n\v\f");
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

// Tokens of a statement, one after the other, with a look ahead.
class Words {
 public:
  Words(std::string_view text, bool ansi_quotes) : tokenizer_(text), ansi_quotes_(ansi_quotes) {
    Advance();
  }
  const SqlToken& now() const { return now_; }
  SqlToken Take() {
    const SqlToken taken = now_;
    Advance();
    return taken;
  }
  bool at_end() const { return now_.kind == SqlToken::Kind::kEnd; }
  bool TakeWord(std::string_view word) {
    if (!now_.IsWord(word)) return false;
    Advance();
    return true;
  }
  bool TakeWords(std::string_view first, std::string_view second) {
    if (!now_.IsWord(first)) return false;
    const SqlTokenizer tokenizer = tokenizer_;
    const SqlToken kept = now_;
    Advance();
    if (TakeWord(second)) return true;
    tokenizer_ = tokenizer;
    now_ = kept;
    return false;
  }
  bool TakeSign(char sign) {
    if (!now_.IsSign(sign)) return false;
    Advance();
    return true;
  }
  std::optional<std::string> TakeName() {
    const bool name =
        now_.kind == SqlToken::Kind::kQuotedName || now_.kind == SqlToken::Kind::kWord ||
        (ansi_quotes_ && now_.kind == SqlToken::Kind::kString && now_.text.front() == '"');
    if (!name) return std::nullopt;
    return NameOf(Take());
  }

 private:
  void Advance() { now_ = tokenizer_.Next(); }

  SqlTokenizer tokenizer_;
  SqlToken now_;
  bool ansi_quotes_;
};

struct QualifiedName {
  std::string database;  // empty: none
  std::string name;
};

std::optional<QualifiedName> TakeQualified(Words& words) {
  std::optional<std::string> first = words.TakeName();
  if (!first) return std::nullopt;
  if (!words.TakeSign('.')) return QualifiedName{{}, std::move(*first)};
  std::optional<std::string> second = words.TakeName();
  if (!second) return std::nullopt;
  return QualifiedName{std::move(*first), std::move(*second)};
}

std::optional<ObjectKind> TakeKind(Words& words) {
  if (words.TakeWord("table")) return ObjectKind::kTable;
  if (words.TakeWord("view")) return ObjectKind::kView;
  if (words.TakeWord("trigger")) return ObjectKind::kTrigger;
  if (words.TakeWord("procedure")) return ObjectKind::kProcedure;
  if (words.TakeWord("function")) return ObjectKind::kFunction;
  if (words.TakeWord("event")) return ObjectKind::kEvent;
  if (words.TakeWord("sequence")) return ObjectKind::kSequence;
  if (words.TakeWords("package", "body")) return ObjectKind::kPackageBody;
  if (words.TakeWord("package")) return ObjectKind::kPackage;
  return std::nullopt;
}

}  // namespace

struct DumpReader::State {
  State(Options given, Sink to)
      : options(std::move(given)),
        sink(std::move(to)),
        splitter(options.max_statement_bytes,
                 [this](const StatementSplitter::Statement& found) { Read(found); }) {
    splitter.set_comment_sink([this](std::string_view text) { ReadComment(text); });
  }

  Options options;
  const bool into_given = !options.into.empty() && !options.into_if_unnamed;
  Sink sink;
  StatementSplitter splitter;
  DumpModel model;
  DumpSettings settings;
  std::optional<std::string> sql_mode;
  std::string collation_connection;
  std::map<std::string, std::string> moment_collation;  // of databases, while ALTER has changed it
  // User variables, and what they were given; a value that nobody knows is nullopt.
  std::map<std::string, std::optional<std::string>> kept;
  std::string current;  // database
  bool names_databases = false;
  bool head_seen = false, completed = false;
  bool crlf = false, line_end_seen = false;
  std::string carry;  // "\r" at the end of a piece of a CRLF file
  std::string converted;
  std::uint64_t line = 0;
  std::string_view statement;
  // What the rows of INSERTs that follow each other go to.
  DumpedObject* rows_of = nullptr;

  // ---- errors --------------------------------------------------------------------------------

  [[noreturn]] void Refuse(std::string_view why) const {
    std::string shown(statement.substr(0, kShownBytes));
    std::replace_if(
        shown.begin(), shown.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; },
        ' ');
    throw Error(
        ErrorCode::kUnsupported,
        fmt::format("'{}' line {}: {}: {}{}", options.name, line, why, shown,
                    statement.size() > kShownBytes ? "…" : ""),
        "Only what dump programs write of databases is taken, and nothing was changed. Take "
        "such statements out, or load the file with the mysql client after reading it.")
        .About(options.name);
  }
  [[noreturn]] void RefuseStatement() const { Refuse("no statement of a dump of databases"); }

  [[noreturn]] void ThrowIncomplete(std::string_view what) const {
    throw Error(ErrorCode::kIncomplete, fmt::format("'{}' is incomplete: {}", options.name, what),
                "The dump was cut short, or was written without comments; take it again.")
        .About(options.name);
  }

  void CheckName(const std::string& name) const {
    if (!IsAscii(name) && !IsUtf8Charset(settings.client_charset)) {
      Refuse(fmt::format("a name beyond ASCII in {} (dump with --default-character-set=utf8mb4)",
                         settings.client_charset));
    }
  }

  // ---- comments ------------------------------------------------------------------------------

  void ReadComment(std::string_view text) {
    text = WithoutTrailingSpace(text);
    const auto behind = [&](std::string_view start) -> std::optional<std::string_view> {
      if (!text.starts_with(start)) return std::nullopt;
      return text.substr(start.size());
    };
    if (text.starts_with(kLastWords)) {
      completed = true;
      return;
    }
    if (text.starts_with("-- MySQL dump ") || text.starts_with("-- MariaDB dump ")) {
      if (head_seen && !completed) {
        ThrowIncomplete("a second dump begins before the first has its last line");
      }
      head_seen = true;
      model.program = text.substr(3);
    } else if (const auto host = behind("-- Host: ")) {
      constexpr std::string_view kDatabase = "Database: ";
      const std::size_t found = host->rfind(kDatabase);
      if (found != std::string_view::npos) {
        model.head_database = host->substr(found + kDatabase.size());
      }
    } else if (const auto version = behind("-- Server version")) {
      const std::size_t begin = version->find_first_not_of(" \t");
      if (begin != std::string_view::npos) {
        const std::string_view rest = version->substr(begin);
        model.server_version = rest.substr(0, rest.find(' '));
      }
    } else if (const auto json = behind("-- dbomsbak: {")) {
      model.is_own = true;
      head_seen = true;
      model.program = "dbomsbak";
      if (options.into.empty() && options.own_database) {
        options.into = options.own_database(text.substr(text.size() - json->size() - 1));
      }
    } else if (const auto routines = behind("-- Dumping routines for database ")) {
      if (DumpedDatabase* database = Named(*routines)) database->tells_routines = true;
    } else if (const auto events = behind("-- Dumping events for database ")) {
      if (DumpedDatabase* database = Named(*events)) database->tells_events = true;
    } else if (const auto data = behind("-- Dumping data for table ")) {
      if (DumpedObject* table = TableOfComment(*data)) table->has_data_section = true;
      rows_of = nullptr;
    } else if (text.starts_with("-- WHERE: ")) {
      if (last_table != nullptr) last_table->row_filtered = true;
    }
  }
  DumpedObject* last_table = nullptr;  // whose data section we are in

  DumpedDatabase* Named(std::string_view quoted) {
    const SqlToken token = SqlTokenizer(quoted).Next();
    const auto found = model.databases.find(NameOf(token));
    if (found != model.databases.end()) return &found->second;
    if (!current.empty()) return &model.databases.at(current);
    if (options.into.empty() || names_databases) return nullptr;
    return &Database(options.into);  // a dump with nothing in it
  }

  DumpedObject* TableOfComment(std::string_view quoted) {
    const SqlToken token = SqlTokenizer(quoted).Next();
    const auto found = model.objects.find({current, ObjectKind::kTable, NameOf(token)});
    last_table = found == model.objects.end() ? nullptr : &found->second;
    return last_table;
  }

  // ---- statements ----------------------------------------------------------------------------

  void Read(const StatementSplitter::Statement& found) {
    statement = WithoutTrailingSpace(found.text);
    line = found.line;
    completed = false;
    if (Contains(kTreacherousCharsets, settings.client_charset) && !IsAscii(statement)) {
      Refuse(fmt::format("text beyond ASCII in {} (dump with --default-character-set=utf8mb4)",
                         settings.client_charset));
    }
    const SqlToken first = SqlTokenizer(statement).Next();
    if (first.IsWord("insert") || first.IsWord("replace")) return ReadRows();
    rows_of = nullptr;
    if (first.IsWord("create")) return ReadCreate();
    if (statement.size() > kMaxShortStatement) RefuseStatement();
    if (first.IsWord("set")) return ReadSet();
    Words words(statement, settings.ansi_quotes);
    if (words.TakeWord("use")) return ReadUse(words);
    if (words.TakeWord("drop")) return ReadDrop(words);
    if (words.TakeWord("alter")) return ReadAlter(words);
    if (words.TakeWord("select") || words.TakeWord("do")) return ReadSetval(words);
    if (words.TakeWords("lock", "tables")) return ReadLock(words);
    if (words.TakeWords("unlock", "tables") || words.TakeWord("commit") ||
        words.TakeWords("start", "transaction") || words.TakeWord("begin")) {
      if (!words.at_end()) RefuseStatement();
      return HandOut(DumpStatement::Role::kSetting);
    }
    if (words.TakeWords("analyze", "table")) return ReadHistogram(words);
    if (words.TakeWords("change", "master") || words.TakeWords("change", "replication")) {
      return LeaveOut();
    }
    RefuseStatement();
  }

  void HandOut(DumpStatement::Role role, const DumpedObject* object = nullptr,
               std::uint64_t rows = 0) const {
    if (sink) sink({role, statement, line, object, rows, &settings});
  }

  void LeaveOut() {
    std::string shown(statement.substr(0, kShownBytes));
    std::replace(shown.begin(), shown.end(), '\n', ' ');
    model.left_out.push_back(fmt::format("line {}: {}", line, shown));
    HandOut(DumpStatement::Role::kSetting);
  }

  // ---- databases -----------------------------------------------------------------------------

  DumpedDatabase& Database(const std::string& name) {
    DumpedDatabase& database = model.databases[name];
    database.name = name;
    return database;
  }

  // The one that unqualified names mean.
  const std::string& Current() {
    if (!current.empty()) return current;
    if (options.into.empty() && options.into_head_database) {
      options.into = model.head_database.empty() ? "unnamed" : model.head_database;
    }
    if (options.into.empty()) {
      throw Error(ErrorCode::kUsage,
                  fmt::format("'{}' does not say which database it is of", options.name),
                  model.head_database.empty()
                      ? "Give its name with --into DB."
                      : fmt::format("It was taken of {}: --into {} puts it there.",
                                    QuoteIdentifier(model.head_database), model.head_database))
          .About(options.name);
    }
    current = options.into;
    Database(current);
    return current;
  }

  void EnterDatabase(const std::string& name) {
    CheckName(name);
    if (into_given) {
      throw Error(ErrorCode::kUsage,
                  fmt::format("'{}' names its databases itself, {} for one", options.name,
                              QuoteIdentifier(name)),
                  "--into is for dumps that name none; leave it out.")
          .About(options.name);
    }
    names_databases = true;
  }

  void ReadUse(Words& words) {
    const std::optional<std::string> name = words.TakeName();
    if (!name || !words.at_end()) RefuseStatement();
    EnterDatabase(*name);
    current = *name;
    Database(current);
    HandOut(DumpStatement::Role::kDatabase);
  }

  // Behind the name: [DEFAULT] CHARACTER SET x, COLLATE y, ENCRYPTION='N'.
  std::pair<std::string, std::string> TakeDatabaseOptions(Words& words) {
    std::string charset, collation;
    while (!words.at_end()) {
      words.TakeWord("default");
      const bool is_charset = words.TakeWords("character", "set") || words.TakeWord("charset");
      const bool is_collation = !is_charset && words.TakeWord("collate");
      if (!is_charset && !is_collation && !words.TakeWord("encryption") &&
          !words.TakeWord("comment") && !words.TakeWords("read", "only")) {
        RefuseStatement();
      }
      words.TakeSign('=');
      if (words.at_end()) RefuseStatement();
      const std::string value = NameOf(words.Take());
      if (is_charset) charset = InCharsetWord(value);
      if (is_collation) collation = InCharsetWord(value);
    }
    return {charset, collation};
  }

  void ReadCreateDatabase(Words& words) {
    if (words.TakeWord("if") && !(words.TakeWord("not") && words.TakeWord("exists"))) {
      RefuseStatement();
    }
    const std::optional<std::string> name = words.TakeName();
    if (!name) RefuseStatement();
    EnterDatabase(*name);
    DumpedDatabase& database = Database(*name);
    database.created = true;
    std::tie(database.charset, database.collation) = TakeDatabaseOptions(words);
    HandOut(DumpStatement::Role::kDatabase);
  }

  // Around a program that was made while its database had another collation, or KEYS.
  void ReadAlter(Words& words) {
    if (words.TakeWord("table")) {
      const bool keys = TakeQualified(words) &&
                        (words.TakeWord("disable") || words.TakeWord("enable")) &&
                        words.TakeWord("keys") && words.at_end();
      if (!keys) RefuseStatement();
      return HandOut(DumpStatement::Role::kSetting);
    }
    if (!words.TakeWord("database") && !words.TakeWord("schema")) RefuseStatement();
    const std::optional<std::string> name = words.TakeName();
    if (!name || *name != Current()) RefuseStatement();
    const auto [charset, collation] = TakeDatabaseOptions(words);
    if (collation.empty()) RefuseStatement();
    moment_collation[*name] = collation;
    DumpedDatabase& database = Database(*name);
    // The last of them puts the database back to what it is.
    if (!database.created) {
      database.charset = charset;
      database.collation = collation;
    }
    HandOut(DumpStatement::Role::kDatabase);
  }

  void ReadLock(Words& words) {
    do {
      if (!TakeQualified(words) || !(words.TakeWord("write") || words.TakeWord("read"))) {
        RefuseStatement();
      }
      words.TakeWord("local");
    } while (words.TakeSign(','));
    if (!words.at_end()) RefuseStatement();
    HandOut(DumpStatement::Role::kSetting);
  }

  // ANALYZE TABLE t UPDATE HISTOGRAM …: statistics.
  void ReadHistogram(Words& words) {
    if (!TakeQualified(words) || !words.TakeWords("update", "histogram")) RefuseStatement();
    LeaveOut();
  }

  // ---- settings ------------------------------------------------------------------------------

  struct Variable {
    bool user = false, global = false;
    std::string name;  // lower case
  };

  std::optional<Variable> TakeVariable(Words& words) {
    Variable variable;
    if (words.TakeSign('@')) {
      if (!words.TakeSign('@')) variable.user = true;
    }
    if (!variable.user) {
      if (words.TakeWord("global") || words.TakeWord("persist"))
        variable.global = true;
      else if (!words.TakeWord("session"))
        words.TakeWord("local");
      words.TakeSign('.');
    }
    const std::optional<std::string> name = words.TakeName();
    if (!name) return std::nullopt;
    variable.name = LowerAscii(*name);
    return variable;
  }

  std::optional<std::string> ValueOf(const Variable& variable) const {
    if (variable.user) {
      const auto found = kept.find(variable.name);
      return found == kept.end() ? std::nullopt : found->second;
    }
    if (variable.name == "sql_mode") return sql_mode;
    if (variable.name == "character_set_client") return settings.client_charset;
    if (variable.name == "collation_connection") return collation_connection;
    if (variable.name == "time_zone") return settings.time_zone;
    return std::nullopt;
  }

  // One value: a string or strings side by side, a word, a number, a variable. nullopt for one that
  // is not known here.
  std::optional<std::string> TakeValue(Words& words) {
    if (words.now().IsSign('@')) {
      const std::optional<Variable> variable = TakeVariable(words);
      if (!variable) RefuseStatement();
      return ValueOf(*variable);
    }
    if (words.TakeWord("if")) return TakeChoice(words);
    words.TakeSign('-');
    words.TakeSign('+');
    std::string value;
    bool any = false;
    while (words.now().kind == SqlToken::Kind::kString) {
      value += InUsual(words.Take());
      any = true;
    }
    if (!any) {
      if (words.now().kind != SqlToken::Kind::kWord) RefuseStatement();
      value = words.Take().text;
      if (words.TakeSign('.')) words.TakeName();  // a number with a fraction
    }
    return value;
  }
  // IF(@@version_comment LIKE '…', @@global.time_zone, 'SYSTEM'), as our portable dumps say it: the
  // last is what all servers but one take.
  std::optional<std::string> TakeChoice(Words& words) {
    if (!words.TakeSign('(') || !TakeVariable(words) || !words.TakeWord("like")) RefuseStatement();
    TakeValue(words);
    if (!words.TakeSign(',')) RefuseStatement();
    TakeValue(words);
    if (!words.TakeSign(',')) RefuseStatement();
    std::optional<std::string> value = TakeValue(words);
    if (!words.TakeSign(')')) RefuseStatement();
    return value;
  }
  static std::string InUsual(const SqlToken& token) {
    return token.text.front() == '\'' ? UnquoteString(token.text) : NameOf(token);
  }

  void ReadSet() {
    Words words(statement, settings.ansi_quotes);
    words.TakeWord("set");
    bool left_out = false;
    do {
      if (words.TakeWord("names")) {
        const std::optional<std::string> charset = TakeValue(words);
        SetCharset(charset.value_or(""));
        collation_connection =
            words.TakeWord("collate") ? InCharsetWord(TakeValue(words).value_or("")) : "";
        continue;
      }
      const std::optional<Variable> variable = TakeVariable(words);
      if (!variable || !(words.TakeSign('=') || (words.TakeSign(':') && words.TakeSign('=')))) {
        RefuseStatement();
      }
      left_out |= Assign(*variable, TakeValue(words));
    } while (words.TakeSign(','));
    if (!words.at_end()) RefuseStatement();
    if (left_out) return LeaveOut();
    HandOut(DumpStatement::Role::kSetting);
  }

  // True when the variable is one that is not obeyed.
  bool Assign(const Variable& variable, const std::optional<std::string>& value) {
    if (variable.user) {
      kept[variable.name] = value;
      return false;
    }
    if (Contains(kNotObeyed, variable.name)) return true;
    if (variable.global) RefuseStatement();
    if (variable.name == "sql_log_bin") return false;
    if (variable.name == "sql_mode") {
      SetMode(value);
    } else if (variable.name == "character_set_client") {
      SetCharset(value.value_or(""));
    } else if (variable.name == "collation_connection") {
      collation_connection = InCharsetWord(value.value_or(""));
    } else if (variable.name == "time_zone") {
      settings.time_zone = value.value_or("");
    } else if (!Contains(kOwnBusiness, variable.name)) {
      Refuse(fmt::format("a setting that dumps do not make ({})", variable.name));
    }
    return false;
  }

  // What goes into statements of ours as it is.
  std::string InCharsetWord(std::string_view value) const {
    const bool plain = std::all_of(value.begin(), value.end(), [](char c) {
      return c == '_' || (c >= '0' && c <= '9') || (LowerAscii(c) >= 'a' && LowerAscii(c) <= 'z');
    });
    if (!plain) Refuse("a charset or collation that is no word");
    return LowerAscii(value);
  }

  void SetCharset(std::string charset) {
    charset = InCharsetWord(charset);
    if (charset.empty() || charset == "default") charset = "utf8mb4";
    settings.client_charset = std::move(charset);
  }

  void SetMode(const std::optional<std::string>& mode) {
    sql_mode = mode;
    settings.ansi_quotes = false;
    settings.backslash_escapes = true;
    std::string_view rest = mode ? std::string_view(*mode) : std::string_view();
    while (!rest.empty()) {
      const std::size_t comma = rest.find(',');
      const std::string word = LowerAscii(rest.substr(0, comma));
      if (Contains(kAnsiModes, word)) settings.ansi_quotes = true;
      if (word == "no_backslash_escapes") settings.backslash_escapes = false;
      rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    }
    splitter.set_backslash_escapes(settings.backslash_escapes);
  }

  // ---- definitions ---------------------------------------------------------------------------

  void ReadCreate() {
    const bool wrapped = statement.starts_with("/*");
    const std::string text = wrapped ? WithoutWrapping(statement) : std::string(statement);
    Words words(text, settings.ansi_quotes);
    words.TakeWord("create");
    if (words.TakeWord("database") || words.TakeWord("schema")) return ReadCreateDatabase(words);
    if (words.TakeWord("or") && !words.TakeWord("replace")) RefuseStatement();
    DumpedObject object;
    object.line = line;
    for (bool more = true; more;) {
      if (words.TakeWord("algorithm")) {
        more = words.TakeSign('=') && words.TakeName();
      } else if (words.TakeWord("definer")) {
        more = words.TakeSign('=');
        object.definer = TakeAccount(words);
      } else if (words.TakeWords("sql", "security")) {
        more = words.TakeName().has_value();
      } else {
        break;
      }
      if (!more) RefuseStatement();
    }
    words.TakeWord("aggregate");
    const std::optional<ObjectKind> kind = TakeKind(words);
    if (!kind) RefuseStatement();
    if (words.TakeWord("if") && !(words.TakeWord("not") && words.TakeWord("exists"))) {
      RefuseStatement();
    }
    const std::optional<QualifiedName> name = TakeQualified(words);
    if (!name) RefuseStatement();
    CheckName(name->name);
    const std::string& database = Current();
    if (!name->database.empty() && name->database != database) {
      Refuse("an object of another database than the one in use");
    }
    object.id = {database, *kind, name->name};
    switch (*kind) {
      case ObjectKind::kTable:
        ReadTable(text, words, wrapped, object);
        break;
      case ObjectKind::kSequence:
        object.create = InUsualQuotes(text, settings.ansi_quotes, settings.backslash_escapes);
        break;
      case ObjectKind::kView:
        ReadView(text, words, object);
        break;
      default:
        ReadProgram(text, words, object);
    }
    Add(std::move(object));
  }

  std::string TakeAccount(Words& words) {
    std::string account;
    if (words.TakeWord("current_user")) {
      if (words.TakeSign('(')) words.TakeSign(')');
      return account;
    }
    const auto take = [&] {
      if (words.at_end() || words.now().kind == SqlToken::Kind::kSign) RefuseStatement();
      return NameOf(words.Take());
    };
    account = take();
    if (words.TakeSign('@')) account += "@" + take();
    return account;
  }

  // `words` stand behind the name.
  void ReadTable(const std::string& text, Words& words, bool wrapped, DumpedObject& object) {
    if (!words.now().IsSign('(')) Refuse("a table that is not defined by its columns");
    RequireUtf8(text);
    if (wrapped) {  // older programs let a table stand in for a view
      ReadStandInTable(words, object);
      return;
    }
    std::string usual = InUsualQuotes(std::string_view(text).substr(words.now().offset),
                                      settings.ansi_quotes, settings.backslash_escapes);
    object.create = fmt::format("CREATE TABLE {} {}", QuoteIdentifier(object.id.name), usual);
    SqlTokenizer tokens(usual);
    for (SqlToken token = tokens.Next(); token.kind != SqlToken::Kind::kEnd;
         token = tokens.Next()) {
      if (token.IsWord("select")) Refuse("a table that is filled by a query");
    }
  }

  static void ReadStandInTable(Words& words, DumpedObject& object) {
    object.id.kind = ObjectKind::kView;
    object.has_stand_in = object.is_stand_in = true;
    unsigned depth = 0;
    bool begins = false;
    while (!words.at_end()) {
      const SqlToken token = words.Take();
      if (token.IsSign('(')) begins = ++depth == 1;
      if (token.IsSign(')')) --depth;
      if (token.IsSign(',')) begins = depth == 1;
      if (begins && token.kind == SqlToken::Kind::kQuotedName) {
        object.columns.push_back(NameOf(token));
        begins = false;
      }
    }
  }

  void RequireUtf8(std::string_view text) const {
    if (!IsUtf8Charset(settings.client_charset) && !IsAscii(text)) {
      Refuse(
          fmt::format("a definition beyond ASCII in {} (dump with --default-character-set=utf8mb4)",
                      settings.client_charset));
    }
  }

  void ReadView(const std::string& text, Words& words, DumpedObject& object) {
    object.create = InUsualQuotes(text, settings.ansi_quotes, settings.backslash_escapes);
    object.character_set_client = settings.client_charset;
    object.collation_connection = collation_connection;
    // A view may be nothing but such constants itself; what stands in for one has no definer.
    if (object.definer.empty()) ReadStandInView(words, object);
  }

  // `AS SELECT 1 AS `a`, NULL AS `b``: nothing but constants under names.
  static void ReadStandInView(Words& words, DumpedObject& object) {
    if (!words.TakeWord("as") || !words.TakeWord("select")) return;
    std::vector<std::string> columns;
    do {
      if (!words.TakeWord("1") && !words.TakeWord("null")) return;
      if (!words.TakeWord("as")) return;
      std::optional<std::string> name = words.TakeName();
      if (!name) return;
      columns.push_back(std::move(*name));
    } while (words.TakeSign(','));
    if (!words.at_end()) return;
    object.columns = std::move(columns);
    object.has_stand_in = object.is_stand_in = true;
  }

  void ReadProgram(const std::string& text, Words& words, DumpedObject& object) {
    object.create = text;
    object.sql_mode = sql_mode;
    object.character_set_client = settings.client_charset;
    object.collation_connection = collation_connection;
    const auto moment = moment_collation.find(object.id.database);
    object.database_collation =
        moment != moment_collation.end() ? moment->second : Database(object.id.database).collation;
    const bool routine =
        object.id.kind == ObjectKind::kFunction || object.id.kind == ObjectKind::kProcedure;
    // A function of a shared library has no parameters.
    if (routine && !words.now().IsSign('(')) RefuseStatement();
    if (object.id.kind == ObjectKind::kEvent) object.time_zone = settings.time_zone;
    if (object.id.kind != ObjectKind::kTrigger) return;
    const std::string time = LowerAscii(words.Take().text);
    std::string event = LowerAscii(words.Take().text);
    while (words.TakeWord("or")) event += LowerAscii(words.Take().text);
    std::optional<QualifiedName> table;
    if (words.TakeWord("on")) table = TakeQualified(words);
    if (!table || (!table->database.empty() && table->database != object.id.database)) {
      RefuseStatement();
    }
    object.table = table->name;
    object.order = ++trigger_orders[{object.id.database, object.table, time, event}];
  }
  std::map<std::tuple<std::string, std::string, std::string, std::string>, std::uint64_t>
      trigger_orders;

  void Add(DumpedObject object) {
    // A table and a view share their names: the one that stands in goes when the other comes.
    for (const ObjectKind kind : {ObjectKind::kTable, ObjectKind::kView, ObjectKind::kSequence}) {
      const bool shares = object.id.kind == ObjectKind::kTable ||
                          object.id.kind == ObjectKind::kView ||
                          object.id.kind == ObjectKind::kSequence;
      const auto found = model.objects.find({object.id.database, kind, object.id.name});
      if (!shares || found == model.objects.end()) continue;
      if (!found->second.is_stand_in) Refuse("an object that the dump has defined before");
      if (object.id.kind == ObjectKind::kView && !object.is_stand_in) {
        object.columns = found->second.columns;
        object.has_stand_in = true;
      }
      Forget(found);
    }
    const auto [place, fresh] = model.objects.emplace(object.id, object);
    if (!fresh) Refuse("an object that the dump has defined before");
    HandOut(DumpStatement::Role::kDefinition, &place->second);
  }

  void Forget(std::map<ObjectId, DumpedObject>::iterator place) {
    if (last_table == &place->second) last_table = nullptr;
    rows_of = nullptr;
    model.objects.erase(place);
  }

  void ReadDrop(Words& words) {
    if (words.TakeWord("database") || words.TakeWord("schema")) {
      TakeIfExists(words);
      const std::optional<std::string> name = words.TakeName();
      if (!name || !words.at_end()) RefuseStatement();
      const bool filled =
          std::any_of(model.objects.begin(), model.objects.end(),
                      [&](const auto& each) { return each.first.database == *name; });
      if (filled) Refuse("a database is dropped that the dump has filled");
      return HandOut(DumpStatement::Role::kDatabase);
    }
    const std::optional<ObjectKind> kind = TakeKind(words);
    if (!kind) RefuseStatement();
    TakeIfExists(words);
    do {
      const std::optional<QualifiedName> name = TakeQualified(words);
      if (!name) RefuseStatement();
      const std::string& database = Current();
      if (!name->database.empty() && name->database != database) {
        Refuse("an object of another database than the one in use");
      }
      DropName(*kind, database, name->name);
    } while (words.TakeSign(','));
    if (!words.at_end()) RefuseStatement();
    HandOut(DumpStatement::Role::kDefinition);
  }

  void TakeIfExists(Words& words) const {
    if (!words.TakeWord("if") || !words.TakeWord("exists")) {
      Refuse("a DROP without IF EXISTS");
    }
  }

  // Stand-ins stay until their view comes: it takes their columns over.
  void DropName(ObjectKind kind, const std::string& database, const std::string& name) {
    for (const ObjectKind dropped : {kind, kind == ObjectKind::kTable ? ObjectKind::kView : kind}) {
      const auto found = model.objects.find({database, dropped, name});
      if (found == model.objects.end() || found->second.is_stand_in) continue;
      if (dropped != kind) continue;  // DROP TABLE does not drop a view
      Refuse("an object is dropped that the dump has defined");
    }
  }

  // SELECT SETVAL(`s`, 5, 0), DO SETVAL(`s`, 5, 0)
  void ReadSetval(Words& words) {
    if (!words.TakeWord("setval") || !words.TakeSign('(')) RefuseStatement();
    const std::optional<QualifiedName> name = TakeQualified(words);
    const auto found = !name ? model.objects.end()
                             : model.objects.find({Current(), ObjectKind::kSequence, name->name});
    if (found == model.objects.end() || !name->database.empty()) RefuseStatement();
    std::string values;
    while (words.TakeSign(',')) {
      values += words.TakeSign('-') ? ", -" : ", ";
      if (words.now().kind != SqlToken::Kind::kWord) RefuseStatement();
      values += words.Take().text;
    }
    if (!words.TakeSign(')') || !words.at_end()) RefuseStatement();
    found->second.restart = fmt::format("SELECT SETVAL({}{})", QuoteIdentifier(name->name), values);
    HandOut(DumpStatement::Role::kDefinition, &found->second);
  }

  // ---- rows ----------------------------------------------------------------------------------

  void ReadRows() {
    Words words(statement, settings.ansi_quotes);
    words.Take();
    words.TakeWord("low_priority");
    words.TakeWord("delayed");
    words.TakeWord("high_priority");
    words.TakeWord("ignore");
    if (!words.TakeWord("into")) RefuseStatement();
    const std::optional<QualifiedName> name = TakeQualified(words);
    if (!name) RefuseStatement();
    const std::string& database = Current();
    if (!name->database.empty()) Refuse("rows for a table that is named with its database");
    if (rows_of == nullptr || rows_of->id.name != name->name || rows_of->id.database != database) {
      const auto found = model.objects.find({database, ObjectKind::kTable, name->name});
      if (found == model.objects.end()) {
        Refuse("rows for a table that the dump does not define before");
      }
      rows_of = &found->second;
    }
    if (words.TakeSign('(')) {
      while (!words.TakeSign(')')) {
        if (!words.TakeName()) RefuseStatement();
        words.TakeSign(',');
      }
    }
    if (!words.now().IsWord("values") && !words.now().IsWord("value")) RefuseStatement();
    const std::size_t values = words.now().end();
    std::size_t offset = 0;
    const std::optional<std::uint64_t> rows = CountLiteralRows(
        statement.substr(values), settings.backslash_escapes, settings.ansi_quotes, offset);
    if (!rows) {
      line += static_cast<std::uint64_t>(
          std::count(statement.begin(),
                     statement.begin() + static_cast<std::ptrdiff_t>(values + offset), '\n'));
      statement = statement.substr(std::min(statement.size(), values + offset));
      Refuse(
          fmt::format("rows of {} that are not lists of literal values", rows_of->id.Describe()));
    }
    rows_of->rows += *rows;
    rows_of->data_bytes += statement.size();
    rows_of->largest_statement =
        std::max<std::uint64_t>(rows_of->largest_statement, statement.size());
    model.rows += *rows;
    HandOut(DumpStatement::Role::kRows, rows_of, *rows);
  }

  // ---- the stream ----------------------------------------------------------------------------

  // The splitter, and what takes literals apart, do not know the name of the file.
  void Split(std::string_view piece) {
    try {
      splitter.Feed(piece);
    } catch (Error& e) {
      if (e.code() == ErrorCode::kDamaged && e.object().empty()) {
        e.While(fmt::format("'{}'", options.name));
        e.About(options.name);
      }
      throw;
    }
  }

  // The mysql client makes \n of \r\n, wherever it stands; so do files that begin so here.
  void Feed(std::string_view piece) {
    if (!line_end_seen) {
      carry += piece;
      const std::size_t newline = carry.find('\n');
      if (newline == std::string::npos && carry.size() < kMaxShortStatement) return;
      line_end_seen = true;
      crlf = newline != std::string::npos && newline > 0 && carry[newline - 1] == '\r';
      const std::string begin = std::exchange(carry, std::string());
      return Feed(begin);
    }
    if (!crlf) return Split(piece);
    converted = std::exchange(carry, std::string());
    converted += piece;
    if (converted.ends_with('\r')) {
      carry = "\r";
      converted.pop_back();
    }
    std::size_t to = 0;
    for (std::size_t from = 0; from < converted.size(); ++from) {
      if (converted[from] == '\r' && from + 1 < converted.size() && converted[from + 1] == '\n') {
        continue;
      }
      converted[to++] = converted[from];
    }
    converted.resize(to);
    Split(converted);
  }

  void Finish() {
    line_end_seen = true;
    Split(std::exchange(carry, std::string()));
    try {
      splitter.Finish();
    } catch (Error& e) {
      if (e.code() == ErrorCode::kIncomplete) ThrowIncomplete(e.message());
      throw;
    }
    if (!completed) {
      ThrowIncomplete(fmt::format("its last line is not '{}'", kLastWords));
    }
    for (const auto& [id, object] : model.objects) {
      if (object.is_stand_in) {
        ThrowIncomplete(
            fmt::format("it has a stand-in for {}, and not the view itself", id.Describe()));
      }
    }
  }
};

DumpReader::DumpReader(Options options, Sink sink)
    : state_(std::make_unique<State>(std::move(options), std::move(sink))) {}
DumpReader::~DumpReader() = default;

void DumpReader::Feed(std::string_view piece) { state_->Feed(piece); }
void DumpReader::Finish() { state_->Finish(); }
const DumpModel& DumpReader::model() const { return state_->model; }

}  // namespace dbomsbak
