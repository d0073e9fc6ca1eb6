#include "engine/object_trial.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "dbomsbak/base/error.h"
#include "dbomsbak/sql/rename_databases.h"
#include "dbomsbak/transport/passing_error.h"
#include "engine/definition_differences.h"
#include "engine/definition_text.h"
#include "engine/event_text.h"
#include "engine/restore_planner.h"
#include "engine/staging_proof.h"
#include "engine/text_json.h"
#include "engine/view_builder.h"

namespace dbomsbak {
namespace {

using Json = nlohmann::ordered_json;

// Step of the journal, of event "note". Payload: the objects that are tried; empty: the trial is
// through, and has dropped them.
constexpr char kNoteTrial[] = "trial";

std::string ToJson(const std::vector<ObjectId>& ids) {
  Json json = Json::array();
  for (const ObjectId& id : ids) {
    json.push_back({TextToJson(id.database), std::string(ToString(id.kind)), TextToJson(id.name)});
  }
  return json.dump(-1, ' ', true);
}

std::vector<ObjectId> IdsFromJson(const std::string& text) {
  std::vector<ObjectId> ids;
  if (text.empty()) return ids;
  for (const Json& entry : Json::parse(text)) {
    const auto kind = ParseObjectKind(entry.at(1).get<std::string>());
    if (kind) ids.push_back({TextFromJson(entry.at(0)), *kind, TextFromJson(entry.at(2))});
  }
  return ids;
}

template <typename T>
void WithoutHeads(std::vector<T>& objects, const std::string& database) {
  for (T& object : objects) {
    object.id.database = database;
    object.create = WithoutHeadDatabase(object.id.kind, object.create);
  }
}

// Under the name that people know, and with heads that name no database, as they were created.
Database Comparable(const Database& staged, const std::string& live) {
  Database database = staged;
  database.name = live;
  WithoutHeads(database.views, live);
  WithoutHeads(database.routines, live);
  WithoutHeads(database.triggers, live);
  WithoutHeads(database.events, live);
  return database;
}

}  // namespace

ObjectTrial::ObjectTrial(Session& session, const ServerTraits& traits,
                         const RestoreContent& content, const std::vector<RestoreMember>& members,
                         const PreparedSet& set, ServerJournal& journal, Observer& observer)
    : session_(session),
      traits_(traits),
      content_(content),
      members_(members),
      set_(set),
      journal_(journal),
      observer_(observer),
      creator_(session),
      wanted_(members.size()) {}

std::vector<ObjectId> ObjectTrial::LeftIn(const std::vector<JournalEntry>& entries) {
  std::vector<ObjectId> left;
  for (const JournalEntry& entry : entries) {
    if (entry.event != "note" || entry.step != kNoteTrial) continue;
    // Trials that failed may each have left something; one that is through has nothing.
    if (entry.payload.empty()) left.clear();
    const std::vector<ObjectId> begun = IdsFromJson(entry.payload);
    left.insert(left.end(), begun.begin(), begun.end());
  }
  return left;
}

std::vector<ObjectId> ObjectTrial::Objects() const {
  std::vector<ObjectId> objects;
  for (const auto* list : {&content_.routines, &content_.views, &content_.events}) {
    for (const ContentObject& object : *list) {
      const ObjectId& id = object.record.id;
      objects.push_back({members_[PlaceOf(members_, id.database)].staging, id.kind, id.name});
    }
  }
  for (std::size_t i = 0; i < members_.size(); ++i) {
    for (const StoredProgram& trigger : set_.wanted[i].triggers) {
      objects.push_back({members_[i].staging, trigger.id.kind, trigger.id.name});
    }
  }
  return objects;
}

void ObjectTrial::Run() {
  const std::vector<ObjectId> objects = Objects();
  if (objects.empty()) return;
  journal_.Append("note", kNoteTrial, ToJson(objects));
  observer_.Phase("trying views, routines, triggers and events in staging");
  CreateRoutines();
  try {
    CreateViews();
  } catch (const Error& e) {
    if (e.code() != ErrorCode::kQueryRefused || IsPassing(e)) throw;
    refusals_.Keep(e);
  }
  CreateTriggers();
  CreateEvents();
  refusals_.ThrowIfAny();
  if (!created_.empty()) ReadBack();
  for (auto id = created_.rbegin(); id != created_.rend(); ++id) DropObject(session_, *id);
  journal_.Append("note", kNoteTrial, "");
}

void ObjectTrial::Create(const StoredProgram& program, std::size_t member,
                         const std::string& text) {
  Database& wanted = wanted_[member];
  StoredProgram tried = program;
  tried.create = WithoutHeadDatabase(program.id.kind, text);
  created_.push_back(program.id);
  created_.back().database = members_[member].staging;
  creator_.Create(members_[member].staging, SettingsOf(tried), tried.create);
  auto& list = tried.id.kind == ObjectKind::kTrigger ? wanted.triggers
               : tried.id.kind == ObjectKind::kEvent ? wanted.events
                                                     : wanted.routines;
  list.push_back(std::move(tried));
}

void ObjectTrial::CreateRoutines() {
  for (const ContentObject& object : content_.routines) {
    const std::size_t member = PlaceOf(members_, object.record.id.database);
    refusals_.Try("trying", object.record.id,
                  [&] { Create(ProgramOf(object, members_[member].live), member, object.create); });
  }
}

void ObjectTrial::CreateViews() {
  std::set<ObjectId> unchanged;  // live, and equal to the archive's
  for (std::size_t i = 0; i < members_.size(); ++i) {
    for (const View& live : set_.before[i].views) {
      for (const View& wanted : set_.wanted[i].views) {
        if (wanted.id == live.id && wanted.create == live.create) {
          unchanged.insert({members_[i].staging, ObjectKind::kView, live.id.name});
        }
      }
    }
  }
  DatabaseMap to_staging;
  for (const RestoreMember& member : members_) to_staging[member.archived] = member.staging;
  std::vector<View> views;
  for (const ContentObject& object : content_.views) {
    const RestoreMember& member = members_[PlaceOf(members_, object.record.id.database)];
    View view = ViewOf(object, member.staging);
    view.create = WithoutHeadDatabase(
        ObjectKind::kView, RenameDatabases(ObjectKind::kView, object.create, to_staging));
    created_.push_back(view.id);
    views.push_back(std::move(view));
  }
  try {
    CreateViews(views);
  } catch (Error& e) {
    if (IsPassing(e) || unchanged.empty()) throw;
    // A view that is live as it shall be stays, however broken it is: it need not be created.
    std::erase_if(views, [&](const View& view) { return unchanged.contains(view.id); });
    CreateViews(views);
    observer_.Notice(
        fmt::format("some views stay as they are, they could not be made anew: {}", e.message()));
  }
  for (View& view : views) {
    for (std::size_t i = 0; i < members_.size(); ++i) {
      if (members_[i].staging == view.id.database) wanted_[i].views.push_back(view);
    }
  }
}

void ObjectTrial::CreateViews(const std::vector<View>& views) {
  std::vector<const View*> tried;
  for (const View& view : views) tried.push_back(&view);
  StubGround ground;
  for (const RestoreMember& member : members_) ground.databases.insert(member.staging);
  ViewBuilder(session_, creator_, journal_, std::move(ground)).Create(tried, tried);
}

// Of the restored tables: the archive's, and live ones when the archive leaves them out.
void ObjectTrial::CreateTriggers() {
  for (std::size_t i = 0; i < members_.size(); ++i) {
    const std::set<std::string> incoming(set_.incoming[i].begin(), set_.incoming[i].end());
    for (const StoredProgram& trigger : set_.wanted[i].triggers) {
      if (!incoming.contains(trigger.table)) continue;
      refusals_.Try("trying", trigger.id, [&] {
        try {
          Create(trigger, i, trigger.create);
        } catch (Error& e) {
          ObjectId archived = trigger.id;
          archived.database = members_[i].archived;
          if (!content_.Covers(archived, trigger.table) && e.code() == ErrorCode::kQueryRefused) {
            e.set_code(ErrorCode::kRestorePreflight);
            e.set_hint(
                "The archive holds no triggers, so live ones stay; this one does not fit the "
                "restored table. Drop it, or restore an archive that holds triggers.");
          }
          throw;
        }
      });
    }
  }
}

void ObjectTrial::CreateEvents() {
  for (const ContentObject& object : content_.events) {
    const std::size_t member = PlaceOf(members_, object.record.id.database);
    refusals_.Try("trying", object.record.id, [&] {
      Create(ProgramOf(object, members_[member].live), member, WithEventDisabled(object.create));
    });
  }
}

void ObjectTrial::ReadBack() {
  CatalogRequest request;
  for (const RestoreMember& member : members_) request.databases.push_back(member.staging);
  request.routine_grants = false;
  const Catalog staged = ReadCatalog(session_, traits_, request);
  std::vector<std::string> differences;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    const Database* database = staged.Find(members_[i].staging);
    if (database == nullptr) {
      differences.push_back(fmt::format("database {} is missing", members_[i].staging));
      continue;
    }
    CompareMember(i, Comparable(wanted_[i], members_[i].live), staged,
                  Comparable(*database, members_[i].live), differences);
  }
  if (differences.empty()) return;
  std::string message = fmt::format("the restored copy differs: {}", differences.front());
  for (std::size_t i = 1; i < differences.size(); ++i) message += "\n  - " + differences[i];
  throw Error(ErrorCode::kCopyDiffers, std::move(message),
              "Nothing was swapped: what is live is as it was.");
}

