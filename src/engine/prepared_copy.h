// What `restore --prepare` leaves of a copy that is loaded and proved, so that --swap needs no file
// and reads nothing that it need not. A note in the journal of staging says that the copy is there
// and whole; what the files held, but for their rows, stands in a table beside the journal.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dbomsbak/engine/step_runner.h"
#include "dbomsbak/transport/session.h"
#include "engine/restore_content.h"
#include "engine/restore_facts.h"
#include "engine/server_journal.h"
#include "engine/staging_note.h"
#include "engine/write_times.h"

namespace dbomsbak {

// In the journal: event "note", step kNotePrepared.
struct PreparedNote {
  StagingOrigin origin;
  std::uint64_t tables = 0, rows = 0;
  std::uint64_t rows_unwatched = 0;  // in tables whose writes the server does not tell of
  std::uint64_t prove_ms = 0, expected_window_ms = 0;
  std::string content_digest;  // SHA-256 of the PreparedContent's JSON
  std::string time;            // UTC, when it was proved; the journal's, not of the JSON
};

// Beside the journal.
struct PreparedContent {
  std::string server;                  // flavour and version it was proved on
  std::string set_digest;              // of the set for which objects were tried, see SetDigest
  std::string log_bin;                 // @@sql_log_bin of the session; empty where there is none
  std::vector<RestoreMember> members;  // but for `displaced` and `exists`
  RestoreContent content;              // but for its units
  WriteTimes times;                    // as they were when the rows were proved
};

std::string ToJson(const PreparedContent& prepared);               // pure ASCII
PreparedContent PreparedContentFromJson(const std::string& json);  // Error kNeedsHelp

// A copy that stands on the server, whole as far as its journal tells.
struct PreparedCopy {
  std::string holder;  // the staging database with the journal
  StagingNote staging;
  PreparedNote note;

  std::vector<std::string> LiveNames() const;  // sorted
  std::vector<std::string> Holders() const;    // staging databases, that with the journal first
};

// Of a journal's entries; nullopt when nothing is prepared there.
std::optional<PreparedCopy> PreparedIn(const std::string& holder,
                                       const std::vector<JournalEntry>& entries);
// All that this account may see.
std::vector<PreparedCopy> FindPrepared(Session& session);

// `journal` stands in staging. Durable when this returns; an older note holds until then.
void LeavePrepared(Session& session, ServerJournal& journal, PreparedNote note,
                   const PreparedContent& content);
// Error kNeedsHelp when it is not what was left.
PreparedContent ReadPrepared(Session& session, const PreparedCopy& copy);

// Staging with this note is taken for nothing any more: it is being swept, or somebody has changed
// it.
void GiveUpStaging(ServerJournal& journal);
bool IsGivenUp(const std::vector<JournalEntry>& entries);

// What must be the same for a trial of objects in staging to hold good.
std::string SetDigest(PreparedSet set);

}  // namespace dbomsbak
