#include "cli/password_arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "cli/option_table.h"

namespace dbomsbak {
namespace {

constexpr CommandSet kEveryCommand = ~0U;

// Leaves "x" so that people see that a password was given, and not how long it was.
void WipeArgument(char* secret) {
  const std::size_t size = std::strlen(secret);
  if (size == 0) return;
  Wipe(secret, size);
  secret[0] = 'x';
}

// The client takes any beginning of --password that is not ambiguous.
bool IsPasswordName(std::string_view name) {
  constexpr std::string_view kName = "--password";
  return name.size() >= std::string_view("--pass").size() && kName.starts_with(name);
}

class Walker {
 public:
  Walker(int argc, char** argv) : argc_(argc), argv_(argv) {
    // A misspelt command is told later; its passwords are wiped all the same.
    if (argc > 1) {
      const CommandInfo* info =
          argc > 2 ? FindCommand(fmt::format("{} {}", argv[1], argv[2])) : nullptr;
      if (info == nullptr) info = FindCommand(argv[1]);
      if (info != nullptr) commands_ = info->command;
    }
  }

  CleanArguments Walk() {
    bool options_end = false;
    for (index_ = 1; index_ < argc_; ++index_) {
      char* const argument = argv_[index_];
      const std::string_view text = argument;
      if (options_end) {
        result_.rest.operands.emplace_back(text);
      } else if (text.size() < 2 || text[0] != '-') {
        result_.rest.words.emplace_back(text);
      } else if (text == "--") {
        options_end = true;
      } else if (text[1] == '-') {
        Long(argument);
      } else {
        Cluster(argument);
      }
    }
    return std::move(result_);
  }

 private:
  const OptionInfo* Find(std::string_view name) const {
    const OptionInfo* option = FindOption(commands_, name);
    return option != nullptr ? option : FindOption(kEveryCommand, name);
  }

  void TakeSecret(char* secret) {
    result_.password.password = Secret(secret);
    result_.password.ask = false;
    WipeArgument(secret);
  }

  void Ask() {
    result_.password.password.reset();
    result_.password.ask = true;
    result_.password.behind.clear();
    if (index_ + 1 < argc_ && argv_[index_ + 1][0] != '-') {
      result_.password.behind = argv_[index_ + 1];
    }
  }

  void TakeNextVerbatim() {
    if (index_ + 1 < argc_) result_.rest.words.emplace_back(argv_[++index_]);
  }

  void Long(char* argument) {
    char* const equals = std::strchr(argument, '=');
    std::string name = equals != nullptr ? std::string(argument, equals) : std::string(argument);
    std::replace(name.begin(), name.end(), '_', '-');
    if (IsPasswordName(name)) {
      if (equals != nullptr) {
        TakeSecret(equals + 1);
      } else {
        Ask();
      }
      return;
    }
    if (name == "--skip-password" && equals == nullptr) {
      result_.password = {Secret(), false, {}};
      return;
    }
    const OptionInfo* option = Find(name);
    const bool wants_value = option != nullptr && option->style == OptionStyle::kValue;
    if (equals == nullptr) {
      result_.rest.words.push_back(name);
      if (wants_value) TakeNextVerbatim();
    } else if (wants_value && equals[1] == '\0') {
      result_.rest.words.push_back(name);
      result_.rest.words.emplace_back();
    } else {
      result_.rest.words.push_back(name + equals);
    }
  }

  // "-BpSECRET": flags, then perhaps one option with a value.
  void Cluster(char* argument) {
    for (char* letter = argument + 1; *letter != '\0'; ++letter) {
      const OptionInfo* option = Find(std::string{'-', *letter});
      if (option == nullptr) continue;
      if (option->style == OptionStyle::kPassword) {
        if (letter > argument + 1) result_.rest.words.emplace_back(argument, letter);
        if (letter[1] == '\0') {
          Ask();
        } else {
          TakeSecret(letter + 1);
        }
        return;
      }
      if (option->style == OptionStyle::kValue) {
        result_.rest.words.emplace_back(argument);
        if (letter[1] == '\0') TakeNextVerbatim();
        return;
      }
    }
    result_.rest.words.emplace_back(argument);
  }

  int argc_;
  char** argv_;
  int index_ = 1;
  CommandSet commands_ = kEveryCommand;
  CleanArguments result_;
};

}  // namespace

CleanArguments TakePasswords(int argc, char** argv) { return Walker(argc, argv).Walk(); }

}  // namespace dbomsbak
