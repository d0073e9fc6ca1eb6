#include "cli/completion.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "cli/help.h"
#include "dbomsbak/base/error.h"

namespace dbomsbak {
namespace {

constexpr std::string_view kRendered =
    "# Rendered by the program: tests/checks/documents_test.py --update\n";

std::vector<std::string> Split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t end = std::min(text.find(separator), text.size());
    parts.emplace_back(text.substr(0, end));
    if (end == text.size()) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string Spaced(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

bool HasLetter(std::string_view text, char from, char to) {
  return std::any_of(text.begin(), text.end(), [&](char c) { return c >= from && c <= to; });
}

bool IsOffered(const OptionInfo& option) {  // what is pointless or refused is not
  return option.group != OptionGroup::kIgnored && option.group != OptionGroup::kRefused;
}

std::vector<const OptionInfo*> OptionsOf(const CommandInfo& command) {
  std::vector<const OptionInfo*> options;
  for (const OptionInfo& option : OptionTable()) {
    if ((option.commands & command.command) != 0) options.push_back(&option);
  }
  return options;
}

// The words behind the first, of commands that begin with it: "ha-config" for "upgrade".
std::vector<std::string> SecondWords(std::string_view first) {
  std::vector<std::string> words;
  for (const CommandInfo& info : CommandTable()) {
    if (IsCommandOf(first, info.name)) words.emplace_back(info.name.substr(first.size() + 1));
  }
  return words;
}

std::vector<const CommandInfo*> CommandsOfOneWord() {
  std::vector<const CommandInfo*> commands;
  for (const CommandInfo& info : CommandTable()) {
    if (info.name.find(' ') == std::string_view::npos) commands.push_back(&info);
  }
  return commands;
}

// `check` takes files only behind this option.
constexpr std::string_view kRestore = "--restore";
bool WantsFilesBehindRestore(const CommandInfo& command) {
  return command.arguments.find(kRestore) != std::string_view::npos;
}

std::string Replaced(std::string text, std::string_view what, std::string_view by) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
  return text;
}

// Within single quotes of a shell.
std::string Quoted(std::string_view text) {
  return "'" + Replaced(std::string(text), "'", "'\\''") + "'";
}

// bash

// "wanted=file", which the script then goes by.
std::string BashWants(const Completion& completion) {
  constexpr std::string_view kNames[] = {"nothing", "text", "file", "folder", "word", "words"};
  const std::string_view name = kNames[static_cast<int>(completion.wanted)];
  return completion.words.empty()
             ? fmt::format("wanted={}", name)
             : fmt::format("wanted={} choices={}", name, Quoted(Spaced(completion.words)));
}

// The case of one command, its options together by what they want.
std::string BashCase(const CommandInfo& command) {
  std::vector<std::pair<std::string, std::string>> cases;
  std::vector<std::string> offered;
  for (const OptionInfo* option : OptionsOf(command)) {
    std::string wants = BashWants(CompletionOf(*option));
    if (option->style == OptionStyle::kValue) wants += " separate=yes";
    for (const std::string_view name : option->AllNames()) {
      if (IsOffered(*option)) offered.emplace_back(name);
      const auto same = std::find_if(cases.begin(), cases.end(),
                                     [&](const auto& known) { return known.first == wants; });
      if (same == cases.end()) {
        cases.emplace_back(wants, name);
      } else {
        same->second += fmt::format(" | {}", name);
      }
    }
  }
  std::string text =
      fmt::format("    {})\n      options={}\n", Quoted(command.name), Quoted(Spaced(offered)));
  const std::string operands = Replaced(
      Replaced(BashWants(CompletionOf(command)), "wanted=", "operands="), "choices=", "arguments=");
  if (WantsFilesBehindRestore(command)) {
    text += fmt::format("      [[ \" ${{words[*]}} \" != *' {} '* ]] || {}\n", kRestore, operands);
  } else {
    text += fmt::format("      {}\n", operands);
  }
  text += "      case $1 in\n";
  for (const auto& [wants, names] : cases) {
    text += fmt::format("        {}) {} ;;\n", Replaced(names, "?", "\\?"), wants);
  }
  return text + "      esac\n      ;;\n";
}

constexpr char kBashHead[] = R"(# shellcheck shell=bash disable=SC2034,SC2207,SC2209

# The command line up to the cursor, whose place is told in bytes.
_dbomsbak_line() {
  local LC_ALL=C
  line=${COMP_LINE:0:COMP_POINT}
}

# What there is to know of the command: its options, its operands, and what the option $1 wants: a
# text, file, folder, word or words of `choices`, and whether that may be the next word.
_dbomsbak_look_up() {
  wanted='' separate='' choices='' options='' operands=text arguments=''
  case $command in
)";
constexpr char kBashBody[] = R"(  esac
}

# Completes the value $2 as `wanted` says; $1 stands before it in the word.
_dbomsbak_value() {
  local before=$1 value=$2 listed
  [[ $COMP_WORDBREAKS != *=* ]] || before='' # bash leaves it as it is
  case $wanted in
    file | folder)
      if [[ $before ]]; then
        local kind=-f IFS=$'\n'
        [[ $wanted == file ]] || kind=-d
        compopt -o filenames
        COMPREPLY=($(compgen "$kind" -P "$before" -- "$value"))
        if ((${#COMPREPLY[@]} == 1)) && [[ -d ${COMPREPLY[0]#"$before"} ]]; then
          COMPREPLY[0]+=/
          compopt -o nospace
        fi
      elif [[ $wanted == file ]]; then
        compopt -o default # readline knows best: quotes, tildes, variables
      else
        compopt -o dirnames
      fi
      ;;
    words)
      listed=${value%"${value##*,}"}
      compopt -o nospace
      COMPREPLY=($(compgen -W "$choices" -P "$before$listed" -- "${value##*,}"))
      ;;
    word) COMPREPLY=($(compgen -W "$choices" -P "$before" -- "$value")) ;;
    nothing) COMPREPLY=($(compgen -W 'true false' -P "$before" -- "$value")) ;;
  esac
}

