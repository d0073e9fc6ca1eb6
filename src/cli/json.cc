#include "cli/json.h"

#include <fmt/format.h>

#include <utility>

#include "cli/characters.h"
#include "cli/command_table.h"
#include "cli/json_table.h"
#include "cli/option_table.h"
#include "dbomsbak/base/base64.h"
#include "dbomsbak/base/utc_time.h"

namespace dbomsbak {

Json Coded(ErrorCode code) {
  Json json;
  json["code"] = static_cast<int>(code);
  json["name"] = std::string(Describe(code).name);
  return json;
}

Json Strings(const std::vector<std::string>& texts) {
  Json array = Json::array();
  for (const std::string& text : texts) array.push_back(text);
  return array;
}

namespace {

Json TableNames(const std::vector<std::pair<std::string, std::string>>& tables) {
  Json array = Json::array();
  for (const auto& [database, table] : tables) {
    array.push_back(fmt::format("{}.{}", database, table));
  }
  return array;
}

Json Objects(const std::vector<ObjectId>& ids) {
  Json array = Json::array();
  for (const ObjectId& id : ids) array.push_back(id.Describe());
  return array;
}

Json ToJson(const SnapshotRecord& snapshot) {
  Json json;
  json["method"] = snapshot.method;
  json["time"] = snapshot.time;
  json["binlog_file"] = snapshot.binlog_file;
  json["binlog_position"] = snapshot.binlog_position;
  json["gtid"] = snapshot.gtid;
  json["scn"] = snapshot.scn;
  json["ddl_locked"] = snapshot.ddl_locked;
  return json;
}

Json ToJson(const Receipt& receipt, bool is_archive) {
  Json json;
  json["root"] = is_archive ? receipt.root.hex() : std::string();
  json["databases"] = Strings(receipt.databases);
  json["objects"] = receipt.footer.object_count;
  json["tables"] = receipt.footer.table_count;
  json["rows"] = receipt.footer.row_count;
  json["text_bytes"] = receipt.footer.text_size;
  json["file_bytes"] = receipt.footer.file_size;
  json["partial"] = receipt.footer.partial;
  json["pruned"] = TableNames(receipt.pruned_tables);
  json["snapshot"] = ToJson(receipt.snapshot);
  return json;
}

void AddError(const Error& error, Json& json) {
  json["message"] = error.message();
  json["hint"] = error.hint();
  json["object"] = error.object();
}

std::string OneOrMany(std::uint64_t count, const char* one, const char* many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

// The same members for what is no error but no success either.
void AddVerdict(ErrorCode code, std::string message, std::string hint, const std::string& object,
                Json& json) {
  if (code == ErrorCode::kOk) return;
  AddError(Error(code, std::move(message), std::move(hint)).About(object), json);
}

// Of what may not be whole for objects that could not be read.
void AddPartial(ErrorCode code, const std::vector<std::pair<ObjectId, std::string>>& omitted,
                const std::string& path, Json& json) {
  std::string message = fmt::format("'{}' is partial: objects in scope were left out", path);
  if (!omitted.empty()) {
    message = fmt::format("{} left out, {} first: {}",
                          OneOrMany(omitted.size(), "object was", "objects were"),
                          omitted.front().first.Describe(), omitted.front().second);
  }
  AddVerdict(code, std::move(message), "It is restored with --allow-partial alone.",
             omitted.empty() ? path : omitted.front().first.Describe(), json);
}

constexpr char kAgainstRestore[] = "the restore is refused";

Json Omitted(const DumpResult& result) {
  Json array = Json::array();
  for (const auto& [id, reason] : result.omitted) {
    Json omitted;
    omitted["object"] = id.Describe();
    omitted["reason"] = reason;
    array.push_back(std::move(omitted));
  }
  return array;
}

const char* Word(LeftoverKind kind) {
  switch (kind) {
    case LeftoverKind::kStaging:
      return "staging";
    case LeftoverKind::kPrepared:
      return "prepared";
    case LeftoverKind::kOpenWindow:
      return "open-window";
    case LeftoverKind::kDisplacedCopy:
      return "displaced-copy";
    case LeftoverKind::kKeptTables:
      return "kept-tables";
  }
  return "";
}

Json ToJson(const FileVerdict& verdict) {
  Json json;
  json["file"] = verdict.path;
  json["code"] = static_cast<int>(verdict.code);
  json["name"] = std::string(Describe(verdict.code).name);
  if (verdict.error) AddError(*verdict.error, json);
  json["encrypted"] = verdict.encrypted;
  json["signature"] = std::string(ToString(verdict.signature));
  if (verdict.signer) {
    json["signed_by"] = verdict.signer->key;
    json["trusted_comment"] = verdict.signer->comment;
  }
  if (!verdict.report) return json;
  const VerifyReport& report = *verdict.report;
  json["format"] = report.plain_sql ? "sql" : "archive";
  json["objects"] = report.objects;
  json["tables"] = report.tables;
  json["rows"] = report.rows;
  json["frames"] = report.frames;
  json["text_bytes"] = report.text_bytes;
  if (report.receipt) json["receipt"] = ToJson(*report.receipt, true);
  return json;
}

Json UnheldToJson(const std::vector<Unheld>& unheld) {
  Json json = Json::array();
  for (const Unheld& object : unheld) {
    Json entry;
    entry["object"] = object.id.Describe();
    entry["reasons"] = Strings(object.reasons);
    json.push_back(std::move(entry));
  }
  return json;
}

Json ToJson(const RestorePlan& plan) {
  Json json;
  json["databases"] = Strings(plan.databases);
  json["created_databases"] = Strings(plan.created_databases);
  json["replaced"] = Objects(plan.replaced);
  json["differing"] = Objects(plan.differing);
  json["altered"] = Strings(plan.altered);
  json["added_back"] = Objects(plan.added_back);
  json["removed"] = Objects(plan.removed);
  json["repointed"] = Strings(plan.repointed);
  json["rows"] = plan.rows;
  json["unheld"] = UnheldToJson(plan.unheld);
  json["problems"] = Strings(plan.problems);
  json["warnings"] = Strings(plan.warnings);
  json["generation"] = plan.generation;
  json["safety_dump"] = plan.safety_dump;
  json["expected_window_ms"] = plan.expected_window_ms;
  json["sees_all"] = plan.sees_all;
  return json;
}

}  // namespace

std::string ToLine(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

void AddProblems(ErrorCode code, const std::vector<std::string>& problems, const char* against,
                 Json& json) {
  if (problems.empty()) return;
  const std::string more =
      problems.size() == 1 ? "" : fmt::format(" (and {} more)", problems.size() - 1);
  AddVerdict(code, fmt::format("{}: {}{}", against, problems.front(), more),
             "Nothing was changed; problems tells all of them.", "", json);
}

Json ErrorToJson(const Error& error) {
  Json json = Coded(error.code());
  AddError(error, json);
  return json;
}

Json DumpToJson(const DumpResult& result, ErrorCode code, const std::string& path) {
  const bool is_archive = result.format == DumpFormat::kArchive;
  Json json = Coded(code);
  AddPartial(code, result.omitted, path, json);
  json["file"] = path;
  json["format"] = is_archive ? "archive" : "sql";
  json["sha256"] = result.output_sha256.hex();
  json["bytes"] = result.output_bytes;
  json["receipt"] = ToJson(result.receipt, is_archive);
  json["omitted"] = Omitted(result);
  return json;
}

namespace {

Json ToJson(const DeepReport& report) {
  Json json;
  json["server"] = report.server;
  json["tables"] = report.tables;
  json["rows"] = report.rows;
  json["start_ms"] = report.start_ms;
  json["load_ms"] = report.load_ms;
  json["prove_ms"] = report.prove_ms;
  json["duration_ms"] = report.duration_ms;
  return json;
}

}  // namespace

Json VerifyToJson(const std::vector<FileVerdict>& verdicts, ErrorCode code,
                  const std::optional<DeepReport>& deep) {
  Json json = Coded(code);
  // That of the file which is worst.
  for (const FileVerdict& verdict : verdicts) {
    if (code == ErrorCode::kOk || verdict.code != code) continue;
    if (verdict.error) {
      AddError(*verdict.error, json);
    } else {
      AddPartial(code, {}, verdict.path, json);
    }
    break;
  }
  json["files"] = Json::array();
  for (const FileVerdict& verdict : verdicts) json["files"].push_back(ToJson(verdict));
  if (deep) json["deep"] = ToJson(*deep);
  return json;
}

namespace {

Json ToJson(const Scope& given) {
  Json scope;
  scope["databases"] = Strings(given.databases);
  scope["only_tables"] = TableNames(given.only_tables);
  scope["ignored_tables"] = TableNames(given.ignored_tables);
  scope["excluded_kinds"] = Json::array();
  for (const ObjectKind kind : given.excluded_kinds) {
    scope["excluded_kinds"].push_back(std::string(ToString(kind)));
  }
  scope["row_filters"] = given.row_filters;
  scope["pruned_tables"] = TableNames(given.pruned_tables);
  scope["no_data"] = given.no_data;
  scope["no_create_info"] = given.no_create_info;
  return scope;
}

}  // namespace

Json ManifestToJson(const std::string& path, const HeaderRecord& header, const Receipt& receipt) {
  Json json = Coded(receipt.footer.partial ? ErrorCode::kPartial : ErrorCode::kOk);
  if (receipt.footer.partial) AddPartial(ErrorCode::kPartial, {}, path, json);
  json["file"] = path;
  json["format"] = "archive";
  json["tool"] = header.tool;
  json["created"] = header.created;
  json["server_version"] = header.server_version;
  json["server_flavour"] = header.server_flavour;
  json["frames"] = receipt.footer.frame_count;
  json["receipt"] = ToJson(receipt, true);
  json["options"] = header.options;
  json["scope"] = ToJson(header.scope);
  return json;
}

Json PlainManifestToJson(const std::string& path, const PlainSummary& summary) {
  Json json = Coded(ErrorCode::kOk);
  json["file"] = path;
  json["format"] = "sql";
  json["tool"] = summary.header.tool;
  json["server_version"] = summary.header.server_version;
  json["server_flavour"] = summary.header.server_flavour;
  json["scope"] = ToJson(summary.header.scope);
  json["objects"] = Json::array();
  for (const ObjectRecord& object : summary.objects)
    json["objects"].push_back(ObjectToJson(object));
  return json;
}

Json ObjectToJson(const ObjectRecord& object, std::optional<std::uint64_t> stored_bytes) {
  Json json;
  json["database"] = object.id.database;
  json["kind"] = std::string(ToString(object.id.kind));
  json["name"] = object.id.name;
  if (!object.omitted.empty()) json["omitted"] = object.omitted;
  if (!object.definition_sha256.empty()) json["definition_sha256"] = object.definition_sha256;
  if (object.schema) json["definition_bytes"] = object.schema->length;
  if (object.id.kind == ObjectKind::kTable) {
    json["engine"] = object.engine;
    json["rows"] = object.rows;
    json["data_bytes"] = object.data ? object.data->length : 0;
    if (stored_bytes) json["stored_bytes"] = *stored_bytes;
    if (object.row_digest) {
      json["row_digest_id"] = object.row_digest->id;
      json["row_digest"] = object.row_digest->value;
    }
    json["row_filtered"] = object.row_filtered;
    if (object.pruned) {
      json["pruned"] = {{"column", object.pruned->column}, {"from", object.pruned->from}};
    }
  }
  if (!object.definer.empty()) json["definer"] = object.definer;
  if (!object.table.empty()) json["table"] = object.table;
  return json;
}

Json TextPieceToJson(const TextPiece& piece) {
  Json json{{"database", nullptr}, {"kind", nullptr}, {"name", nullptr}, {"part", nullptr}};
  if (piece.object != nullptr) {
    json["database"] = piece.object->database;
    json["kind"] = std::string(ToString(piece.object->kind));
    json["name"] = piece.object->name;
    json["part"] = std::string(piece.part);
  }
  if (IsUtf8(piece.text)) {
    json["sql"] = std::string(piece.text);
  } else {
    json["sql_base64"] = EncodeBase64(piece.text, true);
  }
  return json;
}

Json CheckToJson(const CheckReport& report) {
  const auto code = static_cast<ErrorCode>(report.exit_code);
  Json json = Coded(code);
  for (const CheckFinding& finding : report.findings) {
    if (code == ErrorCode::kOk || finding.level != CheckFinding::Level::kProblem) continue;
    AddVerdict(code, finding.message, finding.remedy, report.account, json);
    break;
  }
  json["server"] = report.server;
  json["account"] = report.account;
  json["snapshot_method"] = report.snapshot_method;
  json["databases"] = Strings(report.databases);
  json["tables"] = report.tables;
  json["estimated_rows"] = report.estimated_rows;
  json["data_bytes"] = report.data_bytes;
  json["index_bytes"] = report.index_bytes;
  json["disk_free_bytes"] = report.disk_free_bytes ? Json(*report.disk_free_bytes) : Json(nullptr);
  json["findings"] = Json::array();
  for (const CheckFinding& finding : report.findings) {
    Json entry;
    entry["level"] = std::string(ToString(finding.level));
    entry["topic"] = finding.topic;
    entry["message"] = finding.message;
    entry["remedy"] = finding.remedy;
    json["findings"].push_back(std::move(entry));
  }
  return json;
}

Json RestoreCheckToJson(const std::vector<std::string>& files, const RestorePlan& plan,
                        ErrorCode code) {
  Json json = Coded(code);
  AddProblems(code, plan.problems, kAgainstRestore, json);
  json["files"] = Strings(files);
  json["unheld"] = UnheldToJson(plan.unheld);
  json["problems"] = Strings(plan.problems);
  json["warnings"] = Strings(plan.warnings);
  return json;
}

Json RestoreToJson(const RestoreResult& result, ErrorCode code, bool dry_run, bool rehearsed) {
  Json json = Coded(code);
  AddProblems(code, result.plan.problems, kAgainstRestore, json);
  json["swapped"] = result.swapped;
  json["healed"] = result.healed;
  json["dry_run"] = dry_run;
  json["rehearsed"] = rehearsed;
  json["prepared"] = result.prepared;
  json["rows_unwatched"] = result.rows_unwatched;
  json["load_ms"] = result.load_ms;
  json["prove_ms"] = result.prove_ms;
  json["window_ms"] = result.window_ms;
  json["rows_proved"] = result.rows_proved;
  json["tables_proved"] = result.tables_proved;
  json["kept"] = Strings(result.kept);
  json["plan"] = ToJson(result.plan);
  return json;
}

Json LeftoversToJson(const std::vector<Leftover>& leftovers, const char* key) {
  Json json = Coded(ErrorCode::kOk);
  json[key] = Json::array();
  for (const Leftover& leftover : leftovers) {
    Json entry;
    entry["kind"] = Word(leftover.kind);
    entry["generation"] = leftover.generation;
    entry["run"] = leftover.run;
    entry["databases"] = Strings(leftover.databases);
    entry["holders"] = Strings(leftover.holders);
    entry["created"] = leftover.created;
    entry["bytes"] = leftover.bytes;
    entry["advice"] = leftover.advice;
    entry["tables"] = Strings(leftover.tables);
    json[key].push_back(std::move(entry));
  }
  return json;
}

Json AbortToJson(const AbortResult& result, bool dry_run) {
  Json json = LeftoversToJson(result.swept, "leftovers");
  json["dry_run"] = dry_run;
  json["taken_back"] = result.taken_back;
  json["undone"] = result.undone.has_value();
  return json;
}

Json StatusToJson(const std::vector<Leftover>& leftovers, const std::string& unseen) {
  Json json = LeftoversToJson(leftovers, "leftovers");
  json["unseen"] = unseen;
  return json;
}

namespace {

Json ToJson(const DifferingKeys& keys) {
  Json json;
  json["columns"] = Strings(keys.key);
  json["only_archive"] = Strings(keys.only_archived);
  json["only_live"] = Strings(keys.only_live);
  json["changed"] = Strings(keys.changed);
  json["only_archive_count"] = keys.only_archived_count;
  json["only_live_count"] = keys.only_live_count;
  json["changed_count"] = keys.changed_count;
  json["complete"] = keys.complete;
  return json;
}

Json ToJson(const ObjectDiff& object) {
  Json json;
  json["database"] = object.id.database;
  json["kind"] = std::string(ToString(object.id.kind));
  json["name"] = object.id.name;
  json["verdict"] = std::string(ToString(object.verdict));
  json["definition"] = object.definition;
  if (object.id.kind == ObjectKind::kTable) {
    Json rows;
    rows["verdict"] = std::string(ToString(object.rows.verdict));
    rows["archive"] = object.rows.archived;
    rows["live"] = object.rows.live;
    rows["archive_digest"] = object.rows.archived_digest;
    rows["live_digest"] = object.rows.live_digest;
    json["rows"] = std::move(rows);
  }
  if (object.keys) json["keys"] = ToJson(*object.keys);
  json["reasons"] = Strings(object.reasons);
  json["notes"] = Strings(object.notes);
  return json;
}

}  // namespace

Json DiffToJson(const std::string& path, const DiffReport& report, ErrorCode code) {
  Json json = Coded(code);
  std::string found;
  for (const auto& [count, what] :
       {std::pair(report.missing, "missing"), std::pair(report.extra, "extra"),
        std::pair(report.differing, "differing"),
        std::pair(report.not_comparable, "not comparable")}) {
    if (count > 0) found += fmt::format("{}{} {}", found.empty() ? "" : ", ", count, what);
  }
  AddVerdict(code, fmt::format("'{}' and what is live: {}", path, found),
             "The list objects tells each.", path, json);
  json["file"] = path;
  json["server"] = report.server;
  json["databases"] = Strings(report.databases);
  json["snapshot"]["method"] = report.snapshot.method;
  json["snapshot"]["time"] = report.snapshot.time;
  json["compared"]["objects"] = report.objects;
  json["compared"]["rows"] = report.rows;
  json["missing"] = report.missing;
  json["extra"] = report.extra;
  json["differing"] = report.differing;
  json["not_comparable"] = report.not_comparable;
  json["notes"] = Strings(report.notes);
  json["objects"] = Json::array();
  for (const ObjectDiff& object : report.found) json["objects"].push_back(ToJson(object));
  return json;
}

namespace {

Json Pin(const std::optional<std::string>& pin) { return pin ? Json(*pin) : Json(nullptr); }

}  // namespace

Json SnapshotToJson(const SnapshotResult& result, const std::string& label) {
  Json json = Coded(result.code);
  if (result.error) {
    AddError(*result.error, json);
  } else if (result.dump) {
    AddPartial(result.code, result.dump->omitted, result.file, json);
  }
  json["label"] = label;
  json["duration_ms"] = result.duration_ms;
  json["swept"] = result.swept;
  if (result.file.empty()) return json;
  json["file"] = result.file;
  json["sha256"] = result.dump->output_sha256.hex();
  json["bytes"] = result.dump->output_bytes;
  json["verified"] = result.verified;
  json["rehearsed"] = result.rehearsed;
  if (result.deep) json["deep"] = ToJson(*result.deep);
  json["pin"] = Pin(result.pin);
  json["receipt"] = ToJson(result.dump->receipt, true);
  json["omitted"] = Omitted(*result.dump);
  std::uint64_t kept = 0;
  json["removed"] = Json::array();
  for (const Retained& retained : result.retention) {
    if (retained.removed) {
      json["removed"].push_back(retained.entry.file);
    } else {
      ++kept;
    }
  }
  json["kept"] = kept;
  return json;
}

Json FolderToJson(const std::string& folder, const std::vector<FolderEntry>& entries,
                  const std::vector<ArchiveGap>& gaps, std::int64_t now,
                  const std::optional<Error>& stale) {
  Json json = Coded(stale ? stale->code() : ErrorCode::kOk);
  if (stale) AddError(*stale, json);
  json["dir"] = folder;
  json["archives"] = Json::array();
  for (const FolderEntry& entry : entries) {
    Json one;
    one["file"] = entry.file;
    one["label"] = entry.label();
    one["time"] = FormatUtc(entry.time);
    one["age_s"] = now - entry.time;
    one["state"] = std::string(ToString(entry.state));
    one["problem"] = entry.problem;
    one["bytes"] = entry.bytes;
    if (entry.receipt) {
      one["databases"] = Strings(entry.receipt->databases);
      one["tables"] = entry.receipt->footer.table_count;
      one["rows"] = entry.receipt->footer.row_count;
      one["root"] = entry.receipt->root.hex();
      one["pruned"] = TableNames(entry.receipt->pruned_tables);
    }
    one["verified"] = entry.verified;
    one["rehearsed"] = entry.rehearsed;
    one["pin"] = Pin(entry.pin);
    one["encrypted"] = entry.encrypted();
    json["archives"].push_back(std::move(one));
  }
  json["gaps"] = Json::array();
  for (const ArchiveGap& gap : gaps) {
    Json one;
    one["label"] = gap.label;
    one["from"] = FormatUtc(gap.from);
    one["to"] = FormatUtc(gap.to);
    one["seconds"] = gap.to - gap.from;
    one["usual_s"] = gap.usual_s;
    one["open"] = gap.open;
    json["gaps"].push_back(std::move(one));
  }
  return json;
}

Json RetentionToJson(const std::string& folder, const std::vector<Retained>& plan, bool dry_run,
                     const std::optional<Error>& error) {
  Json json = Coded(error ? error->code() : ErrorCode::kOk);
  if (error) AddError(*error, json);
  json["dir"] = folder;
  json["dry_run"] = dry_run;
  json["archives"] = Json::array();
  for (const Retained& retained : plan) {
    Json one;
    one["file"] = retained.entry.file;
    one["label"] = retained.entry.label();
    one["time"] = FormatUtc(retained.entry.time);
    one["state"] = std::string(ToString(retained.entry.state));
    one["bytes"] = retained.entry.bytes;
    one["kept_by"] = retained.reason;
    one["removed"] = retained.removed;
    json["archives"].push_back(std::move(one));
  }
  return json;
}

Json HaConfigToJson(const std::string& path, const ChangedHaConfig& changed) {
  Json json = Coded(ErrorCode::kOk);
  json["file"] = path;
  json["text"] = changed.text;
  json["keys"] = Json::array();
  for (const ChangedHaConfig::Key& key : changed.keys) {
    json["keys"].push_back({{"key", key.key}, {"from", key.from}, {"to", key.to}});
  }
  json["notes"] = Strings(changed.notes);
  return json;
}

Json ConnectorsToJson(const std::vector<OmsConnectors>& files, ErrorCode code) {
  Json json = Coded(code);
  Json sources = Json::array(), errors = Json::array();
  std::uint64_t lacking = 0;
  for (const OmsConnectors& file : files) {
    for (const ConnectorSource& source : file.sources) {
      if (source.lacks_type()) ++lacking;
      Json one;
      one["file"] = file.path;
      one["connector"] = source.connector;
      one["where"] = source.where;
      one["key"] = source.key;
      one["db_type"] = source.db_type;
      one["checkpoint"] = source.checkpoint;
      sources.push_back(std::move(one));
    }
    if (!file.error) continue;
    Json one;
    one["file"] = file.path;
    one["message"] = file.error->message();
    one["hint"] = file.error->hint();
    errors.push_back(std::move(one));
  }
  for (const OmsConnectors& file : files) {
    if (!file.error || file.error->code() != code) continue;
    AddError(*file.error, json);
    break;
  }
  if (code == ErrorCode::kDiffers) {
    AddVerdict(
        code,
        fmt::format("{} dbType", OneOrMany(lacking, "source lacks its", "sources lack their")),
        "Update them in OMS's console before the upgrade.", "", json);
  }
  json["lacking"] = lacking;
  json["sources"] = std::move(sources);
  json["errors"] = std::move(errors);
  return json;
}

Json HelpToJson() {
  Json json = Coded(ErrorCode::kOk);
  for (const CommandInfo& info : CommandTable()) {
    json["commands"].push_back({{"name", info.name},
                                {"arguments", info.arguments},
                                {"summary", info.summary},
                                {"description", info.description},
                                {"example", info.example}});
  }
  for (const OptionInfo& option : OptionTable()) {
    Json one;
    for (const std::string_view name : option.AllNames()) one["names"].push_back(name);
    one["value"] = option.value;
    one["group"] = Title(option.group);
    for (const CommandInfo& info : CommandTable()) {
      if ((info.command & option.commands) != 0) one["commands"].push_back(info.name);
    }
    one["meaning"] = option.help;
    json["options"].push_back(std::move(one));
  }
  for (const ExitCodeInfo& info : ExitCodeTable()) {
    json["exit_codes"].push_back(
        {{"code", static_cast<int>(info.code)}, {"name", info.name}, {"meaning", info.meaning}});
  }
  for (const JsonField& field : JsonFieldTable()) {
    Json one;
    one["path"] = field.path;
    one["type"] = field.type;
    one["commands"] = Strings(JsonAnswersOf(field.commands));
    one["meaning"] = field.meaning;
    json["fields"].push_back(std::move(one));
  }
  return json;
}

}  // namespace dbomsbak
