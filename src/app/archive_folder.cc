#include "dbomsbak/app/archive_folder.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <map>
#include <tuple>
#include <utility>

#include "app/folder_place.h"
#include "dbomsbak/app/envelope.h"
#include "dbomsbak/archive/archive_reader.h"
#include "dbomsbak/base/errno_hint.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/base/utc_time.h"
#include "dbomsbak/objects/object_path.h"

namespace dbomsbak {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".sql.zst", kEncrypted = ".age";
constexpr std::string_view kWorkFolder = ".dbomsbak";
constexpr std::string_view kDoomed = ".pruned";  // an archive on its way out
constexpr std::string_view kSha256 = ".sha256", kVerified = ".verified", kPin = ".pin",
                           kSignature = ".minisig";
constexpr std::string_view kBeside[] = {kSha256, kVerified, kSignature, kPin};
// What goes with it.
constexpr std::string_view kWithIt[] = {kSha256, kVerified, kSignature};
constexpr std::size_t kLargestNote = 4096;
constexpr std::size_t kHeadBytes = 4096;

std::string Joined(const std::string& folder, std::string_view file) {
  return fmt::format("{}{}{}", folder, folder.ends_with('/') ? "" : "/", file);
}

[[noreturn]] void ThrowErrno(std::string_view doing, const std::string& path, int reason,
                             std::string hint) {
  throw Error(ErrorCode::kIo, fmt::format("cannot {} '{}': {}", doing, path, std::strerror(reason)),
              std::move(hint))
      .About(path);
}

// "….sql.zst.verified" → "….sql.zst" and ".verified", for names that `snapshot` gives.
std::optional<std::pair<std::string, std::string>> Split(std::string_view name) {
  const std::size_t at = name.rfind(kSuffix);
  if (at == std::string_view::npos) return std::nullopt;
  std::size_t size = at + kSuffix.size();
  if (name.substr(size).starts_with(kEncrypted)) size += kEncrypted.size();
  const std::string_view file = name.substr(0, size);
  if (!ParseArchiveName(file)) return std::nullopt;
  return std::pair{std::string(file), std::string(name.substr(file.size()))};
}

std::string FirstLine(std::string_view text) {
  return std::string(text.substr(0, text.find_first_of("\r\n")));
}

// What says nothing of the archive: its store does not answer, or the run is being stopped.
bool IsNoAnswer(ErrorCode code) {
  return code == ErrorCode::kConnect || code == ErrorCode::kInterrupted ||
         code == ErrorCode::kTerminated;
}

ArchiveState StateOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kDamaged:
      return ArchiveState::kDamaged;
    case ErrorCode::kIncomplete:
      return ArchiveState::kIncomplete;
    case ErrorCode::kNewerFormat:
      return ArchiveState::kNewerFormat;
    default:
      return ArchiveState::kUnreadable;
  }
}

// Keys and nonces stand at the beginning of an encrypted file, and are in no other one.
Sha256Digest HeadOf(FileSystem& files, const std::string& path) {
  const std::unique_ptr<RandomAccessFile> file = OpenStored(files, path);
  std::string head(kHeadBytes, '\0');
  head.resize(file->ReadAt(0, head.data(), head.size()));
  return Sha256(head);
}

std::optional<std::uint64_t> Number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Nothing where it does not say of which archive it speaks.
std::optional<Proof> ParseProof(std::string_view text) {
  Proof proof;
  Proof::Sealed sealed;
  bool is_sealed = false;
  std::optional<Sha256Digest> root, head;
  while (!text.empty()) {
    const std::string line = FirstLine(text);
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::size_t blank = std::min(line.find(' '), line.size());
    const std::string word = line.substr(0, blank);
    const std::string value = line.substr(std::min(blank + 1, line.size()));
    const std::optional<std::uint64_t> number = Number(value);
    if (word == "root") root = Sha256Digest::FromHex(value);
    if (word == "head") head = Sha256Digest::FromHex(value);
    if (word == "verified" && ParseUtc(value)) proof.verified = value;
    if (word == "rehearsed" && ParseUtc(value)) proof.rehearsed = value;
    if (word == "partial") sealed.partial = true;
    if (!number) continue;
    if (word == "unrehearsed" && *number < 100'000'000) {
      proof.unrehearsed = static_cast<unsigned>(*number);
    }
    if (word == "sealed") {
      is_sealed = true;
      sealed.bytes = *number;
    }
    if (word == "tables") sealed.tables = *number;
    if (word == "rows") sealed.rows = *number;
  }
  if (!root) return std::nullopt;
  proof.root = *root;
  if (is_sealed && head) {
    sealed.head = *head;
    proof.sealed = sealed;
  }
  return proof;
}

