// verify, info and cat: commands that need no server.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cli/commands.h"
#include "cli/envelope.h"
#include "cli/html_pages.h"
#include "cli/json.h"
#include "cli/render.h"
#include "cli/terminal.h"
#include "dbomsbak/app/cat_command.h"
#include "dbomsbak/app/deep_verify.h"
#include "dbomsbak/app/names.h"
#include "dbomsbak/app/verify_command.h"
#include "dbomsbak/archive/text_source.h"
#include "dbomsbak/base/units.h"
#include "dbomsbak/engine/plain_text.h"

namespace dbomsbak {
namespace {

std::optional<Sha256Digest> ExpectedDigest(const CommandLine& line) {
  const auto text = line.Last("expect");
  if (!text) return std::nullopt;
  std::string_view digits = *text;
  if (digits.starts_with("sha256:")) digits.remove_prefix(7);
  if (auto digest = Sha256Digest::FromHex(digits)) return digest;
  throw Error(ErrorCode::kUsage,
              fmt::format("--expect wants the 64 hexadecimal digits of a receipt, not '{}'", *text),
              "The receipt is the last line of dump; it has them behind sha256:.");
}

// What its rows take of the file.
std::optional<std::uint64_t> StoredBytes(const ArchiveReader& archive, const ObjectRecord& object) {
  if (object.id.kind != ObjectKind::kTable) return std::nullopt;
  return object.data ? archive.StoredBytesOf(*object.data) : 0;
}

ErrorCode TellOfPlainDump(Invocation& run, const std::string& path,
                          const std::shared_ptr<const RandomAccessFile>& file) {
  run.signals.AllowForcedEnd();
  const PlainSummary summary = SummarizePlainDump(file, run.cancel);
  if (run.json()) {
    run.console.Out(ToLine(PlainManifestToJson(path, summary)));
    return ErrorCode::kOk;
  }
  if (HtmlAsAsked(run)) {
    InfoContent content{.path = path,
                        .facts = PlainManifestFacts(path, summary),
                        .scope = summary.header.scope,
                        .text_bytes = summary.text_bytes};
    for (const ObjectRecord& object : summary.objects) {
      content.objects.push_back(ForPage(object, std::nullopt));
    }
    run.console.Out(InfoPage(content));
    return ErrorCode::kOk;
  }
  std::string text = RenderFacts(PlainManifestFacts(path, summary)) + RenderObjectHeading();
  for (const ObjectRecord& object : summary.objects) text += RenderObject(object);
  run.console.Out(text);
  return ErrorCode::kOk;
}

// Sound files must hold the databases of --oms-config, all together.
void RequireOms(Invocation& run, const std::vector<FileVerdict>& verdicts, ErrorCode worst) {
  const OmsConfig* const oms = OmsAsAsked(run);
  const auto sound = [](const FileVerdict& verdict) { return verdict.report.has_value(); };
  if (oms == nullptr || !std::all_of(verdicts.begin(), verdicts.end(), sound)) return;
  std::vector<std::string> held;
  for (const FileVerdict& verdict : verdicts) {
    const auto& receipt = verdict.report->receipt;
    const std::vector<std::string> databases =
        receipt ? receipt->databases
                : SummarizePlainDump(run.files.OpenForReading(verdict.path), run.cancel)
                      .header.scope.databases;
    held.insert(held.end(), databases.begin(), databases.end());
  }
  const auto missing = MissingDatabases(*oms, held);
  if (missing.empty()) return;
  throw Error(Worse(worst, ErrorCode::kDiffers),
              fmt::format("{} not in {}", OmsDatabasesAre(*oms, missing),
                          verdicts.size() == 1 ? fmt::format("'{}'", verdicts.front().path)
                                               : std::string("the files")),
              "Verify the files of all databases in one command, or dump them together: dbomsbak "
              "dump --oms-config.");
}

// By a restore on a throwaway server. Unsound files are none to restore.
std::optional<DeepReport> VerifyDeeply(Invocation& run, const VerifyOptions& options,
                                       const std::vector<FileVerdict>& verdicts,
                                       Observer& observer) {
  DeepVerifyCommand command;
  command.program = ThrowawayAsAsked(run.line).value_or("");
  command.max_memory_bytes = options.max_memory_bytes;
  command.jobs = options.jobs;
  for (const FileVerdict& verdict : verdicts) {
    if (!verdict.report || verdict.code == ErrorCode::kWrongKey) return std::nullopt;
    command.paths.push_back(verdict.path);
    command.text_bytes += verdict.report->text_bytes;
  }
  const DeepReport report = VerifyOnThrowaway(run.files, command, observer, run.cancel);
  run.console.ClearStatus();
  if (!run.json() && !run.console.quiet()) {
    run.console.Out(fmt::format("restored: {} with {} proved{}\n", Counted(report.tables, "table"),
                                Counted(report.rows, "row"), OnThrowaway(report)));
  }
  return report;
}

}  // namespace

ErrorCode RunVerifyCommandLine(Invocation& run) {
  VerifyOptions options;
  const bool deeply = run.line.Flag("deep");
  if (deeply != ThrowawayAsAsked(run.line).has_value()) {
    throw Error(
        ErrorCode::kUsage, "verify wants --deep and --throwaway together",
        "They restore the files on a server that is started for that and ended. On one that "
        "is there: dbomsbak restore --rehearse.");
  }
  options.expect = ExpectedDigest(run.line);
  if (options.expect && run.line.arguments().size() > 1) {
    throw Error(ErrorCode::kUsage, "--expect goes with one file", "Verify the files one by one.");
  }
  if (const auto jobs = run.line.Number("jobs", 1, 64)) options.jobs = static_cast<unsigned>(*jobs);
  if (const auto bytes = run.line.Bytes("max-memory")) options.max_memory_bytes = *bytes;
  const SignaturePolicy signatures = SignaturesAsAsked(run.line);
  OmsAsAsked(run);  // what is wrong with it is told first
  const auto observer = ObserveAsAsked(run);
  run.signals.AllowForcedEnd();

  ErrorCode worst = ErrorCode::kOk;
  std::vector<FileVerdict> verdicts;
  for (const std::string& path : run.line.arguments()) {
    FileVerdict verdict = VerifyFile(run.files, path, options, signatures, *observer, run.cancel);
    worst = Worse(worst, verdict.code);
    run.console.ClearStatus();
    if (run.json()) {
      if (verdict.error) run.console.PrintError(*verdict.error);
    } else {
      if (verdict.error && run.line.arguments().size() == 1) {
        if (!deeply || !verdict.report) throw *verdict.error;
        // Complete, but unproven: told behind the restore.
      } else if (verdict.error) {
        run.console.Err(RenderVerdict(verdict));
      } else if (!run.console.quiet()) {
        run.console.Out(RenderVerdict(verdict));
      }
    }
    verdicts.push_back(std::move(verdict));
  }
  RequireOms(run, verdicts, worst);
  std::optional<DeepReport> deep;
  if (deeply) deep = VerifyDeeply(run, options, verdicts, *observer);
  if (run.json()) {
    run.console.Out(ToLine(VerifyToJson(verdicts, worst, deep)));
  } else if (verdicts.size() == 1 && verdicts.front().error) {
    throw *verdicts.front().error;
  }
  return worst;
}

ErrorCode RunInfoCommandLine(Invocation& run) {
  const std::string& path = run.line.arguments().front();
  const bool html = HtmlAsAsked(run);
  const std::shared_ptr<const RandomAccessFile> file = run.files.OpenForReading(path);
  if (LooksLikeUnpacked(file) == FileKind::kPlainSql) return TellOfPlainDump(run, path, file);
  const ArchiveReader archive = ArchiveReader::Open(file);
  run.signals.AllowForcedEnd();
  const Receipt receipt = archive.receipt();
  const ErrorCode code = receipt.footer.partial ? ErrorCode::kPartial : ErrorCode::kOk;
  if (html) {
    InfoContent content{.path = path,
                        .facts = ManifestFacts(path, archive.header(), receipt),
                        .scope = archive.header().scope,
                        .text_bytes = receipt.footer.text_size,
                        .file_bytes = receipt.footer.file_size,
                        .partial = receipt.footer.partial};
    archive.ForEachObject([&](ObjectRecord&& object) {
      content.objects.push_back(ForPage(object, StoredBytes(archive, object)));
      return true;
    });
    run.console.Out(InfoPage(content));
    return code;
  }

  // Written piece by piece: an index may be larger than memory should be.
  constexpr std::size_t kPieceBytes = 64 * 1024;
  std::string text;
  const auto write = [&](std::string_view more) {
    text += more;
    if (text.size() < kPieceBytes) return;
    run.cancel.ThrowIfCancelled();
    run.console.Out(text);
    text.clear();
  };
  if (run.json()) {
    // Read to its end first: what is wrong with the index must not end half an answer.
    archive.ForEachObject([&](ObjectRecord&& object) {
      StoredBytes(archive, object);
      run.cancel.ThrowIfCancelled();
      return true;
    });
    std::string head = ToLine(ManifestToJson(path, archive.header(), receipt));
    head.resize(head.size() - 2);  // the closing brace and the newline
    write(head + ",\"objects\":[");
    bool first = true;
    archive.ForEachObject([&](ObjectRecord&& object) {
      std::string entry = ToLine(ObjectToJson(object, StoredBytes(archive, object)));
      entry.pop_back();
      write((first ? "" : ",") + entry);
      first = false;
      return true;
    });
    write("]}\n");
  } else {
    write(RenderFacts(ManifestFacts(path, archive.header(), receipt)));
    write(RenderObjectHeading());
    archive.ForEachObject([&](ObjectRecord&& object) {
      write(RenderObject(object));
      return true;
    });
  }
  run.console.Out(text);
  return code;
}

ErrorCode RunCatCommandLine(Invocation& run) {
  CatCommand command;
  for (const std::string& text : run.line.All("only")) {
    for (auto& name : ParseDatabasesAndTables(text, "--only")) {
      command.only.push_back(std::move(name));
    }
  }
  const bool schema = run.line.Flag("schema");
  const bool data = run.line.Flag("data");
  command.schema = schema || !data;
  command.data = data || !schema;
  command.by_object = run.json();
  const TextSink out = [&](const TextPiece& piece) {
    if (run.json()) return run.console.Out(ToLine(TextPieceToJson(piece)));
    run.console.out().Append(piece.text);
  };
  const std::shared_ptr<const RandomAccessFile> file =
      run.files.OpenForReading(run.line.arguments().front());
  if (LooksLikeUnpacked(file) == FileKind::kPlainSql) {
    run.signals.AllowForcedEnd();
    WritePlainText(file, {command.only, command.schema, command.data}, out, run.cancel);
  } else {
    const ArchiveReader archive = ArchiveReader::Open(file);
    run.signals.AllowForcedEnd();
    RunCatCommand(archive, command, out, run.cancel);
  }
  if (run.json()) run.console.Out(ToLine(Coded(ErrorCode::kOk)));
  return ErrorCode::kOk;
}

}  // namespace dbomsbak
