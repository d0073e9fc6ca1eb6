// Swaps prepared databases without an archive, and dies where it is told to: for tests of the
// window.
//
//   swap_tool --socket=S|--host=H --port=N [--die-at=N] [--die-before=TEXT] [--die-behind=TEXT]
//   [--stop-before=TEXT] [--refuse=TEXT] [--count] [--lock-wait=N] [--lock-tries=N] [--repoint]
//   [--rehearse] [--decline] [--after=TEXT] [--fail=KIND:TEXT] COMMAND
//     snapshot FILE DB…   writes what the databases are to FILE
//     swap FILE RUN       makes staging databases of that run live, to be as FILE says
//     heal                finishes or takes back what was interrupted
//     undo [DB…]          swaps the newest displaced copy back
//     purge N [DB…]       drops the displaced copy of generation N, 0: all
//     restore FILE        as the command
//     restore-in-place FILE SAFETY
//     swap-prepared [FILE]    restore --swap
//     abort [FILE]        restore --abort
//     status              one line for each thing left on the server
//
// --die-at: SIGKILL to itself instead of the N-th statement; --die-before: instead of the first one
// that begins with TEXT; --die-behind: instead of the one after that. --stop-before: SIGSTOP before
// that. --refuse: every CREATE with TEXT in it fails as if the server had refused it. --count: how
// many there were, on
// stderr. --after and --fail: once a statement has begun with the one text, the next that begins
// with the other fails: KIND is refused, lost, busy (each time), memory, or stop, which is SIGSTOP
// before it.
// --repoint: as --repoint-foreign-keys. --rehearse: restores only so. --decline: no plan of a
// restore is confirmed.
#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <iostream>
#include <memory>
#include <new>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dbomsbak/app/restore_command.h"
#include "dbomsbak/catalog/catalog.h"
#include "dbomsbak/catalog/server_traits.h"
#include "dbomsbak/engine/restore.h"
#include "dbomsbak/transport/connection_options.h"
#include "dbomsbak/transport/session.h"
#include "engine/key_twins.h"
#include "engine/live_names.h"
#include "engine/outside_references.h"
#include "engine/restore_lock.h"
#include "engine/restore_planner.h"
#include "engine/set_history.h"
#include "engine/set_swap.h"
#include "support/forwarding_session.h"

namespace dbomsbak {
namespace {

constexpr unsigned kUnknownError = 1105;

class Fate {
 public:
  void DieAt(std::uint64_t statement) { die_at_ = statement; }
  void DieBefore(std::string text) { die_before_ = std::move(text); }
  void DieBehind(std::string text) { die_behind_ = std::move(text); }
  void StopBefore(std::string text) { stop_before_ = std::move(text); }
  void Refuse(std::string text) { refuse_ = std::move(text); }
  void After(std::string text) { after_ = std::move(text); }
  void Fail(const std::string& kind_and_text) {
    const std::size_t colon = kind_and_text.find(':');
    fail_ = kind_and_text.substr(0, colon);
    fail_at_ = kind_and_text.substr(colon + 1);
  }
  void Statement(std::string_view sql) {
    if (!refuse_.empty() && sql.starts_with("CREATE") && sql.find(refuse_) != sql.npos) {
      throw ServerError(ErrorCode::kQueryRefused, kUnknownError, "HY000", "refused by this test");
    }
    if (!stop_before_.empty() && sql.starts_with(stop_before_)) {
      stop_before_.clear();
      raise(SIGSTOP);
    }
    if (after_.empty() && !fail_.empty() && sql.starts_with(fail_at_)) FailNow();
    if (!after_.empty() && sql.starts_with(after_)) after_.clear();
    const bool met = behind_ || (!die_before_.empty() && sql.starts_with(die_before_));
    behind_ = !die_behind_.empty() && sql.starts_with(die_behind_);
    if (++count_ == die_at_ || met) kill(getpid(), SIGKILL);
  }
  std::uint64_t count() const { return count_; }

