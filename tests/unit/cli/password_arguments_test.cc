#include "cli/password_arguments.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace dbomsbak {
namespace {

// An argument vector as the kernel lays it out: one block, strings behind each other.
class ArgumentVector {
 public:
  explicit ArgumentVector(const std::vector<std::string>& words) {
    for (const std::string& word : words) block_ += word + '\0';
    std::size_t at = 0;
    for (const std::string& word : words) {
      pointers_.push_back(block_.data() + at);
      at += word.size() + 1;
    }
    pointers_.push_back(nullptr);
  }
  int argc() const { return static_cast<int>(pointers_.size()) - 1; }
  char** argv() { return pointers_.data(); }
  const std::string& block() const { return block_; }

 private:
  std::string block_;
  std::vector<char*> pointers_;
};

struct Taken {
  CleanArguments clean;
  std::string block;
};

Taken Take(std::vector<std::string> words) {
  words.insert(words.begin(), "dbomsbak");
  ArgumentVector vector(words);
  Taken taken;
  taken.clean = TakePasswords(vector.argc(), vector.argv());
  taken.block = vector.block();
  return taken;
}

using Strings = std::vector<std::string>;

TEST(PasswordArgumentsTest, AttachedSecretIsTakenAndWiped) {
  for (const std::string word : {"-ps3cretWord", "--password=s3cretWord", "--pass=s3cretWord"}) {
    const Taken taken = Take({"dump", "-h", "db1", word, "mydb"});
    ASSERT_TRUE(taken.clean.password.password.has_value()) << word;
    EXPECT_EQ(taken.clean.password.password->Reveal(), "s3cretWord");
    EXPECT_EQ(taken.block.find("s3cretWord"), std::string::npos) << word;
    EXPECT_EQ(taken.block.find("cretWord"), std::string::npos) << word;
    EXPECT_EQ(taken.clean.rest.words, (Strings{"dump", "-h", "db1", "mydb"}));
    EXPECT_FALSE(taken.clean.password.ask);
  }
}

TEST(PasswordArgumentsTest, BareOptionAsksAndTheNextWordIsADatabase) {
  for (const std::string word : {"-p", "--password"}) {
    const Taken taken = Take({"dump", word, "mydb"});
    EXPECT_TRUE(taken.clean.password.ask);
    EXPECT_FALSE(taken.clean.password.password.has_value());
    EXPECT_EQ(taken.clean.rest.words, (Strings{"dump", "mydb"}));
  }
}

TEST(PasswordArgumentsTest, SecretBehindFlagsOfACluster) {
  const Taken taken = Take({"dump", "-Bvpgeheim", "d"});
  EXPECT_EQ(taken.clean.password.password->Reveal(), "geheim");
  EXPECT_EQ(taken.clean.rest.words, (Strings{"dump", "-Bv", "d"}));
  EXPECT_EQ(taken.block.find("geheim"), std::string::npos);
}

TEST(PasswordArgumentsTest, ValuesOfOtherOptionsAreLeftAlone) {
  const Taken taken =
      Take({"dump", "-upablo", "--host", "-pinky", "-S", "--password=no", "--where", "-p", "d"});
  EXPECT_FALSE(taken.clean.password.given());
  EXPECT_EQ(taken.clean.rest.words, (Strings{"dump", "-upablo", "--host", "-pinky", "-S",
                                             "--password=no", "--where", "-p", "d"}));
}

TEST(PasswordArgumentsTest, PortAndPasswordFileAreNoPasswords) {
  const Taken taken = Take({"dump", "-P3306", "--password-file=/x", "d"});
  EXPECT_FALSE(taken.clean.password.given());
  EXPECT_EQ(taken.clean.rest.words, (Strings{"dump", "-P3306", "--password-file=/x", "d"}));
}

TEST(PasswordArgumentsTest, AfterTwoDashesAllIsArgument) {
  const Taken taken = Take({"dump", "--", "-pnot"});
  EXPECT_FALSE(taken.clean.password.given());
  EXPECT_EQ(taken.clean.rest.words, (Strings{"dump"}));
  EXPECT_EQ(taken.clean.rest.operands, (Strings{"-pnot"}));
}

TEST(PasswordArgumentsTest, LastOneCounts) {
  EXPECT_EQ(Take({"dump", "-pone", "-ptwo"}).clean.password.password->Reveal(), "two");
  EXPECT_TRUE(Take({"dump", "-pone", "-p"}).clean.password.ask);
  EXPECT_TRUE(Take({"dump", "-pone", "--skip-password"}).clean.password.password->empty());
}

TEST(PasswordArgumentsTest, EmptySecretIsGivenAndNotAskedFor) {
  const Taken taken = Take({"dump", "--password=", "d"});
  ASSERT_TRUE(taken.clean.password.password.has_value());
  EXPECT_TRUE(taken.clean.password.password->empty());
  EXPECT_FALSE(taken.clean.password.ask);
}

TEST(PasswordArgumentsTest, MisspeltCommandsAndOptionsStillHideTheSecret) {
  for (const Strings& words :
       {Strings{"dmup", "-phidden", "d"}, Strings{"-phidden"}, Strings{"dump", "-Zphidden"},
        Strings{"verify", "-phidden", "x"}, Strings{"upgrade", "connectors", "-phidden"},
        Strings{"upgrade", "-phidden"}, Strings{"upgrade"}}) {
    EXPECT_EQ(Take(words).block.find("hidden"), std::string::npos);
  }
}

TEST(PasswordArgumentsTest, UnderscoresInNamesAreDashes) {
  EXPECT_EQ(Take({"dump", "--max_allowed_packet=1_000", "--where", "a_b=1"}).clean.rest.words,
            (Strings{"dump", "--max-allowed-packet=1_000", "--where", "a_b=1"}));
}

TEST(PasswordArgumentsTest, EmptyValueDoesNotSwallowTheNextWord) {
  EXPECT_EQ(Take({"dump", "--socket=", "d"}).clean.rest.words,
            (Strings{"dump", "--socket", "", "d"}));
}

}  // namespace
}  // namespace dbomsbak
