// What the server alone needs: a client that only drains rows, a client that only sends them.
//
//   benchmark_floor CONNECTION drain text|binary SESSIONS DB
//       reads all rows of DB's tables in the order of their keys, and drops them
//   benchmark_floor CONNECTION inserts SESSIONS DB FILE
//       sends the INSERT statements of FILE, plain SQL text as dbomsbak or mysqldump writes it
//   benchmark_floor CONNECTION prepared SESSIONS DB FROM
//       sends the rows of the database FROM to the same tables of DB, by prepared statements
//
// CONNECTION is --socket=PATH or --host=H --port=N; the user is root without a password. The tables
// that are filled are there already. `inserts` and `prepared` get what they send into memory first:
// then they write "ready", and begin when a line comes in.
#include <mysql.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstring>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dbomsbak/base/task_group.h"
#include "dbomsbak/catalog/catalog.h"
#include "dbomsbak/catalog/server_traits.h"
#include "dbomsbak/catalog/table_reader.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/transport/connection_options.h"
#include "dbomsbak/transport/session.h"

namespace dbomsbak {
namespace {

constexpr std::size_t kTransactionBytes = 4 << 20;  // as much as a restore commits at once
constexpr std::size_t kStatementBytes = 1 << 20;
constexpr std::size_t kMaxParameters = 65'000;  // the protocol has room for 65,535

// Calls work(session) in so many threads, each with a session of its own.
template <typename Work>
void InSessions(SessionFactory& sessions, const ServerTraits& traits, bool for_load, unsigned count,
                Work work) {
  TaskGroup group([] {});
  for (unsigned i = 0; i < count; ++i) {
    group.Start([&] {
      const auto session = sessions.Connect();
      PrepareSession(*session, traits, for_load);
      work(*session);
    });
  }
  group.Wait();
}

void WaitForGo() {
  std::cout << "ready" << std::endl;
  std::string line;
  std::getline(std::cin, line);
}

std::string KeyOrder(const Table& table) {
  std::string order;
  if (table.unique_keys.empty()) return order;
  for (const std::string& column : table.unique_keys.front().columns) {
    order += (order.empty() ? "" : ",") + QuoteIdentifier(column);
  }
  return order;
}

std::vector<Table> TablesOf(SessionFactory& sessions, const ServerTraits& traits,
                            const std::string& database) {
  const auto session = sessions.Connect();
  PrepareSession(*session, traits, false);
  return ReadCatalog(*session, traits, {{database}, true, false}).databases.at(0).tables;
}

void Drain(SessionFactory& sessions, const ServerTraits& traits, Protocol protocol, unsigned jobs,
           const std::string& database) {
  const std::vector<Table> tables = TablesOf(sessions, traits, database);
  std::atomic<std::size_t> next{0};
  std::atomic<std::uint64_t> rows{0};
  InSessions(sessions, traits, false, jobs, [&](Session& session) {
    session.Execute("SET character_set_results = NULL");
    for (std::size_t i = next++; i < tables.size(); i = next++) {
      const auto stream =
          session.Stream(SelectOf(tables[i], database, "", KeyOrder(tables[i])).sql, protocol);
      std::uint64_t count = 0;
      while (stream->Next()) ++count;
      rows += count;
    }
  });
  std::cout << rows << " rows\n";
}

std::vector<std::string_view> InsertsOf(std::string_view text) {
  std::vector<std::string_view> inserts;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(";\n", at), text.size());
    const std::string_view statement = text.substr(at, end - at);
    if (statement.starts_with("INSERT INTO ")) inserts.push_back(statement);
    at = end + 2;
  }
  return inserts;
}

