#include "engine/table_touch.h"

#include <fmt/format.h>

#include <algorithm>

#include "dbomsbak/base/task_group.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/transport/passing_error.h"
#include "dbomsbak/transport/server_numbers.h"

namespace dbomsbak {
namespace {

constexpr std::size_t kTouchedAtATime = 50;

std::string TouchStatement(const QualifiedName* begin, const QualifiedName* end) {
  std::string sql;
  for (const QualifiedName* name = begin; name != end; ++name) {
    if (!sql.empty()) sql += " UNION ALL ";
    sql += fmt::format("(SELECT 1 FROM {} LIMIT 0)", QuoteQualified(name->first, name->second));
  }
  return sql;
}

}  // namespace

Untouchable TouchAll(Session& session, const std::vector<QualifiedName>& names) {
  Untouchable untouchable;
  const auto judge = [](const ServerError& e) {
    if (e.number() == kLockWaitTimeout) throw BehindDdl(e);
    if (IsPassing(e)) throw;
  };
  for (std::size_t i = 0; i < names.size(); i += kTouchedAtATime) {
    const QualifiedName* begin = names.data() + i;
    const QualifiedName* end = begin + std::min(kTouchedAtATime, names.size() - i);
    try {
      session.Execute(TouchStatement(begin, end));
      continue;
    } catch (const ServerError& e) {
      judge(e);
    }
    for (const QualifiedName* name = begin; name != end; ++name) {
      try {
        session.Execute(TouchStatement(name, name + 1));
      } catch (const ServerError& e) {
        judge(e);
        untouchable[*name] = {e.code(), e.message(), e.number() == kNoSuchTable};
      }
    }
  }
  return untouchable;
}

Untouchable TouchEverywhere(const std::vector<Session*>& sessions,
                            const std::vector<QualifiedName>& names) {
  Untouchable untouchable;
  TaskGroup group;
  for (Session* session : sessions) {
    group.Start([&, session] {
      Untouchable found = TouchAll(*session, names);
      if (session == sessions.front()) untouchable = std::move(found);
    });
  }
  group.Wait();
  return untouchable;
}

}  // namespace dbomsbak
