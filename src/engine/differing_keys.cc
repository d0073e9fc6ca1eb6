#include "engine/differing_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "dbomsbak/base/utf8.h"
#include "dbomsbak/catalog/table_reader.h"
#include "dbomsbak/sql/row_encoder.h"
#include "dbomsbak/sql/table_keys.h"
#include "engine/snapshot_rows.h"

namespace dbomsbak {
namespace {

// Rows of both sides that are held at a time, and partitions they are told apart by.
constexpr std::uint64_t kMostRows = 100'000;
constexpr std::size_t kMostPartitions = std::size_t{1} << 18;
// A key is shown no longer than this.
constexpr std::size_t kShownBytes = 160;

struct HashOfKey {
  std::size_t operator()(const Uint128& key) const noexcept {
    return static_cast<std::size_t>(key.high);
  }
};

struct Partition {
  RowDigest archived, live;
};

struct Candidate {
  Uint128 row;
  std::int64_t copies = 0;  // more in the archive than live; rows without a key may be there twice
  bool changed = false;
  std::string text;
};

std::string Shortened(std::string text) {
  if (text.size() <= kShownBytes) return text;
  return std::string(WholeCharacters(text, kShownBytes)) + "…";
}

bool IsNumber(std::string_view text) {
  return !text.empty() && (text.front() == '-' || (text.front() >= '0' && text.front() <= '9'));
}

// Numbers by their value.
bool ComesBefore(const std::string& a, const std::string& b) {
  if (IsNumber(a) && IsNumber(b)) {
    const double x = std::strtod(a.c_str(), nullptr);
    const double y = std::strtod(b.c_str(), nullptr);
    if (x != y) return x < y;
  }
  return a < b;
}

class KeyComparison {
 public:
  KeyComparison(DumpSet& set, SessionRegistry& registry, const DiffSource& source,
                const TableToCompare& table, std::size_t most, const CancelToken& cancel)
      : set_(set),
        registry_(registry),
        source_(source),
        table_(table),
        most_(most),
        cancel_(cancel) {
    ChooseKey();
  }

  DifferingKeys Run(std::uint64_t live_rows) {
    const std::uint64_t rows = table_.digest.rows + live_rows;
    if (rows > kMostRows) ChoosePartitions(rows);
    ReadCandidates();
    Judge();
    return std::move(found_);
  }

 private:
  // A key that is unique on both sides.
  void ChooseKey() {
    const std::vector<const Column*> columns = table_.live.StoredColumns();
    const std::vector<DeclaredKey> declared = DeclaredKeys(source_.CreateOf(*table_.archived));
    for (const UniqueKey& key : table_.live.unique_keys) {
      const bool unique_there =
          std::any_of(declared.begin(), declared.end(), [&](const DeclaredKey& candidate) {
            return candidate.unique && candidate.whole_columns && candidate.columns == key.columns;
          });
      if (!unique_there) continue;
      std::vector<std::size_t> places;
      for (const std::string& name : key.columns) {
        const auto found = std::find_if(columns.begin(), columns.end(),
                                        [&](const Column* column) { return column->name == name; });
        if (found == columns.end()) break;
        places.push_back(static_cast<std::size_t>(found - columns.begin()));
      }
      if (places.size() != key.columns.size()) continue;
      key_ = std::move(places);
      found_.key = key.columns;
      return;
    }
  }

  std::size_t PartitionOf(const Uint128& key) const {
    return static_cast<std::size_t>(key.low) & (chosen_.size() - 1);
  }
  bool IsChosen(const Uint128& key) const { return chosen_.empty() || chosen_[PartitionOf(key)]; }

  void ChoosePartitions(std::uint64_t rows) {
    constexpr std::uint64_t kRowsAPartition = 64;
    chosen_.resize(std::min<std::uint64_t>(std::bit_ceil(rows / kRowsAPartition), kMostPartitions));
    std::vector<Partition> partitions(chosen_.size());
    source_.ForEachRow(
        table_, key_,
        [&](const ParsedRow& row) {
          RowDigest& digest = partitions[PartitionOf(KeyOf(row))].archived;
          ++digest.rows;
          digest.sum += row.hash;
        },
        cancel_);
    ReadLive([&](const Uint128& key, const Uint128& hash, const LiveText&) {
      RowDigest& digest = partitions[PartitionOf(key)].live;
      ++digest.rows;
      digest.sum += hash;
    });
    std::uint64_t taken = 0;
    for (std::size_t i = 0; i < partitions.size(); ++i) {
      const Partition& partition = partitions[i];
      if (partition.archived == partition.live) continue;
      const std::uint64_t more = partition.archived.rows + partition.live.rows;
      if (taken > 0 && taken + more > kMostRows) {
        found_.complete = false;
        continue;
      }
      taken += more;
      chosen_[i] = true;
    }
  }

  Uint128 KeyOf(const ParsedRow& row) const { return key_.empty() ? row.hash : row.key_hash; }

  std::string TextOf(const ParsedRow& row) const {
    std::string text;
    const auto add = [&](std::string_view literal) {
      if (text.size() > kShownBytes) return;
      if (!text.empty()) text += ',';
      text += literal.substr(0, kShownBytes + 4);
    };
    if (key_.empty()) {
      for (const std::string_view literal : row.literals) add(literal);
    } else {
      for (const std::size_t place : key_) add(row.literals[place]);
    }
    return Shortened(std::move(text));
  }