void TakeProof(const Proof& proof, FolderEntry& entry) {
  entry.verified = proof.verified;
  entry.rehearsed = proof.rehearsed;
  entry.unrehearsed = proof.unrehearsed;
  entry.state = entry.receipt->footer.partial ? ArchiveState::kPartial
                : entry.verified.empty()      ? ArchiveState::kUnverified
                                              : ArchiveState::kGood;
}

// An archive that cannot be opened here: its proof speaks for it, if it is of this very file.
bool TakeSealed(FileSystem& files, const std::string& path, const std::optional<Proof>& proof,
                FolderEntry& entry) {
  if (!proof || !proof->sealed || proof->sealed->bytes != entry.bytes) return false;
  try {
    if (proof->sealed->head != HeadOf(files, path)) return false;
  } catch (const Error& error) {
    if (IsNoAnswer(error.code())) throw;
    return false;
  }
  Receipt receipt;
  receipt.root = proof->root;
  receipt.footer.table_count = proof->sealed->tables;
  receipt.footer.row_count = proof->sealed->rows;
  receipt.footer.partial = proof->sealed->partial;
  entry.receipt = std::move(receipt);
  TakeProof(*proof, entry);
  return true;
}

// What is in a folder, by name.
using Items = std::map<std::string, FolderItem, std::less<>>;

// A small file, when it is there. One that cannot be read is not one that is not there: what it
// says may be what keeps an archive.
std::string Note(FileSystem& files, const FolderPlace& place, const Items& items,
                 const std::string& folder, const std::string& name) {
  const auto found = items.find(name);
  if (found == items.end() || !found->second.regular) return "";
  if (found->second.bytes > kLargestNote) return "";  // none of ours
  const std::string path = Joined(folder, name);
  try {
    return ReadWholeFile(files, path, kLargestNote);
  } catch (const Error& error) {
    if (!IsNoAnswer(error.code()) && !place.Find(path)) return "";  // gone meanwhile
    throw;
  }
}

// Nothing when the file has gone meanwhile.
std::optional<FolderEntry> Examine(FileSystem& files, const FolderPlace& place,
                                   const std::string& folder, const Items& items,
                                   const FolderItem& item) {
  FolderEntry entry;
  const std::string& file = entry.file = item.name;
  entry.name = ParseArchiveName(file);
  const std::string path = Joined(folder, file);
  entry.bytes = item.bytes;
  entry.time = entry.name ? entry.name->time : item.modified;
  if (items.contains(file + std::string(kPin))) {
    entry.pin = FirstLine(Note(files, place, items, folder, file + std::string(kPin)));
  }
  const std::optional<Proof> proof =
      ParseProof(Note(files, place, items, folder, file + std::string(kVerified)));
  try {
    const ArchiveReader archive = ArchiveReader::Open(files.OpenForReading(path));
    entry.receipt = archive.receipt();
    if (!entry.name) entry.time = ParseUtc(archive.header().created).value_or(entry.time);
    const bool of_this = proof && proof->root == entry.receipt->root;
    TakeProof(of_this ? *proof : Proof(), entry);
  } catch (const Error& error) {
    if (IsNoAnswer(error.code())) throw;
    if (!place.Find(path)) return std::nullopt;
    if (error.code() == ErrorCode::kWrongKey && TakeSealed(files, path, proof, entry)) return entry;
    entry.state = StateOf(error.code());
    entry.problem = error.message();
  }
  return entry;
}

