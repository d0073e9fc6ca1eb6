#include "engine/staging_proof.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <numeric>
#include <optional>
#include <set>
#include <utility>

#include "dbomsbak/base/error.h"
#include "dbomsbak/base/task_group.h"
#include "dbomsbak/base/units.h"
#include "dbomsbak/catalog/table_reader.h"
#include "dbomsbak/sql/create_table.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/sql/rename_databases.h"
#include "dbomsbak/sql/row_encoder.h"
#include "engine/chunk_planner.h"
#include "engine/constraint_names.h"
#include "engine/definition_text.h"
#include "engine/staging.h"
#include "sql/definition_match.h"

namespace dbomsbak {
namespace {

// Ends a thread when another table has failed, whose error is told. Never seen outside.
struct Stopped {};

using TableMap = std::map<std::pair<std::string, std::string>, const Table*>;

TableMap TablesOf(const Catalog& staged) {
  TableMap tables;
  for (const Database& database : staged.databases) {
    for (const Table& table : database.tables) tables[{database.name, table.id.name}] = &table;
  }
  return tables;
}

// Of databases in which something else is live what was loaded alone, under the names it is to
// have.
Catalog LoadedAlone(const Catalog& staged, const std::vector<RestoreMember>& members) {
  Catalog loaded;
  for (const RestoreMember& member : members) {
    const Database* database = staged.Find(member.staging);
    if (database == nullptr) continue;
    std::map<std::string, std::string> names;
    for (const auto& [name, there] : member.staged_tables) names[there] = name;
    Database& only = loaded.databases.emplace_back();
    only.name = member.staging;
    for (const Table& table : database->tables) {
      const auto name = names.find(table.id.name);
      if (name == names.end()) continue;
      only.tables.push_back(table);
      only.tables.back().id.name = name->second;
      only.tables.back().create = WithFirstName(table.create, name->second);
    }
    for (const Sequence& sequence : database->sequences) {
      const auto name = names.find(sequence.id.name);
      if (name == names.end()) continue;
      only.sequences.push_back(sequence);
      only.sequences.back().id.name = name->second;
      only.sequences.back().create = WithFirstName(sequence.create, name->second);
      only.sequences.back().restart = WithFirstName(sequence.restart, name->second);
    }
  }
  return loaded;
}

// Major and minor number: servers of one series print definitions alike.
std::string Series(const std::string& version) {
  const std::size_t first = version.find('.');
  const std::size_t second = first == std::string::npos ? first : version.find('.', first + 1);
  return version.substr(0, second);
}

class DefinitionComparison {
 public:
  DefinitionComparison(const RestoreContent& content, const std::vector<RestoreMember>& members,
                       const Catalog& staged, const ServerTraits& traits, Counters counters)
      : content_(content),
        members_(members),
        staged_(staged),
        traits_(traits),
        counters_(counters) {
    staged_constraints_ = traits.constraint_names_block_rename;
    for (const RestoreMember& member : members) {
      to_archived_[member.staging] = member.archived;
      to_archived_[member.live] = member.archived;
    }
  }

  std::vector<std::string> Run() {
    for (const RestoreMember& member : members_) {
      const Database* database = staged_.Find(member.staging);
      if (database == nullptr) {
        Differs(member.archived, "is not there");
        continue;
      }
      CompareDatabase(member, *database);
      CompareTables(member, *database);
      CompareSequences(member, *database);
    }
    return std::move(differences_);
  }

 private:
  void Differs(const std::string& what, std::string_view how) {
    differences_.push_back(fmt::format("{}: {}", what, how));
  }

  // Is its definition what this server prints?
  bool IsWordForWord(const ContentObject& object) const {
    const ContentSource& source = content_.SourceOf(object.record.id.database);
    return !source.plain && PrintsAlike(source.header, traits_);
  }