  void ReadCandidates() {
    source_.ForEachRow(
        table_, key_,
        [&](const ParsedRow& row) {
          const Uint128 key = KeyOf(row);
          if (!IsChosen(key)) return;
          Candidate& candidate = candidates_[key];
          if (candidate.copies++ == 0) {
            candidate.row = row.hash;
            candidate.text = TextOf(row);
          }
        },
        cancel_);
    ReadLive([&](const Uint128& key, const Uint128& hash, const LiveText& text) {
      if (!IsChosen(key)) return;
      const auto found = candidates_.find(key);
      if (found == candidates_.end()) {
        candidates_[key] = {hash, -1, false, text()};
      } else if (found->second.row == hash) {
        // Once gone it may come again: a row that is there more often than in the archive.
        if (--found->second.copies == 0) candidates_.erase(found);
      } else {
        found->second.changed = true;
      }
    });
  }

  void Judge() {
    std::vector<std::string> archived, live, changed;
    const auto count = [&](std::uint64_t copies, const std::string& text, std::uint64_t& total,
                           std::vector<std::string>& texts) {
      total += copies;
      texts.push_back(copies > 1 ? fmt::format("{} ({} times)", text, copies) : text);
    };
    for (const auto& [key, candidate] : candidates_) {
      if (candidate.changed) {
        count(1, candidate.text, found_.changed_count, changed);
      } else if (candidate.copies > 0) {
        count(static_cast<std::uint64_t>(candidate.copies), candidate.text,
              found_.only_archived_count, archived);
      } else {
        count(static_cast<std::uint64_t>(-candidate.copies), candidate.text, found_.only_live_count,
              live);
      }
    }
    const auto first = [&](std::vector<std::string>& texts) {
      const std::size_t shown = std::min(texts.size(), most_);
      std::partial_sort(texts.begin(), texts.begin() + static_cast<std::ptrdiff_t>(shown),
                        texts.end(), ComesBefore);
      texts.resize(shown);
      return std::move(texts);
    };
    found_.only_archived = first(archived);
    found_.only_live = first(live);
    found_.changed = first(changed);
  }

  using LiveText = std::function<std::string()>;
  using OnLiveRow =
      std::function<void(const Uint128& key, const Uint128& hash, const LiveText& text)>;

  // `each` is called by one thread at a time.
  void ReadLive(const OnLiveRow& each) {
    std::mutex mutex;
    SnapshotReading reading;
    reading.tables.push_back({&table_.live, table_.row_filter, table_.live.NeedsLock()});
    reading.read = [&](Session& session, const TableToRead& table, const Chunk& chunk,
                       std::size_t) { ReadLiveChunk(session, table, chunk, mutex, each); };
    ReadSnapshotRows(set_, registry_, std::move(reading));
  }

  void ReadLiveChunk(Session& session, const TableToRead& table, const Chunk& chunk,
                     std::mutex& mutex, const OnLiveRow& each) const {
    const TableSelect select =
        SelectOf(*table.table, table.table->id.database, ConditionOf(table, chunk), "");
    RowEncoder encoder(select.kinds);
    std::vector<ColumnKind> key_kinds;
    for (const std::size_t place : key_) key_kinds.push_back(select.kinds[place]);
    RowEncoder key_encoder(key_.empty() ? select.kinds : key_kinds);
    std::vector<Cell> key_cells;
    const LiveText text = [&] {
      std::string literals;
      RowDigest unused;
      key_encoder.Append(key_cells, literals, unused);
      return Shortened(literals.substr(1, literals.size() - 2));
    };
    const std::unique_ptr<RowStream> rows = session.Stream(select.sql, select.protocol);
    while (rows->Next()) {
      const std::span<const Cell> cells = rows->cells().first(select.kinds.size());
      RowDigest row, key;
      encoder.Digest(cells, row);
      key_cells.clear();
      if (key_.empty()) {
        key_cells.assign(cells.begin(), cells.end());
        key = row;
      } else {
        for (const std::size_t place : key_) key_cells.push_back(cells[place]);
        key_encoder.Digest(key_cells, key);
      }
      std::lock_guard lock(mutex);
      each(key.sum, row.sum, text);
    }
  }

  DumpSet& set_;
  SessionRegistry& registry_;
  const DiffSource& source_;
  const TableToCompare& table_;
  const std::size_t most_;
  const CancelToken& cancel_;

  std::vector<std::size_t> key_;  // places among the columns compared; empty: all of them
  std::vector<bool> chosen_;      // partitions; empty: all rows
  std::unordered_map<Uint128, Candidate, HashOfKey> candidates_;
  DifferingKeys found_;
};

}  // namespace

DifferingKeys FindDifferingKeys(DumpSet& set, SessionRegistry& registry, const DiffSource& source,
                                const TableToCompare& table, std::uint64_t live_rows,
                                std::size_t most, const CancelToken& cancel) {
  return KeyComparison(set, registry, source, table, most, cancel).Run(live_rows);
}

}  // namespace dbomsbak
