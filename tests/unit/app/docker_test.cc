#include "dbomsbak/app/docker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "unit/thrown.h"

namespace dbomsbak {
namespace {

constexpr char kDocker[] = R"([{
  "Id": "d0c7e4", "Created": "2026-01-01T00:00:00.5Z", "Name": "/oms_331",
  "State": {"Status": "running", "Running": true, "StartedAt": "2026-11-01T10:15:34.123456789Z",
            "FinishedAt": "0001-01-01T00:00:00Z"},
  "Image": "sha256:77",
  "HostConfig": {"NetworkMode": "host", "AutoRemove": false,
                 "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3},
                 "Ulimits": [{"Name": "nproc", "Hard": 65535, "Soft": 65535}]},
  "Mounts": [{"Type": "bind", "Source": "/data/oms logs", "Destination": "/home/admin/logs/",
              "Mode": "", "RW": true, "Propagation": "rprivate"},
             {"Type": "bind", "Source": "/data/c.yaml", "Destination": "/home/admin/conf/config.yaml",
              "Mode": "ro", "RW": false, "Propagation": "rprivate"}],
  "Config": {"Env": ["PATH=/bin", "OMS_HOST_IP=10.0.0.5", "OMS_HOST_IPS=x"], "Image": "oms:V3.3.1"}
}])";

constexpr char kPodman[] = R"([{
  "Id": "90d3a2", "Name": "oms_331", "Image": "77aa", "ImageName": "localhost/oms:feature_3.3.1",
  "State": {"OciVersion": "1.1.0", "Status": "exited", "Running": false, "ExitCode": 0,
            "StartedAt": "2026-11-01T10:15:34.123456789+02:00"},
  "Mounts": [{"Type": "bind", "Source": "/data/run", "Destination": "/home/ds/run", "Driver": "",
              "Mode": "", "Options": ["rbind"], "RW": true, "Propagation": "rprivate"}],
  "Config": {"Env": ["OMS_HOST_IP=10.0.0.6"], "Image": "localhost/oms:feature_3.3.1"},
  "HostConfig": {"NetworkMode": "host", "AutoRemove": true,
                 "RestartPolicy": {"Name": "", "MaximumRetryCount": 0},
                 "Ulimits": [{"Name": "RLIMIT_NPROC", "Soft": 65535, "Hard": 65535}]}
}])";

TEST(DockerTest, ReadsWhatDockerTells) {
  const ContainerInfo info = ParseContainer(kDocker);
  EXPECT_EQ(info.id, "d0c7e4");
  EXPECT_EQ(info.name, "oms_331");
  EXPECT_EQ(info.image, "oms:V3.3.1");
  EXPECT_TRUE(info.running);
  EXPECT_FALSE(info.auto_remove);
  EXPECT_EQ(info.started_at, "2026-11-01T10:15:34.123456789Z");
  EXPECT_EQ(info.restart_policy, "on-failure:3");
  EXPECT_EQ(info.Variable("OMS_HOST_IP"), "10.0.0.5");
  EXPECT_EQ(info.Variable("OMS"), std::nullopt);
  ASSERT_NE(info.MountAt("/home/admin/logs"), nullptr);
  EXPECT_EQ(info.MountAt("/home/admin/logs")->source, "/data/oms logs");
  EXPECT_FALSE(info.MountAt("/home/admin/conf/config.yaml")->writable);
  EXPECT_EQ(info.MountAt("/home/ds/run"), nullptr);
}

TEST(DockerTest, ReadsWhatPodmanTells) {
  const ContainerInfo info = ParseContainer(kPodman);
  EXPECT_EQ(info.name, "oms_331");
  EXPECT_EQ(info.image, "localhost/oms:feature_3.3.1");
  EXPECT_FALSE(info.running);
  EXPECT_TRUE(info.auto_remove);
  EXPECT_EQ(info.restart_policy, "no");
  EXPECT_EQ(info.MountAt("/home/ds/run")->source, "/data/run");
}

