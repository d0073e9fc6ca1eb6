#include "cli/upgrade_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "cli/console.h"
#include "dbomsbak/base/units.h"
#include "dbomsbak/base/utc_time.h"

namespace dbomsbak {
namespace {

constexpr std::size_t kNameWidth = 18;

std::string VersionText(const std::optional<OmsVersion>& version) {
  return version ? version->text() : "?";
}

std::string Lines(const UpgradeStep& step) {
  std::string text = fmt::format("  {:<{}}{}{}\n", step.name, kNameWidth,
                                 step.operators ? "by hand: " : "", Printable(step.description));
  for (const std::string& line : step.instructions) {
    text += fmt::format("{:>{}}- {}\n", "", kNameWidth + 2, Printable(line));
  }
  for (const std::string& line : step.commands) {
    text += fmt::format("{:>{}}{}\n", "", kNameWidth + 2, Printable(line));
  }
  return text;
}

// Lines behind the first stand as they are, which is further in.
std::string Indented(std::string_view text) {
  std::string lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines += Printable(text.substr(0, end)) + '\n';
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

std::string Items(const char* title, const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += fmt::format("{}: {}\n", title, Printable(item));
  return text;
}

}  // namespace

std::string RenderUpgradeHeading(const UpgradeView& view) {
  const UpgradeOptions& options = view.options;
  return fmt::format(
      "upgrade of OMS from {} to {}, in {}\n  old container  {}{}\n  new container  "
      "{} ({})\n",
      VersionText(view.facts.from), VersionText(view.facts.to), Printable(options.folder),
      Printable(options.container),
      view.facts.old ? fmt::format(" ({})", Printable(view.facts.old->image)) : "",
      Printable(options.new_container), Printable(options.image));
}

std::string RenderUpgradeSteps(const std::vector<UpgradeStep>& steps) {
  std::string text, group;
  for (const UpgradeStep& step : steps) {
    if (step.group != group) {
      text += fmt::format("{}{}\n", text.empty() ? "" : "\n", step.group);
      group = step.group;
    }
    text += Lines(step);
  }
  return text;
}

std::string RenderUpgradePlan(const UpgradeView& view) {
  std::vector<UpgradeStep> steps;
  for (const UpgradeStepState& state : view.steps) steps.push_back(state.step);
  return RenderUpgradeHeading(view) + Items("problem", view.found.problems) + "\n" +
         RenderUpgradeSteps(steps);
}

std::string RenderUpgradeCheck(const UpgradeView& view) {
  std::string text = Items("problem", view.found.problems) + Items("warning", view.found.warnings);
  if (view.found.problems.empty()) {
    return text + fmt::format(
                      "ok: nothing stands against it; next: dbomsbak upgrade backup "
                      "--state {}\n",
                      ShellQuoted({view.options.folder}));
  }
  return text +
         fmt::format("{} the upgrade; nothing was changed outside of {}\n",
                     view.found.problems.size() == 1
                         ? "1 problem stands against"
                         : fmt::format("{} problems stand against", view.found.problems.size()),
                     Printable(view.options.folder));
}

std::string RenderUpgradeStatus(const UpgradeView& view) {
  if (view.state == "none") {
    return fmt::format("no upgrade has begun in {}\n", Printable(view.options.folder));
  }
  std::string text = RenderUpgradeHeading(view);
  const auto fact = [&](const char* name, const std::string& value) {
    if (!value.empty()) text += fmt::format("  {:<15}{}\n", name, Printable(value));
  };
  fact("state", view.state);
  fact("T1", view.facts.t1);
  fact("T2", view.facts.t2);
  fact("T3", view.t3);
  fact("archive", view.facts.archive);
  std::string group;
  for (const UpgradeStepState& state : view.steps) {
    if (state.step.group != group) {
      group = state.step.group;
      text += fmt::format("{}\n", group);
    }
    text += fmt::format("  {:<{}}{:<8}", state.step.name, kNameWidth, state.state);
    if (state.state == "failed") {
      text += fmt::format(" {}: {} ({})", state.began, Printable(state.failure), state.failed_with);
    } else if (!state.ended.empty()) {
      text += fmt::format(" {}", state.ended);
      if (state.seconds > 0) text += fmt::format(", took {}", HumanDuration(state.seconds * 1000));
    } else if (!state.began.empty()) {
      text += fmt::format(" {}, not seen to its end", state.began);
    }
    if (state.step.name == view.next) text += " <- next";
    while (text.ends_with(' ')) text.pop_back();
    text += '\n';
  }
  if (!view.next_command.empty()) text += fmt::format("next: {}\n", view.next_command);
  if (view.state == "starting" || view.state == "started") {
    text += fmt::format("to go back: dbomsbak upgrade rollback --state {}\n",
                        ShellQuoted({view.options.folder}));
  }
  if (view.state == "rolled-back") {
    text += "left to do by hand\n";
    for (const UpgradeStepState& state : view.steps) {
      if (state.step.name != "advice") continue;
      for (const std::string& line : state.step.instructions) {
        text += fmt::format("  - {}\n", Printable(line));
      }
    }
  }
  for (const std::string& left : view.on_server) text += "on the server: " + Indented(left);
  return text + Items("warning", view.found.warnings);
}

Json UpgradeToJson(const UpgradeView& view) {
  const UpgradeOptions& options = view.options;
  const UpgradeFacts& facts = view.facts;
  Json json = Coded(view.code);
  AddProblems(view.code, view.found.problems,
              view.action == "plan" ? "the plan is not whole" : "the upgrade is refused", json);
  json["action"] = view.action;
  json["state_dir"] = options.folder;
  json["state"] = view.state;
  json["next"] = view.next;
  json["next_command"] = view.next_command;
  json["from"] = facts.from ? facts.from->text() : "";
  json["to"] = facts.to ? facts.to->text() : "";
  json["container"] = options.container;
  json["new_container"] = options.new_container;
  json["image"] = options.image;
  json["node_role"] = options.other_node ? "other" : "database";
  json["host_ip"] = HostIp(options, facts.old);
  json["t1"] = facts.t1;
  json["t2"] = facts.t2;
  json["t3"] = view.t3;
  const auto t1 = ParseUtc(facts.t1);
  const bool rolls_back = view.state.starts_with("roll");
  const auto until = rolls_back ? std::nullopt : ParseUtc(facts.t2);
  json["refetch_minutes"] = t1 ? RefetchMinutes(*t1, until.value_or(facts.now)) : 0;
  json["archive"] = facts.archive;
  json["root"] = view.root;
  json["receipt"] = view.receipt;
  json["problems"] = Strings(view.found.problems);
  json["warnings"] = Strings(view.found.warnings);
  json["on_server"] = Strings(view.on_server);
  json["steps"] = Json::array();
  for (const UpgradeStepState& state : view.steps) {
    Json step;
    step["group"] = state.step.group;
    step["name"] = state.step.name;
    step["operator"] = state.step.operators;
    step["state"] = state.state;
    step["began"] = state.began;
    step["ended"] = state.ended;
    step["seconds"] = state.seconds;
    step["failure"] = state.failure;
    step["failed_with"] = state.failure.empty() ? 0 : state.failed_with;
    step["description"] = state.step.description;
    step["commands"] = Strings(state.step.commands);
    step["instructions"] = Strings(state.step.instructions);
    json["steps"].push_back(std::move(step));
  }
  return json;
}

}  // namespace dbomsbak
