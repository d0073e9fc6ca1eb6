#include "dbomsbak/envelope/minisign.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "dbomsbak/base/base64.h"
#include "unit/memory_file.h"
#include "unit/read_file.h"
#include "unit/thrown.h"

namespace dbomsbak {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const fs::path kMinisignFolder = fs::path(DBOMSBAK_SOURCE_DIR) / "formats/minisign";

Secret NoPassword() {
  ADD_FAILURE() << "a password is asked for";
  return {};
}

MinisignSecretKey OwnKey() {
  return ParseMinisignSecretKey(ReadFile(kMinisignFolder / "plain.key"), "plain.key", NoPassword);
}
MinisignPublicKey PublicKey(const char* name) {
  return *ParseMinisignPublicKey(ReadFile(kMinisignFolder / name));
}

std::string Sign(const std::string& text, const std::string& comment) {
  MemoryWritableFile out;
  SignedWriter writer(out);
  for (std::size_t i = 0; i < text.size(); i += 7) {
    writer.Append(std::string_view(text).substr(i, 7));
  }
  EXPECT_EQ(out.bytes(), text);
  return writer.Sign(OwnKey(), comment);
}

// The message it is refused with; empty when it is not.
std::string Why(const std::string& text, const std::string& signature,
                const std::vector<MinisignPublicKey>& keys) {
  try {
    CheckSignature(MemoryReadableFile(text), signature, keys, {});
    return {};
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kWrongKey) << error.message();
    EXPECT_FALSE(error.hint().empty());
    return error.message();
  }
}

TEST(MinisignTest, SignaturesOfMinisignAreTaken) {
  for (const char* name : {"text.minisig", "text.legacy.minisig"}) {
    const SignatureReport report =
        CheckSignature(MemoryReadableFile(ReadFile(kMinisignFolder / "text")),
                       ReadFile(kMinisignFolder / name), {PublicKey("plain.pub")}, {});
    EXPECT_EQ(report.comment, "golden file") << name;
    EXPECT_THAT(ReadFile(kMinisignFolder / "plain.pub"), HasSubstr(report.key)) << name;
  }
}

TEST(MinisignTest, AKeyIsTakenFromItsFileOrItsLine) {
  const std::string file = ReadFile(kMinisignFolder / "plain.pub");
  std::string line = file.substr(file.find('\n') + 1);
  EXPECT_EQ(ParseMinisignPublicKey(line)->key, PublicKey("plain.pub").key);
  line.pop_back();
  EXPECT_EQ(ParseMinisignPublicKey(line)->id, PublicKey("plain.pub").id);
  EXPECT_FALSE(ParseMinisignPublicKey(line.substr(1)));
  EXPECT_FALSE(ParseMinisignPublicKey("plain.pub"));
  EXPECT_FALSE(ParseMinisignPublicKey(ReadFile(kMinisignFolder / "plain.key")));
  EXPECT_FALSE(ParseMinisignPublicKey(""));
}

TEST(MinisignTest, OursAreTakenByTheSameRules) {
  const std::string signature = Sign("text of a file", "a comment");
  EXPECT_EQ(Why("text of a file", signature, {PublicKey("other.pub"), PublicKey("plain.pub")}), "");
  EXPECT_THAT(Why("text of a filf", signature, {PublicKey("plain.pub")}),
              HasSubstr("not what was signed"));
  EXPECT_THAT(Why("text of a file", signature, {PublicKey("other.pub")}),
              HasSubstr("not among those that are trusted"));
  EXPECT_THAT(Why("text of a file", "", {PublicKey("plain.pub")}), HasSubstr("no signature"));
}

TEST(MinisignTest, EveryChangeOfASignatureIsNoticed) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  const std::string text = "text of a file";
  const std::string signature = Sign(text, "a comment");
  const std::size_t begin = signature.find('\n') + 1;  // the first line may say anything
  for (std::size_t i = begin; i + 1 < signature.size(); ++i) {
    std::string changed = signature;
    changed[i] = static_cast<char>(changed[i] ^ (1 << random() % 7));
    EXPECT_NE(Why(text, changed, {PublicKey("plain.pub")}), "") << "byte " << i;
    EXPECT_NE(Why(text, signature.substr(0, i), {PublicKey("plain.pub")}), "") << "cut at " << i;
  }
}