void ObjectTrial::CompareMember(std::size_t member, const Database& wanted, const Catalog& staged,
                                const Database& there,
                                std::vector<std::string>& differences) const {
  const auto hidden = [&](const ObjectId& id) -> const Unreadable* {
    for (const Unreadable& object : staged.unreadable) {
      if (object.id.kind == id.kind && (object.id.name == id.name || object.id.name == "*")) {
        return &object;
      }
    }
    return nullptr;
  };
  const auto look_for = [&](const auto& objects, const auto& others) {
    for (const auto& object : objects) {
      if (std::any_of(others.begin(), others.end(),
                      [&](const auto& other) { return other.id == object.id; })) {
        continue;
      }
      // An event whose time is over does not come back: the server would not have kept it either.
      if (object.id.kind == ObjectKind::kEvent && MayBeOver(object.create)) continue;
      if (const Unreadable* reason = hidden(object.id)) {
        throw Error(reason->code,
                    fmt::format("{} cannot be read back from staging: {}", object.id.Describe(),
                                reason->reason),
                    reason->remedy)
            .About(object.id.Describe());
      }
      differences.push_back(object.id.Describe() + " is missing");
    }
  };
  look_for(wanted.views, there.views);
  look_for(wanted.routines, there.routines);
  look_for(wanted.triggers, there.triggers);
  look_for(wanted.events, there.events);
  // Servers of another series print definitions in their own way. Doubts about broken views are
  // told behind the swap, when all they stand on is there.
  const ContentSource& source = content_.SourceOf(members_[member].archived);
  if (!PrintsAlike(source.header, traits_)) return;
  // So is a routine that was created here before a view it reads.
  Database compared = wanted;
  if (traits_.routines_need_their_views && !wanted.views.empty()) compared.routines.clear();
  DefinitionDifferences found = source.plain ? CompareSaidDefinitions(compared, there)
                                             : CompareLiveDefinitions(compared, there);
  std::move(found.differences.begin(), found.differences.end(), std::back_inserter(differences));
}

}  // namespace dbomsbak
