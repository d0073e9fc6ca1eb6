// Proves that staging holds what the archive says, read back from the server.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "dbomsbak/base/cancel.h"
#include "dbomsbak/catalog/catalog.h"
#include "dbomsbak/engine/observer.h"
#include "dbomsbak/transport/session.h"
#include "engine/job_board.h"
#include "engine/restore_content.h"
#include "engine/restore_facts.h"

namespace dbomsbak {

struct StagingProof {
  std::uint64_t tables = 0;
  std::uint64_t rows = 0;
  std::vector<RowDigestRecord> digests;  // of what was read, one for each of content.tables
};

// Is the archive of a server of this kind and series? It reads the archive's definitions, then.
bool SameSeries(const HeaderRecord& header, const ServerTraits& traits);
// And prints them in the same words? Not those that were made portable.
bool PrintsAlike(const HeaderRecord& header, const ServerTraits& traits);
// Of the server that this database, or every database, comes from.
bool PrintsAlike(const RestoreContent& content, const std::string& database,
                 const ServerTraits& traits);
bool AllPrintAlike(const RestoreContent& content, const ServerTraits& traits);

// Are the counters of AUTO_INCREMENT where they shall be, or set behind the rows?
enum class Counters { kSet, kNotYet };

// Objects, definitions, counters of AUTO_INCREMENT and charsets: every way in which `staged` is not
// what the archive holds. `live` names stand where defaults take from live sequences.
std::vector<std::string> CompareDefinitions(const RestoreContent& content,
                                            const std::vector<RestoreMember>& members,
                                            const Catalog& staged, const ServerTraits& traits,
                                            Counters counters = Counters::kSet);

// Reads the rows of each table back as soon as all of them are there, while others are still being
// loaded. Any thread; complete() and Finish() when all calls of Work() have returned.
class RowProof {
 public:
  // All must outlive it; of `staged` what is needed is copied. Error kCopyDiffers when a table is
  // not in it.
  RowProof(SessionFactory& sessions, const ServerTraits& traits, const RestoreContent& content,
           const std::vector<RestoreMember>& members, const Catalog& staged, Observer& observer,
           const CancelToken& cancel);
  ~RowProof();

  // All rows of a table of content.tables are there, and nobody writes to it any more; once for
  // each table. `warning`: the server's first one while they were loaded, or empty.
  void Release(std::uint32_t table, std::string warning);
  // Proves what is released, waiting for more until all are, in a session of its own, as that job
  // of the board. The first error is to be followed by Stop(); kCopyDiffers names the table.
  void Work(JobBoard& jobs, std::size_t job);
  // Work() returns soon.
  void Stop();
  bool failed() const;    // an error came out of Work()
  bool complete() const;  // all tables were proved
  StagingProof Finish();  // when it is complete

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

// Reads all rows back, by `jobs` sessions. `load_warnings`: the server's first warning of each
// table, by its place in content.tables. Error kCopyDiffers names the table.
StagingProof ProveRows(SessionFactory& sessions, const ServerTraits& traits,
                       const RestoreContent& content, const std::vector<RestoreMember>& members,
                       const Catalog& staged,
                       const std::map<std::uint32_t, std::string>& load_warnings, unsigned jobs,
                       Observer& observer, const CancelToken& cancel);

}  // namespace dbomsbak
