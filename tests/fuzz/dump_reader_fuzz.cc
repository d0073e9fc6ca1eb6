// Plain dumps of whatever program: in pieces of any size the same, and what is taken of them is of
// the kinds that dumps hold.
#include <tuple>
#include <vector>

#include "dbomsbak/base/error.h"
#include "dbomsbak/sql/dump_reader.h"
#include "fuzz/fuzz.h"

namespace dbomsbak {
namespace {

using fuzz::Require;

struct Outcome {
  std::vector<std::tuple<int, std::string, std::uint64_t, std::uint64_t>> statements;
  std::vector<std::string> objects;
  std::uint64_t rows = 0;
  std::string error;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome Read(std::string_view text, const std::string& into, std::size_t piece_bytes) {
  Outcome outcome;
  std::uint64_t rows = 0;
  DumpReader::Options options;
  options.name = "dump";
  options.into = into;
  options.own_database = [](std::string_view) { return std::string(); };
  DumpReader reader(options, [&](const DumpStatement& statement) {
    outcome.statements.emplace_back(static_cast<int>(statement.role), std::string(statement.text),
                                    statement.line, statement.rows);
    if (statement.role != DumpStatement::Role::kRows) return;
    rows += statement.rows;
    Require(statement.object != nullptr && statement.object->id.kind == ObjectKind::kTable,
            "rows are of a table");
  });
  try {
    for (std::size_t at = 0; at < text.size(); at += piece_bytes) {
      reader.Feed(text.substr(at, piece_bytes));
    }
    reader.Finish();
  } catch (const Error& e) {
    Require(e.code() != ErrorCode::kInternal, e.message());
    outcome.error = e.message();
  }
  const DumpModel& model = reader.model();
  for (const auto& [id, object] : model.objects) {
    outcome.objects.push_back(id.Describe() + object.create);
    Require(model.databases.contains(id.database), "an object is in a database of the dump");
    if (id.kind != ObjectKind::kTable || object.create.empty()) continue;
    Require(object.create.starts_with("CREATE TABLE") ||
                object.create.starts_with("CREATE EXTERNAL TABLE"),
            "a table's definition makes a table: " + object.create);
  }
  outcome.rows = model.rows;
  if (outcome.error.empty()) Require(rows == model.rows, "all rows are counted");
  return outcome;
}

}  // namespace

DBOMSBAK_FUZZ_TARGET(bytes) {
  fuzz::Input input(bytes);
  const std::string into = input.Below(2) == 0 ? "into" : "";
  const std::size_t piece_bytes = 1 + input.Below(64);
  const std::string_view text = input.rest();
  const Outcome whole = Read(text, into, std::max<std::size_t>(text.size(), 1));
  Require(whole == Read(text, into, piece_bytes), "the pieces that a dump comes in change nothing");
}

}  // namespace dbomsbak