// Where archives are made, on this machine.
std::string MadeWorkFolder(const std::string& folder) {
  const std::string work = Joined(folder, kWorkFolder);
  if (::mkdir(work.c_str(), 0700) != 0 && errno != EEXIST) {
    const int reason = errno;
    ThrowErrno("create", work, reason,
               reason == ENOENT ? "Create the folder first, or mount its disk."
                                : HintOfErrno(reason, "This user needs to write there."));
  }
  std::error_code ignored;
  if (!fs::is_directory(fs::symlink_status(work, ignored))) {
    throw Error(ErrorCode::kIo, fmt::format("'{}' is no folder", work),
                "It is where archives are made; remove what stands in its place.")
        .About(work);
  }
  return work;
}

}  // namespace

bool IsLabel(std::string_view text) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !text.empty() && text.size() <= 64 && is_plain(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return is_plain(c) || c == '.' || c == '_' || c == '-'; });
}

std::string FormatArchiveName(const ArchiveName& name) {
  std::string text = fmt::format("{}-{}", name.label, FormatCompactUtc(name.time));
  if (name.sequence > 1) text += fmt::format("-{}", name.sequence);
  return text.append(kSuffix).append(name.encrypted ? kEncrypted : "");
}

std::optional<ArchiveName> ParseArchiveName(std::string_view file_name) {
  constexpr std::size_t kTimeSize = 16;
  ArchiveName name;
  std::string_view rest = file_name;
  name.encrypted = rest.ends_with(kEncrypted);
  if (name.encrypted) rest.remove_suffix(kEncrypted.size());
  if (!rest.ends_with(kSuffix)) return std::nullopt;
  rest.remove_suffix(kSuffix.size());
  const std::size_t digits = rest.find_last_not_of("0123456789") + 1;
  if (digits < rest.size() && digits > 0 && rest[digits - 1] == '-' && rest.size() - digits < 7) {
    name.sequence = 0;
    for (const char c : rest.substr(digits)) {
      name.sequence = name.sequence * 10 + static_cast<unsigned>(c - '0');
    }
    rest = rest.substr(0, digits - 1);
  }
  if (rest.size() < kTimeSize + 2 || rest[rest.size() - kTimeSize - 1] != '-') return std::nullopt;
  const auto time = ParseCompactUtc(rest.substr(rest.size() - kTimeSize));
  name.label = rest.substr(0, rest.size() - kTimeSize - 1);
  if (!time || !IsLabel(name.label)) return std::nullopt;
  name.time = *time;
  if (FormatArchiveName(name) != file_name) return std::nullopt;  // "-02", "-1"
  return name;
}

std::string_view ToString(ArchiveState state) {
  switch (state) {
    case ArchiveState::kGood:
      return "good";
    case ArchiveState::kUnverified:
      return "unverified";
    case ArchiveState::kPartial:
      return "partial";
    case ArchiveState::kDamaged:
      return "damaged";
    case ArchiveState::kIncomplete:
      return "incomplete";
    case ArchiveState::kNewerFormat:
      return "newer-format";
    case ArchiveState::kUnreadable:
      return "unreadable";
  }
  return "";
}

std::string FormatProof(const Proof& proof) {
  std::string text = fmt::format("root {}\nverified {}\n", proof.root.hex(), proof.verified);
  if (!proof.rehearsed.empty()) text += fmt::format("rehearsed {}\n", proof.rehearsed);
  text += fmt::format("unrehearsed {}\n", proof.unrehearsed);
  if (proof.sealed) {
    text += fmt::format("sealed {}\nhead {}\ntables {}\nrows {}\n", proof.sealed->bytes,
                        proof.sealed->head.hex(), proof.sealed->tables, proof.sealed->rows);
    if (proof.sealed->partial) text += "partial\n";
  }
  return text;
}

std::vector<FolderEntry> ListFolder(FileSystem& files, const std::string& folder) {
  const std::unique_ptr<FolderPlace> place = FolderPlace::Of(files, folder);
  Items items;
  for (FolderItem& item : place->Items(folder)) items[item.name] = std::move(item);
  std::vector<FolderEntry> entries;
  for (const auto& [name, item] : items) {
    const bool is_archive =
        name.ends_with(kSuffix) || name.ends_with(std::string(kSuffix).append(kEncrypted));
    if (!is_archive || !item.regular) continue;
    if (auto entry = Examine(files, *place, folder, items, item)) {
      entries.push_back(std::move(*entry));
    }
  }
  std::sort(entries.begin(), entries.end(), [](const FolderEntry& a, const FolderEntry& b) {
    const auto key = [](const FolderEntry& e) {
      return std::tuple(e.label(), e.time, e.name ? e.name->sequence : 0, std::string_view(e.file));
    };
    return key(a) < key(b);
  });
  return entries;
}