  void CompareDatabase(const RestoreMember& member, const Database& database) {
    if (member.in_place()) return;  // what is live changes in the window alone
    for (const ContentObject& object : content_.databases) {
      if (object.record.id.name != member.archived) continue;
      if (object.record.charset != database.charset ||
          object.record.collation != database.collation) {
        Differs(object.record.id.Describe(),
                fmt::format("it has charset {} and collation {}, not {} and {}", database.charset,
                            database.collation, object.record.charset, object.record.collation));
      }
    }
    const auto none = [&](const auto& objects) {
      for (const auto& object : objects) Differs(object.id.Describe(), "it does not belong there");
    };
    none(database.views);
    none(database.routines);
    none(database.triggers);
    none(database.events);
  }

  void CompareTables(const RestoreMember& member, const Database& database) {
    std::map<std::string, const Table*> tables;
    for (const Table& table : database.tables) {
      if (!IsInternalTable(table.id.name)) tables[table.id.name] = &table;
    }
    for (const ContentObject& object : content_.tables) {
      if (object.record.id.database != member.archived) continue;
      const auto found = tables.find(object.record.id.name);
      if (found == tables.end()) {
        Differs(object.record.id.Describe(), "it is missing");
        continue;
      }
      CompareTable(object, *found->second);
      tables.erase(found);
    }
    for (const auto& [name, table] : tables) Differs(table->id.Describe(), "it is extra");
  }

  void CompareTable(const ContentObject& object, const Table& table) {
    const std::string name = object.record.id.Describe();
    const std::string staged = RenameDatabases(ObjectKind::kTable, table.create, to_archived_);
    std::string wanted = object.StagedCreate();
    if (staged_constraints_) wanted = WithStagedConstraintNames(wanted);
    if (!IsWordForWord(object)) {
      // In whatever words this server prints it: all that was said is there.
      const std::string missing =
          FirstWordMissing(WithoutAutoIncrement(wanted), WithoutAutoIncrement(staged));
      if (!missing.empty()) {
        Differs(name, fmt::format("the server made it otherwise, without {}: it is now\n{}\nand "
                                  "was\n{}",
                                  missing, staged, wanted));
      }
    } else if (WithoutAutoIncrement(staged) != WithoutAutoIncrement(wanted)) {
      Differs(name, fmt::format("its definition is now\n{}\nand was\n{}", staged, wanted));
    }
    const std::optional<std::uint64_t> counter = AutoIncrementOf(object.create);
    if (counters_ == Counters::kSet && counter && AutoIncrementOf(staged) != counter) {
      Differs(name, fmt::format("its AUTO_INCREMENT is {}, not {}",
                                AutoIncrementOf(staged).value_or(1), *counter));
    }
    // A plain dump tells no kinds.
    if (content_.SourceOf(object.record.id.database).plain) return;
    std::vector<ColumnRecord> columns;
    for (const Column* column : table.StoredColumns()) {
      columns.push_back({column->name, column->kind.ToString()});
    }
    if (columns != object.record.columns) Differs(name, "its columns are of other kinds");
  }

  void CompareSequences(const RestoreMember& member, const Database& database) {
    std::map<std::string, const Sequence*> sequences;
    for (const Sequence& sequence : database.sequences) sequences[sequence.id.name] = &sequence;
    for (const ContentObject& object : content_.sequences) {
      if (object.record.id.database != member.archived) continue;
      const auto found = sequences.find(object.record.id.name);
      if (found == sequences.end()) {
        Differs(object.record.id.Describe(), "it is missing");
        continue;
      }
      if (IsWordForWord(object) ? found->second->create != object.create
                                : !FirstWordMissing(object.create, found->second->create).empty()) {
        Differs(object.record.id.Describe(), "its definition is another");
      }
      if (!object.restart.empty() && found->second->restart != object.restart) {
        Differs(object.record.id.Describe(),
                fmt::format("it stands at {}, not at {}", found->second->restart, object.restart));
      }
      sequences.erase(found);
    }
    for (const auto& [name, sequence] : sequences) Differs(sequence->id.Describe(), "it is extra");
  }

