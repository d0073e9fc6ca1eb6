#include "cli/command_table.h"

#include <array>
#include <limits>

namespace dbomsbak {
namespace {

constexpr std::size_t kAny = std::numeric_limits<std::size_t>::max();

constexpr std::array kCommands{
    CommandInfo{
        kCommandDump, "dump", "[DB…]", 0, kAny, "write a consistent dump of one or more databases",
        "Streams the databases from one snapshot. -o x.sql.zst writes an archive: compressed, "
        "checksummed, still ordinary SQL (zstd -dc x.sql.zst | mysql --comments). -o x.sql writes "
        "plain SQL. Without -o plain SQL goes to standard output, as mysqldump does it. Beside a "
        "file stands FILE.sha256 for sha256sum -c. A dump is published whole or not at all; the "
        "last line is its receipt.",
        "dbomsbak dump -h 10.0.0.5 -u root -p drc_rm_db drc_cm_db -o oms.sql.zst"},
    CommandInfo{
        kCommandVerify, "verify", "FILE…", 1, kAny, "prove that archives are complete and intact",
        "Checks every byte of an archive: frames, index, footer, seek table, and for each table "
        "the "
        "row count and the row digest, computed again from the SQL text. Plain SQL written by dump "
        "is proved by its proof comment. A plain dump of another program, packed by gzip or zstd "
        "or not, is checked for its last line and for statements that no dump holds; it ends with "
        "23, for it carries no proof. - is standard input. Several files: the exit code is the "
        "worst.",
        "dbomsbak verify oms.sql.zst"},
    CommandInfo{
        kCommandInfo, "info", "FILE", 1, 1, "show what an archive holds",
        "Header, scope, snapshot and the list of objects with rows and sizes. Reads header, "
        "index and footer only; verify proves the rest. - is standard input.",
        "dbomsbak info oms.sql.zst"},
    CommandInfo{
        kCommandCat, "cat", "FILE", 1, 1, "write the SQL text of an archive to stdout",
        "All of it, or by the index: one table, definitions only, rows only. Only the frames "
        "that hold the part are read. - is standard input. With --json in pieces that tell what "
        "they are of: dbomsbak cat --json oms.sql.zst | jq -j 'select(.kind == \"table\") | .sql'",
        "dbomsbak cat oms.sql.zst --only drc_rm_db.cluster_info --schema"},
    CommandInfo{
        kCommandCheck, "check", "[DB… or --restore FILE…]", 0, kAny,
        "tell whether a server and account will do",
        "Connects, reads, changes nothing: version, privileges with the exact GRANT for each "
        "missing "
        "one, the snapshot method a dump would reach, sizes, disk space where it can be known, and "
        "what earlier runs left behind. With --restore it asks instead whether the server can hold "
        "what archives or plain dumps hold, and lists object by object what it cannot (34): "
        "dbomsbak check --restore oms.sql.zst -h 10.0.0.5 -u root -p",
        "dbomsbak check -h 10.0.0.5 -u root -p drc_rm_db drc_cm_db"},
    CommandInfo{
        kCommandRestore, "restore", "[FILE…]", 0, kAny,
        "bring databases back exactly, all or nothing",
        "Loads the archives into staging databases, proves them against the index, and makes them "
        "live with one RENAME: several files, such as a dump for each of OMS's databases, are one "
        "set. What was live before is kept as a displaced copy: undo swaps it "
        "back, purge drops it. A restore that fails before the swap has changed nothing live. "
        "--in-place makes no databases: it dumps what is live to a file, swaps tables within the "
        "live databases, and gives up undo (see README). "
        "Plain dumps of mysqldump and mariadb-dump are taken as well, .gz and .zst too; - is "
        "standard input, which is kept in a file in TMPDIR until it is restored. --prepare does "
        "all but the swap while the application runs, --swap does that later, without the files. "
        "On a terminal the plan is shown and asked for; --yes, or no terminal, restores at once.",
        "dbomsbak restore oms.sql.zst -h 10.0.0.5 -P 2883 -u root@oms -p --dry-run"},
    CommandInfo{kCommandUndo, "undo", "[DB…]", 0, kAny, "swap the newest displaced copy back",
                "Takes the newest restore or undo back: what it displaced is live again, and what "
                "was live becomes a displaced copy in turn. Always the whole set of databases; "
                "name all of them, or none when there is one set. On a terminal the plan is shown "
                "and asked for; --yes, or no terminal, swaps at once.",
                "dbomsbak undo -h 10.0.0.5 -u root -p"},
    CommandInfo{
        kCommandPurge, "purge", "[DB…]", 0, kAny, "drop displaced copies",
        "Drops what restores displaced, once it is not needed any more: all copies, or one "
        "generation. Always the whole set. Refused while a foreign key or view from outside "
        "needs a copy, or objects that the last restore made live are missing (--force). "
        "Without --generation, staging of killed restores is swept as well. On a terminal the "
        "copies are shown and asked for; --yes, or no terminal, drops them at once, for ever.",
        "dbomsbak purge -h 10.0.0.5 -u root -p --generation 1"},
    CommandInfo{
        kCommandStatus, "status", "", 0, 0, "show what this program left on a server",
        "Open windows, staging databases and displaced copies, with age and size, and what to "
        "do about each.",
        "dbomsbak status -h 10.0.0.5 -u root -p"},
    CommandInfo{
        kCommandDiff, "diff", "FILE", 1, 1, "tell what differs between an archive and what is live",
        "Reads the live databases once, at one snapshot, and compares them with the archive, or a "
        "plain dump of mysqldump or mariadb-dump: objects missing, extra or altered, row counts "
        "and "
        "row digests; --rows names rows as well. "
        "Nothing is written. What changes by itself "
        "(AUTO_INCREMENT, automatic names of constraints) is told apart. Ends with 0 when all is "
        "equal, 4 when something differs, and 3 when nothing does but something could not be "
        "compared. - is standard input.",
        "dbomsbak diff oms.sql.zst -h 10.0.0.5 -P 2883 -u root@oms -p --rows"},
    CommandInfo{
        kCommandSnapshot, "snapshot", "[DB…]", 0, kAny,
        "for cron: dump into a folder, verify, keep some, tell a monitor",
        "Makes LABEL-20261127T013000Z.sql.zst in the folder DIR: nothing stands there that was not "
        "dumped whole and read through. Then, if all went well, older ones of the label go by the "
        "--keep options: an archive stays that any of them keeps, that is pinned, or that is the "
        "newest good one. One run at a time (32). One line tells the outcome; with --quiet only "
        "what went wrong.",
        "dbomsbak snapshot --dir /backup/oms --keep-daily 7 drc_rm_db drc_cm_db"},
    CommandInfo{
        kCommandList, "list", "DIR", 1, 1, "show the archives of a folder, or that they are stale",
        "Archives with age, size, state, when they were verified and rehearsed, and pin. Header, "
        "index and footer are read; verify reads all. For a monitor: with --check-age it ends with "
        "5 when the newest good archive of a label is older, or there is none.",
        "dbomsbak list /backup/oms --check-age 26h"},
    CommandInfo{
        kCommandPrune, "prune", "[DIR]", 0, 1, "remove archives of a folder by rules",
        "What snapshot does at its end, alone: of the archives that snapshot made, those go that "
        "none of the --keep options keeps. What is pinned stays, and so does the newest good one "
        "of "
        "each label. Partial and unverified archives take no place; files that cannot be opened as "
        "an archive, and files of other names, are not touched.",
        "dbomsbak prune /backup/oms --keep-daily 7 --keep-monthly 12 --dry-run"},
    CommandInfo{
        kCommandUpgrade, "upgrade", "plan|check|backup|start|finish|rollback|status|report", 1,
        kAny, "an upgrade of OMS in its container, step by step, and the way back",
        "plan shows every step with its commands, and what is to be done by hand; where the "
        "container engine does not answer ahead of the first check, what it alone can tell is "
        "marked as not known yet, and plan ends with 40. check looks at "
        "all that could stand against it, and changes nothing. backup stops the old container, "
        "dumps OMS's databases, proves the archive and rehearses its restore. start runs the new "
        "version until it is well, finish ends the upgrade. rollback brings databases and old "
        "container back, from any point. status tells how far it is, report what the new version "
        "has changed in the databases. Each step is journaled in the folder of --state: killed "
        "anywhere, the same command goes on. What check or backup was told need not be told again. "
        "Steps that are the operator's are asked for on a terminal; elsewhere --confirm STEP says "
        "that they are done. On a terminal backup, start and rollback show what they do and ask; "
        "--yes, or no terminal, does it at once, also where rollback takes back an upgrade that "
        "was finished.",
        "dbomsbak upgrade check --container oms_331 --new-container oms_400 --image "
        "oms:feature_4.0.0-ce"},
    CommandInfo{
        kCommandUpgradeHaConfig, "upgrade ha-config", "[FILE]", 0, 1,
        "check the console's ha.config and print it changed",
        "Reads the JSON of the parameter ha.config as copied from OMS's console, from FILE or "
        "standard input, and prints it with HA switched on or off; --refetch sets "
        "refetchStoreIntervalMin. All else stays as it is, in its order. What is no valid JSON is "
        "told with line and column (12). The console is not asked: paste the result there.",
        "dbomsbak upgrade ha-config ha.json --disable > ha-off.json"},
    CommandInfo{
        kCommandUpgradeConnectors, "upgrade connectors", "FILE…", 1, kAny,
        "find connectors whose source lacks its dbType",
        "Reads configurations of connectors in JSON, as exported or copied from OMS's console, and "
        "tells which of their source parts hold neither dbType nor db_type, as those of projects "
        "made by 3.2.x do. They need it before the upgrade. Ends with 0 when all have it, with 4 "
        "when some lack it, and with 12 when a file is not understood. - is standard input.",
        "dbomsbak upgrade connectors connector-1.json connector-2.json"},
    CommandInfo{
        kCommandHelp, "help", "[TOPIC]", 0, 3, "help on a command, exit codes, options, JSON",
        "Topics: a command, exit-codes, options, json, topics. Also renders what documents, "
        "manual pages and shells are told.",
        "dbomsbak help exit-codes"},
};

}  // namespace

std::span<const CommandInfo> CommandTable() { return kCommands; }

bool IsCommandOf(std::string_view first, std::string_view name) {
  return name.size() > first.size() && name.starts_with(first) && name[first.size()] == ' ';
}

const CommandInfo* FindCommand(std::string_view name) {
  for (const CommandInfo& info : kCommands) {
    if (info.name == name) return &info;
  }
  return nullptr;
}

std::string CommandsOf(CommandSet commands) {
  std::string text;
  for (const CommandInfo& info : CommandTable()) {
    if ((info.command & commands) == 0) continue;
    if (!text.empty()) text += ", ";
    text += info.name;
  }
  return text;
}

std::vector<std::string> CommandNames() {
  std::vector<std::string> names;
  for (const CommandInfo& info : kCommands) names.emplace_back(info.name);
  return names;
}

}  // namespace dbomsbak