std::uint64_t FreeBytesOf(const std::string& folder) {
  struct statvfs status {};
  if (::statvfs(folder.c_str(), &status) != 0)
    ThrowErrno("examine", folder, errno, "Check the path.");
  return std::uint64_t{status.f_bavail} * status.f_frsize;
}

FolderLock::FolderLock(FileSystem& files, const std::string& folder) {
  const std::string busy = fmt::format("another run works in '{}'", folder);
  if (IsObjectPath(folder)) {
    const std::string path = Joined(Joined(folder, kWorkFolder), "lock");
    in_store_.emplace(StoreOf(files, path), ParseObjectPath(path).key, folder, busy);
  } else {
    here_.emplace(Joined(MadeWorkFolder(folder), "lock"), folder, busy,
                  "This user needs to write there.");
  }
}

void FolderLock::RequireHeld() const {
  if (in_store_) in_store_->RequireHeld();
}

FolderKeeper::FolderKeeper(FileSystem& files, std::string folder)
    : files_(files), folder_(std::move(folder)), place_(FolderPlace::Of(files_, folder_)) {}
FolderKeeper::~FolderKeeper() = default;

std::string FolderKeeper::WorkPath(const std::string& file) const {
  return Joined(Joined(folder_, kWorkFolder), file);
}

std::string FolderKeeper::Path(const std::string& file) const { return Joined(folder_, file); }

void FolderKeeper::RequireHeld() const {
  if (lock_ != nullptr) lock_->RequireHeld();
}

void FolderKeeper::FinishPublishing(const std::string& file) {
  for (const std::string_view suffix : kBeside) {
    const std::string beside = file + std::string(suffix);
    if (place_->Find(WorkPath(beside))) files_.Rename(WorkPath(beside), Path(beside), true);
  }
  files_.SyncFolderOf(Path(file));
}

unsigned FolderKeeper::Sweep() {
  RequireHeld();
  const auto ours = [](const std::string& name) { return Split(name).has_value(); };
  unsigned swept = place_->AbortWrites(Joined(folder_, kWorkFolder), ours);
  // On its way out of the work folder; others in `folder_` may be anybody's.
  swept += place_->AbortWrites(
      folder_, [&](const std::string& name) { return ours(name) && place_->Find(WorkPath(name)); });
  // By name: an archive comes before what is beside it.
  for (const FolderItem& item : place_->Items(Joined(folder_, kWorkFolder))) {
    const std::string& name = item.name;
    const auto parts = Split(name);
    if (!parts || !place_->Find(WorkPath(name))) continue;
    const auto& [file, suffix] = *parts;
    const bool is_beside =
        std::find(std::begin(kBeside), std::end(kBeside), suffix) != std::end(kBeside);
    if (is_beside && place_->Find(Path(file)) && !files_.Exists(WorkPath(file))) {
      FinishPublishing(file);
    } else if (suffix == kDoomed) {
      // Where files do not move, only a word is there: an archive that still stands may be pinned
      // by now, and is what the rules say.
      if (place_->moves() || !place_->Find(Path(file))) {
        for (const std::string_view beside : kWithIt) {
          files_.Remove(Path(file + std::string(beside)));
        }
      }
      files_.Remove(WorkPath(name));
    } else if (suffix.empty() || is_beside || suffix.ends_with(".partial")) {
      files_.Remove(WorkPath(name));
    } else {
      continue;
    }
    ++swept;
  }
  return swept;
}

