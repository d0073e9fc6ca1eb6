#include "dbomsbak/app/cat_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "dbomsbak/base/error.h"
#include "dbomsbak/base/near_names.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/sql/session_settings.h"

namespace dbomsbak {
namespace {

// What loading a part needs to be exact; the whole text brings its own. Old values are not kept:
// the text is for one session.
std::string SettingsBefore() {
  return fmt::format(
      "/*!40101 SET NAMES utf8mb4 */;\n"
      "/*!40103 SET TIME_ZONE='+00:00' */;\n"
      "/*!40014 SET UNIQUE_CHECKS=0 */;\n"
      "/*!40014 SET FOREIGN_KEY_CHECKS=0 */;\n"
      "/*!40101 SET SQL_MODE={} */;\n"
      "/*!40111 SET SQL_NOTES=0 */;\n"
      "/*M!100201 SET CHECK_CONSTRAINT_CHECKS=0 */;\n",
      kTextMode);
}
constexpr std::string_view kSettingsAfter =
    "/*!40014 SET FOREIGN_KEY_CHECKS=1 */;\n"
    "/*!40014 SET UNIQUE_CHECKS=1 */;\n"
    "/*M!100201 SET CHECK_CONSTRAINT_CHECKS=1 */;\n";

constexpr ObjectKind kNamedKinds[] = {
    ObjectKind::kTable,       ObjectKind::kView,      ObjectKind::kSequence,
    ObjectKind::kFunction,    ObjectKind::kProcedure, ObjectKind::kPackage,
    ObjectKind::kPackageBody, ObjectKind::kTrigger,   ObjectKind::kEvent,
};

// What of the text belongs to an object.
struct Part {
  Slice slice;
  ObjectId id;
  std::string_view name;  // "schema", "stand_in" or "data"
};

void AddParts(const ObjectRecord& object, const CatCommand& command, std::vector<Part>& parts) {
  const auto add = [&](const std::optional<Slice>& slice, std::string_view name) {
    if (slice && slice->length > 0) parts.push_back({*slice, object.id, name});
  };
  if (command.schema) {
    add(object.stand_in, "stand_in");
    add(object.schema, "schema");
  }
  if (command.data) add(object.data, "data");
}

std::vector<std::string> ObjectNames(const ArchiveReader& archive, const std::string& database) {
  std::vector<std::string> names;
  archive.ForEachObject([&](ObjectRecord&& object) {
    if (object.id.database == database && object.id.kind != ObjectKind::kDatabase) {
      names.push_back(fmt::format("{}.{}", database, object.id.name));
    }
    return true;
  });
  return names;
}

// Where it was left out, nothing is missing that anybody has named.
void AddDatabase(const ArchiveReader& archive, const CatCommand& command,
                 const std::string& database, std::vector<Part>& parts) {
  bool found = false;
  archive.ForEachObject([&](ObjectRecord&& object) {
    if (object.id.database != database) return true;
    found = true;
    AddParts(object, command, parts);
    return true;
  });
  if (found) return;
  const std::string hint = DidYouMean(database, archive.header().scope.databases);
  throw Error(ErrorCode::kUsage,
              fmt::format("'{}' holds no database {}", archive.name(), QuoteIdentifier(database)),
              hint.empty() ? "dbomsbak info lists what the archive holds." : hint)
      .About(database);
}

std::vector<Part> PartsByName(const ArchiveReader& archive, const CatCommand& command) {
  std::vector<Part> parts;
  for (const auto& [database, name] : command.only) {
    if (name.empty()) {
      AddDatabase(archive, command, database, parts);
      continue;
    }
    bool found = false;
    for (const ObjectKind kind : kNamedKinds) {
      const std::optional<ObjectRecord> object = archive.FindObject({database, kind, name});
      if (!object) continue;
      found = true;
      if (!object->omitted.empty()) {
        throw Error(ErrorCode::kPartial,
                    fmt::format("{} was left out of the archive: {}", object->id.Describe(),
                                object->omitted),
                    "dbomsbak info lists what else was; another archive may have it.")
            .About(object->id.Describe());
      }
      AddParts(*object, command, parts);
    }
    if (!found) {
      const std::string wanted = fmt::format("{}.{}", database, name);
      std::string hint = DidYouMean(wanted, ObjectNames(archive, database));
      if (hint.empty()) hint = "dbomsbak info lists what the archive holds.";
      throw Error(
          ErrorCode::kUsage,
          fmt::format("'{}' holds no object {}", archive.name(), QuoteQualified(database, name)),
          std::move(hint))
          .About(wanted);
    }
  }
  return parts;
}

// The settings before the first object.
std::string SettingsOf(const ArchiveReader& archive) {
  if (archive.frame_count() == 0) return {};
  std::string text;
  archive.ReadFrame(0, text);
  const std::size_t settings_end = text.find("\n\n--\n");
  if (settings_end != std::string::npos) text.resize(settings_end + 1);
  return text;
}

std::vector<Part> PartsOfAll(const ArchiveReader& archive, const CatCommand& command) {
  std::vector<Part> parts;
  archive.ForEachObject([&](ObjectRecord&& object) {
    AddParts(object, command, parts);
    return true;
  });
  return parts;
}

// In the order of the text, which is the order in which things can be created.
std::vector<Part> PartsOf(const ArchiveReader& archive, const CatCommand& command) {
  std::vector<Part> parts =
      command.only.empty() ? PartsOfAll(archive, command) : PartsByName(archive, command);
  std::sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) {
    return a.slice.frame != b.slice.frame ? a.slice.frame < b.slice.frame
                                          : a.slice.offset < b.slice.offset;
  });
  // A table may be named, and its database as well.
  const auto twice = std::unique(parts.begin(), parts.end(), [](const Part& a, const Part& b) {
    return a.slice.frame == b.slice.frame && a.slice.offset == b.slice.offset;
  });
  parts.erase(twice, parts.end());
  return parts;
}

