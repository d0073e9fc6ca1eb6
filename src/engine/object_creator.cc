#include "engine/object_creator.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "dbomsbak/base/ascii.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/sql/quote.h"

namespace dbomsbak {
namespace {

std::string FromHex(std::string_view hex) {
  const auto digit = [](char c) {
    return static_cast<unsigned>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
  };
  std::string bytes;
  bytes.reserve(hex.size() / 2);
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(digit(hex[i]) << 4 | digit(hex[i + 1]));
  }
  return bytes;
}

bool IsUtf8(const std::string& charset) {
  return charset.empty() || charset.starts_with("utf8") || charset == "binary";
}

// Does `restore` when it goes out of scope; after an error that may fail in its turn (a lost
// session), and then the first error is the one to tell.
template <typename Function>
class Afterwards {
 public:
  explicit Afterwards(Function restore) : restore_(std::move(restore)) {}
  ~Afterwards() noexcept(false) {
    if (std::uncaught_exceptions() == uncaught_) {
      restore_();
      return;
    }
    try {
      restore_();
    } catch (const Error&) {
    }
  }
  Afterwards(const Afterwards&) = delete;
  Afterwards& operator=(const Afterwards&) = delete;

 private:
  Function restore_;
  int uncaught_ = std::uncaught_exceptions();
};

}  // namespace

CreationSettings SettingsOf(const View& view) {
  CreationSettings settings;
  settings.character_set_client = view.character_set_client;
  settings.collation_connection = view.collation_connection;
  return settings;
}

CreationSettings SettingsOf(const StoredProgram& program) {
  return {program.sql_mode,
          true,
          program.character_set_client,
          program.collation_connection,
          program.database_collation,
          program.time_zone};
}

ObjectCreator::ObjectCreator(Session& session)
    : session_(session),
      own_sql_mode_(session.QueryValue("SELECT @@sql_mode").value_or("")),
      own_time_zone_(session.QueryValue("SELECT @@time_zone").value_or("")) {}

std::string ObjectCreator::OtherCollation(const std::string& database,
                                          const CreationSettings& settings) {
  session_.Execute("USE " + QuoteIdentifier(database));
  if (settings.database_collation.empty()) return {};
  std::string collation = session_.QueryValue("SELECT @@collation_database").value_or("");
  if (collation == settings.database_collation) collation.clear();
  return collation;
}

bool ObjectCreator::BorrowsCollation(const std::string& database,
                                     const CreationSettings& settings) {
  return !OtherCollation(database, settings).empty();
}

void ObjectCreator::Create(const std::string& database, const CreationSettings& settings,
                           std::string_view sql) {
  const std::string database_collation = OtherCollation(database, settings);
  const auto set_collation = [&](const std::string& collation) {
    session_.Execute(fmt::format("ALTER DATABASE {} COLLATE {}", QuoteIdentifier(database),
                                 QuoteCollation(collation)));
  };
  const Afterwards put_back([&] {
    session_.Execute(fmt::format("SET sql_mode = {}, time_zone = {}", QuoteString(own_sql_mode_),
                                 QuoteString(own_time_zone_)));
    session_.Execute("SET NAMES utf8mb4");
    if (!database_collation.empty()) set_collation(database_collation);
  });
  if (!database_collation.empty()) set_collation(settings.database_collation);
  // The client charset comes last: from then on the server reads the statement's bytes in it.
  std::string assignments;
  const auto assign = [&](std::string_view variable, const std::string& value) {
    if (value.empty()) return;
    if (!assignments.empty()) assignments += ", ";
    assignments += fmt::format("{} = {}", variable, value);
  };
  if (settings.has_sql_mode) assign("sql_mode", QuoteString(settings.sql_mode));
  if (!settings.time_zone.empty()) assign("time_zone", QuoteString(settings.time_zone));
  assign("collation_connection", settings.collation_connection);
  assign("character_set_client", settings.character_set_client);
  if (!assignments.empty()) session_.Execute("SET " + assignments);
  session_.Execute(sql);
}

void DropObject(Session& session, const ObjectId& id) {
  const std::string statement = fmt::format("DROP {} IF EXISTS {}", SqlKeyword(id.kind),
                                            QuoteQualified(id.database, id.name));
  if (id.kind != ObjectKind::kPackage && id.kind != ObjectKind::kPackageBody) {
    try {
      session.Execute(statement);
    } catch (const ServerError& error) {
      // OceanBase: events of the default database only.
      constexpr unsigned kNotSupported = 1235;
      if (id.kind != ObjectKind::kEvent || error.number() != kNotSupported) throw;
      session.Execute("USE " + QuoteIdentifier(id.database));
      session.Execute("DROP EVENT IF EXISTS " + QuoteIdentifier(id.name));
    }
    return;
  }
  CreationSettings oracle;  // MariaDB knows the word in this mode only
  oracle.sql_mode = "ORACLE";
  oracle.has_sql_mode = true;
  ObjectCreator(session).Create(id.database, oracle, statement);
}

std::string FromUtf8(Session& session, std::string_view utf8, const std::string& charset) {
  if (IsAscii(utf8) || IsUtf8(charset)) return std::string(utf8);
  const std::string text = "_utf8mb4 " + QuoteString(utf8);
  const ResultSet answer =
      session.Query(fmt::format("SELECT HEX(CONVERT({0} USING {1})), "
                                "HEX(CONVERT(CONVERT({0} USING {1}) USING utf8mb4)) = HEX({0})",
                                text, charset));
  if (answer.Text(0, 1) != "1") {
    throw Error(ErrorCode::kUnsupported,
                fmt::format("{} has characters that charset {} does not have", utf8, charset),
                "Create that object anew by a client whose charset has them (SET NAMES utf8mb4), "
                "then run the same command again.");
  }
  return FromHex(answer.Text(0, 0));
}

std::string ToUtf8(Session& session, std::string_view text, const std::string& charset) {
  if (IsAscii(text) || IsUtf8(charset)) return std::string(text);
  std::string literal;
  AppendHexLiteral(text, literal);
  return session.QueryValue(fmt::format("SELECT CONVERT(_{} {} USING utf8mb4)", charset, literal))
      .value_or("");
}

std::string WithOrReplace(std::string_view create) {
  constexpr std::string_view kCreate = "CREATE ";
  constexpr std::string_view kOrReplace = "OR REPLACE ";
  if (!create.starts_with(kCreate) || create.substr(kCreate.size()).starts_with(kOrReplace)) {
    return std::string(create);
  }
  return fmt::format("{}{}{}", kCreate, kOrReplace, create.substr(kCreate.size()));
}

}  // namespace dbomsbak
