#include "engine/plain_dump.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "dbomsbak/archive/text_source.h"
#include "dbomsbak/base/error.h"
#include "engine/plain_proof.h"

namespace dbomsbak {
namespace {

constexpr std::size_t kPiece = std::size_t{256} << 10;

// The database of a dump of ours that neither creates nor chooses one.
std::string OwnDatabase(std::string_view text) {
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return {};
  const auto creates = json.find("create_database");
  if (creates == json.end() || *creates != false) return {};
  const auto databases = json.find("databases");
  if (databases == json.end() || !databases->is_array() || databases->size() != 1 ||
      !databases->front().is_string()) {
    return {};
  }
  return databases->front().get<std::string>();
}

}  // namespace

DumpReader::Options ReaderOptions(const std::string& name, const PlainDumpOptions& options) {
  DumpReader::Options reader;
  reader.name = name;
  reader.into = options.into;
  reader.into_if_unnamed = options.into_if_unnamed;
  reader.into_head_database = options.any_database;
  reader.own_database = OwnDatabase;
  return reader;
}

void ForEachTextPiece(const std::shared_ptr<const RandomAccessFile>& file,
                      const CancelToken& cancel,
                      const std::function<void(std::string_view)>& piece) {
  const std::unique_ptr<TextSource> source = TextSource::Open(file);
  std::string buffer(kPiece, '\0');
  for (;;) {
    cancel.ThrowIfCancelled();
    const std::size_t size = source->Read(buffer.data(), buffer.size());
    if (size == 0) return;
    piece(std::string_view(buffer).substr(0, size));
  }
}

PlainDump ReadPlainDump(const std::shared_ptr<const RandomAccessFile>& file,
                        const PlainDumpOptions& options, Observer& observer,
                        const CancelToken& cancel, const DumpReader::Sink& each, Judge judge) {
  DumpReader reader(ReaderOptions(file->name(), options), each);
  PlainProver prover(file->name());
  Progress progress;
  progress.phase = "check";
  progress.object = file->name();
  // What is wrong with a statement counts only when the file as such is whole: a cut or damaged one
  // is called that.
  std::optional<Error> refused;
  ForEachTextPiece(file, cancel, [&](std::string_view piece) {
    prover.Feed(piece);
    if (!refused) {
      try {
        reader.Feed(piece);
      } catch (const Error& e) {
        if (e.code() == ErrorCode::kInterrupted || e.code() == ErrorCode::kTerminated) throw;
        refused = e;
      }
    }
    progress.bytes_done += piece.size();
    progress.rows_done = reader.model().rows;
    observer.Update(progress);
  });
  const PlainProver::Verdict verdict = prover.Finish();
  if (!verdict.proved || judge == Judge::kStatements) {
    if (refused) throw *refused;
    reader.Finish();
  }
  PlainDump dump;
  dump.name = file->name();
  dump.model = reader.model();
  dump.text_bytes = prover.bytes();
  dump.sha256 = verdict.sha256;
  dump.proved = verdict.proved;
  dump.why_not = verdict.why_not;
  return dump;
}

}  // namespace dbomsbak
