// The steps of an upgrade of OMS as people read them, with the commands that they run. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/app/docker.h"
#include "dbomsbak/app/upgrade_versions.h"

namespace dbomsbak {

struct UpgradeOptions {
  std::string folder;
  std::string docker = "docker";
  std::string container, new_container, image;
  std::string from, to;                 // as given; empty: by the images' tags
  bool allow_path = false;              // a way between versions that the table lacks
  bool other_node = false;              // the databases are another node's
  std::string host_ip;                  // as given; empty: OMS_HOST_IP of the old container
  std::vector<std::string> connection;  // options, as for a command line; empty: the copied file
  unsigned console_port = 8089;
  unsigned health_timeout_s = 600;
  unsigned stop_timeout_s = 600;
  bool rehearse = true;
  bool force = false;                // restore although others use the databases
  bool rollback_on_failure = false;  // of start
  bool without_old = false;          // of rollback: the old container is gone for good
};

// Where OMS keeps what outlives its container.
inline constexpr std::string_view kOmsConfigMount = "/home/admin/conf/config.yaml";
inline constexpr std::string_view kOmsDiskMounts[] = {"/home/admin/logs", "/home/ds/store",
                                                      "/home/ds/run"};
inline constexpr std::string_view kOmsTlsMounts[] = {"/etc/pki/nginx/oms_server.crt",
                                                     "/etc/pki/nginx/oms_server.key"};
inline constexpr std::string_view kOmsServices[] = {"oms_console", "oms_drc_cm",
                                                    "oms_drc_supervisor", "nginx"};

struct UpgradeFacts {
  std::optional<ContainerInfo> old;  // as it was before anything changed
  std::optional<OmsVersion> from, to;
  std::string t1, t2;         // UTC; empty: not yet
  std::string archive;        // its path; empty: not yet
  std::int64_t now = 0;       // for minutes that are still counting
  std::string config_source;  // what is copied to config.yaml; empty: not known
  std::string generation;     // of the displaced copy that a rollback made; empty: not known
  bool policy_stays = false;  // the engine cannot change restart policies
  bool old_gone = false;      // the old container is gone for good
};

// From what was given, the images' tags and the container. Errors: kUsage for a version that cannot
// be read.
std::optional<OmsVersion> OldVersion(const UpgradeOptions& options,
                                     const std::optional<ContainerInfo>& old);
std::optional<OmsVersion> NewVersion(const UpgradeOptions& options);
std::string HostIp(const UpgradeOptions& options, const std::optional<ContainerInfo>& old);

struct UpgradeStep {
  std::string group;  // backup, start, finish, rollback
  std::string name;
  bool operators = false;  // somebody must do it by hand
  std::string description;
  std::vector<std::string> commands;      // lines for a shell: what the step does, or comes down to
  std::vector<std::string> instructions;  // for the operator
};

// Where the engine cannot change the old container's `policy`: what that comes to, and what to do.
std::string PolicyStaysNote(const UpgradeOptions& options, const std::string& policy);

// All of them, in order.
std::vector<UpgradeStep> PlanUpgrade(const UpgradeOptions& options, const UpgradeFacts& facts);

// Not where only some versions want the step, and which one runs is not known yet.
bool IsWantedForSure(const UpgradeStep& step, const UpgradeFacts& facts);

// Words behind the engine's name: `run -dit …`. The old container must be known.
std::vector<std::string> RunArguments(const UpgradeOptions& options, const UpgradeFacts& facts);

// The same for one as the old container was: its image, mounts and variables. A value that may be a
// secret is left out of a variable, which the engine then takes from the shell.
std::vector<std::string> RunOldArguments(const ContainerInfo& old);

// Minutes between both, rounded up, and half an hour more: ha.config's refetchStoreIntervalMin.
std::uint64_t RefetchMinutes(std::int64_t from, std::int64_t to);

// RUNNING in every line of `supervisorctl status` that names one of kOmsServices, and a line for
// each; what is missing is returned, "oms_console STARTING".
std::vector<std::string> ServicesNotRunning(std::string_view status);

}  // namespace dbomsbak