  const RestoreContent& content_;
  const std::vector<RestoreMember>& members_;
  const Catalog& staged_;
  const ServerTraits& traits_;
  const Counters counters_;
  bool staged_constraints_ = false;
  DatabaseMap to_archived_;
  std::vector<std::string> differences_;
};

// What a session reads at once: enough that looking for its end costs nothing.
constexpr std::size_t kChunkTextTarget = std::size_t{16} << 20;

}  // namespace

// Tables in key ranges, each table when it is released, by several sessions.
class RowProof::Impl {
 public:
  Impl(SessionFactory& sessions, const ServerTraits& traits, const RestoreContent& content,
       const std::vector<RestoreMember>& members, const Catalog& staged, Observer& observer,
       const CancelToken& cancel)
      : sessions_(sessions),
        traits_(traits),
        content_(content),
        observer_(observer),
        cancel_(cancel),
        tables_(content.tables.size()) {
    const TableMap found = TablesOf(staged);
    for (std::size_t i = 0; i < tables_.size(); ++i) {
      const ObjectRecord& record = content.tables[i].record;
      const RestoreMember& member = members[PlaceOf(members, record.id.database)];
      const auto table = found.find({member.staging, member.StagedTable(record.id.name)});
      if (table == found.end()) {
        throw Error(
            ErrorCode::kCopyDiffers, record.id.Describe() + " is not in staging",
            "Somebody has dropped it there. Nothing was swapped: what is live is as it was. "
            "Run the same command again.")
            .About(record.id.Describe());
      }
      tables_[i].staged = *table->second;
      // The archive knows better than statistics that are seconds old.
      tables_[i].staged.estimated_rows = record.rows;
      tables_[i].staged.size_unknown = false;
      tables_[i].staged.data_bytes = record.data ? record.data->length : 0;
    }
    progress_.phase = "prove";
    progress_.rows_total = content.rows;
    progress_.objects_total = tables_.size();
  }

  void Release(std::uint32_t number, std::string warning) {
    std::lock_guard lock(mutex_);
    TableInProof& table = tables_[number];
    table.warning = std::move(warning);
    table.planner = std::make_unique<ChunkPlanner>(
        std::vector<TableToRead>{{&table.staged, "", false}}, kChunkTextTarget);
    ready_.push_back(number);
    ++released_;
    changed_.notify_all();
  }

  void Work(JobBoard& jobs, std::size_t job) {
    try {
      Prove(jobs, job);
    } catch (...) {
      failed_ = true;
      throw;
    }
  }

  void Stop() {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }

  bool failed() const { return failed_; }

  bool complete() const { return progress_.objects_done == tables_.size(); }

  StagingProof Finish() const {
    StagingProof proof{progress_.objects_done, progress_.rows_done, {}};
    for (const TableInProof& table : tables_) {
      proof.digests.push_back({std::string(kRowDigestId), table.digest.sum.hex()});
    }
    return proof;
  }

 private:
  struct TableInProof {
    Table staged;
    std::unique_ptr<ChunkPlanner> planner;  // from its release until its last chunk is done
    std::string warning;                    // of the load
    RowDigest digest;
    std::size_t open_chunks = 0;
    bool last_seen = false;
  };
  struct Part {
    std::uint32_t table = 0;
    std::string condition;
    std::uint64_t number = 1;  // of its table
    bool last = false;
  };

  void Prove(JobBoard& jobs, std::size_t job) {
    std::unique_ptr<Session> session;
    while (const std::optional<Part> part = Next(session)) {
      cancel_.ThrowIfCancelled();
      jobs.Take(job, progress_.phase, content_.tables[part->table].record.id.Describe(),
                part->number, part->last ? part->number : 0);
      RowDigest digest;
      try {
        digest = Read(*session, tables_[part->table].staged, part->condition);
      } catch (Error& e) {
        e.While(fmt::format("proving {}", content_.tables[part->table].record.id.Describe()));
        throw;
      }
      jobs.Add(job, digest.rows, 0);
      Add(part->table, digest, jobs);
    }
    jobs.Rest(job);
  }

