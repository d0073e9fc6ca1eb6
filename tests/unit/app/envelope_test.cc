// Encrypted and signed files, published and read while every call to the disk fails in turn.
#include "dbomsbak/app/envelope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "dbomsbak/base/error.h"
#include "envelope/primitives.h"
#include "unit/faulty_files.h"

namespace dbomsbak {
namespace {

constexpr char kPath[] = "/no-such-folder/x.sql.zst.age";

class EnvelopeTest : public testing::Test {
 protected:
  EnvelopeTest() {
    keys_.identities = {Secret(RandomBytes(32))};
    envelope_.recipients.keys = {X25519PublicKey(keys_.identities.front())};
    const Secret seed(RandomBytes(32));
    envelope_.sign_key = MinisignSecretKey{"identity", seed};
    policy_.keys = {{"identity", Ed25519PublicKey(seed)}};
    std::mt19937_64 random(1);
    text_.resize((std::size_t{200} << 10) + 17);
    for (char& c : text_) c = static_cast<char>(random() & 255);
  }

  void Write(FileSystem& files) const {
    AtomicFile out(files, kPath, false), signature(files, SignatureOf(kPath), false);
    EnvelopeWriter writer(out.file(), envelope_);
    for (std::size_t at = 0; at < text_.size(); at += 50'000) {
      writer.file().Append(std::string_view(text_).substr(at, 50'000));
    }
    signature.file().Append(writer.Finish("x.sql.zst.age", 1).signature);
    out.Commit();
    signature.Commit();
  }
  // What is in it, when it is signed as well.
  std::string Read(FileSystem& stored) const {
    EncryptedFiles files(stored, keys_);
    const auto file = files.OpenForReading(kPath);
    RequireSignature(files, kPath, *file, policy_, {});
    std::string text(file->Size(), '\0');
    text.resize(file->ReadAt(0, text.data(), text.size()));
    return text;
  }

  AgeKeys keys_;
  Envelope envelope_;
  SignaturePolicy policy_;
  std::string text_;
};

TEST_F(EnvelopeTest, WhateverFailsWhileItIsWrittenNothingHalfIsThere) {
  int number = 0;
  for (;; ++number) {
    SCOPED_TRACE(testing::Message() << "call " << number << " fails");
    FaultyFiles files;
    files.FailAt(number);
    bool told = false;
    try {
      Write(files);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kIo);
      told = true;
    }
    const bool failed = files.failed();
    EXPECT_EQ(told, failed);
    files.FailAt(FaultyFiles::kNever);
    const bool published = files.files().contains(kPath);
    if (!told) {
      EXPECT_TRUE(Read(files) == text_);
    }
    if (files.files().contains(SignatureOf(kPath))) {
      EXPECT_TRUE(published);
      EXPECT_TRUE(Read(files) == text_);
    } else if (published) {  // whole, and its signature is missed
      EncryptedFiles opened(files, keys_);
      EXPECT_EQ(opened.OpenForReading(kPath)->Size(), text_.size());
      EXPECT_THROW(Read(files), Error);
    }
    if (!failed) break;
  }
  EXPECT_GT(number, 15);
}

TEST_F(EnvelopeTest, WhateverFailsWhileItIsReadIsToldAndNoText) {
  FaultyFiles files;
  Write(files);
  for (const bool shrink : {false, true}) {
    int number = 0;
    for (;; ++number) {
      SCOPED_TRACE(testing::Message() << "call " << number << (shrink ? " is cut" : " fails"));
      files.FailAt(number, shrink);
      std::string text;
      ErrorCode code = ErrorCode::kOk;
      try {
        text = Read(files);
      } catch (const Error& error) {
        code = error.code();
        EXPECT_FALSE(error.hint().empty()) << error.message();
      }
      if (!files.failed()) {
        EXPECT_TRUE(text == text_);
        break;
      }
      if (!shrink) {
        EXPECT_EQ(code, ErrorCode::kIo);
      } else if (code == ErrorCode::kOk) {
        EXPECT_TRUE(text == text_);  // more was read than it takes
      } else {
        EXPECT_THAT(code, testing::AnyOf(ErrorCode::kDamaged, ErrorCode::kIncomplete,
                                         ErrorCode::kWrongKey));
      }
    }
    EXPECT_GT(number, 5);
  }
}

TEST_F(EnvelopeTest, AReadThatFailsLeavesNothingWrongForTheNextOne) {
  FaultyFiles files;
  Write(files);
  EncryptedFiles opened(files, keys_);
  const auto file = opened.OpenForReading(kPath);  // four chunks; the last one is at hand now
  for (const bool shrink : {false, true}) {
    for (int number = 0; number < 3; ++number) {
      files.FailAt(number, shrink);
      std::string text(file->Size(), '\0');
      EXPECT_THROW(file->ReadAt(0, text.data(), text.size()), Error) << number;
      files.FailAt(FaultyFiles::kNever);
      text.resize(file->ReadAt(0, text.data(), text.size()));
      EXPECT_TRUE(text == text_);
    }
  }
}

}  // namespace
}  // namespace dbomsbak