 private:
  void FailNow() {
    if (fail_ == "busy") {
      throw ServerError(ErrorCode::kBusy, 1205, "HY000", "busy by this test");
    }
    const std::string kind = std::exchange(fail_, {});
    if (kind == "stop") raise(SIGSTOP);
    if (kind == "memory") throw std::bad_alloc();
    if (kind == "refused") {
      throw ServerError(ErrorCode::kQueryRefused, kUnknownError, "HY000", "refused by this test");
    }
    if (kind == "lost") {
      throw ServerError(ErrorCode::kConnectionLost, 2013, "HY000", "lost by this test");
    }
  }

  std::uint64_t count_ = 0, die_at_ = 0;
  std::string die_before_, die_behind_, stop_before_, refuse_, after_, fail_, fail_at_;
  bool behind_ = false;
};

class MortalSession final : public test::ForwardingSession {
 public:
  MortalSession(std::unique_ptr<Session> session, Fate& fate)
      : ForwardingSession(std::move(session)), fate_(fate) {}
  void Execute(std::string_view sql) override {
    fate_.Statement(sql);
    ForwardingSession::Execute(sql);
  }
  ResultSet Query(std::string_view sql) override {
    fate_.Statement(sql);
    return ForwardingSession::Query(sql);
  }
  std::unique_ptr<RowStream> Stream(std::string_view sql, Protocol protocol) override {
    fate_.Statement(sql);
    return ForwardingSession::Stream(sql, protocol);
  }
  void LoadLocal(std::string_view sql, const std::function<std::string_view()>& next) override {
    fate_.Statement(sql);
    ForwardingSession::LoadLocal(sql, next);
  }

 private:
  Fate& fate_;
};

class MortalFactory final : public SessionFactory {
 public:
  MortalFactory(std::unique_ptr<SessionFactory> sessions, Fate& fate)
      : sessions_(std::move(sessions)), fate_(fate) {}
  std::unique_ptr<Session> Connect() override {
    return std::make_unique<MortalSession>(sessions_->Connect(), fate_);
  }

