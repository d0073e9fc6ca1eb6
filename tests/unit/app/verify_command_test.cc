#include "dbomsbak/app/verify_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "envelope/primitives.h"
#include "unit/faulty_files.h"

namespace dbomsbak {
namespace {

TEST(VerifyCommandTest, DamageIsWorseThanDoubtAndDoubtWorseThanLosses) {
  EXPECT_EQ(Worse(ErrorCode::kOk, ErrorCode::kPartial), ErrorCode::kPartial);
  EXPECT_EQ(Worse(ErrorCode::kUnproven, ErrorCode::kPartial), ErrorCode::kUnproven);
  EXPECT_EQ(Worse(ErrorCode::kDamaged, ErrorCode::kUnproven), ErrorCode::kDamaged);
  EXPECT_EQ(Worse(ErrorCode::kDamaged, ErrorCode::kUsage), ErrorCode::kDamaged);
  EXPECT_EQ(Worse(ErrorCode::kIo, ErrorCode::kIncomplete), ErrorCode::kIncomplete);
  EXPECT_EQ(Worse(ErrorCode::kDamaged, ErrorCode::kInternal), ErrorCode::kInternal);
}

// It is of the file as it lies there, so it needs no key that opens it, nor a sound head.
TEST(VerifyCommandTest, TheSignatureOfAnEncryptedFileThatCannotBeOpenedIsLookedAt) {
  const Secret identity(RandomBytes(32)), seed(RandomBytes(32));
  Envelope envelope;
  envelope.recipients.keys = {X25519PublicKey(identity)};
  envelope.sign_key = MinisignSecretKey{"identity", seed};
  SignaturePolicy policy;
  policy.keys = {{"identity", Ed25519PublicKey(seed)}};
  FaultyFiles stored;
  {
    const auto out = stored.CreateLocked("x.age");
    EnvelopeWriter writer(*out, envelope);
    writer.file().Append("text");
    stored.CreateLocked("x.age.minisig")->Append(writer.Finish("x.age", 1).signature);
  }
  const auto verdict = [&](AgeKeys keys) {
    EncryptedFiles files(stored, std::move(keys));
    return VerifyFile(files, "x.age", {}, policy, SilentObserver(), {});
  };
  FileVerdict told = verdict({});
  EXPECT_EQ(told.code, ErrorCode::kWrongKey);
  EXPECT_TRUE(told.encrypted);
  EXPECT_EQ(told.signature, SignatureState::kGood);
  EXPECT_THAT(told.error->message(), testing::HasSubstr("no key is given"));
  EXPECT_THAT(told.error->hint(), testing::HasSubstr("Its signature is good"));

  AgeKeys keys;
  keys.identities = {identity};
  stored.files()["x.age"].back() ^= 1;
  told = verdict(keys);
  EXPECT_EQ(told.code, ErrorCode::kDamaged);
  EXPECT_TRUE(told.encrypted);
  EXPECT_EQ(told.signature, SignatureState::kBad);
  EXPECT_THAT(told.error->hint(), testing::HasSubstr("does not vouch for it"));
  told = verdict({});
  EXPECT_EQ(told.code, ErrorCode::kWrongKey);
  EXPECT_EQ(told.signature, SignatureState::kBad);
  EXPECT_THAT(told.error->hint(), testing::HasSubstr("does not vouch for it"));
}

}  // namespace
}  // namespace dbomsbak
