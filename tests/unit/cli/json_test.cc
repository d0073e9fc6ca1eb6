#include "cli/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "cli/json_table.h"
#include "cli/upgrade_view.h"

namespace dbomsbak {
namespace {

// "a.b", "list[].c": the paths of a value's leaves, as the table writes them.
void CollectPaths(const Json& value, const std::string& path, std::set<std::string>& paths) {
  if (value.is_object() && !value.empty()) {
    for (const auto& [key, member] : value.items()) {
      CollectPaths(member, path.empty() ? key : path + "." + key, paths);
    }
  } else if (value.is_array() && !value.empty()) {
    for (const Json& member : value) CollectPaths(member, path + "[]", paths);
  } else {
    paths.insert(path);
  }
}

std::set<std::string> PathsOfTable(CommandSet command) {
  std::set<std::string> paths;
  for (const JsonField& field : JsonFieldTable()) {
    std::string path(field.path);
    std::erase(path, '?');
    if ((field.commands & command) != 0) paths.insert(std::move(path));
  }
  return paths;
}

// Free-form objects are one entry of the table.
std::set<std::string> Folded(std::set<std::string> paths, const std::string& object) {
  std::set<std::string> folded;
  for (const std::string& path : paths) {
    folded.insert(path.starts_with(object + ".") ? object : path);
  }
  return folded;
}

Receipt FullReceipt() {
  Receipt receipt;
  receipt.databases = {"d"};
  receipt.pruned_tables = {{"d", "t"}};
  receipt.snapshot.method = "global-read-lock";
  return receipt;
}

std::set<std::string> ErrorPaths() { return {"code", "name", "message", "hint", "object"}; }

TEST(JsonTest, DumpWritesTheFieldsOfTheTable) {
  DumpResult result;
  result.receipt = FullReceipt();
  result.omitted.emplace_back(ObjectId{"d", ObjectKind::kView, "v"}, "no privilege");
  std::set<std::string> paths = ErrorPaths();
  CollectPaths(DumpToJson(result, ErrorCode::kPartial, "x.sql.zst"), "", paths);
  EXPECT_EQ(paths, PathsOfTable(kCommandDump));
}

TEST(JsonTest, VerifyWritesTheFieldsOfTheTable) {
  FileVerdict good;
  good.path = "a";
  good.code = ErrorCode::kOk;
  good.report = VerifyReport{};
  good.report->receipt = FullReceipt();
  good.signer = SignatureReport{"AA", "timestamp:1"};
  FileVerdict bad;
  bad.path = "b";
  bad.code = ErrorCode::kDamaged;
  bad.error = Error(ErrorCode::kDamaged, "frame 3 is damaged");
  std::set<std::string> paths = ErrorPaths();
  CollectPaths(VerifyToJson({good, bad}, ErrorCode::kDamaged, DeepReport{}), "", paths);
  EXPECT_EQ(Folded(paths, "files[].receipt"), PathsOfTable(kCommandVerify));
}

TEST(JsonTest, InfoWritesTheFieldsOfTheTable) {
  HeaderRecord header;
  header.options["triggers"] = "false";
  header.scope.databases = {"d"};
  header.scope.only_tables = {{"d", "t"}};
  header.scope.ignored_tables = {{"d", "u"}};
  header.scope.excluded_kinds = {ObjectKind::kTrigger};
  header.scope.row_filters["*"] = "1";
  header.scope.pruned_tables = {{"d", "t"}};
  Json json = ManifestToJson("x", header, FullReceipt());
  ObjectRecord table;
  table.id = {"d", ObjectKind::kTable, "t"};
  table.omitted = "why";
  table.definition_sha256 = "00";
  table.schema = Slice{};
  table.row_digest = RowDigestRecord{"xxh3-128-sum/1", "00"};
  table.pruned = PruneRecord{"id", "7"};
  table.definer = "root@%";
  table.table = "t";
  json["objects"] = Json::array({ObjectToJson(table, 1)});
  std::set<std::string> paths = ErrorPaths();
  CollectPaths(json, "", paths);
  EXPECT_EQ(Folded(Folded(paths, "options"), "scope.row_filters"), PathsOfTable(kCommandInfo));
}

TEST(JsonTest, CatWritesTheFieldsOfTheTable) {
  const ObjectId id{"d", ObjectKind::kTable, "t"};
  std::set<std::string> paths = ErrorPaths();
  CollectPaths(TextPieceToJson({&id, "data", "INSERT"}), "", paths);
  CollectPaths(TextPieceToJson({nullptr, {}, "\xff"}), "", paths);
  EXPECT_EQ(paths, PathsOfTable(kCommandCat));
  EXPECT_EQ(TextPieceToJson({nullptr, {}, "a\xff"}).at("sql_base64"), "Yf8=");
  EXPECT_EQ(TextPieceToJson({nullptr, {}, "\xef\xbf\xbd"}).at("sql"), "\xef\xbf\xbd");
}

TEST(JsonTest, CheckWritesTheFieldsOfTheTable) {
  CheckReport report;
  report.databases = {"d"};
  report.findings.emplace_back();
  std::set<std::string> paths = ErrorPaths();
  CollectPaths(CheckToJson(report), "", paths);
  EXPECT_EQ(paths, PathsOfTable(kCommandCheck));
  RestorePlan plan;
  plan.unheld = {{ObjectId{"d", ObjectKind::kTable, "t"}, {"r"}}};
  plan.problems = {"p"};
  plan.warnings = {"w"};
  paths.clear();
  CollectPaths(RestoreCheckToJson({"f"}, plan, ErrorCode::kRestorePreflight), "", paths);
  EXPECT_EQ(paths, PathsOfTable(kJsonCheckRestore));
}

TEST(JsonTest, RestoreWritesTheFieldsOfTheTable) {
  RestoreResult result;
  result.plan.databases = {"d"};
  result.plan.created_databases = {"d"};
  result.plan.altered = {"database `d`: comment"};
  result.plan.repointed = {"foreign key `f` of table `o`.`c` into `d`.`t`"};
  result.plan.replaced = result.plan.differing = result.plan.added_back =
      result.plan.removed = {ObjectId{"d", ObjectKind::kTable, "t"}};
  result.plan.unheld = {{ObjectId{"d", ObjectKind::kTable, "t"}, {"r"}}};
  result.plan.problems = {"p"};
  result.plan.warnings = {"w"};
  result.kept = {"`d`.`__dbomsbak_old_r_0` (was `t`)"};
  std::set<std::string> paths = ErrorPaths();
  CollectPaths(RestoreToJson(result, ErrorCode::kOk, false, false), "", paths);
  EXPECT_EQ(paths, PathsOfTable(kCommandUndo));
  EXPECT_EQ(paths, PathsOfTable(kCommandRestore));
  Leftover leftover;
  leftover.databases = {"d"};
  leftover.holders = {"d__dbomsbak_new_r"};
  leftover.tables = {"`d`.`__dbomsbak_old_r_0` (was `t`)"};
  AbortResult aborted;
  aborted.swept = {leftover};
  paths = ErrorPaths();
  CollectPaths(AbortToJson(aborted, false), "", paths);
  EXPECT_EQ(paths, PathsOfTable(kJsonRestoreAbort));
}

TEST(JsonTest, DiffWritesTheFieldsOfTheTable) {
  DiffReport report;
  report.databases = {"d"};
  report.notes = {"n"};
  ObjectDiff table;
  table.id = {"d", ObjectKind::kTable, "t"};
  table.keys.emplace();
  table.keys->key = {"id"};
  table.keys->only_archived = table.keys->only_live = table.keys->changed = {"1"};
  table.reasons = {"r"};
  table.notes = {"n"};
  report.found.push_back(table);
  std::set<std::string> paths = ErrorPaths();
  CollectPaths(DiffToJson("x.sql.zst", report, ErrorCode::kDiffers), "", paths);
  EXPECT_EQ(paths, PathsOfTable(kCommandDiff));
  EXPECT_EQ(paths, PathsOfTable(kJsonUpgradeReport));
}

TEST(JsonTest, UpgradeWritesTheFieldsOfTheTable) {
  UpgradeView view;
  view.found = {{"p"}, {"w"}};
  view.on_server = {"s"};
  UpgradeStepState state;
  state.step.commands = {"c"};
  state.step.instructions = {"i"};
  view.steps = {state};
  std::set<std::string> paths = ErrorPaths();
  CollectPaths(UpgradeToJson(view), "", paths);
  EXPECT_EQ(paths, PathsOfTable(kCommandUpgrade));
}

TEST(JsonTest, LeftoversAreWrittenAsTheTableSays) {
  Leftover leftover;
  leftover.databases = {"d"};
  leftover.holders = {"d__dbomsbak_old_1"};
  leftover.tables = {"`d`.`__dbomsbak_old_r_0` (was `t`)"};
  std::set<std::string> paths = ErrorPaths();
  CollectPaths(StatusToJson({leftover}, "GRANT …"), "", paths);
  EXPECT_EQ(paths, PathsOfTable(kCommandStatus));
}

FolderEntry FullEntry() {
  FolderEntry entry;
  entry.file = "oms-20261127T101534Z.sql.zst";
  entry.name = ParseArchiveName(entry.file);
  entry.receipt = FullReceipt();
  return entry;
}

TEST(JsonTest, SnapshotWritesTheFieldsOfTheTable) {
  SnapshotResult result;
  result.file = "/d/x";
  result.error = Error(ErrorCode::kIo, "one could not be removed");
  result.dump.emplace();
  result.dump->receipt = FullReceipt();
  result.dump->omitted.emplace_back(ObjectId{"d", ObjectKind::kView, "v"}, "no privilege");
  result.deep.emplace();
  result.retention = {{FullEntry(), "", true}, {FullEntry(), "newest", false}};
  std::set<std::string> paths;
  CollectPaths(SnapshotToJson(result, "oms"), "", paths);
  EXPECT_EQ(paths, PathsOfTable(kCommandSnapshot));
}

TEST(JsonTest, ListAndPruneWriteTheFieldsOfTheTable) {
  const Error error(ErrorCode::kStale, "too old");
  std::set<std::string> list, prune;
  CollectPaths(FolderToJson("/d", {FullEntry()}, {ArchiveGap{}}, 0, error), "", list);
  EXPECT_EQ(list, PathsOfTable(kCommandList));
  CollectPaths(RetentionToJson("/d", {{FullEntry(), "", false}}, true, error), "", prune);
  EXPECT_EQ(prune, PathsOfTable(kCommandPrune));
}

TEST(JsonTest, HelpWritesTheFieldsOfTheTable) {
  std::set<std::string> paths = ErrorPaths();
  CollectPaths(HelpToJson(), "", paths);
  EXPECT_EQ(paths, PathsOfTable(kCommandHelp));
}

// What every answer has whose code is not 0, in its place behind code and name.
void ExpectTold(const Json& json, ErrorCode code, const std::string& message) {
  ASSERT_GE(json.size(), 5U);
  auto member = json.begin();
  for (const char* key : {"code", "name", "message", "hint", "object"}) {
    EXPECT_EQ((member++).key(), key) << json;
  }
  EXPECT_EQ(json["code"], static_cast<int>(code));
  EXPECT_THAT(json["message"].get<std::string>(), testing::HasSubstr(message));
}

TEST(JsonTest, WhatIsNoSuccessHasAMessageToo) {
  DumpResult dump;
  dump.omitted.emplace_back(ObjectId{"d", ObjectKind::kView, "v"}, "no privilege");
  ExpectTold(DumpToJson(dump, ErrorCode::kPartial, "x"), ErrorCode::kPartial,
             "1 object was left out, view `d`.`v` first: no privilege");

  FileVerdict good, partial, bad;
  good.code = ErrorCode::kOk;
  partial.code = ErrorCode::kPartial;
  partial.path = "p";
  bad.code = ErrorCode::kDamaged;
  bad.error = Error(ErrorCode::kDamaged, "frame 3 is damaged");
  ExpectTold(VerifyToJson({good, partial}, ErrorCode::kPartial, std::nullopt), ErrorCode::kPartial,
             "'p' is partial");
  ExpectTold(VerifyToJson({partial, bad, good}, ErrorCode::kDamaged, std::nullopt),
             ErrorCode::kDamaged, "frame 3 is damaged");
  EXPECT_FALSE(VerifyToJson({good}, ErrorCode::kOk, std::nullopt).contains("message"));

  Receipt receipt = FullReceipt();
  receipt.footer.partial = true;
  ExpectTold(ManifestToJson("x", HeaderRecord(), receipt), ErrorCode::kPartial, "'x' is partial");

  CheckReport check;
  check.exit_code = static_cast<int>(ErrorCode::kPrivilege);
  check.findings = {{CheckFinding::Level::kWarning, "space", "small", ""},
                    {CheckFinding::Level::kProblem, "privilege", "no SELECT", "GRANT SELECT"}};
  ExpectTold(CheckToJson(check), ErrorCode::kPrivilege, "no SELECT");
  EXPECT_EQ(CheckToJson(check)["hint"], "GRANT SELECT");

  RestoreResult restore;
  restore.plan.problems = {"p", "q"};
  ExpectTold(RestoreToJson(restore, ErrorCode::kRestorePreflight, true, false),
             ErrorCode::kRestorePreflight, "the restore is refused: p (and 1 more)");
  EXPECT_FALSE(RestoreToJson(restore, ErrorCode::kOk, true, false).contains("message"));
  ExpectTold(RestoreCheckToJson({"f"}, restore.plan, ErrorCode::kRestorePreflight),
             ErrorCode::kRestorePreflight, "the restore is refused: p (and 1 more)");

  DiffReport diff;
  diff.missing = 2;
  diff.differing = 1;
  ExpectTold(DiffToJson("x", diff, ErrorCode::kDiffers), ErrorCode::kDiffers,
             "'x' and what is live: 2 missing, 1 differing");

  SnapshotResult snapshot;
  snapshot.code = ErrorCode::kPartial;
  snapshot.file = "x";
  snapshot.dump.emplace(dump);
  ExpectTold(SnapshotToJson(snapshot, "l"), ErrorCode::kPartial, "1 object was left out");

  UpgradeView upgrade;
  upgrade.code = ErrorCode::kUpgradePreflight;
  upgrade.found.problems = {"p"};
  ExpectTold(UpgradeToJson(upgrade), ErrorCode::kUpgradePreflight, "the upgrade is refused: p");

  const OmsConnectors lacking{"a", {ConnectorSource()}, std::nullopt};
  const OmsConnectors broken{"b", {}, Error(ErrorCode::kUnsupported, "b is no JSON")};
  ExpectTold(ConnectorsToJson({lacking}, ErrorCode::kDiffers), ErrorCode::kDiffers,
             "1 source lacks its dbType");
  ExpectTold(ConnectorsToJson({lacking, broken}, ErrorCode::kUnsupported), ErrorCode::kUnsupported,
             "b is no JSON");
}

TEST(JsonTest, ErrorsHaveCodeNameMessageHintAndObject) {
  Error error(ErrorCode::kConnect, "cannot connect", "Check the port.");
  error.About("h:1");
  EXPECT_EQ(ToLine(ErrorToJson(error)),
            "{\"code\":10,\"name\":\"connect\",\"message\":\"cannot connect\","
            "\"hint\":\"Check the port.\",\"object\":\"h:1\"}\n");
}

TEST(JsonTest, TextThatIsNotUtf8DoesNotBreakTheLine) {
  EXPECT_EQ(ToLine(Json{{"a", "x\xff"}}), "{\"a\":\"x\xef\xbf\xbd\"}\n");
}

TEST(JsonTest, UpgradeHaConfigWritesTheFieldsOfTheTable) {
  ChangedHaConfig changed;
  changed.keys = {{"enable", "true", "false"}};
  changed.notes = {"worth knowing"};
  std::set<std::string> paths = ErrorPaths();
  CollectPaths(HaConfigToJson("-", changed), "", paths);
  EXPECT_EQ(paths, PathsOfTable(kCommandUpgradeHaConfig));
}

TEST(JsonTest, UpgradeConnectorsWritesTheFieldsOfTheTable) {
  const OmsConnectors good{"a", {ConnectorSource()}, std::nullopt};
  const OmsConnectors bad{"b", {}, Error(ErrorCode::kUnsupported, "b is no JSON")};
  std::set<std::string> paths = ErrorPaths();
  const Json json = ConnectorsToJson({good, bad}, ErrorCode::kDiffers);
  CollectPaths(json, "", paths);
  EXPECT_EQ(paths, PathsOfTable(kCommandUpgradeConnectors));
  EXPECT_EQ(json["lacking"], 1);
}

}  // namespace
}  // namespace dbomsbak
