// Views, routines, triggers and events on trial: created in staging, read back, compared with the
// archive and dropped again. So none can fail, or come out as another, for the first time in the
// window.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/catalog/catalog.h"
#include "dbomsbak/catalog/server_traits.h"
#include "dbomsbak/engine/observer.h"
#include "dbomsbak/transport/session.h"
#include "engine/object_creator.h"
#include "engine/restore_content.h"
#include "engine/restore_facts.h"
#include "engine/server_journal.h"
#include "engine/set_swap.h"
#include "engine/staging_refusals.h"

namespace dbomsbak {

// All must outlive it; one thread. `session` is prepared for load and definitions. `set` says which
// triggers will stand on the restored tables and which views stay as they are.
class ObjectTrial {
 public:
  ObjectTrial(Session& session, const ServerTraits& traits, const RestoreContent& content,
              const std::vector<RestoreMember>& members, const PreparedSet& set,
              ServerJournal& journal, Observer& observer);

  // Errors: kRestorePreflight for all that the server does not take, live triggers that do not fit
  // the restored table among it; kCopyDiffers for what it takes as something else. What was created
  // is dropped again unless there was an error.
  void Run();

  // What a trial that was killed, or failed, may have left.
  static std::vector<ObjectId> LeftIn(const std::vector<JournalEntry>& entries);

 private:
  std::vector<ObjectId> Objects() const;
  void Create(const StoredProgram& program, std::size_t member, const std::string& text);
  void CreateRoutines();
  void CreateViews();
  void CreateViews(const std::vector<View>& views);
  void CreateTriggers();
  void CreateEvents();
  void ReadBack();
  void CompareMember(std::size_t member, const Database& wanted, const Catalog& staged,
                     const Database& there, std::vector<std::string>& differences) const;

  Session& session_;
  const ServerTraits& traits_;
  const RestoreContent& content_;
  const std::vector<RestoreMember>& members_;
  const PreparedSet& set_;
  ServerJournal& journal_;
  Observer& observer_;
  ObjectCreator creator_;
  StagingRefusals refusals_;
  std::vector<ObjectId> created_;
  std::vector<Database> wanted_;  // by member: what was created, as it shall be read back
};

}  // namespace dbomsbak
