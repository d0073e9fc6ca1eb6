#include "engine/restore_choice.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "dbomsbak/base/digest.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/sql/rename_databases.h"
#include "engine/set_names.h"
#include "sql/tokenizer.h"

namespace dbomsbak {
namespace {

constexpr std::size_t kMaxNameCharacters = 64;

std::size_t CountCharacters(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
  }));
}

bool IsTableLike(ObjectKind kind) {
  return kind == ObjectKind::kTable || kind == ObjectKind::kView || kind == ObjectKind::kSequence;
}

bool IsWanted(const ContentChoice& choice, const ObjectRecord& record) {
  if (choice.empty()) return true;
  const auto database = choice.find(record.id.database);
  if (database == choice.end()) return false;
  const std::set<std::string>& tables = database->second;
  if (tables.empty() || record.id.kind == ObjectKind::kDatabase) return true;
  if (record.id.kind == ObjectKind::kTrigger) return tables.contains(record.table);
  return IsTableLike(record.id.kind) && tables.contains(record.id.name);
}

void RefuseUnknown(const ContentChoice& choice, const RestoreContent& content) {
  const std::vector<std::string> databases = content.Databases();
  std::set<std::pair<std::string, std::string>> there;
  for (const auto* objects : {&content.tables, &content.views, &content.sequences}) {
    for (const ContentObject& object : *objects) {
      there.emplace(object.record.id.database, object.record.id.name);
    }
  }
  const auto refuse = [](const std::string& what) {
    throw Error(ErrorCode::kUsage, fmt::format("{} is in none of the files", what),
                "dbomsbak info FILE lists what a file holds; capitals count.")
        .About(what);
  };
  for (const auto& [database, tables] : choice) {
    if (std::find(databases.begin(), databases.end(), database) == databases.end()) {
      refuse("database " + QuoteIdentifier(database));
    }
    for (const std::string& table : tables) {
      if (!there.contains({database, table})) refuse("table " + QuoteQualified(database, table));
    }
  }
}

void RefuseNames(const std::map<std::string, std::string>& renamed, const RestoreContent& content) {
  const auto refuse = [](const std::string& message, std::string hint) {
    throw Error(ErrorCode::kUsage, message, std::move(hint));
  };
  const std::vector<std::string> databases = content.Databases();
  std::map<std::string, std::string> origins;
  for (const std::string& database : databases) {
    const auto found = renamed.find(database);
    const std::string& live = found == renamed.end() ? database : found->second;
    const auto [other, fresh] = origins.emplace(live, database);
    if (!fresh) {
      refuse(fmt::format("databases {} and {} would both become {}", QuoteIdentifier(other->second),
                         QuoteIdentifier(database), QuoteIdentifier(live)),
             "Give each its own name with --as OLD=NEW.");
    }
  }
  for (const auto& [from, to] : renamed) {
    if (std::find(databases.begin(), databases.end(), from) == databases.end()) {
      refuse(fmt::format("database {} is in none of the files", QuoteIdentifier(from)),
             fmt::format("They hold {}.", fmt::join(databases, ", ")));
    }
    if (IsServersOwn(to)) {
      refuse(fmt::format("{} is a database of the server itself", QuoteIdentifier(to)),
             "Choose another name.");
    }
    if (to.empty() || to.ends_with(' ') || CountCharacters(to) > kMaxNameCharacters) {
      refuse(fmt::format("{} cannot be the name of a database", QuoteIdentifier(to)),
             "A name has 1 to 64 characters, and no blank at its end.");
    }
  }
}

// Foreign keys of tables that come, to tables that are not among them.
void FindStayingParents(RestoreContent& content) {
  const std::vector<std::string> databases = content.Databases();
  std::set<std::pair<std::string, std::string>> coming;
  for (const ContentObject& table : content.tables) {
    coming.emplace(table.record.id.database, table.record.id.name);
  }
  for (ContentObject& table : content.tables) {
    for (ForeignKeyLine& key : ForeignKeyLines(table.create)) {
      if (key.parent_database.empty()) key.parent_database = table.record.id.database;
      const bool of_set =
          std::find(databases.begin(), databases.end(), key.parent_database) != databases.end();
      if (!of_set || coming.contains({key.parent_database, key.parent_table})) continue;
      table.keys_to_staying.push_back(std::move(key));
    }
  }
}

