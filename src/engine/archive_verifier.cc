#include "engine/archive_verifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <tuple>

#include "dbomsbak/base/error.h"
#include "dbomsbak/base/units.h"
#include "dbomsbak/sql/column_kind.h"
#include "dbomsbak/sql/create_table.h"
#include "dbomsbak/sql/insert_parser.h"
#include "engine/frame_pass.h"
#include "engine/pruned_tables.h"

namespace dbomsbak {
namespace {

constexpr std::size_t kMaxDefinition = std::size_t{64} << 20;
constexpr std::string_view kRowStatements[] = {"INSERT INTO ", "REPLACE INTO ", "CREATE TABLE "};

}  // namespace

// What a thread keeps from one frame to the next.
struct ArchiveVerifier::Worker {
  const ArchiveReader& archive;
  std::vector<ObjectRecord> objects;  // the block of the index read last
  std::uint64_t first = 0;
  std::size_t job = 0;  // of the board

  explicit Worker(const ArchiveReader& reader, std::size_t number = 0)
      : archive(reader), job(number) {}

  // Neighbours in the text are neighbours in the index: mostly the block is the one in hand.
  const ObjectRecord& Object(std::uint32_t number) {
    if (number < first || number >= first + objects.size()) {
      std::uint64_t low = 0;
      std::uint64_t high = archive.block_count();
      while (high - low > 1) {
        const std::uint64_t middle = low + (high - low) / 2;
        (archive.first_object_of(middle) <= number ? low : high) = middle;
      }
      archive.ReadBlock(low, objects);
      first = archive.first_object_of(low);
    }
    return objects.at(number - first);
  }
};

ArchiveVerifier::ArchiveVerifier(const ArchiveReader& archive, Observer& observer,
                                 const CancelToken& cancel)
    : archive_(archive), observer_(observer), cancel_(cancel) {
  frame_begins_.reserve(archive.frame_count() + 1);
  std::uint64_t begin = 0;
  for (std::uint64_t frame = 0; frame < archive.frame_count(); ++frame) {
    frame_begins_.push_back(begin);
    begin += archive.frame(frame).text_size;
  }
  frame_begins_.push_back(begin);
}

ArchiveVerifier::~ArchiveVerifier() = default;

void ArchiveVerifier::Damaged(const std::string& object, std::string_view what) const {
  throw Error(ErrorCode::kDamaged,
              fmt::format("'{}' is damaged: {}: {}", archive_.name(), object, what),
              "Take another copy of the file; this one cannot be trusted.")
      .About(object);
}

// ---- the index ---------------------------------------------------------------------------------

void ArchiveVerifier::ReadIndex() {
  std::uint32_t number = 0;
  std::vector<std::string> databases;
  PruningCheck pruning(archive_.header());
  archive_.ForEachObject([&](ObjectRecord&& object) {
    cancel_.ThrowIfCancelled();
    CheckRecord(object);
    if (const auto wrong = pruning.Wrong(object)) Damaged(object.id.Describe(), *wrong);
    if (object.id.kind == ObjectKind::kDatabase) databases.push_back(object.id.database);
    AddSlices(object, number);
    if (number++ == std::numeric_limits<std::uint32_t>::max()) {
      Damaged(object.id.Describe(), "more objects than an index can hold");
    }
    return true;
  });
  CheckDatabases(databases);
  if (const auto wrong = pruning.WrongAtEnd()) Damaged("the header", *wrong);
  CheckCounts();
  const auto by_place = [](const Span& a, const Span& b) {
    return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
  };
  std::sort(spans_.begin(), spans_.end(), by_place);
  std::sort(creates_.begin(), creates_.end(), by_place);
  CheckDisjoint();
  progress_.phase = "verify";
  progress_.rows_total = archive_.footer().row_count;
  progress_.objects_total = archive_.frame_count();
}

void ArchiveVerifier::CheckRecord(const ObjectRecord& object) const {
  const std::string what = object.id.Describe();
  const std::vector<std::string>& databases = archive_.header().scope.databases;
  if (std::find(databases.begin(), databases.end(), object.id.database) == databases.end()) {
    Damaged(what, "its database is outside the archive's scope");
  }
  if (!object.omitted.empty()) {
    if (object.create || object.schema || object.stand_in || object.data) {
      Damaged(what, "said to be omitted, and yet there");
    }
    return;
  }
  CheckDefinition(object);
  if (object.id.kind == ObjectKind::kTable) {
    CheckTable(object);
  } else if (object.data || object.rows != 0) {
    Damaged(what, "only tables have rows");
  }
}

void ArchiveVerifier::CheckDefinition(const ObjectRecord& object) const {
  const std::string what = object.id.Describe();
  if (object.id.kind == ObjectKind::kDatabase) {
    if (object.definition_sha256 != Sha256(object.charset + " " + object.collation).hex()) {
      Damaged(what, "charset and collation do not match their SHA-256");
    }
    return;
  }
  if (object.create.has_value() != !object.definition_sha256.empty()) {
    Damaged(what, "definition and its SHA-256 must come together");
  }
  if (!object.create && !archive_.header().scope.no_create_info) {
    Damaged(what, "its definition is missing");
  }
  if (object.create && object.create->length == 0) Damaged(what, "its definition is empty");
  if (!object.create || !object.schema) return;
  const Span create = ToSpan(object, *object.create, 0, What::kSchema);
  const Span schema = ToSpan(object, *object.schema, 0, What::kSchema);
  if (create.begin < schema.begin || create.end > schema.end) {
    Damaged(what, "its definition lies outside its schema block");
  }
}

void ArchiveVerifier::CheckTable(const ObjectRecord& table) const {
  const std::string what = table.id.Describe();
  if (!table.row_digest) Damaged(what, "it has no row digest");
  if (table.row_digest->id == kRowDigestId) {
    if (!Uint128::FromHex(table.row_digest->value)) Damaged(what, "its row digest is unreadable");
    for (const ColumnRecord& column : table.columns) {
      if (!ColumnKind::Parse(column.kind)) {
        Damaged(what, fmt::format("column '{}' is of unknown kind '{}'", column.name, column.kind));
      }
    }
  }
  const bool has_text = table.data && table.data->length > 0;
  if (has_text != (table.rows > 0)) {
    Damaged(what, fmt::format("{} in {} of text", Counted(table.rows, "row"),
                              Counted(table.data ? table.data->length : 0, "byte")));
  }
}

void ArchiveVerifier::CheckDatabases(const std::vector<std::string>& found) const {
  for (const std::string& database : archive_.header().scope.databases) {
    if (std::find(found.begin(), found.end(), database) == found.end()) {
      Damaged(ObjectId{database, ObjectKind::kDatabase, database}.Describe(),
              "in scope, but not in the index");
    }
  }
}

void ArchiveVerifier::AddSlices(const ObjectRecord& object, std::uint32_t number) {
  if (!object.omitted.empty()) ++omitted_;
  if (object.omitted.empty() && object.id.kind == ObjectKind::kTable) {
    ++tables_;
    rows_ += object.rows;
  }
  const auto add = [&](const std::optional<Slice>& slice, What what, std::vector<Span>& to) {
    if (slice && slice->length > 0) to.push_back(ToSpan(object, *slice, number, what));
  };
  add(object.schema, What::kSchema, spans_);
  add(object.stand_in, What::kStandIn, spans_);
  add(object.data, What::kData, spans_);
  add(object.create, What::kSchema, creates_);
}

ArchiveVerifier::Span ArchiveVerifier::ToSpan(const ObjectRecord& object, const Slice& slice,
                                              std::uint32_t number, What what) const {
  const std::uint64_t frames = archive_.frame_count();
  const std::uint64_t text_size = frame_begins_.back();
  if (slice.frame >= frames ||
      slice.offset >= frame_begins_[slice.frame + 1] - frame_begins_[slice.frame] ||
      slice.length > text_size - frame_begins_[slice.frame] - slice.offset) {
    Damaged(
        object.id.Describe(),
        fmt::format("a slice of the index (frame {}, offset {}, length {}) lies outside the text",
                    slice.frame, slice.offset, slice.length));
  }
  const std::uint64_t begin = frame_begins_[slice.frame] + slice.offset;
  return {begin, begin + slice.length, number, what};
}

void ArchiveVerifier::CheckCounts() const {
  const FooterRecord& footer = archive_.footer();
  if (footer.table_count != tables_ || footer.row_count != rows_) {
    Damaged("the footer",
            fmt::format("it counts {} and {}, the index {} and {}",
                        Counted(footer.table_count, "table"), Counted(footer.row_count, "row"),
                        Grouped(tables_), Grouped(rows_)));
  }
  if (footer.partial != (omitted_ > 0)) {
    Damaged("the footer",
            fmt::format("its partial flag is wrong: left out is {}", Counted(omitted_, "object")));
  }
}

void ArchiveVerifier::CheckDisjoint() const {
  for (std::size_t i = 1; i < spans_.size(); ++i) {
    if (spans_[i].begin >= spans_[i - 1].end) continue;
    Worker worker(archive_);
    const std::string first = worker.Object(spans_[i - 1].object).id.Describe();
    const std::string second = worker.Object(spans_[i].object).id.Describe();
    Damaged(second, fmt::format("its text overlaps that of {}", first));
  }
}

// ---- the text ----------------------------------------------------------------------------------

void ArchiveVerifier::ProveText(unsigned jobs) {
  jobs_.emplace(std::max(jobs, 1U));
  ForEachFrame(archive_, jobs, cancel_, [this](unsigned job) -> FrameWork {
    return [this, worker = std::make_shared<Worker>(archive_, job)](std::uint64_t frame,
                                                                    std::string_view text) {
      ProveFrame(frame, text, *worker);
      Report(frame);
    };
  });
}

void ArchiveVerifier::ProveFrame(std::uint64_t frame, std::string_view text, Worker& worker) {
  const std::uint64_t begin = frame_begins_[frame];
  const std::uint64_t end = frame_begins_[frame + 1];
  const auto part = [&](std::uint64_t from, std::uint64_t to) {
    return text.substr(from - begin, to - from);
  };

  std::uint64_t at = begin;  // all before it has been judged
  auto span = std::partition_point(spans_.begin(), spans_.end(),
                                   [&](const Span& s) { return s.end <= begin; });
  for (; span != spans_.end() && span->begin < end; ++span) {
    const std::uint64_t from = std::max(span->begin, begin);
    const std::uint64_t to = std::min(span->end, end);
    ProveGap(frame, at - begin, part(at, from));
    if (span->what == What::kData) {
      const ObjectRecord& table = worker.Object(span->object);
      Take(worker.job, *span, table, frame);
      const std::uint64_t rows = ProveRows(*span, table, frame, from - begin, part(from, to));
      jobs_->Add(worker.job, rows, to - from);
    }
    at = to;
  }
  ProveGap(frame, at - begin, part(at, end));

  auto create = std::partition_point(creates_.begin(), creates_.end(),
                                     [&](const Span& s) { return s.begin < begin; });
  for (; create != creates_.end() && create->begin < end; ++create) {
    const std::uint64_t to = std::min(create->end, end);
    ProveDefinition(*create, worker.Object(create->object), part(create->begin, to));
  }
}

// `text`: what of the definition the frame has. A definition is one statement, so mostly all.
void ArchiveVerifier::ProveDefinition(const Span& create, const ObjectRecord& object,
                                      std::string_view text) const {
  // A database's speaks of charset and collation, not of its CREATE text; CheckDefinition proved
  // it.
  if (object.id.kind == ObjectKind::kDatabase) return;
  std::string whole;
  if (text.size() < create.end - create.begin) {
    whole = archive_.ReadSliceText(*object.create, kMaxDefinition);
    text = whole;
  }
  const Sha256Digest found =
      object.id.kind == ObjectKind::kTable ? Sha256(WithoutAutoIncrement(text)) : Sha256(text);
  if (found.hex() != object.definition_sha256) {
    Damaged(
        object.id.Describe(),
        fmt::format("its definition in frame {} does not match its SHA-256", object.create->frame));
  }
}

std::uint64_t ArchiveVerifier::ProveRows(const Span& data, const ObjectRecord& table,
                                         std::uint64_t frame, std::uint64_t text_offset,
                                         std::string_view text) {
  if (table.row_digest->id != kRowDigestId) return 0;
  std::vector<std::string> names;
  std::vector<ColumnKind> kinds;
  for (const ColumnRecord& column : table.columns) {
    names.push_back(column.name);
    kinds.push_back(*ColumnKind::Parse(column.kind));
  }
  RowDigest digest;
  try {
    InsertParser(table.id.name, std::move(names), kinds).Digest(text, digest);
  } catch (const Error& e) {
    Damaged(table.id.Describe(),
            fmt::format("frame {}, text from byte {}: {}", frame, text_offset, e.message()));
  }
  std::lock_guard lock(mutex_);
  found_[data.object] += digest;
  progress_.rows_done += digest.rows;
  return digest.rows;
}

// Text that belongs to no object: comments, settings, USE. Rows there would be loaded by the mysql
// client and be unknown to the index.
void ArchiveVerifier::ProveGap(std::uint64_t frame, std::uint64_t text_offset,
                               std::string_view text) const {
  for (const std::string_view statement : kRowStatements) {
    for (std::size_t at = text.find(statement); at != std::string_view::npos;
         at = text.find(statement, at + 1)) {
      if (at == 0 || text[at - 1] == '\n') {
        Damaged(
            fmt::format("frame {}", frame),
            fmt::format("the statement at byte {} of its text belongs to no object of the index",
                        text_offset + at));
      }
    }
  }
}

std::uint64_t ArchiveVerifier::FrameAt(std::uint64_t place) const {
  const auto behind = std::upper_bound(frame_begins_.begin(), frame_begins_.end(), place);
  return static_cast<std::uint64_t>(behind - frame_begins_.begin()) - 1;
}

void ArchiveVerifier::Take(std::size_t job, const Span& span, const ObjectRecord& table,
                           std::uint64_t frame) {
  const std::uint64_t first = FrameAt(span.begin);
  jobs_->Take(job, progress_.phase, table.id.Describe(), frame - first + 1,
              FrameAt(span.end - 1) - first + 1);
}

void ArchiveVerifier::Report(std::uint64_t frame) {
  std::lock_guard lock(mutex_);
  progress_.bytes_done += frame_begins_[frame + 1] - frame_begins_[frame];
  ++progress_.objects_done;
  progress_.object = fmt::format("frame {} of {}", frame + 1, archive_.frame_count());
  jobs_->CopyTo(progress_.jobs);
  observer_.Update(progress_);
}

void ArchiveVerifier::CompareTables() {
  std::uint32_t number = 0;
  archive_.ForEachObject([&](ObjectRecord&& object) {
    const std::uint32_t mine = number++;
    if (object.id.kind != ObjectKind::kTable || !object.omitted.empty()) return true;
    if (object.row_digest->id != kRowDigestId) {
      observer_.Warning(
          fmt::format("{}: its row digest '{}' is unknown to this version; rows are not "
                      "compared",
                      object.id.Describe(), object.row_digest->id));
      return true;
    }
    const auto found = found_.find(mine);
    const RowDigest digest = found == found_.end() ? RowDigest{} : found->second;
    if (digest.rows != object.rows) {
      Damaged(object.id.Describe(), fmt::format("its text holds {}, the index says {}",
                                                Counted(digest.rows, "row"), Grouped(object.rows)));
    }
    if (digest.sum != Uint128::FromHex(object.row_digest->value)) {
      Damaged(object.id.Describe(), "its rows do not match its row digest");
    }
    return true;
  });
}

}  // namespace dbomsbak