TEST(DockerTest, WhatIsNoAnswerIsRefused) {
  for (const char* text : {"", "[]", "{}", "[1]", "[{\"Id\":1}]", "[{\"Id\":\"a\"},{\"Id\":\"b\"}]",
                           "[{\"Id\":\"a\"", "null"}) {
    EXPECT_THROW(ParseContainer(text), Error) << text;
  }
  // Members of other types are as good as missing.
  EXPECT_EQ(ParseContainer(R"([{"Id":"a","State":7,"Mounts":{},"Config":{"Env":[1]}}])").status,
            "");
}

// As podman 4.3 tells while `podman stop` waits for the container, also when that was killed.
TEST(DockerTest, WhatStillHasProcessesRuns) {
  const auto runs = [](const std::string& state) {
    return ParseContainer(R"([{"Id":"1","State":{)" + state + "}}]").running;
  };
  EXPECT_TRUE(runs(R"("Status":"stopping","Running":false,"Paused":false)"));
  EXPECT_TRUE(runs(R"("Status":"paused","Running":false,"Paused":true)"));
  EXPECT_TRUE(runs(R"("Status":"running","Running":true)"));
  EXPECT_FALSE(runs(R"("Status":"exited","Running":false,"Paused":false)"));
  EXPECT_FALSE(runs(R"("Status":"created")"));
}

TEST(DockerTest, TimesOfDockerAndPodmanBecomeUtc) {
  EXPECT_EQ(EngineTime("2026-11-27T10:15:34Z"), "2026-11-27T10:15:34Z");
  EXPECT_EQ(EngineTime("2026-11-27T10:15:34.123456789Z"), "2026-11-27T10:15:34Z");
  EXPECT_EQ(EngineTime("2026-11-27T02:15:34.123456789+08:00"), "2026-11-26T18:15:34Z");
  EXPECT_EQ(EngineTime("2026-12-31T20:15:34-05:30"), "2027-01-01T01:45:34Z");
  for (const char* text :
       {"", "0001-01-01T00:00:00Z", "2026-11-27T10:15:34", "yesterday", "2026-11-27T10:15:34.5",
        "2026-11-27T10:15:34+0800", "2026-11-27T10:15:34+08:0x", "2026-11-27T10:15:34+99:00"}) {
    EXPECT_EQ(EngineTime(text), "") << text;
  }
}

TEST(DockerTest, AnEngineThatIsDownIsNoMissingContainer) {
  const CancelToken cancel;
  std::string path = (std::filesystem::temp_directory_path() / "docker-XXXXXX").string();
  ::close(::mkstemp(path.data()));
  const auto says = [&](const std::string& text) {
    std::ofstream(path) << "#!/bin/sh\ncat >&2 <<'END'\n" << text << "\nEND\nexit 1\n";
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  };
  for (const char* text : {"Error: No such container: x", "Error: no such object: \"x\"",
                           "Error: no container with name or ID \"x\" found: no such container"}) {
    says(text);
    EXPECT_FALSE(Docker(path, cancel).Inspect("x")) << text;
  }
  for (const char* text : {"Error response from daemon: No such image: x:1",
                           "Error: inspecting object: x:1: image not known"}) {
    says(text);
    EXPECT_FALSE(Docker(path, cancel).HasImage("x:1")) << text;
  }
  for (const char* text :
       {"failed to connect to the docker API at unix:///var/run/docker.sock; check if the path is "
        "correct and if the daemon is running: dial unix /var/run/docker.sock: connect: no such "
        "file or directory",
        "error during connect: Get \"http://far:2375/v1.47\": dial tcp: lookup far: no such host",
        "context \"x\" is not known"}) {
    says(text);
    EXPECT_THROW(Docker(path, cancel).Inspect("x"), Error) << text;
    EXPECT_THROW(Docker(path, cancel).HasImage("x"), Error) << text;
  }
  std::filesystem::remove(path);
}