void SendInserts(SessionFactory& sessions, const ServerTraits& traits, unsigned jobs,
                 const std::string& database, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});
  const std::vector<std::string_view> inserts = InsertsOf(text);
  WaitForGo();
  std::atomic<std::size_t> next{0};
  constexpr std::size_t kAtOnce = kTransactionBytes / kStatementBytes;
  InSessions(sessions, traits, true, jobs, [&](Session& session) {
    session.Execute("USE " + QuoteIdentifier(database));
    for (std::size_t i = next++; i * kAtOnce < inserts.size(); i = next++) {
      const std::size_t end = std::min(inserts.size(), (i + 1) * kAtOnce);
      session.Execute("START TRANSACTION");
      for (std::size_t j = i * kAtOnce; j < end; ++j) session.Execute(inserts[j]);
      session.Execute("COMMIT");
    }
  });
}

// Rows of one table that one statement inserts, as the cells of all of them.
struct Batch {
  std::string head;  // INSERT INTO t (a, b) VALUES
  std::size_t columns = 0;
  std::vector<std::string> cells;
};

std::vector<Batch> ReadBatches(SessionFactory& sessions, const ServerTraits& traits,
                               const std::string& from) {
  const std::vector<Table> tables = TablesOf(sessions, traits, from);
  const auto session = sessions.Connect();
  PrepareSession(*session, traits, false);
  std::vector<Batch> batches;
  for (const Table& table : tables) {
    Batch batch;
    for (const Column* column : table.StoredColumns()) {
      batch.head += (batch.columns++ == 0 ? "INSERT INTO " + QuoteIdentifier(table.id.name) + " ("
                                          : std::string(",")) +
                    QuoteIdentifier(column->name);
    }
    batch.head += ") VALUES ";
    const Batch empty = batch;
    std::size_t bytes = 0;
    const auto stream =
        session->Stream(SelectOf(table, from, "", KeyOrder(table)).sql, Protocol::kText);
    while (stream->Next()) {
      for (const Cell& cell : stream->cells()) {
        batch.cells.emplace_back(cell.view());
        bytes += cell.size;
      }
      if (bytes >= kStatementBytes || batch.cells.size() + batch.columns > kMaxParameters) {
        batches.push_back(std::exchange(batch, empty));
        bytes = 0;
      }
    }
    if (!batch.cells.empty()) batches.push_back(std::move(batch));
  }
  return batches;
}

struct MysqlCloser {
  void operator()(MYSQL* mysql) const noexcept { mysql_close(mysql); }
};
struct StatementCloser {
  void operator()(MYSQL_STMT* statement) const noexcept { mysql_stmt_close(statement); }
};
using MysqlHandle = std::unique_ptr<MYSQL, MysqlCloser>;
using StatementHandle = std::unique_ptr<MYSQL_STMT, StatementCloser>;

// The product sends no prepared statements, so its transport has none.
MysqlHandle ConnectForStatements(const ConnectionOptions& options, const std::string& database) {
  MysqlHandle mysql(mysql_init(nullptr));
  mysql_options(mysql.get(), MYSQL_SET_CHARSET_NAME, "utf8mb4");
  if (mysql_real_connect(mysql.get(), options.host.c_str(), options.user.c_str(), "",
                         database.c_str(), options.port,
                         options.socket.empty() ? nullptr : options.socket.c_str(), 0) == nullptr ||
      mysql_query(mysql.get(),
                  "SET unique_checks = 0, foreign_key_checks = 0, autocommit = 0, sql_mode = "
                  "'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'") != 0) {
    throw std::runtime_error(mysql_error(mysql.get()));
  }
  return mysql;
}

// Prepares once for all batches of a table that are of the same size.
class BatchSender {
 public:
  explicit BatchSender(MYSQL* mysql) : mysql_(mysql) {}

  void Send(const Batch& batch) {
    if (batch.head != head_ || batch.cells.size() != binds_.size()) Prepare(batch);
    for (std::size_t i = 0; i < binds_.size(); ++i) {
      MYSQL_BIND& bind = binds_[i];
      bind.buffer_type = MYSQL_TYPE_STRING;
      bind.buffer = const_cast<char*>(batch.cells[i].data());
      bind.buffer_length = static_cast<unsigned long>(batch.cells[i].size());
      bind.length = &bind.buffer_length;
    }
    Check(mysql_stmt_bind_param(statement_.get(), binds_.data()) == 0 &&
          mysql_stmt_execute(statement_.get()) == 0);
  }

