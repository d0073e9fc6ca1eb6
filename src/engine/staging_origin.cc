#include "engine/staging_origin.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "engine/set_history.h"
#include "engine/text_json.h"

namespace dbomsbak {

using Json = nlohmann::ordered_json;

std::string StagingOrigin::Describe() const {
  std::string text;
  for (const File& file : files) text += fmt::format("{}'{}'", text.empty() ? "" : ", ", file.name);
  if (text.empty()) text = "files of unknown names";
  return options.empty() ? text : fmt::format("{} ({})", text, options);
}

StagingOrigin OriginOf(const RestoreContent& content, const RestoreOptions& options) {
  StagingOrigin origin;
  for (const ContentSource& source : content.sources) {
    origin.files.push_back({source.name, source.digest});
  }
  origin.options = ChoiceOptions(options);
  return origin;
}

std::string ChoiceOptions(const RestoreOptions& options) {
  std::string text;
  const auto add = [&](const std::string& option) { text += (text.empty() ? "" : " ") + option; };
  for (const auto& [database, tables] : options.only) {
    if (tables.empty()) add("--only " + ShellWords({database}));
    for (const std::string& table : tables) add("--only " + ShellWords({database + "." + table}));
  }
  for (const auto& [from, to] : options.renamed) add("--as " + ShellWords({from + "=" + to}));
  if (options.keep_extra) add("--keep-extra");
  return text;
}

Json ToJson(const StagingOrigin& origin) {
  Json json{{"files", Json::array()}, {"options", TextToJson(origin.options)}};
  for (const StagingOrigin::File& file : origin.files) {
    json["files"].push_back({{"name", TextToJson(file.name)}, {"digest", file.digest}});
  }
  return json;
}

StagingOrigin OriginFromJson(const Json& json) {
  StagingOrigin origin;
  for (const Json& file : json.at("files")) {
    origin.files.push_back({TextFromJson(file.at("name")), file.at("digest").get<std::string>()});
  }
  origin.options = TextFromJson(json.at("options"));
  return origin;
}

}  // namespace dbomsbak
