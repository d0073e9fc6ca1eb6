#include "dbomsbak/app/oms_json.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/uninterrupted.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/base/near_names.h"
#include "dbomsbak/base/utf8.h"

namespace dbomsbak {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kLargestJson = std::size_t{16} << 20;
constexpr int kDeepest = 100;  // objects and lists within each other; OMS's have a few

constexpr std::string_view kEnable = "enable", kRefetch = "refetchStoreIntervalMin",
                           kPerceive = "perceiveStoreClientCheckpoint";

constexpr char kWhichText[] =
    "Copy the value of the parameter ha.config from OMS's console (System Parameters), from its { "
    "to its }.";

Error NotUnderstood(const std::string& name, std::string_view what, std::string hint) {
  return Error(ErrorCode::kUnsupported, fmt::format("{}{}", name, what), std::move(hint))
      .About(name);
}

std::string_view LiteralAt(std::string_view text, std::size_t at) {
  constexpr std::string_view kSigns =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-._";
  const std::size_t end = std::min(text.find_first_not_of(kSigns, at), text.size());
  return text.substr(at, end - at);
}

// The string, name, number or sign that begins at `at`, also one that never ends.
std::string_view TokenAt(std::string_view text, std::size_t at) {
  if (text[at] == '"') {
    std::size_t end = at + 1;
    while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
    return text.substr(at, end + 1 - at);
  }
  const std::string_view literal = LiteralAt(text, at);
  if (!literal.empty()) return literal;
  std::size_t end = at + 1;
  while (end < text.size() && !StartsCharacter(text[end])) ++end;
  return text.substr(at, end - at);
}

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// The token that holds the byte `at`, and the one before it.
struct Place {
  std::size_t begin = 0;
  std::string_view token, before;
};
Place PlaceOf(std::string_view text, std::size_t at) {
  Place place;
  std::size_t next = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  while (next < text.size()) {
    if (IsBlank(text[next])) {
      ++next;
      continue;
    }
    place.before = place.token;
    place.token = TokenAt(text, next);
    place.begin = next;
    next += place.token.size();
    if (next > at) return place;
  }
  return {text.size(), "", place.token};
}

bool IsOneOf(std::string_view token, std::initializer_list<std::string_view> all) {
  return std::find(all.begin(), all.end(), token) != all.end();
}

// What is wrong there, in words of someone who copied the text from a manual; empty: none fits.
std::string CommonFault(const Place& place) {
  const std::string_view token = place.token;
  const auto is_value = [](std::string_view t) {
    return !t.empty() && !IsOneOf(t, {"{", "[", ",", ":"});
  };
  if (token.empty() && place.before.empty()) return "there is no text";
  if (token.empty()) return "the text ends too early: a closing } or ] is missing";
  if (IsOneOf(token, {"“", "”", "„", "‘", "’", "'", "`", "＂"})) {
    return fmt::format("{} is no quote of JSON: write \"", token);
  }
  if (IsOneOf(token, {"，", "：", "｛", "｝", "［", "］"})) {
    return fmt::format("{} is a full-width sign: write its ASCII form", token);
  }
  if (IsOneOf(token, {"\xC2\xA0", "\xE3\x80\x80", "\xE2\x80\x8B"})) {
    return "an invisible sign that is no blank stands here: remove it";
  }
  if (token == "/" || token == "#") return "JSON has no comments: remove it";
  if (place.before == "," && IsOneOf(token, {"}", "]"})) {
    return fmt::format("a comma stands before the closing {}: remove it", token);
  }
  if (token == "," && IsOneOf(place.before, {",", "{", "["})) return "a comma too many";
  if (token.starts_with('"') && is_value(place.before)) {
    return fmt::format("a comma is missing before {}", FirstCharacters(token, 40));
  }
  if (IsOneOf(token, {"True", "False", "TRUE", "FALSE", "None"})) {
    return fmt::format("JSON has true, false and null, not {}", token);
  }
  return {};
}

// "parse error at line 1, column 7: syntax error while parsing object key - X" → "X"
std::string LibraryWords(std::string_view what) {
  const std::size_t dash = what.find(" - ");
  return std::string(dash == std::string_view::npos ? what : what.substr(dash + 3));
}

Error NoJson(std::string_view text, const std::string& name, const Json::parse_error& error) {
  const Place place = PlaceOf(text, error.byte == 0 ? 0 : error.byte - 1);
  const std::string_view above = text.substr(0, place.begin);
  const std::size_t line_start = above.rfind('\n') + 1;  // npos + 1 is 0
  std::string what = CommonFault(place);
  if (what.empty()) what = LibraryWords(error.what());
  return NotUnderstood(
      name,
      fmt::format(", line {}, column {}: {}", std::count(above.begin(), above.end(), '\n') + 1,
                  CountCharacters(above.substr(line_start)) + 1, what),
      "Correct it there; samples that manuals print are not always valid JSON, what the console "
      "shows is.");
}

Json Parse(std::string_view text, const std::string& name) {
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    throw NoJson(text, name, error);
  } catch (const Json::exception& error) {  // a number that no computer holds
    throw NotUnderstood(name, fmt::format(": {}", LibraryWords(error.what())), kWhichText);
  }
}

