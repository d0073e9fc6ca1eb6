#include "cli/option_table.h"

#include <fmt/format.h>

#include <array>
#include <cstddef>

namespace dbomsbak {
namespace {

using enum OptionStyle;
using enum OptionGroup;

constexpr CommandSet kDump = kCommandDump;
constexpr CommandSet kDumps = kCommandDump | kCommandSnapshot;
constexpr CommandSet kSnapshot = kCommandSnapshot;
constexpr CommandSet kKeeps = kCommandSnapshot | kCommandPrune;
constexpr CommandSet kServer = kDumps | kCommandCheck | kCommandRestore | kCommandUndo |
                               kCommandPurge | kCommandStatus | kCommandDiff | kCommandUpgrade;
constexpr CommandSet kUpgrade = kCommandUpgrade;
constexpr CommandSet kLocks =
    kDumps | kCommandRestore | kCommandUndo | kCommandPurge | kCommandDiff;
constexpr CommandSet kAsks = kCommandRestore | kCommandUndo | kCommandPurge;
constexpr CommandSet kLong =
    kDumps | kCommandVerify | kCommandRestore | kCommandUndo | kCommandPurge | kCommandDiff;
constexpr CommandSet kOmsJson = kCommandUpgradeHaConfig | kCommandUpgradeConnectors;
constexpr CommandSet kJson =
    kServer | kCommandVerify | kCommandInfo | kCommandList | kCommandPrune | kOmsJson;
constexpr CommandSet kAll = kJson | kCommandCat;
constexpr CommandSet kReads = kCommandVerify | kCommandInfo | kCommandCat | kCommandList |
                              kCommandPrune | kCommandRestore | kCommandDiff | kCommandCheck;
constexpr CommandSet kStores = kDumps | kReads;

constexpr OptionInfo kOptions[] = {
    // Output
    OptionInfo{"--dir", "DIR", kValue, kOutput, kKeeps, "the folder of the archives"},
    OptionInfo{"--label", "NAME", kValue, kOutput, kSnapshot,
               "the archives are called NAME-… (default snapshot); rules are for one label"},
    OptionInfo{"--label", "NAME", kValue, kOutput, kCommandList | kCommandPrune,
               "archives of this label alone"},
    OptionInfo{"-o,--output,-r,--result-file", "FILE", kValue, kOutput, kDump,
               "write to FILE: .sql.zst archive, .sql plain SQL; - archive to stdout"},
    OptionInfo{"--format", "sql|archive", kValue, kOutput, kDump, "overrides what the name tells"},
    OptionInfo{"--overwrite", "", kFlag, kOutput, kDump,
               "replace an existing FILE, when the new dump is complete"},
    OptionInfo{"--compress", "LEVEL", kOptionalValue, kOutput, kDumps,
               "--compress=1 to 19, 0 stores (default 3)"},
    OptionInfo{"--encrypt-to", "RECIPIENT", kValue, kOutput, kDumps,
               "encrypt for the owner of this key of age (age1…); may be given again"},
    OptionInfo{"--recipients-file", "FILE", kValue, kOutput, kDumps,
               "encrypt for all whom FILE names, one a line; may be given again"},
    OptionInfo{"--encrypt-passphrase", "", kFlag, kOutput, kDumps,
               "encrypt with a passphrase, which is asked for twice"},
    OptionInfo{"--passphrase-file", "FILE", kValue, kOutput, kDumps,
               "--encrypt-passphrase: its first line is the passphrase"},
    OptionInfo{"--sign-key", "FILE", kValue, kOutput, kDumps,
               "sign with this secret key of minisign: FILE.minisig beside the dump"},
    OptionInfo{"--sign-password-file", "FILE", kValue, kOutput, kDumps,
               "its first line is the password of --sign-key (else it is asked for)"},

    // The upgrade of OMS
    OptionInfo{"--state", "DIR", kValue, kOutput, kUpgrade,
               "the folder of this upgrade: journal and archive (default "
               "/var/lib/dbomsbak/upgrade)"},
    OptionInfo{"--container", "OLD", kValue, kContent, kUpgrade, "the container that runs OMS"},
    OptionInfo{"--new-container", "NEW", kValue, kContent, kUpgrade,
               "what the new one is to be called"},
    OptionInfo{"--image", "IMAGE", kValue, kContent, kUpgrade, "the image of the new version"},
    OptionInfo{"--from", "VERSION", kValue, kContent, kUpgrade,
               "the old version (default: what the tag of its image tells)"},
    OptionInfo{"--to", "VERSION", kValue, kContent, kUpgrade, "the new version (likewise)"},
    OptionInfo{"--host-ip", "IP", kValue, kContent, kUpgrade,
               "OMS_HOST_IP of the new container (default: as in the old one)"},
    OptionInfo{"--node-role", "database|other", kValue, kContent, kUpgrade,
               "of several nodes one does the databases' steps (default database)"},

    // What is dumped
    OptionInfo{"-A,--all-databases", "", kFlag, kContent, kDumps,
               "all databases but the server's own"},
    OptionInfo{"-B,--databases", "", kFlag, kContent, kDumps,
               "write CREATE DATABASE and USE even for one database"},
    OptionInfo{"--tables", "", kFlag, kContent, kDumps,
               "the first argument is a database, the others are tables of it"},
    OptionInfo{"--only", "DB.TABLE", kValue, kContent, kDumps,
               "this table alone; may be given again"},
    OptionInfo{"--only", "DB[.TABLE],…", kValue, kContent, kCommandCat,
               "these tables (or databases) alone"},
    OptionInfo{"--only", "DB.TABLE,…", kValue, kContent, kCommandDiff,
               "these tables alone; may be given again"},
    OptionInfo{"--rows", "N", kOptionalValue, kContent, kCommandDiff,
               "name differing rows by their keys, up to N of a table and kind (--rows: 10)"},
    OptionInfo{"--only", "DB[.TABLE],…", kValue, kContent, kCommandRestore,
               "these tables (or databases) alone; the rest stays as it is"},
    OptionInfo{"--as", "OLD=NEW", kValue, kContent, kCommandRestore,
               "restore database OLD under the name NEW; may be given again"},
    OptionInfo{"--keep-extra", "", kFlag, kContent, kCommandRestore,
               "live tables, views and programs that the files do not hold stay"},
    OptionInfo{
        "--repoint-foreign-keys", "", kFlag, kContent, kCommandRestore | kCommandUndo,
        "foreign keys of tables that stay, also of other databases, point to the new tables"},
    OptionInfo{"--ignore-table", "DB.TABLE", kValue, kContent, kDumps,
               "leave this table out; may be given again"},
    OptionInfo{"-w,--where", "COND", kValue, kContent, kDumps,
               "only rows for which COND holds (a filtered archive)"},
    OptionInfo{"--prune-heartbeat", "", kFlag, kContent, kDumps,
               "of OMS's heatbeat_sequence dump the newest row alone; the live table stays whole"},
    OptionInfo{"-d,--no-data", "", kFlag, kContent, kDumps,
               "definitions only (a filtered archive)"},
    OptionInfo{"-t,--no-create-info", "", kFlag, kContent, kDumps,
               "rows only (a filtered archive)"},
    OptionInfo{"--triggers,!--skip-triggers", "", kFlag, kContent, kDumps,
               "with triggers (default); --triggers=false without"},
    OptionInfo{"-R,--routines,!--skip-routines", "", kFlag, kContent, kDumps,
               "with procedures and functions (default); --routines=false without"},
    OptionInfo{"-E,--events,!--skip-events", "", kFlag, kContent, kDumps,
               "with events (default); --events=false without"},
    OptionInfo{"--ddl", "native|portable", kValue, kContent, kDumps,
               "definitions as the server prints them (default), or in words that all kinds of "
               "servers read"},
    OptionInfo{"--add-drop-database", "", kFlag, kContent, kDumps,
               "DROP DATABASE before each CREATE DATABASE"},
    OptionInfo{"--restore", "", kFlag, kContent, kCommandCheck,
               "the arguments are archives or plain dumps: can this server hold what is in them?"},
    OptionInfo{"--into", "DB", kValue, kContent, kCommandRestore | kCommandCheck | kCommandDiff,
               "the database of a plain dump that names none"},
    OptionInfo{"--schema", "", kFlag, kContent, kCommandCat, "definitions only"},
    OptionInfo{"--data", "", kFlag, kContent, kCommandCat, "rows only"},
    OptionInfo{"--generation", "N", kValue, kContent, kCommandPurge,
               "drop this displaced copy only (default: all, and what killed restores left)"},

    // How it is done
    OptionInfo{"--s3-endpoint", "URL", kValue, kRun, kStores,
               "the object store of s3://BUCKET/KEY where it is not AWS's: https://host:port"},
    OptionInfo{"--identity", "FILE", kValue, kRun, kReads,
               "what opens encrypted files: an identity file of age; may be given again"},
    OptionInfo{"--passphrase-file", "FILE", kValue, kRun, kReads,
               "its first line is the passphrase of an encrypted file or identity (else it is "
               "asked for)"},
    OptionInfo{"--verify-key", "KEY", kValue, kRun, kCommandVerify | kCommandRestore,
               "each FILE must be signed (FILE.minisig) with this public key of minisign: a file, "
               "or its line RW…; may be given again"},
    OptionInfo{"--require-signature", "", kFlag, kRun, kCommandRestore,
               "refuse files that are not signed, also where no --verify-key is given (25)"},
    OptionInfo{"--keep", "N", kValue, kRun, kKeeps, "keep the newest N good archives"},
    OptionInfo{"--keep-days", "N", kValue, kRun, kKeeps, "keep those not older than N days"},
    OptionInfo{"--keep-daily", "N", kValue, kRun, kKeeps,
               "keep the newest of each of the last N days (UTC) that have one"},
    OptionInfo{"--keep-weekly", "N", kValue, kRun, kKeeps, "the same of weeks, from Monday on"},
    OptionInfo{"--keep-monthly", "N", kValue, kRun, kKeeps, "the same of months"},
    OptionInfo{"--pin", "TEXT", kValue, kRun, kSnapshot,
               "the archive stays, whatever the rules; TEXT says why (it is in FILE.pin)"},
    OptionInfo{"--deep", "N", kValue, kRun, kSnapshot,
               "restore every Nth archive into scratch databases of the server, prove, sweep"},
    OptionInfo{"--deep", "", kFlag, kRun, kCommandVerify,
               "also restore the files, as one set, and prove the copy (with --throwaway)"},
    OptionInfo{
        "--throwaway", "PROGRAM", kOptionalValue, kRun, kSnapshot | kCommandVerify,
        "--deep: on a server that is started for it and gone afterwards (a mariadbd or mysqld "
        "of this machine)"},
    OptionInfo{"--space-check,!--skip-space-check", "", kFlag, kRun, kSnapshot,
               "want room for an archive a tenth larger than the last (default)"},
    OptionInfo{"--check-age", "AGE", kValue, kRun, kCommandList,
               "5 when the newest good archive is older than 26h (or 90m, 2d), or there is none"},
    OptionInfo{
        "--expect", "DIGEST", kValue, kRun, kCommandVerify,
        "must be the archive whose receipt says sha256:DIGEST (or the file of that SHA-256)"},
    OptionInfo{"--oms-config", "FILE", kValue, kRun, kCommandVerify,
               "the files must hold the databases of OMS's config.yaml; may be given again"},
    OptionInfo{"--dry-run", "", kFlag, kRun, kAsks | kCommandPrune,
               "show the plan, change nothing"},
    OptionInfo{"--rehearse", "", kFlag, kRun, kCommandRestore,
               "load and prove, then sweep: nothing live changes"},
    OptionInfo{"--prepare", "", kFlag, kRun, kCommandRestore,
               "load and prove while the application runs, and leave the copy for --swap"},
    OptionInfo{"--swap", "", kFlag, kRun, kCommandRestore,
               "make the prepared copy live; needs no FILE where one copy is prepared"},
    OptionInfo{"--abort", "", kFlag, kRun, kCommandRestore,
               "end a restore that is prepared or was interrupted: what was live stays live"},
    OptionInfo{"--in-place", "", kFlag, kRun, kCommandRestore,
               "for accounts that may not create databases: swap tables within the live ones"},
    OptionInfo{"--safety-dump", "FILE", kValue, kRun, kCommandRestore,
               "--in-place: the file that what is live is dumped to first (default: beside FILE)"},
    OptionInfo{"--skip-binlog", "", kFlag, kRun, kCommandRestore,
               "keep the restore out of the server's binary log (replicas do not follow)"},
    OptionInfo{"--confirm", "ha-off", kValue, kRun, kCommandRestore,
               "--oms-config: HA of OMS is off, which only its console shows"},
    OptionInfo{"-y,--yes", "", kFlag, kRun, kAsks | kUpgrade, "do not ask"},
    OptionInfo{"-j,--jobs", "N", kValue, kRun,
               kDumps | kCommandVerify | kCommandRestore | kCommandDiff,
               "sessions or threads at a time (dump: 2; else one a core)"},
    OptionInfo{"--max-memory", "SIZE", kValue, kRun, kDumps | kCommandRestore | kCommandVerify,
               "bound for buffers, such as 96M (default) or 1G"},
    OptionInfo{"--throttle", "LIMIT", kValue, kRun, kDumps,
               "leave the server to others: 20M or 5000rows a second at most, load=30 while more "
               "threads run there; may be given again"},
    OptionInfo{"--lock-wait", "SECONDS", kValue, kRun, kLocks,
               "longest wait for a lock on the server, tried 10 times (default 5)"},
    OptionInfo{"--allow-partial", "", kFlag, kRun, kDumps | kCommandRestore | kCommandCheck,
               "go on without objects that cannot be read; a dump then ends with 3"},
    OptionInfo{"--allow-filtered", "", kFlag, kRun, kCommandRestore | kCommandCheck,
               "restore an archive that does not hold all rows"},
    OptionInfo{"-f,--force", "", kFlag, kRun, kCommandRestore | kCommandUndo | kUpgrade,
               "go on although other sessions use the databases, or OMS writes heartbeats there"},
    OptionInfo{"-f,--force", "", kFlag, kRun, kCommandPurge,
               "also when objects of the archive are missing from what is live"},

    OptionInfo{"--enable", "", kFlag, kRun, kCommandUpgradeHaConfig, "switch HA on"},
    OptionInfo{"--disable", "", kFlag, kRun, kCommandUpgradeHaConfig, "switch HA off"},
    OptionInfo{"--refetch", "MINUTES", kValue, kRun, kCommandUpgradeHaConfig,
               "set refetchStoreIntervalMin, as finish and rollback compute it"},
    OptionInfo{"--docker", "PROGRAM", kValue, kRun, kUpgrade,
               "the container engine's command (default docker; podman works, too)"},
    OptionInfo{
        "--confirm", "STEP,…", kValue, kRun, kUpgrade,
        "this step of the operator's is done: lag, switchover, connectors, clocks, ha-off …; "
        "may be given again"},
    OptionInfo{"--allow-path", "", kFlag, kRun, kUpgrade,
               "a way between two versions that this program does not know of"},
    OptionInfo{"--no-rehearse", "", kFlag, kRun, kUpgrade,
               "do not rehearse the restore: that the way back works is then not shown"},
    OptionInfo{"--rollback-on-failure", "", kFlag, kRun, kUpgrade,
               "start: if the new version fails, go back at once (41)"},
    OptionInfo{"--without-old", "", kFlag, kRun, kUpgrade,
               "rollback: the old container is gone for good; tells how to run OMS again"},
    OptionInfo{"--console-port", "PORT", kValue, kRun, kUpgrade,
               "where the console answers when all is well (default 8089)"},
    OptionInfo{"--health-timeout", "SECONDS", kValue, kRun, kUpgrade,
               "how long OMS may take until its services run (default 600)"},
    OptionInfo{"--stop-timeout", "SECONDS", kValue, kRun, kUpgrade,
               "how long a container may take to stop (default 600)"},

    // Reporting
    OptionInfo{
        "--metrics", "FILE", kValue, kReport, kSnapshot,
        "write FILE (*.prom) for node_exporter's textfile collector, also when the run failed"},
    OptionInfo{"--hook-ok", "COMMAND", kValue, kReport, kSnapshot,
               "run by the shell at the end when all is well: $DBOMSBAK_FILE and others tell"},
    OptionInfo{"--hook-fail", "COMMAND", kValue, kReport, kSnapshot,
               "run by the shell at the end of any other run: $DBOMSBAK_CODE, $DBOMSBAK_MESSAGE"},
    OptionInfo{"--json", "", kFlag, kReport, kJson, "the result as one JSON object on stdout"},
    OptionInfo{"--json", "", kFlag, kReport, kCommandCat,
               "one JSON object a line: pieces of the text with what they are of, at last the "
               "exit code"},
    OptionInfo{"--json", "", kFlag, kReport, kCommandHelp,
               "all commands, options, exit codes and fields of --json as one JSON object"},
    OptionInfo{"--html", "", kFlag, kReport, kCommandInfo | kCommandList | kCommandDiff,
               "the result as one HTML page on stdout, for a browser: pictures and tables"},
    OptionInfo{"--progress", "json|bar|none", kOptionalValue, kReport,
               kLong | kCommandCheck | kUpgrade, "--progress=json: one event a line on stderr"},
    OptionInfo{"-q,--quiet", "", kFlag, kReport, kAll, "warnings and errors only"},
    OptionInfo{"-v,--verbose", "", kFlag, kReport, kAll, "tell each phase, with its time"},
    OptionInfo{"-?,--help", "", kFlag, kReport, kAll | kCommandHelp, "this text"},
    OptionInfo{"--markdown", "", kFlag, kReport, kCommandHelp, "as a Markdown table"},
    OptionInfo{"--man", "", kFlag, kReport, kCommandHelp, "as a part of a manual page"},
    OptionInfo{"--man-page", "", kFlag, kReport, kCommandHelp, "the manual page of a command"},
    OptionInfo{"--completion", "bash|zsh|fish", kValue, kReport, kCommandHelp,
               "what makes this shell complete commands, options and their values"},

    // Connection, as for the mysql client
    OptionInfo{"--oms-config", "FILE", kValue, kConnection, kServer,
               "OMS's config.yaml: server, account and databases; again for further regions"},
    OptionInfo{"-h,--host", "HOST", kValue, kConnection, kServer, "server (default localhost)"},
    OptionInfo{"-P,--port", "PORT", kValue, kConnection, kServer, "TCP port (default 3306)"},
    OptionInfo{"-u,--user", "USER", kValue, kConnection, kServer,
               "account; never split, so user@tenant#cluster works"},
    OptionInfo{"-p,--password", "SECRET", kPassword, kConnection, kServer,
               "-p asks; -pSECRET is wiped from the process list at once"},
    OptionInfo{"--password-file", "FILE", kValue, kConnection, kServer,
               "first line of FILE; also DBOMSBAK_PASSWORD, MYSQL_PWD, option files"},
    OptionInfo{"-S,--socket", "PATH", kValue, kConnection, kServer, "Unix socket"},
    OptionInfo{"--protocol", "tcp|socket", kValue, kConnection, kServer,
               "rather than what the host name implies"},
    OptionInfo{"--defaults-file", "FILE", kValue, kConnection, kServer,
               "read this option file only: groups [client] and [dbomsbak]"},
    OptionInfo{"--defaults-extra-file", "FILE", kValue, kConnection, kServer,
               "read this option file too"},
    OptionInfo{"--defaults-group-suffix", "TEXT", kValue, kConnection, kServer,
               "read also the groups with this suffix"},
    OptionInfo{"--no-defaults", "", kFlag, kConnection, kServer, "read no option file"},
    OptionInfo{"--ssl-mode", "DISABLED|PREFERRED|REQUIRED|VERIFY_CA|VERIFY_IDENTITY", kValue,
               kConnection, kServer, "TLS: never, where offered, or always, with such a check"},
    OptionInfo{"--ssl,!--skip-ssl", "", kFlag, kConnection, kServer,
               "--ssl-mode REQUIRED; --skip-ssl is DISABLED"},
    OptionInfo{"--ssl-verify-server-cert", "", kFlag, kConnection, kServer,
               "--ssl-mode VERIFY_IDENTITY"},
    OptionInfo{"--ssl-ca", "FILE", kValue, kConnection, kServer, "certificates to trust"},
    OptionInfo{"--ssl-cert", "FILE", kValue, kConnection, kServer, "own certificate"},
    OptionInfo{"--ssl-key", "FILE", kValue, kConnection, kServer, "its key"},
    OptionInfo{"--connect-timeout", "SECONDS", kValue, kConnection, kServer,
               "longest wait for the connection (default 10)"},

    // mysqldump's, pointless here
    OptionInfo{"--single-transaction,!--skip-single-transaction", "", kFlag, kIgnored, kDump,
               "every dump is one consistent snapshot"},
    OptionInfo{"-l,--lock-tables,!--skip-lock-tables", "", kFlag, kIgnored, kDump,
               "locks are chosen by what the server can do"},
    OptionInfo{"-x,--lock-all-tables", "", kFlag, kIgnored, kDump,
               "locks are chosen by what the server can do"},
    OptionInfo{"--quick,!--skip-quick", "", kFlag, kIgnored, kDump, "rows are always streamed"},
    OptionInfo{"--opt", "", kFlag, kIgnored, kDump, "what it stands for is always done"},
    OptionInfo{"--hex-blob,!--skip-hex-blob", "", kFlag, kIgnored, kDump,
               "binary values are always exact"},
    OptionInfo{"--set-gtid-purged", "V", kOptionalValue, kIgnored, kDump,
               "no GTID statement is ever written"},
    OptionInfo{"--gtid", "", kFlag, kIgnored, kDump, "no GTID statement is ever written"},
    OptionInfo{"--column-statistics,!--skip-column-statistics", "V", kOptionalValue, kIgnored,
               kDump, "statistics are left to the server"},
    OptionInfo{"--max-allowed-packet", "SIZE", kValue, kIgnored, kDump,
               "statements are about 1 MiB long"},
    OptionInfo{"--net-buffer-length", "SIZE", kValue, kIgnored, kDump,
               "statements are about 1 MiB long"},
    OptionInfo{"-y,--no-tablespaces", "", kFlag, kIgnored, kDump, "tablespaces are never dumped"},
    OptionInfo{"-i,--comments,!--skip-comments", "", kFlag, kIgnored, kDump,
               "the few comments belong to the text"},
    OptionInfo{"--dump-date,!--skip-dump-date", "", kFlag, kIgnored, kDump,
               "the last line carries no date"},
    OptionInfo{"-e,--extended-insert,!--skip-extended-insert", "", kFlag, kIgnored, kDump,
               "INSERTs always have many rows, one a line"},
    OptionInfo{"-c,--complete-insert,!--skip-complete-insert", "", kFlag, kIgnored, kDump,
               "INSERTs always name their columns"},
    OptionInfo{"-a,--create-options,!--skip-create-options", "", kFlag, kIgnored, kDump,
               "definitions are always whole"},
    OptionInfo{"--add-drop-table", "", kFlag, kIgnored, kDump, "is always done"},
    OptionInfo{"--add-drop-trigger", "", kFlag, kIgnored, kDump,
               "triggers go with their tables, which are dropped"},
    OptionInfo{"--add-locks,!--skip-add-locks", "", kFlag, kIgnored, kDump,
               "loading does not need table locks"},
    OptionInfo{"-K,--disable-keys,!--skip-disable-keys", "", kFlag, kIgnored, kDump,
               "has no effect on InnoDB"},
    OptionInfo{"--no-autocommit,!--skip-no-autocommit", "", kFlag, kIgnored, kDump,
               "each INSERT is large enough"},
    OptionInfo{"--order-by-primary", "", kFlag, kIgnored, kDump, "rows are written in key order"},
    OptionInfo{"-Q,--quote-names,!--skip-quote-names", "", kFlag, kIgnored, kDump,
               "names are always quoted"},
    OptionInfo{"--allow-keywords", "", kFlag, kIgnored, kDump, "names are always quoted"},
    OptionInfo{"--tz-utc,!--skip-tz-utc", "", kFlag, kIgnored, kDump,
               "times are always written in UTC"},
    OptionInfo{"--set-charset,!--skip-set-charset", "", kFlag, kIgnored, kDump,
               "the text always says that it is utf8mb4"},
    OptionInfo{"--default-character-set", "NAME", kValue, kIgnored, kDump,
               "the text is utf8mb4; values in other charsets are exact in it"},
    OptionInfo{"-C", "", kFlag, kIgnored, kDump, "the connection is not compressed"},
    OptionInfo{"--network-timeout,!--skip-network-timeout", "", kFlag, kIgnored, kDump,
               "timeouts are always raised"},
    OptionInfo{"--max-statement-time", "SECONDS", kValue, kIgnored, kDump,
               "time limits of the server are always raised"},
    OptionInfo{"-Y,--all-tablespaces", "", kFlag, kIgnored, kDump, "tablespaces are never dumped"},
    OptionInfo{"-H,--dump-history", "", kFlag, kIgnored, kDump,
               "the history of versioned tables is always dumped"},
    OptionInfo{"--order-by-size", "", kFlag, kIgnored, kDump,
               "tables are written in order of their names"},
    OptionInfo{"--no-data-med,!--skip-no-data-med", "", kFlag, kIgnored, kDump,
               "MERGE and FEDERATED tables are always dumped without rows"},
    OptionInfo{"--log-queries,!--skip-log-queries", "", kFlag, kIgnored, kDump,
               "the server's logs are left alone"},

    // mysqldump's, that cannot be honoured
    OptionInfo{"-T,--tab", "DIR", kValue, kRefused, kDump,
               "tab-separated files are not written; the archive holds SQL"},
    OptionInfo{"-X,--xml", "", kFlag, kRefused, kDump, "XML is not written"},
    OptionInfo{
        "--master-data", "V", kOptionalValue, kRefused, kDump,
        "no CHANGE MASTER is written; the binary log position is told by info and in the head "
        "of the text"},
    OptionInfo{
        "--source-data", "V", kOptionalValue, kRefused, kDump,
        "no CHANGE MASTER is written; the binary log position is told by info and in the head "
        "of the text"},
    OptionInfo{"--dump-slave,--dump-replica", "V", kOptionalValue, kRefused, kDump,
               "no CHANGE MASTER is written"},
    OptionInfo{"--apply-slave-statements,--apply-replica-statements", "", kFlag, kRefused, kDump,
               "no replication statements are written"},
    OptionInfo{"--include-master-host-port,--include-source-host-port", "", kFlag, kRefused, kDump,
               "no replication statements are written"},
    OptionInfo{"--delete-master-logs,--delete-source-logs", "", kFlag, kRefused, kDump,
               "a dump does not delete binary logs"},
    OptionInfo{"-F,--flush-logs", "", kFlag, kRefused, kDump, "a dump does not rotate logs"},
    OptionInfo{"--flush-privileges", "", kFlag, kRefused, kDump,
               "the server's own databases are not dumped"},
    OptionInfo{"--system", "V", kOptionalValue, kRefused, kDump,
               "accounts and other things of the server are not dumped"},
    OptionInfo{"-f,--force", "", kFlag, kRefused, kDump,
               "an error ends the dump; --allow-partial names the losses it allows"},
    OptionInfo{"--skip-add-drop-table", "", kFlag, kRefused, kDump,
               "each CREATE TABLE has its DROP TABLE IF EXISTS before it"},
    OptionInfo{"--compact", "", kFlag, kRefused, kDump,
               "the settings belong to the text, and so does each DROP TABLE IF EXISTS"},
    OptionInfo{"--skip-opt", "", kFlag, kRefused, kDump,
               "each CREATE TABLE has its DROP TABLE IF EXISTS before it"},
    OptionInfo{"-n,--no-create-db", "", kFlag, kRefused, kDump,
               "several databases need their USE; one alone has no CREATE DATABASE anyway"},
    OptionInfo{"--insert-ignore", "", kFlag, kRefused, kDump,
               "rows that clash would get lost silently"},
    OptionInfo{"--replace", "", kFlag, kRefused, kDump, "rows are written as INSERT"},
    OptionInfo{"--compatible", "NAME", kValue, kRefused, kDump,
               "definitions are written as the server has them"},
    OptionInfo{"--ignore-database", "DB", kValue, kRefused, kDump,
               "name the databases that are wanted"},
    OptionInfo{"--ignore-table-data", "DB.TABLE", kValue, kRefused, kDump,
               "a table is dumped with its rows or left out by --ignore-table"},
    OptionInfo{"-N,--no-set-names", "", kFlag, kRefused, kDump,
               "the text always says that it is utf8mb4"},
    OptionInfo{"--delayed-insert", "", kFlag, kRefused, kDump, "rows are written as INSERT"},
    OptionInfo{"--log-error", "FILE", kValue, kRefused, kDump,
               "messages go to standard error: 2>FILE"},
    OptionInfo{"--as-of", "TIME", kValue, kRefused, kDump, "a dump is of its own moment"},
    OptionInfo{"--fields-enclosed-by,--fields-optionally-enclosed-by,--fields-escaped-by", "TEXT",
               kValue, kRefused, kDump, "belongs to --tab"},
    OptionInfo{"--fields-terminated-by", "TEXT", kValue, kRefused, kDump, "belongs to --tab"},
    OptionInfo{"--lines-terminated-by", "TEXT", kValue, kRefused, kDump, "belongs to --tab"},
};

constexpr std::array kOwnGroups{OptionGroup::kOutput, OptionGroup::kContent, OptionGroup::kRun,
                                OptionGroup::kReport};

constexpr std::array<std::string_view, 10> kOperatorSteps{"lag",
                                                          "switchover",
                                                          "connectors",
                                                          "clocks",
                                                          "ha-off",
                                                          "databases-backed-up",
                                                          "ha-on",
                                                          "browser-cache",
                                                          "ha-off-rollback",
                                                          "databases-restored"};

}  // namespace

std::vector<std::string_view> OptionInfo::AllNames() const {
  std::vector<std::string_view> all;
  std::string_view rest = names;
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    std::string_view name = rest.substr(0, comma);
    if (name.starts_with('!')) name.remove_prefix(1);
    all.push_back(name);
    rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
  }
  return all;
}