TEST(DockerTest, ACallThatFailsIsToldWithItsWords) {
  const CancelToken cancel;
  std::string path = (std::filesystem::temp_directory_path() / "docker-XXXXXX").string();
  ::close(::mkstemp(path.data()));
  const auto run = [&](const std::string& script) {
    std::ofstream(path) << "#!/bin/sh\n" << script << "\n";
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return Thrown([&] { Docker(path, cancel).Run({"stop", "a b"}, std::chrono::seconds{1}); });
  };
  constexpr char kHint[] = "Look at the container engine; the command can be tried by hand.";
  ExpectTold(run("echo no space >&2; exit 125"), ErrorCode::kUpgradePreflight,
             "'" + path + " stop 'a b'' ended with 125: no space", "", kHint);
  ExpectTold(run("exec sleep 60"), ErrorCode::kUpgradePreflight,
             "'" + path + " stop 'a b'' did not end within 1.0 s", "", kHint);
  std::filesystem::remove(path);
}

// An old podman has no daemon that would start a container by its policy; Docker has one.
TEST(DockerTest, OnlyAPodmanMayLackTheWayToChangeARestartPolicy) {
  const CancelToken cancel;
  std::string path = (std::filesystem::temp_directory_path() / "docker-XXXXXX").string();
  ::close(::mkstemp(path.data()));
  using Change = Docker::PolicyChange;
  const auto answers = [&](const std::string& version, const std::string& refusal,
                           const std::string& policy) {
    std::ofstream(path)
        << "#!/bin/sh\ncase $1 in\n--version) echo '" << version << "' ;;\n"
        << "inspect) echo '[{\"Id\":\"1\",\"HostConfig\":{\"RestartPolicy\":{\"Name\":\"" << policy
        << "\"}}}]' ;;\n*) printf '%s' \"" << refusal << "\" >&2; exit "
        << (refusal.empty() ? 0 : 125) << " ;;\nesac\n";
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  };
  const std::string flag = "Error: unknown flag: --restart\nSee 'podman update --help'";
  for (const std::string& refusal :
       {flag, std::string("Error: unrecognized command 'podman update'\nTry 'podman --help'")}) {
    answers("podman version 4.3.1", refusal, "always");
    EXPECT_EQ(Docker(path, cancel).SetRestartPolicy("x", "no"), Change::kCannot) << refusal;
    answers("Docker version 20.10.24+dfsg1, build 297e128", refusal, "always");
    EXPECT_THROW(Docker(path, cancel).SetRestartPolicy("x", "no"), Error) << refusal;
  }
  answers("podman version 4.3.1", "Error: no container with name or ID x found", "always");
  EXPECT_THROW(Docker(path, cancel).SetRestartPolicy("x", "no"), Error);
  answers("Docker version 1.9.1, build a34a1d5", flag, "always");
  try {
    Docker(path, cancel).SetRestartPolicy("x", "no");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.message(), testing::EndsWith("unknown flag: --restart"));
  }
  // Done, and said to be done.
  answers("podman version 5.4.0", "", "no");
  EXPECT_EQ(Docker(path, cancel).SetRestartPolicy("x", "no"), Change::kDone);
  answers("podman version 5.4.0", "", "always");
  EXPECT_EQ(Docker(path, cancel).SetRestartPolicy("x", "no"), Change::kCannot);
  answers("Docker version 27.5.1, build 9f9e405", "", "always");
  EXPECT_EQ(Docker(path, cancel).SetRestartPolicy("x", "no"), Change::kWithoutEffect);
  std::filesystem::remove(path);
}

TEST(DockerTest, AnswersOfTheProgramAreKeptApart) {
  const CancelToken cancel;
  // `false` never answers, and says nothing of a missing container.
  EXPECT_THROW(Docker("false", cancel).Inspect("x"), Error);
  try {
    Docker("/nowhere/docker", cancel).Inspect("x");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kIo);
    EXPECT_NE(error.hint().find("--docker"), std::string::npos);
  }
}

}  // namespace
}  // namespace dbomsbak