// One member of the outermost object of a text: its key, and where its value stands.
struct Member {
  std::string key;
  std::size_t key_begin = 0, key_end = 0;
  std::size_t begin = 0, end = 0;
};

// `text` is valid JSON and an object. Nothing of it is read twice or written anew, so what is not
// asked for stays as the console had it, numbers and blanks included.
std::vector<Member> MembersOf(std::string_view text) {
  std::vector<Member> members;
  std::size_t at = text.find('{') + 1;
  const auto token = [&] {
    while (IsBlank(text[at])) ++at;
    const std::string_view found = TokenAt(text, at);
    at += found.size();
    return found;
  };
  for (std::string_view next = token(); next != "}"; next = token()) {
    if (next == ",") continue;
    Member member;
    member.key = Json::parse(next).get<std::string>();
    member.key_begin = at - next.size();
    member.key_end = at;
    token();  // the colon
    int depth = 0;
    do {
      const std::string_view part = token();
      if (member.begin == 0) member.begin = at - part.size();
      if (part == "{" || part == "[") ++depth;
      if (part == "}" || part == "]") --depth;
    } while (depth > 0);
    member.end = at;
    members.push_back(std::move(member));
  }
  return members;
}

const Member* Find(const std::vector<Member>& members, std::string_view key) {
  const auto found = std::find_if(members.begin(), members.end(),
                                  [&](const Member& member) { return member.key == key; });
  return found == members.end() ? nullptr : &*found;
}

// Not what is within it, which may be deep.
std::string Told(const Json& value) {
  return value.is_structured() ? fmt::format("an {}", value.type_name()) : value.dump();
}

bool Flag(const Json& config, std::string_view key, const std::string& name) {
  const Json& value = config.at(std::string(key));
  if (value.is_boolean()) return value.get<bool>();
  throw NotUnderstood(name, fmt::format(": {} is {}, not true or false", key, Told(value)),
                      kWhichText);
}

struct ParsedHaConfig {
  HaConfig config;
  std::vector<Member> members;
};

ParsedHaConfig ParseHaConfig(std::string_view text, const std::string& name) {
  const Json json = Parse(text, name);
  if (json.is_string()) {
    throw NotUnderstood(name, " is one JSON string, not an object",
                        "Leave the quotes around it away, and the backslashes within.");
  }
  if (!json.is_object()) {
    throw NotUnderstood(name, fmt::format(" is no JSON object but of type {}", json.type_name()),
                        kWhichText);
  }
  ParsedHaConfig parsed;
  parsed.members = MembersOf(text);
  std::vector<std::string> keys;
  for (const Member& member : parsed.members) {
    if (std::find(keys.begin(), keys.end(), member.key) != keys.end()) {
      throw NotUnderstood(name, fmt::format(": the key {} is there twice", member.key),
                          "Remove one of the two: it cannot be told which of them counts.");
    }
    keys.push_back(member.key);
  }
  if (!json.contains(std::string(kEnable))) {
    std::string near = DidYouMean(std::string(kEnable), keys);
    throw NotUnderstood(name, ": there is no key enable: this is not ha.config",
                        near.empty() ? kWhichText : std::move(near));
  }
  parsed.config.enable = Flag(json, kEnable, name);
  if (json.contains(std::string(kPerceive))) {
    parsed.config.perceives_checkpoints = Flag(json, kPerceive, name);
  }
  const auto refetch = json.find(std::string(kRefetch));
  if (refetch != json.end()) {
    if (!refetch->is_number_unsigned()) {
      throw NotUnderstood(
          name, fmt::format(": {} is {}, not a number of minutes", kRefetch, Told(*refetch)),
          kWhichText);
    }
    parsed.config.refetch_minutes = refetch->get<std::uint64_t>();
  }
  return parsed;
}