std::string_view OptionInfo::id() const {
  const std::vector<std::string_view> all = AllNames();
  for (const std::string_view name : all) {
    if (name.starts_with("--")) return name.substr(2);
  }
  return all.front().substr(1);
}

std::span<const OptionInfo> OptionTable() { return kOptions; }

std::string_view Title(OptionGroup group) {
  switch (group) {
    case kOutput:
      return "Output";
    case kContent:
      return "Content";
    case kRun:
      return "Running";
    case kReport:
      return "Reporting";
    case kConnection:
      return "Connection";
    case kIgnored:
      return "mysqldump options that are accepted and ignored";
    case kRefused:
      return "mysqldump options that are refused";
  }
  return {};
}

std::span<const OptionGroup> OwnOptionGroups() { return kOwnGroups; }

std::string Spelling(const OptionInfo& option) {
  std::string text;
  for (const std::string_view name : option.AllNames()) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  if (option.value.empty()) return text;
  switch (option.style) {
    case OptionStyle::kOptionalValue:
      return fmt::format("{}[={}]", text, option.value);
    case OptionStyle::kPassword:
      return fmt::format("-p[{0}], --password[={0}]", option.value);
    default:
      return fmt::format("{} {}", text, option.value);
  }
}

std::vector<const OptionInfo*> OptionsOf(CommandSet commands, OptionGroup group) {
  std::vector<const OptionInfo*> options;
  for (const OptionInfo& option : OptionTable()) {
    if (option.group == group && (option.commands & commands) != 0) options.push_back(&option);
  }
  return options;
}

std::span<const std::string_view> OperatorSteps() { return kOperatorSteps; }

const OptionInfo* FindOption(CommandSet commands, std::string_view name) {
  for (const OptionInfo& option : kOptions) {
    if ((option.commands & commands) == 0) continue;
    for (const std::string_view known : option.AllNames()) {
      if (known == name) return &option;
    }
  }
  return nullptr;
}

}  // namespace dbomsbak