 private:
  std::unique_ptr<SessionFactory> sessions_;
  Fate& fate_;
};

class Talker final : public Observer {
 public:
  void Phase(std::string_view text) override { std::cerr << "phase: " << text << '\n'; }
  void Notice(std::string_view text) override { std::cerr << "notice: " << text << '\n'; }
  void Warning(std::string_view text) override { std::cerr << "warning: " << text << '\n'; }
  void Update(const Progress&) override {}
};

struct Arguments {
  ConnectionOptions connection;
  SwapOptions swap;
  bool repoint = false, rehearse = false, decline = false;
  std::vector<std::string> words;
};

std::vector<Database> ReadDatabases(Session& session, const ServerTraits& traits,
                                    const std::vector<std::string>& names) {
  CatalogRequest request;
  request.guess_views = true;
  for (const std::string& name : names) {
    if (DatabaseExists(session, name)) request.databases.push_back(name);
  }
  const Catalog catalog = ReadCatalog(session, traits, request);
  std::vector<Database> databases;
  for (const std::string& name : names) {
    databases.emplace_back().name = name;
    if (const Database* found = catalog.Find(name)) databases.back() = *found;
  }
  return databases;
}

void Snapshot(SessionFactory& sessions, const Arguments& arguments) {
  const auto session = sessions.Connect();
  const ServerTraits traits = ProbeServerTraits(*session);
  PrepareSession(*session, traits, false);
  PreparedSet set;
  const std::vector<std::string> names(arguments.words.begin() + 2, arguments.words.end());
  set.wanted = set.before = ReadDatabases(*session, traits, names);
  for (const std::string& name : names) {
    set.members.push_back({name, "", ""});
    set.outgoing.emplace_back();
    set.incoming.emplace_back();
  }
  std::ofstream(arguments.words[1]) << ToJson(set);
}

void Swap(SessionFactory& sessions, const Arguments& arguments, Observer& observer) {
  std::stringstream text;
  text << std::ifstream(arguments.words[1]).rdbuf();
  PreparedSet set = PreparedSetFromJson(text.str());
  const auto session = sessions.Connect();
  const ServerTraits traits = ProbeServerTraits(*session);
  PrepareSession(*session, traits, false);
  const RestoreLock lock(*session, 5);
  set.operation = "restore";
  set.run = arguments.words[2];
  set.generation = NextFreeGeneration(*session);
  std::vector<std::string> names;
  for (SetMember& member : set.members) {
    names.push_back(member.live);
    member.source = StagingName(member.live, set.run);
    member.displaced = DisplacedName(member.live, set.generation);
  }
  const std::string& first = set.members[0].source;
  const auto journal = ServerJournal::Exists(*session, first)
                           ? ServerJournal::Open(*session, first)
                           : ServerJournal::Create(*session, first);
  set.before = ReadDatabases(*session, traits, names);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const LiveNames now = NamesOf(set.before[i]), then = NamesOf(set.wanted[i]);
    set.outgoing[i].assign(now.tables.begin(), now.tables.end());
    set.incoming[i].assign(then.tables.begin(), then.tables.end());
  }
  if (arguments.repoint) {
    set.repointed_keys =
        ReadKeyDefinitions(*session, KeysLeftBehind(set, KeysInto(*session, names).keys));
  }
  const std::uint64_t ms = SwapLive(*session, traits, set, *journal, arguments.swap, observer);
  std::cout << "window " << ms << " ms\n";
}

RestoreCommand CommandOf(const Arguments& arguments) {
  RestoreCommand command;
  if (arguments.words.size() > 1) command.paths = {arguments.words[1]};
  command.options.jobs = 1;
  command.options.lock_wait_s = arguments.swap.lock_wait_s;
  command.options.lock_tries = arguments.swap.lock_tries;
  command.options.repoint_foreign_keys = arguments.repoint;
  command.options.rehearse = arguments.rehearse;
  return command;
}

void RestoreAs(SessionFactory& sessions, const Arguments& arguments, const RestoreCommand& command,
               Observer& observer) {
  const CancelToken cancel;
  const ConfirmRestore confirm = [&](const RestorePlan&) { return !arguments.decline; };
  RunRestoreCommand(sessions, FileSystem::Posix(), command, confirm, observer, cancel);
}

void RestoreInPlace(SessionFactory& sessions, const Arguments& arguments, Observer& observer) {
  RestoreCommand command = CommandOf(arguments);
  command.safety_dump = arguments.words[2];
  command.options.in_place = true;
  RestoreAs(sessions, arguments, command, observer);
}

void SwapPrepared(SessionFactory& sessions, const Arguments& arguments, Observer& observer) {
  RestoreCommand command = CommandOf(arguments);
  command.swap = true;
  RestoreAs(sessions, arguments, command, observer);
}

void Abort(SessionFactory& sessions, const Arguments& arguments, Observer& observer) {
  const CancelToken cancel;
  RunAbortCommand(sessions, FileSystem::Posix(), CommandOf(arguments), {}, observer, cancel);
}

void Status(SessionFactory& sessions) {
  const auto session = sessions.Connect();
  for (const Leftover& leftover : FindLeftovers(*session)) {
    const char* kind = leftover.kind == LeftoverKind::kStaging      ? "staging"
                       : leftover.kind == LeftoverKind::kOpenWindow ? "window"
                                                                    : "copy";
    std::cout << kind << '\t' << leftover.generation << '\t' << QuotedList(leftover.databases)
              << '\t' << QuotedList(leftover.holders) << '\t' << leftover.created << '\t'
              << leftover.bytes << '\t' << leftover.advice << '\n';
  }
}

int Run(SessionFactory& sessions, const Arguments& arguments) {
  Talker observer;
  const std::vector<std::string>& words = arguments.words;
  const std::string command = words.empty() ? "" : words[0];
  if (command == "snapshot" && words.size() > 2) {
    Snapshot(sessions, arguments);
  } else if (command == "swap" && words.size() == 3) {
    Swap(sessions, arguments, observer);
  } else if (command == "heal" && words.size() == 1) {
    std::vector<HealedSet> healed;
    HealOpenWindows(sessions, observer, healed);
    for (const HealedSet& set : healed) std::cout << set.line << '\n';
  } else if (command == "restore" && words.size() == 2) {
    RestoreAs(sessions, arguments, CommandOf(arguments), observer);
  } else if (command == "swap-prepared" && words.size() < 3) {
    SwapPrepared(sessions, arguments, observer);
  } else if (command == "abort" && words.size() < 3) {
    Abort(sessions, arguments, observer);
  } else if (command == "restore-in-place" && words.size() == 3) {
    RestoreInPlace(sessions, arguments, observer);
  } else if (command == "undo") {
    UndoOptions options;
    options.databases.assign(words.begin() + 1, words.end());
    options.lock_wait_s = arguments.swap.lock_wait_s;
    options.lock_tries = arguments.swap.lock_tries;
    options.repoint_foreign_keys = arguments.repoint;
    const CancelToken cancel;
    const RestoreResult result = RunUndo(sessions, options, {}, observer, cancel);
    std::cout << "window " << result.window_ms << " ms, generation " << result.plan.generation
              << '\n';
  } else if (command == "purge" && words.size() > 1) {
    PurgeOptions options;
    options.generation = static_cast<unsigned>(std::stoul(words[1]));
    options.databases.assign(words.begin() + 2, words.end());
    const CancelToken cancel;
    for (const Leftover& copy : RunPurge(sessions, options, {}, observer, cancel)) {
      std::cout << "purged " << QuotedList(copy.holders) << '\n';
    }
  } else if (command == "status") {
    Status(sessions);
  } else {
    std::cerr << "usage: see the head of tests/tools/swap_tool.cc\n";
    return 2;
  }
  return 0;
}

}  // namespace
}  // namespace dbomsbak

