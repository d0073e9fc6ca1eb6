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

// A piece of the text and the database it belongs to.
struct Part {
  Slice slice;
  std::string database;
  bool is_database = false;  // its text changes the database itself
};

void AddParts(const ObjectRecord& object, const CatCommand& command, std::vector<Part>& parts) {
  const bool is_database = object.id.kind == ObjectKind::kDatabase;
  const auto add = [&](const std::optional<Slice>& slice) {
    if (slice && slice->length > 0) parts.push_back({*slice, object.id.database, is_database});
  };
  if (command.schema) {
    add(object.stand_in);
    add(object.schema);
  }
  if (command.data) add(object.data);
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

std::vector<Part> PartsByName(const ArchiveReader& archive, const CatCommand& command) {
  std::vector<Part> parts;
  for (const auto& [database, name] : command.only) {
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

}  // namespace

void RunCatCommand(const ArchiveReader& archive, const CatCommand& command, WritableFile& out,
                   const CancelToken& cancel) {
  if (command.only.empty() && command.schema && command.data) {
    std::string text;
    for (std::uint64_t number = 0; number < archive.frame_count(); ++number) {
      cancel.ThrowIfCancelled();
      archive.ReadFrame(number, text);
      out.Append(text);
    }
    return;
  }

  std::vector<Part> parts =
      command.only.empty() ? PartsOfAll(archive, command) : PartsByName(archive, command);
  // Text order is the order in which things can be created.
  std::sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) {
    return a.slice.frame != b.slice.frame ? a.slice.frame < b.slice.frame
                                          : a.slice.offset < b.slice.offset;
  });
  const bool name_databases = archive.header().scope.databases.size() > 1;
  std::string current;
  out.Append(SettingsBefore());
  if (command.data) {
    const std::string settings = SettingsOf(archive);
    for (const std::string_view setting : {kLongStatements, kKeepHistory}) {
      if (settings.find(setting) != std::string::npos) out.Append(setting);
    }
  }
  for (const Part& part : parts) {
    cancel.ThrowIfCancelled();
    if (name_databases && !part.is_database && part.database != current) {
      out.Append(fmt::format("USE {};\n", QuoteIdentifier(part.database)));
      current = part.database;
    }
    archive.ReadSlice(part.slice, [&](std::string_view piece) { out.Append(piece); });
  }
  out.Append(kSettingsAfter);
}

}  // namespace dbomsbak