std::string FolderKeeper::FreshName(const std::string& label, std::int64_t now,
                                    bool encrypted) const {
  ArchiveName name{label, now, 1, encrypted};
  for (const FolderItem& other : place_->Items(folder_)) {
    const auto parts = Split(other.name);
    if (!parts) continue;
    const auto parsed = ParseArchiveName(parts->first);
    if (parsed->label == label && parsed->time == now) {
      name.sequence = std::max(name.sequence, parsed->sequence + 1);
    }
  }
  return FormatArchiveName(name);
}

void FolderKeeper::WriteWork(const std::string& file, const std::string& text) {
  WriteWholeFile(files_, WorkPath(file), text, true);
}

void FolderKeeper::Publish(const std::string& file, const Proof& proof,
                           const std::optional<std::string>& pin) {
  if (pin) WriteWork(file + std::string(kPin), *pin + "\n");
  WriteNewProof(file, WorkPath(file), proof);
  RequireHeld();
  // From here on it is there; what is killed before the others follow is ended by Sweep().
  files_.Rename(WorkPath(file), Path(file), false);
  FinishPublishing(file);
}

void FolderKeeper::WriteProof(const std::string& file, const Proof& proof) {
  WriteNewProof(file, Path(file), proof);
  RequireHeld();
  FinishPublishing(file);
}

void FolderKeeper::WriteNewProof(const std::string& file, const std::string& path, Proof proof) {
  if (proof.sealed) proof.sealed->head = HeadOf(files_, path);
  WriteWork(file + std::string(kVerified), FormatProof(proof));
}

void FolderKeeper::Discard(const std::string& file) noexcept {
  try {
    if (place_->Find(Path(file))) return;  // published: the next run puts beside it what is left
  } catch (...) {
    return;
  }
  for (const std::string_view suffix : {std::string_view(), kSha256, kVerified, kSignature, kPin}) {
    try {
      files_.Remove(WorkPath(file + std::string(suffix)));
    } catch (...) {  // the next run sweeps it
    }
  }
}

bool FolderKeeper::Remove(const std::string& file) {
  RequireHeld();
  if (files_.Exists(Path(file + std::string(kPin)))) return false;
  const std::string doomed = WorkPath(file + std::string(kDoomed));
  if (place_->moves()) {
    files_.Rename(Path(file), doomed, true);
  } else {  // a copy of all of it would be made only to be removed
    WriteWork(file + std::string(kDoomed), "on its way out\n");
    files_.Remove(Path(file));
  }
  for (const std::string_view beside : kWithIt) {
    files_.Remove(Path(file + std::string(beside)));
  }
  files_.Remove(doomed);
  return true;
}

std::vector<Retained> PlanRetention(FileSystem& files, const std::string& folder,
                                    const std::string& label, const KeepRules& rules,
                                    std::int64_t now) {
  std::vector<Retained> plan;
  std::map<std::string, std::vector<std::size_t>, std::less<>> by_label;
  for (FolderEntry& entry : ListFolder(files, folder)) {
    if (!entry.name || (!label.empty() && entry.label() != label)) continue;
    if (entry.receipt) {
      by_label[entry.name->label].push_back(plan.size());
      plan.push_back({std::move(entry), "", false});
    } else {
      plan.push_back({std::move(entry), "no archive that can be opened", false});
    }
  }
  for (const auto& [_, numbers] : by_label) {
    std::vector<DatedArchive> dated;
    for (const std::size_t number : numbers) {
      const FolderEntry& entry = plan[number].entry;
      dated.push_back({entry.time, entry.name->sequence, entry.state == ArchiveState::kGood,
                       entry.pin.has_value()});
    }
    std::vector<std::string> reasons = Retain(rules, dated, now);
    for (std::size_t i = 0; i < numbers.size(); ++i) plan[numbers[i]].reason = reasons[i];
  }
  return plan;
}

void RemoveUnretained(FolderKeeper& keeper, std::vector<Retained>& plan) {
  std::optional<Error> first;
  for (Retained& retained : plan) {
    if (!retained.reason.empty()) continue;
    try {
      retained.removed = keeper.Remove(retained.entry.file);
      if (!retained.removed) retained.reason = "pinned";
    } catch (const Error& error) {
      if (!first) first = error;
      retained.reason = "could not be removed";
    }
  }
  if (first) throw *first;
}

}  // namespace dbomsbak
