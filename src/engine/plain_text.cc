#include "dbomsbak/engine/plain_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "dbomsbak/base/ascii.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/sql/quote.h"
#include "engine/plain_content.h"

namespace dbomsbak {
namespace {

bool IsProgram(ObjectKind kind) {
  return kind != ObjectKind::kTable && kind != ObjectKind::kView && kind != ObjectKind::kSequence;
}

bool Begins(std::string_view text, std::string_view word) {
  return EqualIgnoringCase(text.substr(0, word.size()), word);
}

class PartWriter {
 public:
  PartWriter(const PlainTextPart& part, WritableFile& out) : part_(part), out_(out) {
    for (const auto& name : part.only) missing_.insert(name);
  }

  void Take(const DumpStatement& statement) {
    switch (statement.role) {
      case DumpStatement::Role::kSetting:
        // Locks are of all tables, and so are keys that are switched off.
        if (Begins(statement.text, "lock") || Begins(statement.text, "unlock") ||
            statement.text.find("ALTER TABLE") != std::string_view::npos) {
          return;
        }
        return Write(statement.text, ";");
      case DumpStatement::Role::kDatabase:
        if (part_.only.empty() || Begins(statement.text, "use")) Write(statement.text, ";");
        return;
      case DumpStatement::Role::kDefinition:
        return TakeDefinition(statement);
      case DumpStatement::Role::kRows:
        if (part_.data && IsWanted(*statement.object)) Write(statement.text, ";");
    }
  }

  void Finish(const std::string& file) const {
    if (missing_.empty()) return;
    const auto& [database, name] = *missing_.begin();
    throw Error(ErrorCode::kUsage,
                fmt::format("'{}' holds no object {}", file, QuoteQualified(database, name)),
                "dbomsbak info lists what the dump holds.")
        .About(database + "." + name);
  }

 private:
  void TakeDefinition(const DumpStatement& statement) {
    if (!part_.schema && !part_.only.empty() && statement.object != nullptr) {
      IsWanted(*statement.object);
    }
    if (!part_.schema) return;
    if (part_.only.empty()) return WriteDefinition(statement);
    // One object alone needs no stand-ins, and its DROP is written here.
    if (statement.object == nullptr || !IsWanted(*statement.object) ||
        statement.object->is_stand_in) {
      return;
    }
    if (!statement.object->restart.empty()) return Write(statement.text, ";");
    const ObjectId& id = statement.object->id;
    Write(fmt::format("DROP {} IF EXISTS {}", SqlKeyword(id.kind), QuoteIdentifier(id.name)), ";");
    WriteDefinition(statement);
  }

  void WriteDefinition(const DumpStatement& statement) {
    if (statement.object == nullptr || !IsProgram(statement.object->id.kind)) {
      return Write(statement.text, ";");
    }
    out_.Append("DELIMITER ;;\n");
    Write(statement.text, " ;;");
    out_.Append("DELIMITER ;\n");
  }

  bool IsWanted(const DumpedObject& object) {
    const std::pair name(object.id.database, object.id.name);
    if (!part_.only.empty() &&
        std::find(part_.only.begin(), part_.only.end(), name) == part_.only.end()) {
      return false;
    }
    missing_.erase(name);
    return true;
  }

  void Write(std::string_view text, std::string_view end) {
    out_.Append(text);
    out_.Append(end);
    out_.Append("\n");
  }

  const PlainTextPart& part_;
  WritableFile& out_;
  std::set<std::pair<std::string, std::string>> missing_;
};

}  // namespace

PlainSummary SummarizePlainDump(const std::shared_ptr<const RandomAccessFile>& file,
                                const CancelToken& cancel) {
  const PlainDump dump = ReadPlainDump(file, {{}, true}, SilentObserver(), cancel);
  PlainSummary summary;
  summary.header = HeaderOf(dump);
  summary.rows = dump.model.rows;
  summary.text_bytes = dump.text_bytes;
  summary.proved = dump.proved;
  for (const auto& [name, database] : dump.model.databases) {
    ObjectRecord record;
    record.id = {name, ObjectKind::kDatabase, name};
    record.charset = database.charset;
    record.collation = database.collation;
    summary.objects.push_back(std::move(record));
  }
  for (const auto& [id, object] : dump.model.objects) {
    if (id.kind == ObjectKind::kTable) ++summary.tables;
    ObjectRecord record = RecordOf(object);
    record.schema = Slice{0, 0, object.create.size()};
    if (object.rows > 0) record.data = Slice{0, 0, object.data_bytes};
    summary.objects.push_back(std::move(record));
  }
  std::sort(summary.objects.begin(), summary.objects.end(),
            [](const ObjectRecord& a, const ObjectRecord& b) { return a.id < b.id; });
  return summary;
}

void WritePlainText(const std::shared_ptr<const RandomAccessFile>& file, const PlainTextPart& part,
                    WritableFile& out, const CancelToken& cancel) {
  if (part.only.empty() && part.schema && part.data) {
    ForEachTextPiece(file, cancel, [&](std::string_view piece) { out.Append(piece); });
    return;
  }
  PartWriter writer(part, out);
  DumpReader reader(ReaderOptions(file->name(), {{}, true}),
                    [&](const DumpStatement& statement) { writer.Take(statement); });
  ForEachTextPiece(file, cancel, [&](std::string_view piece) { reader.Feed(piece); });
  reader.Finish();
  writer.Finish(file->name());
}

}  // namespace dbomsbak
