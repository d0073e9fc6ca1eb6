#include "engine/staging_note.h"

#include <nlohmann/json.hpp>

namespace dbomsbak {

std::string StagingNote::ToJson() const {
  nlohmann::json json{
      {"run", run}, {"root_digest", root_digest}, {"members", nlohmann::json::array()}};
  for (const SetMember& member : members) {
    json["members"].push_back({{"live", member.live}, {"source", member.source}});
  }
  return json.dump();
}

std::optional<StagingNote> StagingNote::FromJson(const std::string& text) {
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  try {
    StagingNote note;
    note.run = json.at("run").get<std::string>();
    note.root_digest = json.at("root_digest").get<std::string>();
    for (const nlohmann::json& member : json.at("members")) {
      note.members.push_back(
          {member.at("live").get<std::string>(), member.at("source").get<std::string>(), {}});
    }
    return note;
  } catch (const nlohmann::json::exception&) {
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