 private:
  void Prepare(const Batch& batch) {
    head_ = batch.head;
    binds_.assign(batch.cells.size(), MYSQL_BIND{});
    std::string row = "(?";
    for (std::size_t i = 1; i < batch.columns; ++i) row += ",?";
    row += ')';
    std::string sql = head_ + row;
    for (std::size_t i = batch.columns; i < batch.cells.size(); i += batch.columns)
      sql += ',' + row;
    statement_.reset(mysql_stmt_init(mysql_));
    Check(mysql_stmt_prepare(statement_.get(), sql.data(), sql.size()) == 0);
  }
  void Check(bool good) const {
    if (!good) throw std::runtime_error(mysql_stmt_error(statement_.get()));
  }

  MYSQL* mysql_;
  std::string head_;
  std::vector<MYSQL_BIND> binds_;
  StatementHandle statement_;
};

void SendPrepared(const ConnectionOptions& options, SessionFactory& sessions,
                  const ServerTraits& traits, unsigned jobs, const std::string& database,
                  const std::string& from) {
  const std::vector<Batch> batches = ReadBatches(sessions, traits, from);
  WaitForGo();
  std::atomic<std::size_t> next{0};
  constexpr std::size_t kAtOnce = kTransactionBytes / kStatementBytes;
  TaskGroup group([] {});
  for (unsigned i = 0; i < jobs; ++i) {
    group.Start([&] {
      const MysqlHandle mysql = ConnectForStatements(options, database);
      BatchSender sender(mysql.get());
      for (std::size_t j = next++; j * kAtOnce < batches.size(); j = next++) {
        const std::size_t end = std::min(batches.size(), (j + 1) * kAtOnce);
        for (std::size_t k = j * kAtOnce; k < end; ++k) sender.Send(batches[k]);
        if (mysql_commit(mysql.get()) != 0) throw std::runtime_error(mysql_error(mysql.get()));
      }
    });
  }
  group.Wait();
}

int Usage() {
  std::cerr << "usage: benchmark_floor --socket=PATH|--host=H --port=N\n"
               "         drain text|binary SESSIONS DB | inserts SESSIONS DB FILE | "
               "prepared SESSIONS DB FROM\n";
  return 2;
}

int Run(std::vector<std::string> words) {
  ConnectionOptions options;
  options.user = "root";
  options.has_password = true;
  while (!words.empty() && words.front().starts_with("--")) {
    const std::string word = words.front();
    words.erase(words.begin());
    if (word.starts_with("--socket=")) options.socket = word.substr(9);
    if (word.starts_with("--host=")) options.host = word.substr(7);
    if (word.starts_with("--port="))
      options.port = static_cast<std::uint16_t>(std::stoul(word.substr(7)));
  }
  if (words.size() != 4) return Usage();
  const auto sessions = MakeSessionFactory(options);
  const ServerTraits traits = ProbeServerTraits(*sessions->Connect());
  const auto jobs = [](const std::string& word) { return static_cast<unsigned>(std::stoul(word)); };
  if (words[0] == "drain") {
    Drain(*sessions, traits, words[1] == "binary" ? Protocol::kBinary : Protocol::kText,
          jobs(words[2]), words[3]);
  } else if (words[0] == "inserts") {
    SendInserts(*sessions, traits, jobs(words[1]), words[2], words[3]);
  } else if (words[0] == "prepared") {
    SendPrepared(options, *sessions, traits, jobs(words[1]), words[2], words[3]);
  } else {
    return Usage();
  }
  std::cout.flush();
  _exit(0);  // giving back what it held is none of the server's time
}

}  // namespace
}  // namespace dbomsbak

int main(int argc, char** argv) {
  try {
    return dbomsbak::Run(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