  std::unique_ptr<Session> Connect() {
    std::unique_ptr<Session> session = sessions_.Connect();
    PrepareSession(*session, traits_, false);
    // Text comes in its column's own bytes, as the dump read it.
    session->Execute("SET SESSION character_set_results=NULL");
    return session;
  }

  // The first released table that is not handed out yet; nothing when there is none any more.
  std::optional<std::uint32_t> AwaitTable() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock,
                  [this] { return stopped_ || !ready_.empty() || released_ == tables_.size(); });
    if (stopped_ || ready_.empty()) return std::nullopt;
    return ready_.front();
  }

  // A chunk is counted as open before another thread can see the last one of its table. `session`
  // is made when there is something to read.
  std::optional<Part> Next(std::unique_ptr<Session>& session) {
    std::lock_guard planning(planning_);
    while (const std::optional<std::uint32_t> number = AwaitTable()) {
      if (session == nullptr) session = Connect();
      TableInProof& table = tables_[*number];
      const std::optional<Chunk> chunk = table.planner->Next(*session, false);
      std::lock_guard lock(mutex_);
      if (!chunk || chunk->last) ready_.pop_front();
      if (!chunk) continue;
      ++table.open_chunks;
      table.last_seen |= chunk->last;
      return Part{*number, chunk->condition, chunk->part, chunk->last};
    }
    return std::nullopt;
  }

  void Add(std::uint32_t number, const RowDigest& digest, const JobBoard& jobs) {
    std::lock_guard lock(mutex_);
    TableInProof& table = tables_[number];
    table.digest += digest;
    --table.open_chunks;
    if (table.last_seen && table.open_chunks == 0) {
      Judge(number);
      table.planner.reset();
      ++progress_.objects_done;
    }
    progress_.rows_done += digest.rows;
    progress_.object = content_.tables[number].record.id.Describe();
    // Until then it is the load that is told.
    if (released_ != tables_.size()) return;
    jobs.CopyTo(progress_.jobs);
    observer_.Update(progress_);
  }

  void Judge(std::uint32_t number) const {
    const ObjectRecord& record = content_.tables[number].record;
    const RowDigest& digest = tables_[number].digest;
    if (digest.rows != record.rows) {
      ThrowDiffers(number, fmt::format("it holds {}, the archive {}", Counted(digest.rows, "row"),
                                       Grouped(record.rows)));
    }
    if (record.row_digest && record.row_digest->id == kRowDigestId &&
        record.row_digest->value != digest.sum.hex()) {
      ThrowDiffers(number,
                   fmt::format("its {} rows are not those of the archive (row digest {}, not {})",
                               Grouped(digest.rows), digest.sum.hex(), record.row_digest->value));
    }
  }

  RowDigest Read(Session& session, const Table& table, const std::string& condition) {
    constexpr std::uint64_t kRowsBetweenLooks = 4096;
    RowDigest digest;
    const TableSelect select = SelectOf(table, table.id.database, condition, "");
    RowEncoder encoder(select.kinds);
    const std::unique_ptr<RowStream> rows = session.Stream(select.sql, select.protocol);
    while (rows->Next()) {
      encoder.Digest(rows->cells().first(select.kinds.size()), digest);
      if (digest.rows % kRowsBetweenLooks != 0) continue;
      if (!stopped_ && !cancel_.cancelled()) continue;
      session.Abort();  // or closing the stream would read all the rest
      cancel_.ThrowIfCancelled();
      throw Stopped();
    }
    return digest;
  }

  [[noreturn]] void ThrowDiffers(std::uint32_t number, const std::string& how) const {
    const ObjectId& id = content_.tables[number].record.id;
    const std::string& warning = tables_[number].warning;
    throw Error(ErrorCode::kCopyDiffers,
                fmt::format("the restored copy of {} differs: {}{}{}", id.Describe(), how,
                            warning.empty() ? "" : "; the server said: ", warning),
                "Nothing was swapped: what is live is as it was.")
        .About(id.Describe());
  }

  SessionFactory& sessions_;
  const ServerTraits& traits_;
  const RestoreContent& content_;
  Observer& observer_;
  const CancelToken& cancel_;
  std::vector<TableInProof> tables_;  // as content.tables; none moves, for planners point to them
  std::mutex planning_;               // held while a boundary is looked up, or a table waited for
  std::mutex mutex_;                  // of all below, and of what changes in tables_
  std::condition_variable changed_;
  std::deque<std::uint32_t> ready_;  // released, and not handed out wholly
  std::size_t released_ = 0;
  std::atomic<bool> stopped_{false};
  std::atomic<bool> failed_{false};
  Progress progress_;
};