int main(int argc, char** argv) {
  using namespace dbomsbak;
  Arguments arguments;
  Fate fate;
  bool count = false;
  int word = 1;
  for (; word < argc && std::string_view(argv[word]).starts_with("--"); ++word) {
    const std::string text = argv[word];
    const std::size_t equals = text.find('=');
    const std::string name = text.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : text.substr(equals + 1);
    if (name == "--socket") arguments.connection.socket = value;
    if (name == "--host") arguments.connection.host = value;
    if (name == "--port") arguments.connection.port = static_cast<std::uint16_t>(std::stoul(value));
    if (name == "--repoint") arguments.repoint = true;
    if (name == "--rehearse") arguments.rehearse = true;
    if (name == "--decline") arguments.decline = true;
    if (name == "--user") arguments.connection.user = value;
    if (name == "--die-at") fate.DieAt(std::stoull(value));
    if (name == "--die-before") fate.DieBefore(value);
    if (name == "--die-behind") fate.DieBehind(value);
    if (name == "--stop-before") fate.StopBefore(value);
    if (name == "--refuse") fate.Refuse(value);
    if (name == "--after") fate.After(value);
    if (name == "--fail") fate.Fail(value);
    if (name == "--lock-wait")
      arguments.swap.lock_wait_s = static_cast<unsigned>(std::stoul(value));
    if (name == "--lock-tries") {
      arguments.swap.lock_tries = static_cast<unsigned>(std::stoul(value));
    }
    if (name == "--count") count = true;
  }
  arguments.words.assign(argv + word, argv + argc);
  int code = 0;
  try {
    MortalFactory sessions(MakeSessionFactory(arguments.connection), fate);
    code = Run(sessions, arguments);
  } catch (const Error& error) {
    std::cerr << "error: " << error.message() << '\n';
    if (!error.hint().empty()) std::cerr << "hint: " << error.hint() << '\n';
    code = static_cast<int>(error.code());
  }
  if (count) std::cerr << "statements " << fate.count() << '\n';
  return code;
}