_dbomsbak() {
  COMPREPLY=()
  local line word words=() i
  # Words as the program gets them: bash splits at "=" and ":", too.
  _dbomsbak_line
  for ((i = 0; i <= COMP_CWORD; ++i)); do
    word=${COMP_WORDS[i]}
    if ((i == 0)) || [[ $line == [[:space:]]* ]]; then
      line=${line#"${line%%[![:space:]]*}"}
      words+=('')
    fi
    ((i < COMP_CWORD)) || word=$line
    words[${#words[@]} - 1]+=$word
    line=${line#"$word"}
  done
  local last=$((${#words[@]} - 1))
  local cur=${words[last]}
  if ((last < 2)); then
    COMPREPLY=($(compgen -W "$_dbomsbak_commands --help --version" -- "$cur"))
    return
  fi

  local command=${words[1]} first=2
  if ((last > 2)) && [[ "|$_dbomsbak_of_two_words|" == *"|$command ${words[2]}|"* ]]; then
    command+=" ${words[2]}"
    first=3
  fi
  local wanted separate choices options operands arguments ended='' given=0
  for ((i = first; i < last; ++i)); do
    word=${words[i]}
    if [[ $word == -- && -z $ended ]]; then
      ended=yes
    elif [[ $ended || $word != -* ]]; then
      ((++given))
    else
      _dbomsbak_look_up "$word"
      if [[ $separate ]] && ((++i == last)); then
        _dbomsbak_value '' "$cur"
        return
      fi
    fi
  done
  _dbomsbak_look_up "${cur%%=*}"
  if [[ -z $ended && $cur == --*=* ]]; then
    _dbomsbak_value "${cur%%=*}=" "${cur#*=}"
  elif [[ -z $ended && $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$cur"))
  else
    wanted=$operands choices=$arguments
    [[ $wanted == word ]] && ((given > 0)) && return
    _dbomsbak_value '' "$cur"
  fi
}

complete -F _dbomsbak dbomsbak
)";

std::string BashScript() {
  std::vector<std::string> of_two_words, of_one_word;
  for (const CommandInfo& info : CommandTable()) {
    const bool two = info.name.find(' ') != std::string_view::npos;
    (two ? of_two_words : of_one_word).emplace_back(info.name);
  }
  std::string text = "# bash completion for dbomsbak\n";
  text += kRendered;
  text += kBashHead;
  for (const CommandInfo& info : CommandTable()) text += BashCase(info);
  text += kBashBody;
  const std::string lists = fmt::format("_dbomsbak_commands={}\n_dbomsbak_of_two_words={}\n\n",
                                        Quoted(Spaced(of_one_word)),
                                        Quoted(fmt::format("{}", fmt::join(of_two_words, "|"))));
  const std::size_t behind = text.find("\n\n") + 2;
  text.insert(behind, lists);
  return text;
}

// zsh

// Within the specs of _arguments and _describe.
std::string ZshEscaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

// ":FILE:_files", what comes behind an option or is an argument.
std::string ZshValue(std::string_view called, const Completion& completion) {
  const std::string name = ZshEscaped(called);
  switch (completion.wanted) {
    case Wanted::kNothing:
      return "";
    case Wanted::kText:
      return fmt::format(":{}: ", name);
    case Wanted::kFile:
      return fmt::format(":{}:_files", name);
    case Wanted::kFolder:
      return fmt::format(":{}:_path_files -/", name);  // _files would offer files for want of any
    case Wanted::kWord:
      return fmt::format(":{}:({})", name, Spaced(completion.words));
    case Wanted::kWords:
      return fmt::format(":{}:_sequence compadd - {}", name, Spaced(completion.words));
  }
  return "";
}

std::string ZshOption(const OptionInfo& option) {
  const std::string help = fmt::format("[{}]", ZshEscaped(option.help));
  Completion completion = CompletionOf(option);
  const std::string value = ZshValue(option.value, completion);
  std::string text;
  for (const std::string_view name : option.AllNames()) {
    const bool is_long = name.starts_with("--");
    std::string spec = fmt::format("*{}", name);
    switch (option.style) {
      case OptionStyle::kFlag:
        spec += help;
        break;
      case OptionStyle::kValue:
        spec += fmt::format("{}{}{}", is_long ? "=" : "+", help, value);
        break;
      case OptionStyle::kOptionalValue:
        spec += fmt::format("{}{}:{}", is_long ? "=-" : "-", help, value);
        break;
      case OptionStyle::kPassword:  // -p asks
        spec += is_long ? fmt::format("=-{}:{}", help, value) : help;
        break;
    }
    text += fmt::format("        {}\n", Quoted(spec));
  }
  return text;
}

std::string ZshCase(const CommandInfo& command) {
  std::string text = fmt::format("    {})\n      specs=(\n", Quoted(command.name));
  for (const OptionInfo* option : OptionsOf(command)) {
    if (IsOffered(*option)) text += ZshOption(*option);
  }
  const Completion operands = CompletionOf(command);
  // A text's message would stand between the options and their completion.
  const std::string value = operands.wanted == Wanted::kText
                                ? std::string(": :{false}")
                                : ZshValue(command.arguments, operands);
  if (WantsFilesBehindRestore(command)) {
    text += fmt::format("      )\n      (( ${{words[(I){}]}} )) && specs+=({})\n", kRestore,
                        Quoted("*" + value));
  } else {
    const bool once = operands.wanted == Wanted::kWord;
    if (!value.empty()) text += fmt::format("        {}\n", Quoted((once ? "1" : "*") + value));
    text += "      )\n";
  }
  return text + "      ;;\n";
}

std::string ZshScript() {
  std::string text = "#compdef dbomsbak\n";
  text += kRendered;
  text += R"(
_dbomsbak() {
  local curcontext=$curcontext state line context
  typeset -A opt_args
  local -a commands specs
  commands=(
)";
  for (const CommandInfo* info : CommandsOfOneWord()) {
    text +=
        fmt::format("    {}\n", Quoted(ZshEscaped(info->name) + ":" + ZshEscaped(info->summary)));
  }
  text += R"(  )
  if (( CURRENT == 2 )); then
    _describe -t commands command commands
    [[ $PREFIX != -* ]] || compadd -- --help --version
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case "$command $words[2]" in
    )";
  std::string two;
  for (const CommandInfo& info : CommandTable()) {
    if (info.name.find(' ') == std::string_view::npos) continue;
    two += fmt::format("{}{}", two.empty() ? "" : "|", Quoted(info.name));
  }
  text += two + R"()
      if (( CURRENT > 2 )); then
        command="$command $words[2]"
        shift words
        (( CURRENT-- ))
      fi
      ;;
  esac
  case $command in
)";
  for (const CommandInfo& info : CommandTable()) text += ZshCase(info);
  return text + R"(    *) return 1 ;;
  esac
  _arguments -s -S : $specs
}

_dbomsbak "$@"
)";
}

// fish

// Within single quotes of fish.
std::string FishQuoted(std::string_view text) {
  return "'" + Replaced(Replaced(std::string(text), "\\", "\\\\"), "'", "\\'") + "'";
}

std::string FishValue(const Completion& completion) {
  switch (completion.wanted) {
    case Wanted::kNothing:
      return "";
    case Wanted::kText:
      return " -f";
    case Wanted::kFile:
      return " -F";
    case Wanted::kFolder:
      return " -f -a '(__fish_complete_directories)'";
    case Wanted::kWord:
      return fmt::format(" -f -a {}", FishQuoted(Spaced(completion.words)));
    case Wanted::kWords:
      return fmt::format(" -f -a '(__fish_append , {})'", Spaced(completion.words));
  }
  return "";
}

std::string FishLines(const CommandInfo& command) {
  const std::string is = fmt::format("__dbomsbak_is {}", command.name);
  std::string text = fmt::format("\n# {}\n", command.name);
  for (const OptionInfo* option : OptionsOf(command)) {
    if (!IsOffered(*option)) continue;
    std::string names;
    for (const std::string_view name : option->AllNames()) {
      const bool is_long = name.starts_with("--");
      names += is_long ? fmt::format(" -l {}", name.substr(2))
                       : fmt::format(" -s {}", FishQuoted(name.substr(1)));
    }
    text += fmt::format("complete -c dbomsbak -n '{}'{}{}{} -d {}\n", is, names,
                        option->style == OptionStyle::kValue ? " -r" : "",
                        FishValue(CompletionOf(*option)), FishQuoted(option->help));
  }
  const Completion operands = CompletionOf(command);
  if (operands.wanted == Wanted::kText || operands.wanted == Wanted::kNothing) return text;
  std::string when = is;
  if (WantsFilesBehindRestore(command)) when += "; and contains -- --restore (commandline -opc)";
  return text + fmt::format("complete -c dbomsbak -n '{}'{}\n", when, FishValue(operands));
}

std::string FishScript() {
  std::string text = "# fish completion for dbomsbak\n";
  text += kRendered;
  text += R"(
# Whether the command, one word or two, is this.
function __dbomsbak_is
    set -l words (commandline -opc)
    set -e words[1]
    if contains -- "$words[1..2]" )";
  for (const CommandInfo& info : CommandTable()) {
    if (info.name.find(' ') != std::string_view::npos) text += FishQuoted(info.name) + " ";
  }
  text += R"(
        test "$words[1..2]" = "$argv"
    else
        test "$words[1]" = "$argv"
    end
end

function __dbomsbak_has_none
    set -l words (commandline -opc)
    test (count $words) -eq 1
end

complete -c dbomsbak -f
complete -c dbomsbak -n __dbomsbak_has_none -l help -d 'the list of commands'
complete -c dbomsbak -n __dbomsbak_has_none -l version -d 'the version'
)";
  for (const CommandInfo* info : CommandsOfOneWord()) {
    text += fmt::format("complete -c dbomsbak -n __dbomsbak_has_none -a {} -d {}\n", info->name,
                        FishQuoted(info->summary));
  }
  for (const CommandInfo& info : CommandTable()) text += FishLines(info);
  return text;
}

}  // namespace

Completion CompletionOf(const OptionInfo& option) {
  const std::string_view value = option.value;
  if (value.empty()) return {};
  if (value == "FILE" || value == "PATH" || value == "KEY" || value == "PROGRAM") {
    return {Wanted::kFile, {}};
  }
  if (value == "DIR") return {Wanted::kFolder, {}};
  if (value == "STEP,…") {
    const auto steps = OperatorSteps();
    return {Wanted::kWords, std::vector<std::string>(steps.begin(), steps.end())};
  }
  // Placeholders are in capitals; "json|bar|none" and "ha-off" are what is typed.
  const bool typed = value.find('|') != std::string_view::npos || !HasLetter(value, 'A', 'Z');
  return typed ? Completion{Wanted::kWord, Split(value, '|')} : Completion{Wanted::kText, {}};
}

Completion CompletionOf(const CommandInfo& command) {
  const std::string_view arguments = command.arguments;
  if (arguments.empty()) return {};
  if (command.command == kCommandHelp) {
    Completion topics{Wanted::kWord, HelpTopics()};
    for (const CommandInfo* info : CommandsOfOneWord()) topics.words.emplace_back(info->name);
    return topics;
  }
  if (arguments.find('|') != std::string_view::npos) {
    Completion parts{Wanted::kWord, Split(arguments, '|')};
    for (std::string& word : SecondWords(command.name)) parts.words.push_back(std::move(word));
    return parts;
  }
  if (arguments.find("FILE") != std::string_view::npos) return {Wanted::kFile, {}};
  if (arguments.find("DIR") != std::string_view::npos) return {Wanted::kFolder, {}};
  return {Wanted::kText, {}};
}

std::string RenderCompletion(std::string_view shell) {
  if (shell == "bash") return BashScript();
  if (shell == "zsh") return ZshScript();
  if (shell == "fish") return FishScript();
  throw Error(ErrorCode::kUsage, fmt::format("there is no completion for the shell '{}'", shell),
              "There is one for bash, zsh and fish.");
}

}  // namespace dbomsbak