// `name`. in a body, or anywhere in a string.
bool Names(std::string_view text, std::string_view name) {
  const std::vector<SqlToken> tokens = TokensOf(text);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const SqlToken& token = tokens[i];
    if (token.kind == SqlToken::Kind::kString) {
      if (token.text.find(name) != std::string_view::npos) return true;
    } else if (token.kind != SqlToken::Kind::kSign && i + 1 < tokens.size() &&
               tokens[i + 1].IsSign('.') && NameOf(token) == name) {
      return true;
    }
  }
  return false;
}

}  // namespace

void Choose(const ContentChoice& choice, RestoreContent& content) {
  if (choice.empty()) return;
  std::vector<std::uint32_t> places(content.tables.size());
  std::vector<bool> stays(content.tables.size());
  std::uint32_t next = 0;
  for (std::size_t i = 0; i < places.size(); ++i) {
    stays[i] = IsWanted(choice, content.tables[i].record);
    places[i] = next;
    if (stays[i]) ++next;
  }
  std::erase_if(content.units, [&](const LoadUnit& unit) { return !stays[unit.table]; });
  for (LoadUnit& unit : content.units) unit.table = places[unit.table];
  for (auto* objects : {&content.databases, &content.sequences, &content.tables, &content.views,
                        &content.routines, &content.triggers, &content.events}) {
    std::erase_if(*objects,
                  [&](const ContentObject& object) { return !IsWanted(choice, object.record); });
  }
  std::erase_if(content.omitted,
                [&](const ObjectRecord& record) { return !IsWanted(choice, record); });
  ContentSource& source = content.sources.front();
  std::erase_if(source.header.scope.databases,
                [&](const std::string& database) { return !choice.contains(database); });
  source.unit_count = content.units.size();
  content.rows = 0;
  for (const ContentObject& table : content.tables) content.rows += table.record.rows;
  for (const auto& [database, tables] : choice) {
    if (!tables.empty()) content.chosen[database] = tables;
  }
}

void ApplyOptions(const RestoreOptions& options, RestoreContent& content) {
  RefuseUnknown(options.only, content);
  RefuseNames(options.renamed, content);
  if (options.keep_extra) KeepExtra(content);
  FindStayingParents(content);
  if (options.only.empty() && options.renamed.empty()) return;
  // Another choice of the same files needs another staging.
  Sha256Hasher digest;
  digest.Update(content.root_digest);
  const auto add = [&](const std::string& name) {
    digest.Update(fmt::format("{}:{}", name.size(), name));
  };
  for (const auto& [database, tables] : options.only) {
    add("only");
    add(database);
    for (const std::string& table : tables) add(table);
  }
  for (const auto& [from, to] : options.renamed) {
    add("as");
    add(from);
    add(to);
  }
  content.root_digest = digest.Finish().hex();
}

void KeepExtra(RestoreContent& content) {
  content.keep_extra = true;
  for (const auto* objects : {&content.sequences, &content.tables, &content.views,
                              &content.routines, &content.triggers, &content.events}) {
    for (const ContentObject& object : *objects) content.known.insert(object.record.id);
  }
}

std::vector<RestoreMember> MembersOf(const RestoreOptions& options, const RestoreContent& content) {
  std::vector<RestoreMember> members;
  for (const std::string& name : content.Databases()) {
    const auto renamed = options.renamed.find(name);
    members.push_back(
        {name, renamed == options.renamed.end() ? name : renamed->second, {}, {}, false});
  }
  return members;
}

std::vector<std::string> NamedStill(const RestoreContent& content,
                                    const std::vector<RestoreMember>& members) {
  DatabaseMap renamed;
  for (const RestoreMember& member : members) {
    if (member.archived != member.live) renamed[member.archived] = member.live;
  }
  std::vector<std::string> lines;
  if (renamed.empty()) return lines;
  for (const auto* objects :
       {&content.tables, &content.views, &content.routines, &content.triggers, &content.events}) {
    for (const ContentObject& object : *objects) {
      const std::string text = RenameDatabases(object.record.id.kind, object.create, renamed);
      for (const auto& [from, to] : renamed) {
        if (!Names(text, from)) continue;
        lines.push_back(fmt::format(
            "{} names {} in its body or in a string, which is not rewritten: it goes on to mean "
            "that database, not {}",
            object.record.id.Describe(), QuoteIdentifier(from), QuoteIdentifier(to)));
      }
    }
  }
  return lines;
}

}  // namespace dbomsbak
