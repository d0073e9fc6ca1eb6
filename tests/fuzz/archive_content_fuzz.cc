// Archives that hold together and whose content is anybody's: a header, objects and text in parts
// with a NUL byte between them, made an archive by the writer. What restore takes of it is of the
// declared kinds, on the declared databases.
#include <vector>

#include "dbomsbak/archive/archive_writer.h"
#include "dbomsbak/archive/records_json.h"
#include "dbomsbak/base/cancel.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/engine/verify.h"
#include "dbomsbak/sql/create_table.h"
#include "dbomsbak/sql/insert_parser.h"
#include "dbomsbak/sql/statement_splitter.h"
#include "engine/restore_content.h"
#include "fuzz/fuzz.h"
#include "unit/memory_file.h"

namespace dbomsbak {
namespace {

using fuzz::Require;

std::string_view TakePart(std::string_view& text) {
  const std::string_view part = text.substr(0, text.find('\0'));
  text.remove_prefix(std::min(part.size() + 1, text.size()));
  return part;
}

std::string TextOf(const std::vector<std::string>& frames, const std::optional<Slice>& slice) {
  std::string text;
  if (!slice || slice->frame >= frames.size()) return text;
  for (std::size_t i = slice->frame; i < frames.size(); ++i) text += frames[i];
  return slice->offset < text.size() ? text.substr(slice->offset, slice->length) : std::string();
}

// The digests as a malicious writer would have them.
void MakeRight(ObjectRecord& object, const std::vector<std::string>& frames) {
  if (object.id.kind == ObjectKind::kDatabase) {
    object.definition_sha256 = Sha256(object.charset + " " + object.collation).hex();
  } else if (object.create) {
    object.definition_sha256 = Sha256(WithoutAutoIncrement(TextOf(frames, object.create))).hex();
  }
  if (object.id.kind != ObjectKind::kTable) return;
  std::vector<std::string> names;
  std::vector<ColumnKind> kinds;
  for (const ColumnRecord& column : object.columns) {
    const auto kind = ColumnKind::Parse(column.kind);
    if (!kind) return;
    names.push_back(column.name);
    kinds.push_back(*kind);
  }
  try {
    RowDigest digest;
    InsertParser(object.id.name, names, kinds).Digest(TextOf(frames, object.data), digest);
    object.rows = digest.rows;
    object.row_digest = RowDigestRecord{std::string(kRowDigestId), digest.sum.hex()};
  } catch (const Error&) {
  }
}

std::size_t StatementsIn(const std::string& text) {
  std::size_t count = 0;
  try {
    StatementSplitter splitter(text.size() + 8, [&](const auto&) { ++count; });
    splitter.Feed(text);
    splitter.Feed("\n;\n");
    splitter.Finish();
  } catch (const Error&) {
    return 0;  // a quote or comment that goes on behind its end
  }
  return count;
}

bool StartsWithAny(const std::string& text, std::initializer_list<std::string_view> heads) {
  return std::any_of(heads.begin(), heads.end(),
                     [&](std::string_view head) { return text.starts_with(head); });
}

// Asked the simple way, apart from how restore asks it.
void IsOfItsKind(const RestoreContent& content) {
  const std::vector<std::string> databases = content.Databases();
  for (const auto* objects :
       {&content.databases, &content.sequences, &content.tables, &content.views, &content.routines,
        &content.triggers, &content.events}) {
    for (const ContentObject& object : *objects) {
      Require(std::binary_search(databases.begin(), databases.end(), object.record.id.database),
              object.record.id.Describe() + " is in a declared database");
    }
  }
  for (const ContentObject& table : content.tables) {
    if (table.create.empty()) continue;
    Require(StartsWithAny(table.create, {"CREATE TABLE `", "CREATE EXTERNAL TABLE `"}),
            "a table's definition makes a table: " + table.create);
    Require(StatementsIn(table.create) <= 1, "it is one statement: " + table.create);
  }
  for (const ContentObject& sequence : content.sequences) {
    if (sequence.create.empty()) continue;
    Require(sequence.create.starts_with("CREATE SEQUENCE `"),
            "a sequence's definition makes a sequence: " + sequence.create);
    Require(StatementsIn(sequence.create) <= 1, "it is one statement: " + sequence.create);
    Require(sequence.restart.empty() || sequence.restart.starts_with("SELECT SETVAL(`"),
            "a sequence is given its value: " + sequence.restart);
  }
  for (const auto* objects :
       {&content.views, &content.routines, &content.triggers, &content.events}) {
    for (const ContentObject& object : *objects) {
      if (object.create.empty()) continue;
      std::string head = object.create.substr(0, 6);
      for (char& c : head) c = static_cast<char>(c & ~0x20);
      Require(head == "CREATE" || !std::isalpha(static_cast<unsigned char>(object.create[0])),
              "a program's definition makes something: " + object.create);
    }
  }
}

}  // namespace

DBOMSBAK_FUZZ_TARGET(input) {
  std::string_view rest = input;
  const auto header = HeaderFromJson(TakePart(rest));
  if (!header) return;
  std::string_view lines = TakePart(rest);
  std::vector<std::string> frames;
  while (!rest.empty()) {
    frames.emplace_back(TakePart(rest));
    if (frames.back().empty()) frames.pop_back();
  }
  MemoryWritableFile file;
  try {
    ArchiveWriter writer(file, *header);
    FrameCompressor compressor(0);
    for (const std::string& frame : frames) writer.AppendFrame(compressor.Compress(frame));
    std::vector<ObjectId> ids;
    while (!lines.empty()) {
      const std::string_view line = lines.substr(0, lines.find('\n'));
      lines.remove_prefix(std::min(line.size() + 1, lines.size()));
      auto object = ObjectFromJson(line);
      if (!object || std::find(ids.begin(), ids.end(), object->id) != ids.end()) return;
      ids.push_back(object->id);
      MakeRight(*object, frames);
      writer.AddObject(*object);
    }
    writer.Finish();
  } catch (const Error&) {
    return;
  }
  const auto archive_file = InMemory(file.bytes());
  VerifyOptions options;
  options.jobs = 1;
  try {
    Verify(archive_file, options, SilentObserver(), CancelToken());
  } catch (const Error& e) {
    Require(e.code() != ErrorCode::kInternal, e.message());
  }
  try {
    const ArchiveReader archive = ArchiveReader::Open(archive_file);
    IsOfItsKind(ReadContent(archive, {}, 1, SilentObserver(), CancelToken()));
  } catch (const Error& e) {
    Require(e.code() != ErrorCode::kInternal, e.message());
  }
}

}  // namespace dbomsbak