// Where minisign finds little memory it takes less of it, and writes how much.
TEST(MinisignTest, APasswordOpensAKeyWithTheLimitsThatStandInIt) {
  const std::string file = ReadFile(kMinisignFolder / "little-memory.key");
  const MinisignSecretKey key = ParseMinisignSecretKey(file, "x", [] { return Secret("geheim"); });
  EXPECT_EQ(key.id, PublicKey("little-memory.pub").id);
  MemoryWritableFile out;
  SignedWriter writer(out);
  writer.Append("text");
  EXPECT_EQ(Why("text", writer.Sign(key, "a comment"), {PublicKey("little-memory.pub")}), "");
  try {
    ParseMinisignSecretKey(file, "x", [] { return Secret("falsch"); });
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kWrongKey);
  }
}

TEST(MinisignTest, ASecretKeyThatDoesNotHoldTogetherIsRefused) {
  const std::string file = ReadFile(kMinisignFolder / "plain.key");
  const std::size_t begin = file.find('\n') + 1;
  std::string bytes = *DecodeBase64(file.substr(begin, file.size() - begin - 1), true);
  // Behind the key's id: seed and public half.
  for (std::size_t i = 62; i < 62 + 64; i += 9) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    const std::string text = file.substr(0, begin) + EncodeBase64(changed, true) + "\n";
    EXPECT_THROW(ParseMinisignSecretKey(text, "x", NoPassword), Error) << i;
  }
  for (const char* wrong : {"", "untrusted comment: x\n", "x\ny\n"}) {
    try {
      ParseMinisignSecretKey(wrong, "x", NoPassword);
      ADD_FAILURE();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUsage);
    }
  }
  EXPECT_THROW(ParseMinisignSecretKey(ReadFile(kMinisignFolder / "plain.pub"), "x", NoPassword),
               Error);
}

TEST(MinisignTest, ASecretKeyThatIsNotTakenIsToldWhy) {
  const std::string file = ReadFile(kMinisignFolder / "locked.key");
  const std::size_t begin = file.find('\n') + 1;
  const std::string bytes = *DecodeBase64(file.substr(begin, file.size() - begin - 1), true);
  // Its algorithm; and how much memory scrypt takes, behind the salt.
  for (const auto& [at, why] :
       {std::pair(std::size_t{0}, "it is of another kind"),
        std::pair(std::size_t{6 + 32 + 8 + 7},
                  "its password would take more memory or time than is reasonable")}) {
    std::string changed = bytes;
    changed[at] = 'x';
    const std::string text = file.substr(0, begin) + EncodeBase64(changed, true) + "\n";
    ExpectTold(Thrown([&] { ParseMinisignSecretKey(text, "my.key", NoPassword); }),
               ErrorCode::kUsage, std::string("'my.key' is no secret key of minisign: ") + why,
               "my.key", "It is what minisign -G writes");
  }
}

// It says that it is large, and holds nothing.
class LargeFile final : public RandomAccessFile {
 public:
  std::size_t ReadAt(std::uint64_t, char*, std::size_t) const override { return 0; }
  std::uint64_t Size() const override { return (std::uint64_t{1} << 30) + 1; }
  const std::string& name() const override { return name_; }

 private:
  std::string name_ = "large";
};

TEST(MinisignTest, AnOldSignatureOfALargeFileIsNotChecked) {
  ExpectTold(Thrown([] {
               CheckSignature(LargeFile(), ReadFile(kMinisignFolder / "text.legacy.minisig"),
                              {PublicKey("plain.pub")}, {});
             }),
             ErrorCode::kWrongKey,
             "'large' is larger than 1 GiB, and its signature is of the old kind, which needs all "
             "of it",
             "large", "Sign it anew with minisign -S");
}

}  // namespace
}  // namespace dbomsbak
