#include "dbomsbak/app/upgrade_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "dbomsbak/base/error.h"

namespace dbomsbak {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

UpgradeOptions SomeOptions() {
  UpgradeOptions options;
  options.folder = "/var/lib/dbomsbak/upgrade";
  options.container = "oms_331";
  options.new_container = "oms_400";
  options.image = "reg/oms:feature_4.0.0-ce";
  return options;
}

UpgradeFacts SomeFacts() {
  UpgradeFacts facts;
  facts.old.emplace();
  facts.old->name = "oms_331";
  facts.old->image = "reg/oms:feature_3.3.1-ce";
  facts.old->restart_policy = "always";
  facts.old->environment = {"OMS_HOST_IP=10.0.0.5"};
  facts.old->mounts = {{"bind", "/d/run", "/home/ds/run", true},
                       {"bind", "/d/oms logs", "/home/admin/logs", true},
                       {"bind", "/d/store", "/home/ds/store", true},
                       {"bind", "/d/config.yaml", "/home/admin/conf/config.yaml", true},
                       {"bind", "/etc/hosts", "/etc/hosts", true}};
  facts.from = ParseOmsVersion("3.3.1");
  facts.to = ParseOmsVersion("4.0.0");
  return facts;
}

TEST(UpgradePlanTest, TheNewContainerIsRunAsTheManualSays) {
  EXPECT_EQ(ShellQuoted(RunArguments(SomeOptions(), SomeFacts())),
            "run -dit --net host -v /d/config.yaml:/home/admin/conf/config.yaml "
            "-v '/d/oms logs:/home/admin/logs' -v /d/store:/home/ds/store -v /d/run:/home/ds/run "
            "-e OMS_HOST_IP=10.0.0.5 -e IS_UPGRADE=true --privileged=true --pids-limit -1 "
            "--ulimit nproc=65535:65535 --name oms_400 reg/oms:feature_4.0.0-ce");
}

TEST(UpgradePlanTest, CertificatesAndAddressGoAlong) {
  UpgradeOptions options = SomeOptions();
  UpgradeFacts facts = SomeFacts();
  options.host_ip = "10.0.0.9";
  facts.to = ParseOmsVersion("3.3.0");
  facts.old->mounts.push_back({"bind", "/d/crt", "/etc/pki/nginx/oms_server.crt", false});
  facts.old->mounts.push_back({"bind", "/d/key", "/etc/pki/nginx/oms_server.key", true});
  const std::string line = ShellQuoted(RunArguments(options, facts));
  EXPECT_THAT(line, HasSubstr("-v /d/crt:/etc/pki/nginx/oms_server.crt:ro"));
  EXPECT_THAT(line, HasSubstr("-v /d/key:/etc/pki/nginx/oms_server.key"));
  EXPECT_THAT(line, HasSubstr("OMS_HOST_IP=10.0.0.9"));
  EXPECT_THAT(line, Not(HasSubstr("IS_UPGRADE")));  // 3.3.0 does not know it
}

TEST(UpgradePlanTest, AnOldContainerThatIsGoneCanBeRunAsItWas) {
  UpgradeFacts facts = SomeFacts();
  facts.old->network = "host";
  facts.old->environment = {"PATH=/bin", "OMS_HOST_IP=10.0.0.5", "A=b c", "HOSTNAME=x",
                            "OMS_PASSWORD=it's secret"};
  facts.old->mounts[1].writable = false;
  EXPECT_EQ(ShellQuoted(RunOldArguments(*facts.old)),
            "run -dit --net host --restart always -v /d/run:/home/ds/run "
            "-v '/d/oms logs:/home/admin/logs:ro' -v /d/store:/home/ds/store "
            "-v /d/config.yaml:/home/admin/conf/config.yaml -v /etc/hosts:/etc/hosts "
            "-e OMS_HOST_IP=10.0.0.5 -e 'A=b c' -e OMS_PASSWORD --privileged=true --pids-limit -1 "
            "--ulimit nproc=65535:65535 --name oms_331 reg/oms:feature_3.3.1-ce");
  facts.old_gone = true;
  for (const UpgradeStep& step : PlanUpgrade(SomeOptions(), facts)) {
    if (step.name == "restart-old") {
      EXPECT_THAT(step.commands, IsEmpty());
    }
    if (step.name == "advice") {
      EXPECT_THAT(step.instructions, Contains(HasSubstr("docker run -dit --net host --restart")));
    }
  }
}

TEST(UpgradePlanTest, WhatIsNotKnownWithoutTheOldContainerIsNoCommand) {
  UpgradeFacts facts = SomeFacts();
  facts.old.reset();
  facts.from.reset();
  unsigned gaps = 0;
  for (const UpgradeStep& step : PlanUpgrade(SomeOptions(), facts)) {
    for (const std::string& command : step.commands) {
      EXPECT_THAT(command, AllOf(Not(HasSubstr("<")), Not(HasSubstr("POLICY")))) << step.name;
    }
    gaps += static_cast<unsigned>(
        std::count_if(step.instructions.begin(), step.instructions.end(),
                      [](const std::string& line) { return line.starts_with("Not known yet: "); }));
    if (step.name == "run") {
      EXPECT_THAT(step.commands, IsEmpty());
      EXPECT_THAT(step.instructions,
                  ElementsAre(AllOf(HasSubstr("docker run -dit --net host -v '<source of"),
                                    HasSubstr("--name oms_400 reg/oms:feature_4.0.0-ce"))));
    }
    EXPECT_EQ(IsWantedForSure(step, facts), step.name != "connectors") << step.name;
    EXPECT_TRUE(IsWantedForSure(step, SomeFacts())) << step.name;
  }
  EXPECT_EQ(gaps, 5u);  // the version, the configuration, `run` and the policy, twice
}

TEST(UpgradePlanTest, WhereAPolicyStaysNoCommandChangesIt) {
  UpgradeFacts facts = SomeFacts();
  facts.policy_stays = true;
  for (const UpgradeStep& step : PlanUpgrade(SomeOptions(), facts)) {
    for (const std::string& command : step.commands) {
      EXPECT_THAT(command, Not(HasSubstr("--restart"))) << step.name;
    }
    if (step.name == "restart-policy") {
      EXPECT_THAT(step.instructions, Contains(HasSubstr("podman-restart.service")));
    }
  }
}

std::vector<std::string> NamesOf(const std::vector<UpgradeStep>& steps, const std::string& group) {
  std::vector<std::string> names;
  for (const UpgradeStep& step : steps) {
    if (step.group == group) names.push_back(step.name);
  }
  return names;
}

TEST(UpgradePlanTest, StepsStandInTheirOrder) {
  const auto steps = PlanUpgrade(SomeOptions(), SomeFacts());
  EXPECT_THAT(
      NamesOf(steps, "backup"),
      ElementsAre("lag", "switchover", "clocks", "ha-off", "inspect", "preflight", "restart-policy",
                  "stop", "stopped", "dump", "verify", "rehearse", "pin", "receipt"));
  EXPECT_THAT(NamesOf(steps, "start"), ElementsAre("run", "init", "health", "mounts"));
  EXPECT_THAT(NamesOf(steps, "finish"),
              ElementsAre("ha-on", "browser-cache", "new-policy", "finished"));
  EXPECT_THAT(NamesOf(steps, "rollback"),
              ElementsAre("ha-off-rollback", "restore-preflight", "stop-new", "restore",
                          "restart-old", "advice"));
}

TEST(UpgradePlanTest, ConnectorsMatterToOldOriginsAndDatabasesToOneNode) {
  UpgradeOptions options = SomeOptions();
  UpgradeFacts facts = SomeFacts();
  facts.from = ParseOmsVersion("3.2.2");
  options.rehearse = false;
  EXPECT_THAT(NamesOf(PlanUpgrade(options, facts), "backup"), Contains("connectors"));
  EXPECT_THAT(NamesOf(PlanUpgrade(options, facts), "backup"), Not(Contains("rehearse")));
  options.other_node = true;
  const auto steps = PlanUpgrade(options, facts);
  EXPECT_EQ(NamesOf(steps, "backup").back(), "stopped");
  EXPECT_THAT(NamesOf(steps, "start"),
              ElementsAre("databases-backed-up", "run", "health", "mounts"));
  EXPECT_THAT(
      NamesOf(steps, "rollback"),
      ElementsAre("ha-off-rollback", "stop-new", "databases-restored", "restart-old", "advice"));
}

TEST(UpgradePlanTest, MinutesAreRoundedUpAndHalfAnHourIsAdded) {
  EXPECT_EQ(RefetchMinutes(0, 0), 30U);
  EXPECT_EQ(RefetchMinutes(0, 1), 31U);
  EXPECT_EQ(RefetchMinutes(1000, 1000 + 3600), 90U);
  EXPECT_EQ(RefetchMinutes(1000, 1000 + 3601), 91U);
  EXPECT_EQ(RefetchMinutes(1000, 900), 30U);  // a clock that went back
}

TEST(UpgradePlanTest, FinishTellsTheMinutesFromT1ToT2AndRollbackThoseUntilNow) {
  UpgradeFacts facts = SomeFacts();
  facts.t1 = "2026-11-27T10:00:00Z";
  facts.t2 = "2026-11-27T11:00:00Z";
  facts.now = 1795777200;  // 2026-11-27T11:00:00Z
  facts.now += 3600;
  for (const UpgradeStep& step : PlanUpgrade(SomeOptions(), facts)) {
    if (step.name == "ha-on") {
      EXPECT_THAT(step.instructions, Contains(HasSubstr(": 90 (")));
    }
    if (step.name == "advice") {
      EXPECT_THAT(step.instructions, Contains(HasSubstr(": 150 (")));
    }
  }
}

TEST(UpgradePlanTest, ServicesAreReadFromSupervisorsLines) {
  constexpr char kWell[] =
      "nginx                            RUNNING   pid 1, uptime 0:00:10\n"
      "oms:oms_console                  RUNNING   pid 2, uptime 0:00:10\r\n"
      "oms_drc_cm                       RUNNING   pid 3\noms_drc_supervisor RUNNING pid 4";
  EXPECT_THAT(ServicesNotRunning(kWell), IsEmpty());
  EXPECT_THAT(
      ServicesNotRunning("nginx FATAL Exited\noms_console   RUNNING\noms_drc_cm STARTING\n"),
      ElementsAre("oms_drc_cm is STARTING", "oms_drc_supervisor is not listed", "nginx is FATAL"));
  EXPECT_EQ(ServicesNotRunning("unix:///tmp/supervisor.sock no such file\n").size(), 4U);
}

TEST(UpgradePlanTest, AVersionThatCannotBeReadIsAUsageError) {
  UpgradeOptions options = SomeOptions();
  options.to = "four";
  EXPECT_THROW(NewVersion(options), Error);
  options.to = "4.2.0";
  EXPECT_EQ(NewVersion(options)->text(), "4.2.0");
}

}  // namespace
}  // namespace dbomsbak
