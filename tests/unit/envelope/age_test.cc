// Files of age: the public test vectors, files that the age program made, and our own, cut and
// changed everywhere that matters.
#include "dbomsbak/envelope/age.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <optional>
#include <random>
#include <sstream>
#include <thread>

#include "dbomsbak/base/digest.h"
#include "envelope/age_armor.h"
#include "envelope/age_header.h"
#include "envelope/age_stream.h"
#include "envelope/bech32.h"
#include "envelope/primitives.h"
#include "unit/memory_file.h"
#include "unit/read_file.h"
#include "unit/thrown.h"

namespace dbomsbak {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const fs::path kAgeFolder = fs::path(DBOMSBAK_SOURCE_DIR) / "formats/age";

std::string Inflated(const std::string& packed) {
  std::string out(std::size_t{32} << 20, '\0');
  uLongf size = out.size();
  if (uncompress(reinterpret_cast<Bytef*>(out.data()), &size,
                 reinterpret_cast<const Bytef*>(packed.data()), packed.size()) != Z_OK) {
    throw std::runtime_error("a vector cannot be unpacked");
  }
  out.resize(size);
  return out;
}

std::string ReadAll(const RandomAccessFile& file) {
  std::string text(file.Size(), '\0');
  text.resize(file.ReadAt(0, text.data(), text.size()));
  return text;
}

// A pair of keys of this test.
struct Pair {
  Secret identity{RandomBytes(32)};
  std::string recipient = X25519PublicKey(identity);
};

std::string Encrypt(const std::string& text, const AgeRecipients& recipients) {
  MemoryWritableFile out;
  AgeWriter writer(out, recipients);
  writer.Append(text);
  writer.Finish();
  return out.bytes();
}

// What opening it and reading it whole ends with.
ErrorCode Judge(const std::string& bytes, const AgeKeys& keys, std::string* text = nullptr) {
  try {
    const auto file = AgeReader::Open(InMemory(bytes), keys);
    const std::string all = ReadAll(*file);
    if (text != nullptr) *text = all;
    return ErrorCode::kOk;
  } catch (const Error& error) {
    EXPECT_FALSE(error.hint().empty()) << error.message();
    return error.code();
  }
}

std::string Noise(std::size_t size, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(random() & 255);
  return text;
}

struct Vector {
  std::map<std::string, std::string> said;
  AgeKeys keys;
  std::string file;
};

Vector ReadVector(const fs::path& path) {
  Vector vector;
  const std::string text = ReadFile(path);
  const std::size_t end = text.find("\n\n");
  std::istringstream head(text.substr(0, end));
  vector.file = text.substr(end + 2);
  std::string passphrase;
  for (std::string line; std::getline(head, line);) {
    const std::size_t colon = line.find(": ");
    const std::string key = line.substr(0, colon), value = line.substr(colon + 2);
    vector.said[key] = value;
    if (key == "identity") vector.keys.identities.push_back(ParseAgeIdentities(value, "x").front());
    if (key == "passphrase") passphrase = value;
  }
  vector.keys.passphrase = [passphrase](const std::string&) { return Secret(passphrase); };
  if (vector.said.contains("compressed")) vector.file = Inflated(vector.file);
  return vector;
}

TEST(AgeTest, PublicTestVectorsEndAsTheySay) {
  const std::map<std::string, std::vector<ErrorCode>> codes = {
      {"success", {ErrorCode::kOk}},
      {"no match", {ErrorCode::kWrongKey}},
      {"HMAC failure", {ErrorCode::kDamaged}},
      {"armor failure", {ErrorCode::kDamaged, ErrorCode::kIncomplete}},
      {"payload failure", {ErrorCode::kDamaged, ErrorCode::kIncomplete}},
      {"header failure", {ErrorCode::kDamaged, ErrorCode::kIncomplete, ErrorCode::kUnsupported}},
  };
  int count = 0;
  for (const auto& entry : fs::directory_iterator(kAgeFolder / "vectors")) {
    SCOPED_TRACE(entry.path().filename().string());
    const Vector vector = ReadVector(entry.path());
    std::string text;
    ErrorCode code = ErrorCode::kOk;
    const bool armored = vector.said.contains("armored");
    if (armored && !LooksArmored(vector.file)) {
      // Such a file is not even taken for one of age's.
      EXPECT_FALSE(LooksEncrypted(MemoryReadableFile(vector.file)));
      code = ErrorCode::kDamaged;
    } else {
      code = Judge(vector.file, vector.keys, &text);
    }
    EXPECT_THAT(codes.at(vector.said.at("expect")), testing::Contains(code));
    if (code == ErrorCode::kOk) {
      EXPECT_EQ(Sha256(text).hex(), vector.said.at("payload"));
    }
    ++count;
  }
  EXPECT_GE(count, 100);
}

TEST(AgeTest, FilesOfTheAgeProgramAreRead) {
  AgeKeys keys;
  keys.identities = ParseAgeIdentities(ReadFile(kAgeFolder / "valid/key.txt"), "key.txt");
  const std::string text = ReadFile(kAgeFolder / "valid/text");
  ASSERT_GT(text.size(), kChunkBytes);
  for (const char* name : {"to-key.age", "to-two-keys.age", "armored.age", "passphrase.age"}) {
    SCOPED_TRACE(name);
    const std::string bytes = ReadFile(kAgeFolder / "valid" / name);
    EXPECT_TRUE(LooksEncrypted(MemoryReadableFile(bytes)));
    std::string found;
    keys.passphrase = [](const std::string&) { return Secret("correct horse"); };
    EXPECT_EQ(Judge(bytes, keys, &found), ErrorCode::kOk);
    EXPECT_TRUE(found == text);
    EXPECT_EQ(Judge(bytes, {}), ErrorCode::kWrongKey);
    keys.passphrase = [](const std::string&) { return Secret("another"); };
    if (std::string_view(name) == "passphrase.age") {
      EXPECT_EQ(Judge(bytes, keys), ErrorCode::kWrongKey);
    }
  }
}

TEST(AgeTest, WhatIsWrittenIsReadAtAnyPlace) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  const Pair pair, other;
  AgeKeys keys;
  keys.identities = {other.identity, pair.identity};
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, kChunkBytes - 1, kChunkBytes, kChunkBytes + 1,
        2 * kChunkBytes, 3 * kChunkBytes + 17, std::size_t{random() % (5 * kChunkBytes)}}) {
    SCOPED_TRACE(testing::Message() << size << " bytes");
    const std::string text = Noise(size, seed);
    MemoryWritableFile out;
    AgeWriter writer(out, {{pair.recipient}, {}});
    for (std::string_view rest = text; !rest.empty();) {
      const std::size_t piece =
          std::min<std::size_t>(rest.size(), random() % (2 * kChunkBytes + 1));
      writer.Append(rest.substr(0, piece));
      rest.remove_prefix(piece);
    }
    writer.Finish();
    const auto file = AgeReader::Open(InMemory(out.bytes()), keys);
    EXPECT_EQ(file->Size(), size);
    EXPECT_TRUE(ReadAll(*file) == text);
    for (int i = 0; i < 50; ++i) {
      const std::uint64_t at = random() % (size + 10);
      std::string piece(random() % (kChunkBytes + kChunkBytes / 2), '\0');
      piece.resize(file->ReadAt(at, piece.data(), piece.size()));
      EXPECT_TRUE(piece == (at < size ? text.substr(at, piece.size()) : ""));
    }
    AgeKeys own;
    own.file_keys = {writer.file_key()};
    EXPECT_EQ(Judge(out.bytes(), own), ErrorCode::kOk);
  }
}