// `text`: of frame `number`, and `part` the first of `parts` that does not end before it, of which
// `done` bytes did. A part that does not fit, as verify would find, belongs to no object here.
void WriteFrame(std::uint64_t number, std::string_view text, const std::vector<Part>& parts,
                std::size_t& part, std::uint64_t& done, const TextSink& out) {
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t end = text.size();
    if (done == 0 && part < parts.size() && parts[part].slice.frame == number) {
      const std::uint64_t begin = parts[part].slice.offset;
      if (begin < at || begin >= end) {
        ++part;
        continue;
      }
      end = static_cast<std::size_t>(begin);
    }
    if (done == 0 && at < end) {
      out({nullptr, {}, text.substr(at, end - at)});
      at = end;
    }
    if (at == text.size()) return;
    const Part& found = parts[part];
    const std::string_view own = text.substr(at, static_cast<std::size_t>(std::min<std::uint64_t>(
                                                     found.slice.length - done, text.size() - at)));
    out({&found.id, found.name, own});
    at += own.size();
    done += own.size();
    if (done < found.slice.length) continue;
    ++part;
    done = 0;
  }
}

void WriteAll(const ArchiveReader& archive, const CatCommand& command, const TextSink& out,
              const CancelToken& cancel) {
  const std::vector<Part> parts =
      command.by_object ? PartsOf(archive, command) : std::vector<Part>();
  std::size_t part = 0;
  std::uint64_t done = 0;
  std::string text;
  for (std::uint64_t number = 0; number < archive.frame_count(); ++number) {
    cancel.ThrowIfCancelled();
    archive.ReadFrame(number, text);
    WriteFrame(number, text, parts, part, done, out);
  }
}

}  // namespace

void RunCatCommand(const ArchiveReader& archive, const CatCommand& command, const TextSink& out,
                   const CancelToken& cancel) {
  if (command.only.empty() && command.schema && command.data) {
    return WriteAll(archive, command, out, cancel);
  }
  const std::vector<Part> parts = PartsOf(archive, command);
  const auto write = [&](std::string_view text) { out({nullptr, {}, text}); };
  const bool name_databases = archive.header().scope.databases.size() > 1;
  std::string current;
  write(SettingsBefore());
  if (command.data) {
    const std::string settings = SettingsOf(archive);
    for (const std::string_view setting : {kLongStatements, kKeepHistory}) {
      if (settings.find(setting) != std::string::npos) write(setting);
    }
  }
  for (const Part& part : parts) {
    cancel.ThrowIfCancelled();
    // The text of a database changes the database itself.
    if (name_databases && part.id.kind != ObjectKind::kDatabase && part.id.database != current) {
      write(fmt::format("USE {};\n", QuoteIdentifier(part.id.database)));
      current = part.id.database;
    }
    archive.ReadSlice(part.slice, [&](std::string_view piece) {
      out({&part.id, part.name, piece});
    });
  }
  write(kSettingsAfter);
}

}  // namespace dbomsbak
