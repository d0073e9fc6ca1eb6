#include "dbomsbak/base/secret_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "dbomsbak/base/error.h"
#include "unit/thrown.h"

namespace dbomsbak {
namespace {

class SecretFileTest : public testing::Test {
 protected:
  SecretFileTest() {
    char name[] = "/tmp/dbomsbak-secret-XXXXXX";
    folder_ = ::mkdtemp(name);
    path_ = folder_ + "/secret";
  }
  ~SecretFileTest() override { std::filesystem::remove_all(folder_); }

  void Put(const std::string& text, mode_t mode = 0600) {
    std::ofstream(path_) << text;
    ASSERT_EQ(::chmod(path_.c_str(), mode), 0);
  }
  std::string Password() { return ReadSecretFile(path_, "password", notices_).Reveal(); }
  std::string Key() { return ReadSecretKeyFile(path_, "--identity", notices_).Reveal(); }
  template <typename Read>
  ErrorCode CodeOf(Read read) {
    try {
      read();
      return ErrorCode::kOk;
    } catch (const Error& error) {
      return error.code();
    }
  }

  std::string folder_, path_;
  std::vector<std::string> notices_;
};

TEST_F(SecretFileTest, APasswordIsTheFirstLineHoweverItEnds) {
  for (const char* text : {"four words", "four words\n", "four words\r\n", "four words\nmore\n"}) {
    Put(text);
    EXPECT_EQ(Password(), "four words") << text;
  }
  Put(" blanks count \n");
  EXPECT_EQ(Password(), " blanks count ");
  for (const char* text : {"", "\n", "\r\n", "\nsecond\n"}) {
    Put(text);
    EXPECT_EQ(CodeOf([&] { Password(); }), ErrorCode::kUsage) << text;
  }
  EXPECT_TRUE(notices_.empty());
}

TEST_F(SecretFileTest, AFolderIsNoSecret) {
  path_ = folder_;
  ExpectTold(Thrown([&] { Password(); }), ErrorCode::kUsage,
             "password file " + folder_ + " is a folder", "",
             "Name the file itself: --password-file.");
  ExpectTold(Thrown([&] { Key(); }), ErrorCode::kUsage, "key file " + folder_ + " is a folder", "",
             "Name the file itself: --identity.");
}

TEST_F(SecretFileTest, AKeyIsTheWholeFileOrPipe) {
  const std::string text = "# a comment\r\nA KEY\n\n";
  Put(text);
  EXPECT_EQ(Key(), text);
  std::filesystem::remove(path_);
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  std::thread writer([&] { std::ofstream(path_) << text; });
  EXPECT_EQ(Key(), text);
  writer.join();
  EXPECT_TRUE(notices_.empty());
  std::filesystem::remove(path_);
  Put(std::string((1 << 20) + 1, 'x'));
  EXPECT_EQ(CodeOf([&] { Key(); }), ErrorCode::kUsage);
}

TEST_F(SecretFileTest, WhatOthersMayReadIsToldAndWhatTheyMayWriteIsRefused) {
  for (const mode_t mode : {0640U, 0644U}) {
    Put("x\n", mode);
    Key();
    Password();
  }
  ASSERT_EQ(notices_.size(), 4U);
  EXPECT_EQ(notices_[0], "others may read key file " + path_ + " (chmod 600 " + path_ + ")");
  EXPECT_EQ(notices_[1], "others may read password file " + path_ + " (chmod 600 " + path_ + ")");
  Put("x\n", 0602);
  EXPECT_EQ(CodeOf([&] { Key(); }), ErrorCode::kUsage);
  EXPECT_EQ(CodeOf([&] { Password(); }), ErrorCode::kUsage);
  EXPECT_EQ(CodeOf([&] { ReadPublicKeyFile(path_, "--verify-key"); }), ErrorCode::kUsage);
  Put("x\n", 0644);
  EXPECT_EQ(ReadPublicKeyFile(path_, "--verify-key"), "x\n");
  path_ = folder_;
  EXPECT_EQ(CodeOf([&] { Key(); }), ErrorCode::kUsage);
  path_ = folder_ + "/none";
  EXPECT_EQ(CodeOf([&] { Key(); }), ErrorCode::kIo);
}

}  // namespace
}  // namespace dbomsbak
