#include "engine/staging_note.h"

#include <nlohmann/json.hpp>

namespace dbomsbak {

using Json = nlohmann::ordered_json;

std::string StagingNote::ToJson() const {
  Json json{{"run", run},
            {"root_digest", root_digest},
            {"members", Json::array()},
            {"origin", dbomsbak::ToJson(origin)}};
  for (const SetMember& member : members) {
    json["members"].push_back({{"live", member.live}, {"source", member.source}});
  }
  return json.dump(-1, ' ', true);
}

std::optional<StagingNote> StagingNote::FromJson(const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  try {
    StagingNote note;
    note.run = json.at("run").get<std::string>();
    note.root_digest = json.at("root_digest").get<std::string>();
    for (const Json& member : json.at("members")) {
      note.members.push_back(
          {member.at("live").get<std::string>(), member.at("source").get<std::string>(), {}});
    }
    if (json.contains("origin")) note.origin = OriginFromJson(json.at("origin"));
    return note;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

std::optional<StagingNote> StagingNote::Find(const std::vector<JournalEntry>& entries) {
  for (const JournalEntry& entry : entries) {
    if (entry.event == "begin" && entry.step == kStagingStep) return FromJson(entry.payload);
  }
  return std::nullopt;
}

}  // namespace dbomsbak