TEST(AgeTest, ThreadsReadOneFile) {
  const Pair pair;
  AgeKeys keys;
  keys.identities = {pair.identity};
  const std::string text = Noise(10 * kChunkBytes + 5, 7);
  const auto file = AgeReader::Open(InMemory(Encrypt(text, {{pair.recipient}, {}})), keys);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (unsigned number = 0; number < 4; ++number) {
    threads.emplace_back([&, number] {
      std::mt19937_64 random(number);
      for (int i = 0; i < 100; ++i) {
        const std::uint64_t at = random() % text.size();
        std::string piece(random() % 100'000, '\0');
        piece.resize(file->ReadAt(at, piece.data(), piece.size()));
        if (text.compare(at, piece.size(), piece) != 0) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

// Counts what is read of it.
class CountedFile final : public RandomAccessFile {
 public:
  explicit CountedFile(std::string bytes) : file_(std::move(bytes)) {}
  std::size_t ReadAt(std::uint64_t offset, char* out, std::size_t size) const override {
    const std::size_t got = file_.ReadAt(offset, out, size);
    count += got;
    return got;
  }
  std::uint64_t Size() const override { return file_.Size(); }
  const std::string& name() const override { return file_.name(); }

  mutable std::uint64_t count = 0;

 private:
  MemoryReadableFile file_;
};

TEST(AgeTest, ReadsOnlyTheChunksItIsAskedFor) {
  const Pair pair;
  AgeKeys keys;
  keys.identities = {pair.identity};
  const auto stored =
      std::make_shared<CountedFile>(Encrypt(Noise(100 * kChunkBytes, 3), {{pair.recipient}, {}}));
  const auto file = AgeReader::Open(stored, keys);
  EXPECT_LT(stored->count, 2 * kSealedChunkBytes);  // head and last chunk
  stored->count = 0;
  std::string piece(100, '\0');
  file->ReadAt(50 * kChunkBytes - 50, piece.data(), piece.size());
  EXPECT_EQ(stored->count, 2 * kSealedChunkBytes);
  for (int i = 0; i < 100; ++i) file->ReadAt(50 * kChunkBytes + 100, piece.data(), piece.size());
  EXPECT_EQ(stored->count, 2 * kSealedChunkBytes);
}

TEST(AgeTest, EveryCutAndEveryFlipIsNoticed) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  const Pair pair;
  AgeKeys keys;
  keys.identities = {pair.identity};
  const std::string bytes = Encrypt(Noise(3 * kChunkBytes + 1000, seed), {{pair.recipient}, {}});
  const std::size_t payload = bytes.size() - (3 * kSealedChunkBytes + 1000 + kSealBytes);

  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < payload; ++i) places.push_back(i);
  for (std::size_t chunk = 0; chunk <= 3; ++chunk) {
    for (int around = -17; around <= 17; ++around) {
      const std::size_t border = payload + chunk * kSealedChunkBytes;
      places.push_back(border + static_cast<std::size_t>(around));
    }
  }
  for (int i = 1; i <= 17; ++i) places.push_back(bytes.size() - static_cast<std::size_t>(i));
  for (int i = 0; i < 100; ++i) places.push_back(random() % bytes.size());

  for (const std::size_t place : places) {
    SCOPED_TRACE(testing::Message() << "byte " << place);
    const ErrorCode cut = Judge(bytes.substr(0, place), keys);
    EXPECT_THAT(cut, testing::AnyOf(ErrorCode::kDamaged, ErrorCode::kIncomplete));
    const bool at_border = place < payload || (place - payload) % kSealedChunkBytes == 0;
    if (at_border) {
      EXPECT_EQ(cut, ErrorCode::kIncomplete);
    }
    std::string flipped = bytes;
    flipped[place] = static_cast<char>(flipped[place] ^ (1 << random() % 8));
    EXPECT_NE(Judge(flipped, keys), ErrorCode::kOk);
    std::string without = bytes;
    without.erase(place, 1);
    EXPECT_NE(Judge(without, keys), ErrorCode::kOk);
  }
  EXPECT_NE(Judge(bytes + "x", keys), ErrorCode::kOk);
  EXPECT_NE(Judge(bytes + bytes, keys), ErrorCode::kOk);
  // Chunks in another order, and one twice.
  std::string swapped = bytes;
  std::swap_ranges(swapped.begin() + static_cast<long>(payload),
                   swapped.begin() + static_cast<long>(payload + kSealedChunkBytes),
                   swapped.begin() + static_cast<long>(payload + kSealedChunkBytes));
  EXPECT_EQ(Judge(swapped, keys), ErrorCode::kDamaged);
  EXPECT_EQ(Judge(bytes.substr(0, payload + kSealedChunkBytes) + bytes.substr(payload), keys),
            ErrorCode::kDamaged);
}

TEST(AgeTest, WhatIsNotFinishedIsNoFile) {
  const Pair pair;
  AgeKeys keys;
  keys.identities = {pair.identity};
  for (const std::size_t size : {std::size_t{0}, std::size_t{100}, 3 * kChunkBytes}) {
    MemoryWritableFile out;
    AgeWriter writer(out, {{pair.recipient}, {}});
    writer.Append(Noise(size, 1));
    EXPECT_EQ(Judge(out.bytes(), keys), ErrorCode::kIncomplete) << size;
  }
}

TEST(AgeTest, NeitherFileKeyNorNonceComesTwice) {
  const Pair pair;
  MemoryWritableFile a, b;
  const AgeWriter first(a, {{pair.recipient}, {}}), second(b, {{pair.recipient}, {}});
  EXPECT_NE(first.file_key().Reveal(), second.file_key().Reveal());
  EXPECT_NE(a.bytes().substr(a.bytes().size() - 16), b.bytes().substr(b.bytes().size() - 16));
}

TEST(AgeTest, APassphraseOpensWhatItHasEncrypted) {
  const std::string bytes = Encrypt("text", {{}, Secret("a phrase")});
  std::string text;
  AgeKeys keys;
  std::string asked;
  keys.passphrase = [&](const std::string& name) {
    asked = name;
    return Secret("a phrase");
  };
  EXPECT_EQ(Judge(bytes, keys, &text), ErrorCode::kOk);
  EXPECT_EQ(text, "text");
  EXPECT_EQ(asked, "memory");
  keys.passphrase = [](const std::string&) { return Secret("a phrasf"); };
  EXPECT_EQ(Judge(bytes, keys), ErrorCode::kWrongKey);
}

TEST(AgeTest, AnIdentityMayBeEncryptedItselfWithWhateverWork) {
  const std::string bytes = ReadFile(kAgeFolder / "valid/key.age");
  AgeKeys keys;
  int asked = 0;
  keys.passphrase = [&](const std::string&) {
    ++asked;
    return Secret("correct horse");
  };
  std::string text;
  EXPECT_EQ(Judge(bytes, keys, &text), ErrorCode::kOk);
  EXPECT_EQ(text, ReadFile(kAgeFolder / "valid/key.txt"));
  // What nobody can pay for is no damage, and no reason to ask.
  const std::string line = " 10\n";
  std::string costly = bytes;
  costly.replace(costly.find(line), line.size(), " 23\n");
  asked = 0;
  EXPECT_EQ(Judge(costly, keys), ErrorCode::kUnsupported);
  EXPECT_EQ(asked, 0);
}

TEST(AgeTest, ManyRecipientsOpenAFileEach) {
  std::vector<Pair> pairs(300);
  AgeRecipients recipients;
  for (const Pair& pair : pairs) recipients.keys.push_back(pair.recipient);
  const std::string bytes = Encrypt("text", recipients);
  AgeKeys keys;
  keys.identities = {pairs.back().identity};
  EXPECT_EQ(Judge(bytes, keys), ErrorCode::kOk);
}

TEST(AgeTest, KeysAreReadAsAgeKeygenWritesThem) {
  const std::string text = ReadFile(kAgeFolder / "valid/key.txt");
  const auto identities = ParseAgeIdentities(text, "key.txt");
  ASSERT_EQ(identities.size(), 1U);
  const std::size_t at = text.find("public key: ") + 12;
  const std::string recipient = text.substr(at, text.find('\n', at) - at);
  EXPECT_EQ(ParseAgeRecipient(recipient), X25519PublicKey(identities.front()));
  EXPECT_EQ(EncodeBech32("age", ParseAgeRecipient(recipient)), recipient);
  EXPECT_EQ(ParseAgeRecipients("# those\r\n\r\n" + recipient + "\r\n" + recipient, "x").size(), 2U);

  for (std::size_t i = 0; i < recipient.size(); ++i) {
    std::string wrong = recipient;
    wrong[i] = wrong[i] == 'q' ? 'p' : 'q';
    EXPECT_THROW(ParseAgeRecipient(wrong), Error) << i;
  }
  std::string upper = recipient;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  EXPECT_THROW(ParseAgeRecipient(upper), Error);
  EXPECT_THROW(ParseAgeRecipient(""), Error);
  EXPECT_THROW(ParseAgeRecipients("# none\n", "x"), Error);
  EXPECT_THROW(ParseAgeIdentities(recipient, "x"), Error);
}

TEST(AgeTest, WhatIsWrongWithAHeadIsTold) {
  const Pair pair;
  AgeKeys keys;
  keys.identities.emplace_back(pair.identity.Reveal());
  const auto opened = [&](const std::string& bytes) {
    return Thrown(
        [&] { AgeReader::Open(std::make_shared<MemoryReadableFile>(bytes, "x.age"), keys); });
  };
  constexpr char kAnother[] = "Take another copy of the file";
  const std::string good = Encrypt("text", {{pair.recipient}, {}});
  ExpectTold(opened(good.substr(0, 60)), ErrorCode::kIncomplete,
             "'x.age' is incomplete: it ends inside its head", "x.age", kAnother);
  std::string endless = "age-encryption.org/v1\n-> other\n";
  while (endless.size() <= kMostHeaderBytes) endless += std::string(64, 'A') + "\n";
  ExpectTold(opened(endless), ErrorCode::kDamaged, "'x.age' is damaged: its head has no end",
             "x.age", kAnother);
  for (const char* const behind : {" \n", "x\n", ""}) {
    ExpectTold(opened("-----BEGIN AGE ENCRYPTED FILE-----" + std::string(behind)),
               ErrorCode::kDamaged,
               "'x.age' is damaged: of its armor, the first line is not -----BEGIN AGE ENCRYPTED "
               "FILE----- alone",
               "x.age", kAnother);
  }
}

TEST(AgeTest, ARecipientOfLowOrderIsRefused) {
  const std::string zero(32, '\0'), name = EncodeBech32("age", zero);
  ExpectTold(Thrown([&] {
               Encrypt("text", {{zero}, {}});
             }),
             ErrorCode::kUsage, name + " is no key: nothing sent to it would be secret", name,
             "Take the recipient that age-keygen has printed.");
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // these end the program
TEST(AgeTest, APassphraseThatTakesTooMuchMemoryIsToldWithHowMuch) {
  ExpectTold(Thrown([] { Scrypt("words", std::string(16, 's'), 40, 8, 1, 32); }), ErrorCode::kIo,
             "the 1073741825 MiB of memory that the passphrase takes are not to be had", "",
             "use a key in place of a passphrase");
}
#endif

TEST(AgeTest, MessagesOfKeysHoldNoSecret) {
  const std::string text = ReadFile(kAgeFolder / "valid/key.txt");
  const std::string secret = text.substr(text.find("AGE-SECRET-KEY-1"), 74);
  for (const std::string& wrong : {secret, secret.substr(0, 70), "x" + secret}) {
    try {
      ParseAgeRecipients("\n" + wrong, "list");
      ADD_FAILURE();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUsage);
      EXPECT_THAT(error.message(), HasSubstr("'list', line 2"));
      EXPECT_THAT(error.message() + error.hint(), Not(HasSubstr(wrong.substr(20, 20))));
    }
    if (wrong == secret) continue;
    try {
      ParseAgeIdentities(wrong, "keys");
      ADD_FAILURE();
    } catch (const Error& error) {
      EXPECT_THAT(error.message() + error.hint(), Not(HasSubstr(wrong.substr(20, 20))));
    }
  }
}

}  // namespace
}  // namespace dbomsbak
