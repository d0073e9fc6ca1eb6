#include "dbomsbak/engine/plain_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "dbomsbak/base/ascii.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/base/utf8.h"
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

// How much of the text may go, so that no character is torn, nor a line if it has an end.
std::size_t WholeLines(std::string_view text) {
  constexpr std::size_t kLongestCharacter = 4;
  const std::size_t line_end = text.rfind('\n');
  if (line_end != std::string_view::npos) return line_end + 1;
  for (std::size_t back = 1; back <= std::min(kLongestCharacter, text.size()); ++back) {
    if (StartsCharacter(text[text.size() - back])) return text.size() - back;
  }
  return text.size();
}

class PartWriter {
 public:
  PartWriter(const PlainTextPart& part, const TextSink& out) : part_(part), out_(out) {
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
        return Write({}, statement.text, ";\n");
      case DumpStatement::Role::kDatabase:
        if (part_.only.empty() || Begins(statement.text, "use")) Write({}, statement.text, ";\n");
        return;
      case DumpStatement::Role::kDefinition:
        return TakeDefinition(statement);
      case DumpStatement::Role::kRows:
        if (part_.data && IsWanted(*statement.object)) {
          Write({&statement.object->id, "data", {}}, statement.text, ";\n");
        }
    }
  }

  void Finish(const std::string& file) const {
    if (missing_.empty()) return;
    const auto& [database, name] = *missing_.begin();
    const bool all = name.empty();
    throw Error(ErrorCode::kUsage,
                fmt::format("'{}' holds no {} {}", file, all ? "objects of" : "object",
                            all ? QuoteIdentifier(database) : QuoteQualified(database, name)),
                "dbomsbak info lists what the dump holds.")
        .About(all ? database : database + "." + name);
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
    const ObjectId& id = statement.object->id;
    const TextPiece of{&id, "schema", {}};
    if (!statement.object->restart.empty()) return Write(of, statement.text, ";\n");
    Write(of, fmt::format("DROP {} IF EXISTS {}", SqlKeyword(id.kind), QuoteIdentifier(id.name)),
          ";\n");
    WriteDefinition(statement);
  }

  void WriteDefinition(const DumpStatement& statement) {
    if (statement.object == nullptr) return Write({}, statement.text, ";\n");
    const TextPiece of{
        &statement.object->id, statement.object->is_stand_in ? "stand_in" : "schema", {}};
    if (!IsProgram(statement.object->id.kind)) return Write(of, statement.text, ";\n");
    Write(of, fmt::format("DELIMITER ;;\n{} ;;\nDELIMITER ;\n", statement.text), {});
  }

  bool IsWanted(const DumpedObject& object) {
    if (part_.only.empty()) return true;
    bool wanted = false;
    for (const std::string& name : {object.id.name, std::string()}) {
      const std::pair entry(object.id.database, name);
      if (std::find(part_.only.begin(), part_.only.end(), entry) == part_.only.end()) continue;
      wanted = true;
      missing_.erase(entry);
    }
    return wanted;
  }

  void Write(TextPiece piece, std::string_view text, std::string_view end) {
    line_.assign(text).append(end);
    piece.text = line_;
    out_(piece);
  }

  const PlainTextPart& part_;
  const TextSink& out_;
  std::string line_;
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
                    const TextSink& out, const CancelToken& cancel) {
  if (part.only.empty() && part.schema && part.data) {
    std::string text;
    ForEachTextPiece(file, cancel, [&](std::string_view piece) {
      text += piece;
      const std::size_t whole = WholeLines(text);
      if (whole == 0) return;
      out({nullptr, {}, std::string_view(text).substr(0, whole)});
      text.erase(0, whole);
    });
    if (!text.empty()) out({nullptr, {}, text});
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
