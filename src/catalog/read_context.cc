#include "catalog/read_context.h"

#include <fmt/format.h>

#include <utility>

#include "dbomsbak/catalog/broken_table.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/transport/passing_error.h"

namespace dbomsbak {
namespace {

// Numbers that say "no such object": table, routine, trigger, event, sequence.
bool IsGone(unsigned number) {
  return number == 1146 || number == 1051 || number == 1305 || number == 1360 || number == 1539 ||
         number == 4091;
}

bool IsStillListed(Session& session, const ObjectId& id) {
  std::string sql;
  switch (id.kind) {
    case ObjectKind::kTable:
    case ObjectKind::kView:
    case ObjectKind::kSequence:
      sql = fmt::format(
          "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = {} AND TABLE_NAME = "
          "{}",
          QuoteString(id.database), QuoteString(id.name));
      break;
    case ObjectKind::kTrigger:
      sql = fmt::format(
          "SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = {} AND "
          "TRIGGER_NAME = {}",
          QuoteString(id.database), QuoteString(id.name));
      break;
    case ObjectKind::kEvent:
      sql = fmt::format(
          "SELECT COUNT(*) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = {} AND EVENT_NAME = "
          "{}",
          QuoteString(id.database), QuoteString(id.name));
      break;
    default:
      sql = fmt::format(
          "SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = {} AND "
          "ROUTINE_NAME = {}",
          QuoteString(id.database), QuoteString(id.name));
      break;
  }
  return session.QueryValue(sql).value_or("0") != "0";
}

}  // namespace

Database* ReadContext::Find(std::string_view database) {
  for (Database& candidate : catalog.databases) {
    if (candidate.name == database) return &candidate;
  }
  return nullptr;
}

void ReadContext::AddUnreadable(ObjectId id, ErrorCode code, std::string reason,
                                std::string remedy) {
  catalog.unreadable.push_back({std::move(id), code, std::move(reason), std::move(remedy)});
}

std::string ReadContext::GrantOn(std::string_view wanted, std::string_view database,
                                 std::string_view table) const {
  return fmt::format("GRANT {} ON {} TO {};", wanted, QuoteQualified(database, table), account);
}

std::string ReadContext::GrantOnFunction(const ServerError& error) const {
  constexpr unsigned kRoutineDenied = 1370;
  constexpr std::string_view kBefore = "for routine '";
  if (error.number() != kRoutineDenied) return {};
  const std::string& text = error.message();
  std::size_t at = text.rfind(kBefore);
  if (at == std::string::npos) return {};
  at += kBefore.size();
  const std::size_t dot = text.find('.', at), end = text.rfind('\'');
  if (dot == std::string::npos || end < dot) return {};
  return fmt::format("GRANT EXECUTE ON FUNCTION {} TO {};",
                     QuoteQualified(text.substr(at, dot - at), text.substr(dot + 1, end - dot - 1)),
                     account);
}

std::string ReadContext::GrantOnDatabase(std::string_view wanted, std::string_view database) const {
  return dbomsbak::GrantOnDatabase(privileges, wanted, database, account);
}

void NoteUnreadable(ReadContext& context, const ObjectId& id, const ServerError& error,
                    const std::string& grant) {
  if (IsPassing(error)) throw;
  if (error.code() == ErrorCode::kPrivilege) {
    context.AddUnreadable(id, ErrorCode::kPrivilege, error.message(), grant);
    return;
  }
  if (IsGone(error.number()) && !IsStillListed(context.session, id)) return;
  context.AddUnreadable(id, ErrorCode::kQueryRefused, error.message(),
                        id.kind == ObjectKind::kTable
                            ? BrokenTableRemedy(id.database, id.name)
                            : "Repair it or what it stands on (CHECK TABLE tells), or drop it.");
}

std::string ShowCreate(ReadContext& context, const ObjectId& id, const std::string& statement,
                       std::string_view column, const std::string& grant) {
  return ShowCreate(
      context, id, [&] { return context.session.Query(statement); }, column, grant);
}

std::string ShowCreate(ReadContext& context, const ObjectId& id,
                       const std::function<ResultSet()>& ask, std::string_view column,
                       const std::string& grant) {
  try {
    const Answer answer(ask());
    if (answer.size() > 0 && answer.At(0, column).has_value()) return answer.Text(0, column);
    // The server hides bodies from those who may not see them by a NULL.
    context.AddUnreadable(id, ErrorCode::kPrivilege, "the account may not see its definition",
                          grant);
  } catch (const ServerError& error) {
    NoteUnreadable(context, id, error, grant);
  }
  return {};
}

}  // namespace dbomsbak