RowProof::RowProof(SessionFactory& sessions, const ServerTraits& traits,
                   const RestoreContent& content, const std::vector<RestoreMember>& members,
                   const Catalog& staged, Observer& observer, const CancelToken& cancel)
    : impl_(std::make_unique<Impl>(sessions, traits, content, members, staged, observer, cancel)) {}
RowProof::~RowProof() = default;
void RowProof::Release(std::uint32_t table, std::string warning) {
  impl_->Release(table, std::move(warning));
}
void RowProof::Work(JobBoard& jobs, std::size_t job) { impl_->Work(jobs, job); }
void RowProof::Stop() { impl_->Stop(); }
bool RowProof::failed() const { return impl_->failed(); }
bool RowProof::complete() const { return impl_->complete(); }
StagingProof RowProof::Finish() { return impl_->Finish(); }

bool SameSeries(const HeaderRecord& header, const ServerTraits& traits) {
  return header.server_flavour == traits.FlavourName() &&
         Series(header.server_version) == Series(traits.version);
}

bool PrintsAlike(const HeaderRecord& header, const ServerTraits& traits) {
  return SameSeries(header, traits) && !header.HasPortableDefinitions();
}

bool PrintsAlike(const RestoreContent& content, const std::string& database,
                 const ServerTraits& traits) {
  return PrintsAlike(content.SourceOf(database).header, traits);
}

bool AllPrintAlike(const RestoreContent& content, const ServerTraits& traits) {
  return std::all_of(
      content.sources.begin(), content.sources.end(),
      [&](const ContentSource& source) { return PrintsAlike(source.header, traits); });
}

std::vector<std::string> CompareDefinitions(const RestoreContent& content,
                                            const std::vector<RestoreMember>& members,
                                            const Catalog& staged, const ServerTraits& traits,
                                            Counters counters) {
  if (!members.front().in_place()) {
    return DefinitionComparison(content, members, staged, traits, counters).Run();
  }
  return DefinitionComparison(content, members, LoadedAlone(staged, members), traits, counters)
      .Run();
}

StagingProof ProveRows(SessionFactory& sessions, const ServerTraits& traits,
                       const RestoreContent& content, const std::vector<RestoreMember>& members,
                       const Catalog& staged,
                       const std::map<std::uint32_t, std::string>& load_warnings, unsigned jobs,
                       Observer& observer, const CancelToken& cancel) {
  RowProof proof(sessions, traits, content, members, staged, observer, cancel);
  const auto size = [&](std::uint32_t table) {
    const std::optional<Slice>& data = content.tables[table].record.data;
    return data ? data->length : 0;
  };
  std::vector<std::uint32_t> order(content.tables.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return size(a) > size(b); });
  for (const std::uint32_t table : order) {
    const auto warning = load_warnings.find(table);
    proof.Release(table, warning == load_warnings.end() ? "" : warning->second);
  }
  jobs = std::max(1U, jobs);
  JobBoard board(jobs);
  TaskGroup group([&] { proof.Stop(); });
  for (unsigned i = 0; i < jobs && !order.empty(); ++i) {
    group.Start([&, i] { proof.Work(board, i); });
  }
  group.Wait();
  return proof.Finish();
}

}  // namespace dbomsbak
