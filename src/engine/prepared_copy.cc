#include "engine/prepared_copy.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "dbomsbak/archive/records_json.h"
#include "dbomsbak/base/digest.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/catalog/catalog.h"
#include "dbomsbak/sql/quote.h"
#include "engine/restore_choice.h"
#include "engine/set_names.h"
#include "engine/text_json.h"

namespace dbomsbak {
namespace {

using Json = nlohmann::ordered_json;

// Steps of the journal, both of event "note": the last one holds.
constexpr char kNotePrepared[] = "prepared";
constexpr char kNoteGivenUp[] = "given-up";

// The lists of a content, as they are called in JSON.
template <typename Content, typename F>
void ForEachList(Content& content, const F& f) {
  f("databases", content.databases);
  f("sequences", content.sequences);
  f("tables", content.tables);
  f("views", content.views);
  f("routines", content.routines);
  f("triggers", content.triggers);
  f("events", content.events);
}

template <typename Record>
Record Required(std::optional<Record> record) {
  if (!record) throw Json::other_error::create(501, "a record of an archive", nullptr);
  return std::move(*record);
}

Json ToJson(const ContentObject& object) {
  Json keys = Json::array();
  for (const ForeignKeyLine& key : object.keys_to_staying) {
    keys.push_back({{"name", TextToJson(key.name)},
                    {"parent_database", TextToJson(key.parent_database)},
                    {"parent_table", TextToJson(key.parent_table)},
                    {"definition", TextToJson(key.definition)}});
  }
  return {{"record", dbomsbak::ToJson(object.record)},
          {"create", TextToJson(object.create)},
          {"restart", TextToJson(object.restart)},
          {"largest_statement", object.largest_statement},
          {"keys_to_staying", std::move(keys)}};
}

ContentObject ObjectOf(const Json& json) {
  ContentObject object;
  object.record = Required(ObjectFromJson(json.at("record").get<std::string>()));
  object.create = TextFromJson(json.at("create"));
  object.restart = TextFromJson(json.at("restart"));
  object.largest_statement = json.at("largest_statement");
  for (const Json& key : json.at("keys_to_staying")) {
    object.keys_to_staying.push_back(
        {TextFromJson(key.at("name")), TextFromJson(key.at("parent_database")),
         TextFromJson(key.at("parent_table")), TextFromJson(key.at("definition"))});
  }
  return object;
}

Json ToJson(const RestoreContent& content) {
  Json json{{"root_digest", content.root_digest},
            {"rows", content.rows},
            {"notes", TextsToJson(content.notes)},
            {"keep_extra", content.keep_extra},
            {"sources", Json::array()},
            {"chosen", Json::array()},
            {"omitted", Json::array()}};
  for (const ContentSource& source : content.sources) {
    json["sources"].push_back({{"name", TextToJson(source.name)},
                               {"header", dbomsbak::ToJson(source.header)},
                               {"digest", source.digest},
                               {"partial", source.partial},
                               {"plain", source.plain}});
  }
  for (const auto& [database, tables] : content.chosen) {
    json["chosen"].push_back(
        {{"database", TextToJson(database)},
         {"tables", TextsToJson(std::vector<std::string>(tables.begin(), tables.end()))}});
  }
  for (const ObjectRecord& record : content.omitted) {
    json["omitted"].push_back(dbomsbak::ToJson(record));
  }
  ForEachList(content, [&](const char* name, const std::vector<ContentObject>& objects) {
    json[name] = Json::array();
    for (const ContentObject& object : objects) json[name].push_back(ToJson(object));
  });
  return json;
}

RestoreContent ContentOf(const Json& json) {
  RestoreContent content;
  content.root_digest = json.at("root_digest");
  content.rows = json.at("rows");
  content.notes = TextsFromJson(json.at("notes"));
  content.sources.clear();
  for (const Json& entry : json.at("sources")) {
    ContentSource& source = content.sources.emplace_back();
    source.name = TextFromJson(entry.at("name"));
    source.header = Required(HeaderFromJson(entry.at("header").get<std::string>()));
    source.digest = entry.at("digest");
    source.partial = entry.at("partial");
    source.plain = entry.at("plain");
  }
  for (const Json& entry : json.at("chosen")) {
    const std::vector<std::string> tables = TextsFromJson(entry.at("tables"));
    content.chosen[TextFromJson(entry.at("database"))] = {tables.begin(), tables.end()};
  }
  for (const Json& record : json.at("omitted")) {
    content.omitted.push_back(Required(ObjectFromJson(record.get<std::string>())));
  }
  ForEachList(content, [&](const char* name, std::vector<ContentObject>& objects) {
    for (const Json& object : json.at(name)) objects.push_back(ObjectOf(object));
  });
  if (json.at("keep_extra").get<bool>()) KeepExtra(content);
  return content;
}

Json ToJson(const PreparedNote& note) {
  return {{"origin", ToJson(note.origin)},
          {"tables", note.tables},
          {"rows", note.rows},
          {"rows_unwatched", note.rows_unwatched},
          {"prove_ms", note.prove_ms},
          {"expected_window_ms", note.expected_window_ms},
          {"content_digest", note.content_digest}};
}

PreparedNote NoteOf(const JournalEntry& entry) {
  const Json json = Json::parse(entry.payload);
  PreparedNote note;
  note.origin = OriginFromJson(json.at("origin"));
  note.tables = json.at("tables");
  note.rows = json.at("rows");
  note.rows_unwatched = json.at("rows_unwatched");
  note.prove_ms = json.at("prove_ms");
  note.expected_window_ms = json.at("expected_window_ms");
  note.content_digest = json.at("content_digest");
  constexpr std::size_t kToSeconds = sizeof("2026-11-26T20:15:42") - 1;
  note.time = entry.time.substr(0, kToSeconds) + "Z";
  return note;
}

const JournalEntry* LastOf(const std::vector<JournalEntry>& entries) {
  const JournalEntry* last = nullptr;
  for (const JournalEntry& entry : entries) {
    if (entry.event != "note") continue;
    if (entry.step == kNotePrepared || entry.step == kNoteGivenUp) last = &entry;
  }
  return last;
}

Error NoteChanged(const std::string& why) {
  return Error(ErrorCode::kNeedsHelp,
               fmt::format("what is noted of the prepared copy cannot be read: {}", why),
               "Somebody changed it. `dbomsbak restore --abort` drops the copy; prepare it again.");
}

}  // namespace

std::string ToJson(const PreparedContent& prepared) {
  Json json{{"server", prepared.server},   {"set_digest", prepared.set_digest},
            {"log_bin", prepared.log_bin}, {"members", Json::array()},
            {"times", Json::array()},      {"content", ToJson(prepared.content)}};
  for (const RestoreMember& member : prepared.members) {
    json["members"].push_back({{"archived", TextToJson(member.archived)},
                               {"live", TextToJson(member.live)},
                               {"staging", TextToJson(member.staging)}});
  }
  for (const auto& [table, time] : prepared.times) {
    json["times"].push_back({TextToJson(table.first), TextToJson(table.second), time});
  }
  return json.dump(-1, ' ', true);
}

PreparedContent PreparedContentFromJson(const std::string& text) {
  try {
    const Json json = Json::parse(text);
    PreparedContent prepared;
    prepared.server = json.at("server");
    prepared.set_digest = json.at("set_digest");
    prepared.log_bin = json.at("log_bin");
    for (const Json& entry : json.at("members")) {
      RestoreMember& member = prepared.members.emplace_back();
      member.archived = TextFromJson(entry.at("archived"));
      member.live = TextFromJson(entry.at("live"));
      member.staging = TextFromJson(entry.at("staging"));
    }
    for (const Json& entry : json.at("times")) {
      prepared.times[{TextFromJson(entry.at(0)), TextFromJson(entry.at(1))}] = entry.at(2);
    }
    prepared.content = ContentOf(json.at("content"));
    return prepared;
  } catch (const Json::exception& error) {
    throw NoteChanged(error.what());
  }
}

std::vector<std::string> PreparedCopy::LiveNames() const {
  std::vector<std::string> names;
  for (const SetMember& member : staging.members) names.push_back(member.live);
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> PreparedCopy::Holders() const {
  std::vector<std::string> names;
  for (const SetMember& member : staging.members) names.push_back(member.source);
  return names;
}

std::optional<PreparedCopy> PreparedIn(const std::string& holder,
                                       const std::vector<JournalEntry>& entries) {
  const JournalEntry* last = LastOf(entries);
  std::optional<StagingNote> staging = StagingNote::Find(entries);
  if (last == nullptr || last->step != kNotePrepared || !staging) return std::nullopt;
  try {
    return PreparedCopy{holder, std::move(*staging), NoteOf(*last)};
  } catch (const Json::exception& error) {
    throw NoteChanged(error.what());
  }
}

std::vector<PreparedCopy> FindPrepared(Session& session) {
  std::vector<PreparedCopy> found;
  for (const std::string& database : ListDatabases(session)) {
    if (!IsStagingName(database)) continue;
    try {
      if (!ServerJournal::Exists(session, database)) continue;
      const auto entries = ServerJournal::Open(session, database)->Load();
      if (auto copy = PreparedIn(database, entries)) found.push_back(std::move(*copy));
    } catch (const ServerError& error) {
      if (error.code() != ErrorCode::kPrivilege) throw;  // sight.h tells of what is hidden
    }
  }
  return found;
}

void LeavePrepared(Session& session, ServerJournal& journal, PreparedNote note,
                   const PreparedContent& content) {
  const std::string text = ToJson(content);
  note.content_digest = Sha256(text).hex();
  const std::string& holder = journal.database();
  const auto beside = ServerJournal::Exists(session, holder, kPreparedTable)
                          ? ServerJournal::Open(session, holder, kPreparedTable)
                          : ServerJournal::Create(session, holder, kPreparedTable);
  beside->Append("note", note.content_digest, text);
  journal.Append("note", kNotePrepared, ToJson(note).dump(-1, ' ', true));
  session.Execute(fmt::format("DELETE FROM {} WHERE `step` <> {}",
                              QuoteQualified(holder, kPreparedTable),
                              QuoteString(note.content_digest)));
}

PreparedContent ReadPrepared(Session& session, const PreparedCopy& copy) {
  const std::string& digest = copy.note.content_digest;
  if (ServerJournal::Exists(session, copy.holder, kPreparedTable)) {
    const auto beside = ServerJournal::Open(session, copy.holder, kPreparedTable);
    for (const JournalEntry& entry : beside->Load()) {
      if (entry.step != digest || Sha256(entry.payload).hex() != digest) continue;
      return PreparedContentFromJson(entry.payload);
    }
  }
  throw NoteChanged(
      fmt::format("{} does not hold it", QuoteQualified(copy.holder, kPreparedTable)));
}

void GiveUpStaging(ServerJournal& journal) { journal.Append("note", kNoteGivenUp, ""); }

bool IsGivenUp(const std::vector<JournalEntry>& entries) {
  const JournalEntry* last = LastOf(entries);
  return last != nullptr && last->step == kNoteGivenUp;
}

std::string SetDigest(PreparedSet set) {
  set.generation = 0;
  set.repointed_keys.clear();  // no objects that are tried
  for (SetMember& member : set.members) member.displaced.clear();
  return Sha256(ToJson(set)).hex();
}

}  // namespace dbomsbak
