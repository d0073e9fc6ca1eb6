#include "engine/restore_files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <utility>

#include "dbomsbak/base/digest.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/sql/quote.h"

namespace dbomsbak {
namespace {

// What is wrong with files, each for itself.
class FileErrors {
 public:
  // Does what an interruption does not end.
  template <typename F>
  void Try(const F& action) {
    try {
      action();
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kInterrupted || error.code() == ErrorCode::kTerminated) throw;
      errors_.push_back(error);
    }
  }

  void ThrowIfAny() const {
    if (errors_.empty()) return;
    if (errors_.size() == 1) throw errors_.front();
    ErrorCode worst = ErrorCode::kOk;
    std::string message =
        fmt::format("{} of the files cannot be restored, so none is", errors_.size());
    std::string hint;
    for (const Error& error : errors_) {
      worst = Worse(worst, error.code());
      message += "\n  - " + error.message();
    }
    for (const Error& error : errors_) {
      if (error.code() == worst) hint = error.hint();
    }
    throw Error(worst, std::move(message), std::move(hint));
  }

 private:
  std::vector<Error> errors_;
};

// What one file adds to what those before it came to.
class Onward final : public ForwardingObserver {
 public:
  using ForwardingObserver::ForwardingObserver;
  void Update(const Progress& progress) override {
    last_ = progress;
    last_.rows_done += rows_;
    last_.bytes_done += bytes_;
    next_.Update(last_);
  }

  void NextFile() {
    rows_ = last_.rows_done;
    bytes_ = last_.bytes_done;
  }

 private:
  Progress last_;
  std::uint64_t rows_ = 0, bytes_ = 0;
};

class FromSeveral final : public RestoreInput {
 public:
  // `errors`: of files that could not be opened.
  FromSeveral(std::vector<std::unique_ptr<RestoreInput>> inputs, std::string into,
              FileErrors errors)
      : inputs_(std::move(inputs)), into_(std::move(into)), errors_(std::move(errors)) {
    std::vector<std::string> names;
    for (const auto& input : inputs_) names.push_back(input->name());
    name_ = fmt::format("{}", fmt::join(names, ", "));
  }

  const std::string& name() const override { return name_; }

  std::optional<ContentSource> Head() const override { return std::nullopt; }

  RestoreContent Read(const ContentChoice& choice, unsigned& jobs, std::size_t max_memory_bytes,
                      Observer& observer, const CancelToken& cancel) override {
    std::vector<RestoreContent> contents;
    FileErrors errors = errors_;
    for (const auto& input : inputs_) {
      errors.Try([&] {
        contents.push_back(input->Read(choice, jobs, max_memory_bytes, observer, cancel));
      });
    }
    errors.ThrowIfAny();
    const bool into_used =
        std::any_of(contents.begin(), contents.end(), [&](const RestoreContent& content) {
          const ContentSource& source = content.sources.front();
          return source.plain && source.header.scope.databases == std::vector{into_};
        });
    if (!into_.empty() && !into_used) {
      throw Error(ErrorCode::kUsage, "all of the files name their databases",
                  "--into is for plain dumps that name none; leave it out.");
    }
    return Together(std::move(contents));
  }

  std::map<std::uint32_t, std::string> LoadRows(const Load& load) override {
    std::map<std::uint32_t, std::string> warnings;
    Onward observer(load.observer);
    for (const auto& input : inputs_) {
      const auto source =
          std::find_if(load.content.sources.begin(), load.content.sources.end(),
                       [&](const ContentSource& each) { return each.name == input->name(); });
      if (source->unit_count == 0) continue;
      warnings.merge(
          input->LoadRows({load.sessions, load.traits, load.content, *source, load.targets,
                           load.done, load.load_table, load.jobs, observer, load.cancel}));
      observer.NextFile();
    }
    return warnings;
  }

 private:
  const std::vector<std::unique_ptr<RestoreInput>> inputs_;
  const std::string into_;
  const FileErrors errors_;
  std::string name_;
};

void RefuseTwice(const std::vector<RestoreContent>& contents) {
  std::map<std::string, std::string> holders;
  for (const RestoreContent& content : contents) {
    for (const ContentSource& source : content.sources) {
      for (const std::string& database : source.header.scope.databases) {
        const auto [holder, fresh] = holders.emplace(database, source.name);
        if (fresh) continue;
        throw Error(ErrorCode::kUsage,
                    fmt::format("database {} is in '{}' and in '{}'", QuoteIdentifier(database),
                                holder->second, source.name),
                    "Give one file for each database.")
            .About(source.name);
      }
    }
  }
}

void Append(std::vector<ContentObject>& to, std::vector<ContentObject>& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

std::unique_ptr<RestoreInput> OpenInputs(
    const std::vector<std::shared_ptr<const RandomAccessFile>>& files, const std::string& into,
    const std::function<void(const ContentSource&)>& refuse) {
  std::vector<std::unique_ptr<RestoreInput>> inputs;
  FileErrors errors;
  for (const std::shared_ptr<const RandomAccessFile>& file : files) {
    errors.Try([&] {
      inputs.push_back(OpenInput(file, into, files.size() > 1));
      if (const std::optional<ContentSource> head = inputs.back()->Head()) refuse(*head);
    });
  }
  if (files.size() == 1) {
    errors.ThrowIfAny();
    return std::move(inputs.front());
  }
  return std::make_unique<FromSeveral>(std::move(inputs), into, std::move(errors));
}

RestoreContent Together(std::vector<RestoreContent> contents) {
  RefuseTwice(contents);
  // By their databases, so that the order of the files does not matter.
  std::stable_sort(contents.begin(), contents.end(),
                   [](const RestoreContent& a, const RestoreContent& b) {
                     return a.Databases() < b.Databases();
                   });
  RestoreContent all;
  all.sources.clear();
  Sha256Hasher digest;
  for (RestoreContent& content : contents) {
    digest.Update(content.root_digest);
    ContentSource& source = all.sources.emplace_back(std::move(content.sources.front()));
    source.first_unit = all.units.size();
    const auto first_table = static_cast<std::uint32_t>(all.tables.size());
    for (LoadUnit& unit : content.units) {
      unit.table += first_table;
      all.units.push_back(unit);
    }
    all.chosen.merge(content.chosen);
    all.rows += content.rows;
    all.text_bytes += content.text_bytes;
    Append(all.databases, content.databases);
    Append(all.sequences, content.sequences);
    Append(all.tables, content.tables);
    Append(all.views, content.views);
    Append(all.routines, content.routines);
    Append(all.triggers, content.triggers);
    Append(all.events, content.events);
    std::move(content.omitted.begin(), content.omitted.end(), std::back_inserter(all.omitted));
    std::move(content.notes.begin(), content.notes.end(), std::back_inserter(all.notes));
  }
  all.root_digest = digest.Finish().hex();
  return all;
}

}  // namespace dbomsbak
