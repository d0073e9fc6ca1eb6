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
#include "engine/staging.h"

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

std::string StagingOf(const std::vector<RestoreMember>& members, const std::string& archived) {
  for (const RestoreMember& member : members) {
    if (member.archived == archived) return member.staging;
  }
  return {};
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
                       const Catalog& staged, const ServerTraits& traits)
      : content_(content), members_(members), staged_(staged) {
    same_series_ = content.header.server_flavour == traits.FlavourName() &&
                   Series(content.header.server_version) == Series(traits.version);
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

  void CompareDatabase(const RestoreMember& member, const Database& database) {
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
    if (same_series_ && WithoutAutoIncrement(staged) != WithoutAutoIncrement(object.create)) {
      Differs(name, fmt::format("its definition is now\n{}\nand was\n{}", staged, object.create));
    }
    const std::optional<std::uint64_t> counter = AutoIncrementOf(object.create);
    if (counter && AutoIncrementOf(staged) != counter) {
      Differs(name, fmt::format("its AUTO_INCREMENT is {}, not {}",
                                AutoIncrementOf(staged).value_or(1), *counter));
    }
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
      if (same_series_ && found->second->create != object.create) {
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
  bool same_series_ = false;
  DatabaseMap to_archived_;
  std::vector<std::string> differences_;
};

// One table after the other, the largest first, by several sessions.
class RowProof {
 public:
  RowProof(SessionFactory& sessions, const ServerTraits& traits, const RestoreContent& content,
           const std::vector<RestoreMember>& members, const Catalog& staged,
           const std::map<std::uint32_t, std::string>& load_warnings, Observer& observer,
           const CancelToken& cancel)
      : sessions_(sessions),
        traits_(traits),
        content_(content),
        members_(members),
        tables_(TablesOf(staged)),
        load_warnings_(load_warnings),
        observer_(observer),
        cancel_(cancel) {
    for (std::uint32_t i = 0; i < content.tables.size(); ++i) order_.push_back(i);
    const auto size = [&](std::uint32_t i) {
      const std::optional<Slice>& data = content.tables[i].record.data;
      return data ? data->length : 0;
    };
    std::stable_sort(order_.begin(), order_.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return size(a) > size(b); });
    progress_.phase = "prove";
    progress_.rows_total = content.rows;
    progress_.objects_total = content.tables.size();
  }

  StagingProof Run(unsigned jobs) {
    TaskGroup group([this] { stopped_ = true; });
    const std::size_t workers = std::min<std::size_t>(std::max(1U, jobs), order_.size());
    for (std::size_t i = 0; i < workers; ++i) {
      group.Start([this] { Work(); });
    }
    group.Wait();
    return {progress_.objects_done, progress_.rows_done};
  }

 private:
  void Work() {
    const std::unique_ptr<Session> session = sessions_.Connect();
    PrepareSession(*session, traits_, false);
    // Text comes in its column's own bytes, as the dump read it.
    session->Execute("SET SESSION character_set_results=NULL");
    for (;;) {
      const std::size_t next = next_++;
      if (next >= order_.size() || stopped_) return;
      Prove(*session, order_[next]);
    }
  }

  void Prove(Session& session, std::uint32_t number) {
    const ObjectRecord& record = content_.tables[number].record;
    const std::string staging = StagingOf(members_, record.id.database);
    const auto found = tables_.find({staging, record.id.name});
    if (found == tables_.end()) ThrowDiffers(number, "it is missing");
    RowDigest digest;
    try {
      digest = Read(session, *found->second, staging);
    } catch (Error& e) {
      e.While(fmt::format("proving {}", record.id.Describe()));
      throw;
    }
    if (digest.rows != record.rows) {
      ThrowDiffers(number, fmt::format("it holds {} rows, the archive {}", digest.rows, record.rows));
    }
    if (record.row_digest && record.row_digest->id == kRowDigestId &&
        record.row_digest->value != digest.sum.hex()) {
      ThrowDiffers(number, fmt::format("its {} rows are not those of the archive (row digest {}, "
                                       "not {})",
                                       digest.rows, digest.sum.hex(), record.row_digest->value));
    }
    std::lock_guard lock(mutex_);
    ++progress_.objects_done;
    progress_.rows_done += digest.rows;
    progress_.object = record.id.Describe();
    observer_.Update(progress_);
  }

  RowDigest Read(Session& session, const Table& table, const std::string& staging) {
    constexpr std::uint64_t kRowsBetweenLooks = 4096;
    RowDigest digest;
    const TableSelect select = SelectOf(table, staging, "", "");
    RowEncoder encoder(select.kinds);
    const std::unique_ptr<RowStream> rows = session.Stream(select.sql, select.protocol);
    while (rows->Next()) {
      encoder.Digest(rows->cells(), digest);
      if (digest.rows % kRowsBetweenLooks != 0) continue;
      if (!stopped_ && !cancel_.cancelled()) continue;
      session.Abort();  // or closing the stream would read all the rest
      cancel_.ThrowIfCancelled();
      throw Error(ErrorCode::kInterrupted, "stopped because another table failed");
    }
    return digest;
  }

  [[noreturn]] void ThrowDiffers(std::uint32_t number, const std::string& how) {
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
  const std::vector<RestoreMember>& members_;
  const TableMap tables_;
  const std::map<std::uint32_t, std::string>& load_warnings_;
  Observer& observer_;
  const CancelToken& cancel_;
  std::vector<std::uint32_t> order_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;
  Progress progress_;
};

}  // namespace

std::vector<std::string> CompareDefinitions(const RestoreContent& content,
                                            const std::vector<RestoreMember>& members,
                                            const Catalog& staged, const ServerTraits& traits) {
  return DefinitionComparison(content, members, staged, traits).Run();
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