// Sets a key of the object, behind the others when it is new, in the form that they have.
void SetKey(std::string& text, std::string_view key, std::string_view value) {
  const std::vector<Member> members = MembersOf(text);
  if (const Member* const member = Find(members, key)) {
    text.replace(member->begin, member->end - member->begin, value);
    return;
  }
  // Never empty: `enable` is there. What stands around the last key stands around the new one.
  const Member& last = members.back();
  std::size_t blank = last.key_begin;
  while (blank > 0 && IsBlank(text[blank - 1])) --blank;
  const std::string before = text.substr(blank, last.key_begin - blank);
  const std::string colon = text.substr(last.key_end, last.begin - last.key_end);
  text.insert(last.end, fmt::format(",{}\"{}\"{}{}", before, key, colon, value));
}

std::string TextOf(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

// What people call a connector by; the first of these keys that says something.
constexpr std::array<const char*, 9> kNames{"connectorName", "connectorId", "taskName",
                                            "task_name",     "jobName",     "projectName",
                                            "name",          "id",          "taskId"};

std::string NameOf(const Json& object) {
  for (const char* const key : kNames) {
    const auto found = object.find(key);
    if (found == object.end()) continue;
    const bool tells = found->is_number_integer() ||
                       (found->is_string() && !found->get_ref<const std::string&>().empty());
    if (tells) return TextOf(*found);
  }
  return {};
}

class ConnectorWalk {
 public:
  explicit ConnectorWalk(const std::string& name) : name_(name) {}

  void Walk(const Json& value, const std::string& where, const std::string& connector, int depth) {
    if (depth > kDeepest) {
      throw NotUnderstood(name_, fmt::format(": more than {} levels within each other", kDeepest),
                          "This is no connector configuration.");
    }
    if (value.is_array()) {
      for (std::size_t i = 0; i < value.size(); ++i) {
        Walk(value[i], fmt::format("{}/{}", where, i), connector, depth + 1);
      }
    } else if (value.is_string()) {
      // Configurations are kept, and exported, as JSON within strings of JSON.
      const std::string& text = value.get_ref<const std::string&>();
      if (text.find('{') == std::string::npos) return;
      const Json within = Json::parse(text, nullptr, false);
      if (within.is_object() || within.is_array()) Walk(within, where + "!", connector, depth + 1);
    } else if (value.is_object()) {
      std::string own = NameOf(value);
      if (own.empty()) own = connector;
      for (const auto& [key, member] : value.items()) {
        const std::string place = fmt::format("{}/{}", where, Escaped(key));
        if (key == "source" && TakeSource(member, value, place, own)) continue;
        Walk(member, place, own, depth + 1);
      }
    }
  }

  std::vector<ConnectorSource> Take() { return std::move(sources_); }

 private:
  static std::string Escaped(const std::string& key) {
    std::string text;
    for (const char c : key) {
      text += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    }
    return text;
  }

  bool TakeSource(const Json& member, const Json& parent, const std::string& place,
                  const std::string& connector) {
    Json within;
    const Json* source = &member;
    std::string where = place;
    if (member.is_string()) {
      within = Json::parse(member.get_ref<const std::string&>(), nullptr, false);
      source = &within;
      where += "!";
    }
    if (!source->is_object()) return false;
    ConnectorSource found;
    found.connector = connector;
    found.where = where;
    found.checkpoint = source->contains("checkpoint") || parent.contains("checkpoint");
    for (const char* const key : {"dbType", "db_type"}) {
      const auto type = source->find(key);
      if (type == source->end() || !type->is_string()) continue;
      if (type->get_ref<const std::string&>().find_first_not_of(' ') == std::string::npos) continue;
      found.key = key;
      found.db_type = type->get<std::string>();
      break;
    }
    sources_.push_back(std::move(found));
    return true;
  }

  const std::string& name_;
  std::vector<ConnectorSource> sources_;
};

// Closed at the end unless it is standard input.
class InputFile {
 public:
  explicit InputFile(const std::string& path)
      : descriptor_(path == "-" ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~InputFile() {
    if (descriptor_ > STDIN_FILENO) close(descriptor_);
  }
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

}  // namespace

std::string ReadOmsJson(const std::string& path) {
  const std::string name = path == "-" ? "standard input" : path;
  const auto fail = [&] {
    return Error(ErrorCode::kIo, fmt::format("cannot read {}: {}", name, std::strerror(errno)),
                 "Name a file that may be read, or - for standard input.")
        .About(path);
  };
  const InputFile file(path);
  if (file.descriptor() < 0) throw fail();
  std::string text;
  std::string part(std::size_t{64} << 10, '\0');
  while (true) {
    const ssize_t got =
        Uninterrupted([&] { return read(file.descriptor(), part.data(), part.size()); });
    if (got < 0) throw fail();
    if (got == 0) return text;
    text.append(part, 0, static_cast<std::size_t>(got));
    if (text.size() > kLargestJson) {
      throw NotUnderstood(name, fmt::format(" is larger than {} MiB", kLargestJson >> 20),
                          "This is not JSON that OMS's console shows.");
    }
  }
}

HaConfig ReadHaConfig(std::string_view text, const std::string& name) {
  return ParseHaConfig(text, name).config;
}

ChangedHaConfig ChangeHaConfig(std::string_view text, const std::string& name,
                               const HaChange& change) {
  const ParsedHaConfig parsed = ParseHaConfig(text, name);
  const HaConfig& config = parsed.config;
  ChangedHaConfig changed;
  const std::size_t begin = text.find('{'), end = text.rfind('}');
  changed.text = text.substr(begin, end + 1 - begin);
  const auto set = [&](std::string_view key, const std::string& value) {
    const Member* const member = Find(parsed.members, key);
    const std::string_view from =
        member == nullptr ? "" : text.substr(member->begin, member->end - member->begin);
    changed.keys.push_back({std::string(key), std::string(from), value});
    if (from != value) SetKey(changed.text, key, value);
    return member != nullptr;
  };
  if (change.enable) set(kEnable, *change.enable ? "true" : "false");
  if (change.refetch_minutes) {
    if (!set(kRefetch, fmt::format("{}", *change.refetch_minutes))) {
      std::vector<std::string> keys;
      for (const Member& member : parsed.members) keys.push_back(member.key);
      const std::string near = DidYouMean(std::string(kRefetch), keys);
      changed.notes.push_back(fmt::format("{} was not there and is added{}{}", kRefetch,
                                          near.empty() ? "" : ". ", near));
    } else if (config.refetch_minutes && *config.refetch_minutes > *change.refetch_minutes) {
      changed.notes.push_back(fmt::format("{} was {} already, and goes down to {}", kRefetch,
                                          *config.refetch_minutes, *change.refetch_minutes));
    }
    if (config.perceives_checkpoints) {
      changed.notes.push_back(fmt::format(
          "{} is true: stores start from their clients' checkpoints, and {} may stay at its "
          "default, 30",
          kPerceive, kRefetch));
    }
  }
  return changed;
}

std::vector<ConnectorSource> ReadConnectors(std::string_view text, const std::string& name) {
  const Json json = Parse(text, name);
  ConnectorWalk walk(name);
  walk.Walk(json, "", "", 0);
  std::vector<ConnectorSource> sources = walk.Take();
  if (sources.empty()) {
    throw NotUnderstood(name, " holds no connector: there is no object called source in it",
                        "Export or copy the connector's configuration from OMS's console.");
  }
  return sources;
}

}  // namespace dbomsbak
