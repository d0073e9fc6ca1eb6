// JSON that goes between the operator and OMS's console: the parameter ha.config, and
// configurations of connectors as the console exports them. OMS is not asked; text comes in and
// goes out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dbomsbak {

// The text of a file, `-`: of standard input. Errors: kIo; kUnsupported when it is not small.
std::string ReadOmsJson(const std::string& path);

// What ha.config says that an upgrade depends on.
struct HaConfig {
  bool enable = false;                           // enable
  std::optional<std::uint64_t> refetch_minutes;  // refetchStoreIntervalMin
  bool perceives_checkpoints = false;            // perceiveStoreClientCheckpoint
};

// `name`: the file, for errors. Errors: kUnsupported, with line and column (in characters, from 1)
// where it is no JSON, with the key where it is no ha.config.
HaConfig ReadHaConfig(std::string_view text, const std::string& name);

struct HaChange {
  std::optional<bool> enable;
  std::optional<std::uint64_t> refetch_minutes;
};

struct ChangedHaConfig {
  struct Key {
    std::string key;
    std::string from, to;  // JSON; `from` is empty when the key was not there
  };
  std::string text;                // `text` but for the values of those keys; no newline at its end
  std::vector<Key> keys;           // asked for, also those that had the value already
  std::vector<std::string> notes;  // worth knowing
};

// Errors: as ReadHaConfig.
ChangedHaConfig ChangeHaConfig(std::string_view text, const std::string& name,
                               const HaChange& change);

// The `source` part of a connector's configuration.
struct ConnectorSource {
  std::string connector;    // its name or number where the text tells; may be empty
  std::string where;        // JSON pointer; a `!` stands before what is JSON within a string
  std::string key;          // dbType or db_type, whichever says it; empty: it lacks both
  std::string db_type;      // empty when it lacks both
  bool checkpoint = false;  // the source, or the object that it is in, holds one

  bool lacks_type() const { return key.empty(); }
};

// All in `text`, in its order. Errors: kUnsupported: no JSON (line and column), or no source in it.
std::vector<ConnectorSource> ReadConnectors(std::string_view text, const std::string& name);

}  // namespace dbomsbak
