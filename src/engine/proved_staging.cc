#include "engine/proved_staging.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "dbomsbak/base/digest.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/sql/create_table.h"
#include "engine/staging.h"
#include "engine/text_json.h"

namespace dbomsbak {
namespace {

using Json = nlohmann::ordered_json;

// Tables and sequences with their texts.
template <typename F>
void ForEachObject(const Catalog& staged, const F& f) {
  for (const Database& database : staged.databases) {
    for (const Table& table : database.tables) {
      if (!IsInternalTable(table.id.name)) f(table.id, WithoutAutoIncrement(table.create));
    }
    for (const Sequence& sequence : database.sequences) {
      f(sequence.id, sequence.create + "\n" + sequence.restart);
    }
  }
}

}  // namespace

std::string NameOfServer(const ServerTraits& traits) {
  return fmt::format("{} {}", traits.FlavourName(), traits.version);
}

ProvedStaging ProvedStagingOf(const Catalog& staged, const ServerTraits& traits) {
  ProvedStaging proved;
  proved.server = NameOfServer(traits);
  ForEachObject(staged, [&](const ObjectId& id, const std::string& text) {
    proved.objects[id].definition = Sha256(text).hex();
  });
  return proved;
}

std::string ToJson(const ProvedStaging& proved) {
  Json json{{"server", TextToJson(proved.server)}, {"objects", Json::array()}};
  for (const auto& [id, object] : proved.objects) {
    json["objects"].push_back({TextToJson(id.database), std::string(ToString(id.kind)),
                               TextToJson(id.name), object.definition, object.row_digest});
  }
  return json.dump(-1, ' ', true);
}

ProvedStaging ProvedStagingFromJson(const std::string& text) {
  try {
    ProvedStaging proved;
    const Json json = Json::parse(text);
    proved.server = TextFromJson(json.at("server"));
    for (const Json& entry : json.at("objects")) {
      const auto kind = ParseObjectKind(entry.at(1).get<std::string>());
      if (!kind) throw Json::other_error::create(501, "a kind of object", nullptr);
      proved.objects[{TextFromJson(entry.at(0)), *kind, TextFromJson(entry.at(2))}] = {
          entry.at(3).get<std::string>(), entry.at(4).get<std::string>()};
    }
    return proved;
  } catch (const Json::exception& error) {
    throw Error(
        ErrorCode::kNeedsHelp,
        fmt::format("what is noted of the proved staging cannot be read: {}", error.what()),
        "Somebody changed it, or another version of dbomsbak wrote it. `dbomsbak restore --abort` "
        "drops the staging; then run the same command again.");
  }
}

StagingChanges ChangesSince(const ProvedStaging& proved, const Catalog& staged,
                            const ServerTraits& traits) {
  StagingChanges changes;
  const bool same_server = proved.server == NameOfServer(traits);
  std::map<ObjectId, ProvedObject> missing = proved.objects;
  const auto extra = [&](const ObjectId& id) {
    changes.made.push_back(id.Describe() + " does not belong there");
  };
  ForEachObject(staged, [&](const ObjectId& id, const std::string& text) {
    const auto found = missing.find(id);
    if (found == missing.end()) return extra(id);
    if (found->second.definition != Sha256(text).hex() && !same_server) {
      changes.reworded.push_back(id);
    } else if (found->second.definition != Sha256(text).hex()) {
      changes.made.push_back(
          fmt::format("{} has another definition than when it was proved, which is now\n{}",
                      id.Describe(), text));
    }
    missing.erase(found);
  });
  for (const auto& [id, object] : missing) changes.made.push_back(id.Describe() + " is missing");
  for (const Database& database : staged.databases) {
    for (const View& view : database.views) extra(view.id);
    for (const auto* programs : {&database.routines, &database.triggers, &database.events}) {
      for (const StoredProgram& program : *programs) extra(program.id);
    }
  }
  return changes;
}

}  // namespace dbomsbak
