// What an upgrade's commands show.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/json.h"
#include "dbomsbak/app/upgrade.h"
#include "dbomsbak/base/error.h"

namespace dbomsbak {

struct UpgradeView {
  ErrorCode code = ErrorCode::kOk;
  std::string action;
  UpgradeOptions options;
  UpgradeFacts facts;
  std::string state, next;   // next: the step; empty: none
  std::string next_command;  // for a shell; empty: none
  std::string t3, root, receipt;
  std::vector<UpgradeStepState> steps;
  UpgradeFindings found;
  std::vector<std::string> on_server;  // what restores have left there
};

// Several lines, each with its newline.
std::string RenderUpgradeSteps(const std::vector<UpgradeStep>& steps);
std::string RenderUpgradePlan(const UpgradeView& view);
std::string RenderUpgradeHeading(const UpgradeView& view);  // what check begins with
std::string RenderUpgradeCheck(const UpgradeView& view);    // and what comes behind that
std::string RenderUpgradeStatus(const UpgradeView& view);

Json UpgradeToJson(const UpgradeView& view);

}  // namespace dbomsbak
