#include "engine/staging_proof.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "dbomsbak/base/error.h"
#include "dbomsbak/base/task_group.h"
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

// Tables in key ranges, the largest table first, by several sessions.
class RowProof {
 public:
  RowProof(SessionFactory& sessions, const ServerTraits& traits, const RestoreContent& content,
           const std::vector<RestoreMember>& members, const Catalog& staged,
           const std::map<std::uint32_t, std::string>& load_warnings, Observer& observer,
           const CancelToken& cancel)
      : sessions_(sessions),
        traits_(traits),
        content_(content),
        load_warnings_(load_warnings),
        observer_(observer),
        cancel_(cancel),
        tables_(InOrder(content, members, staged)),
        planner_(ToRead(), kChunkTextTarget) {
    progress_.phase = "prove";
    progress_.rows_total = content.rows;
    progress_.objects_total = tables_.size();
  }

  StagingProof Run(unsigned jobs) {
    TaskGroup group([this] {
      stopped_ = true;
      planner_.Close();
    });
    for (unsigned i = 0; i < std::max(1U, jobs) && !tables_.empty(); ++i) {
      group.Start([this] { Work(); });
    }
    group.Wait();
    StagingProof proof{progress_.objects_done, progress_.rows_done, {}};
    proof.digests.resize(content_.tables.size());
    for (const TableInProof& table : tables_) {
      proof.digests[table.number] = {std::string(kRowDigestId), table.digest.sum.hex()};
    }
    return proof;
  }

 private:
  struct TableInProof {
    std::uint32_t number = 0;  // in content.tables
    Table staged;
    RowDigest digest;
    std::size_t open_chunks = 0;
    bool last_seen = false;
  };

  static std::vector<TableInProof> InOrder(const RestoreContent& content,
                                           const std::vector<RestoreMember>& members,
                                           const Catalog& staged) {
    const TableMap found = TablesOf(staged);
    std::vector<TableInProof> tables;
    for (std::uint32_t i = 0; i < content.tables.size(); ++i) {
      const ObjectRecord& record = content.tables[i].record;
      const RestoreMember& member = members[PlaceOf(members, record.id.database)];
      const auto table = found.find({member.staging, member.StagedTable(record.id.name)});
      if (table == found.end()) {
        throw Error(ErrorCode::kCopyDiffers, record.id.Describe() + " is not in staging");
      }
      tables.push_back({i, *table->second, {}, 0, false});
      // The archive knows better than statistics that are seconds old.
      tables.back().staged.estimated_rows = record.rows;
      tables.back().staged.size_unknown = false;
      tables.back().staged.data_bytes = record.data ? record.data->length : 0;
    }
    std::stable_sort(tables.begin(), tables.end(), [](const auto& a, const auto& b) {
      return a.staged.data_bytes > b.staged.data_bytes;
    });
    return tables;
  }

  std::vector<TableToRead> ToRead() const {
    std::vector<TableToRead> tables;
    for (const TableInProof& table : tables_) tables.push_back({&table.staged, "", false});
    return tables;
  }

  void Work() {
    const std::unique_ptr<Session> session = sessions_.Connect();
    PrepareSession(*session, traits_, false);
    // Text comes in its column's own bytes, as the dump read it.
    session->Execute("SET SESSION character_set_results=NULL");
    while (const std::optional<Chunk> chunk = Next(*session)) {
      cancel_.ThrowIfCancelled();
      TableInProof& table = tables_[chunk->table];
      RowDigest digest;
      try {
        digest = Read(*session, table.staged, chunk->condition);
      } catch (Error& e) {
        e.While(fmt::format("proving {}", content_.tables[table.number].record.id.Describe()));
        throw;
      }
      Finish(table, digest);
    }
  }

  // A chunk is counted as open before another thread can see the last one of its table.
  std::optional<Chunk> Next(Session& session) {
    std::lock_guard planning(planning_);
    std::optional<Chunk> chunk = planner_.Next(session, false);
    if (!chunk) return chunk;
    std::lock_guard lock(mutex_);
    TableInProof& table = tables_[chunk->table];
    ++table.open_chunks;
    table.last_seen |= chunk->last;
    return chunk;
  }

  void Finish(TableInProof& table, const RowDigest& digest) {
    const ObjectRecord& record = content_.tables[table.number].record;
    std::lock_guard lock(mutex_);
    table.digest += digest;
    --table.open_chunks;
    if (table.last_seen && table.open_chunks == 0) {
      Judge(table);
      ++progress_.objects_done;
    }
    progress_.rows_done += digest.rows;
    progress_.object = record.id.Describe();
    observer_.Update(progress_);
  }

  void Judge(const TableInProof& table) const {
    const ObjectRecord& record = content_.tables[table.number].record;
    const RowDigest& digest = table.digest;
    if (digest.rows != record.rows) {
      ThrowDiffers(table.number,
                   fmt::format("it holds {} rows, the archive {}", digest.rows, record.rows));
    }
    if (record.row_digest && record.row_digest->id == kRowDigestId &&
        record.row_digest->value != digest.sum.hex()) {
      ThrowDiffers(table.number,
                   fmt::format("its {} rows are not those of the archive (row digest {}, not {})",
                               digest.rows, digest.sum.hex(), record.row_digest->value));
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
      throw Error(ErrorCode::kInterrupted, "stopped because another table failed");
    }
    return digest;
  }

  [[noreturn]] void ThrowDiffers(std::uint32_t number, const std::string& how) const {
    const ObjectId& id = content_.tables[number].record.id;
    const auto warning = load_warnings_.find(number);
    throw Error(ErrorCode::kCopyDiffers,
                fmt::format("the restored copy of {} differs: {}{}{}", id.Describe(), how,
                            warning == load_warnings_.end() ? "" : "; the server said: ",
                            warning == load_warnings_.end() ? "" : warning->second),
                "Nothing was swapped: what is live is as it was.")
        .About(id.Describe());
  }

  SessionFactory& sessions_;
  const ServerTraits& traits_;
  const RestoreContent& content_;
  const std::map<std::uint32_t, std::string>& load_warnings_;
  Observer& observer_;
  const CancelToken& cancel_;
  std::vector<TableInProof> tables_;  // before planner_, which points into it
  ChunkPlanner planner_;
  std::mutex planning_;
  std::mutex mutex_;
  std::atomic<bool> stopped_{false};
  Progress progress_;
};

}  // namespace

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
  return RowProof(sessions, traits, content, members, staged, load_warnings, observer, cancel)
      .Run(jobs);
}

}  // namespace dbomsbak
