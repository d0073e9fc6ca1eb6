#include "dbomsbak/transport/session.h"

#include <utility>

namespace dbomsbak {

ServerError::ServerError(ErrorCode code, unsigned number, std::string sqlstate, std::string message,
                         std::string hint)
    : Error(code, std::move(message), std::move(hint)),
      number_(number),
      sqlstate_(std::move(sqlstate)) {}

std::string ResultSet::Text(std::size_t row, std::size_t column) const {
  return rows.at(row).at(column).value_or("");
}

std::optional<std::string> Session::QueryValue(std::string_view sql) {
  ResultSet answer = Query(sql);
  if (answer.rows.empty() || answer.rows.front().empty()) return std::nullopt;
  return std::move(answer.rows.front().front());
}

}  // namespace dbomsbak
