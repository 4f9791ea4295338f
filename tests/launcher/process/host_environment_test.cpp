// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/host_environment.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

using Variables_ = std::map<std::string, std::string>;

TEST(HostEnvironment, OnTheLeadersHostIsWhatTheAgentHas) {
  const Variables_ agent = {{"A", "agent"}, {"HOME", "/root"}};
  EXPECT_EQ(host_environment(agent, std::nullopt, {{"A", "leader"}, {"B", "leader"}}, true), agent);
}

TEST(HostEnvironment, OnTheLeadersHostHasThePathsThatMpirunHadNotChanged) {
  const Variables_ agent = {{"PATH", "/opt/ompi/bin:/opt/conda/bin:/usr/bin"},
                            {"LD_LIBRARY_PATH", "/opt/ompi/lib:/usr/lib:/opt/conda/lib"}};
  EXPECT_EQ(
      host_environment(agent, std::nullopt,
                       {{"PATH", "/opt/conda/bin:/usr/bin"}, {"LD_LIBRARY_PATH", "/opt/conda/lib"}}, true),
      (Variables_{{"PATH", "/opt/conda/bin:/usr/bin"}, {"LD_LIBRARY_PATH", "/opt/conda/lib:/opt/ompi/lib"}}));
  EXPECT_EQ(host_environment({{"PATH", "/usr/bin:/bin"}, {"LD_LIBRARY_PATH", "/usr/lib"}}, std::nullopt,
                             {{"PATH", "/bin"}}, true),
            (Variables_{{"PATH", "/bin"}}));
}

TEST(HostEnvironment, IsTheWaitingWorkersWhereOneWaits) {
  const Variables_ agent = {{"A", "login"},
                            {"OMPI_COMM_WORLD_RANK", "1"},
                            {"PMIX_RANK", "1"},
                            {"SSH_CLIENT", "x"},
                            {"HOME", "/login"}};
  const Variables_ worker = {{"A", "container"}, {"HOME", "/container"}, {"OMPI_COMM_WORLD_RANK", "stale"}};
  EXPECT_EQ(
      host_environment(agent, worker, {{"A", "leader"}}, false),
      (Variables_{
          {"A", "container"}, {"HOME", "/container"}, {"OMPI_COMM_WORLD_RANK", "1"}, {"PMIX_RANK", "1"}}));
}

TEST(HostEnvironment, IsOtherwiseTheLeadersWithoutTheVariablesOfALogin) {
  Variables_ leader = {{"A", "leader"}, {"LD_LIBRARY_PATH", "/lib"}};
  for (const char* name : {"HOME", "USER", "LOGNAME", "SHELL", "PWD", "HOSTNAME", "TERM", "SSH_AUTH_SOCK"})
    leader[name] = "leader";
  const Variables_ agent = {
      {"A", "login"}, {"HOME", "/login"}, {"USER", "me"}, {"OMPI_COMM_WORLD_RANK", "1"}, {"B", "login"}};
  EXPECT_EQ(host_environment(agent, std::nullopt, leader, false),
            (Variables_{{"A", "leader"},
                        {"LD_LIBRARY_PATH", "/lib"},
                        {"HOME", "/login"},
                        {"USER", "me"},
                        {"OMPI_COMM_WORLD_RANK", "1"}}));
}

TEST(HostEnvironment, HasTheLibrariesOfAnOpenMpiInAPrefixOfItsOwnBehindItsOwn) {
  const Variables_ agent = {{"PATH", "/opt/ompi/bin:/usr/bin"},
                            {"LD_LIBRARY_PATH", "/opt/ompi/lib:/usr/lib:/opt/nccl/lib"}};
  EXPECT_EQ(host_environment(agent, Variables_{{"PATH", "/bin"}, {"LD_LIBRARY_PATH", "/opt/nccl/lib"}},
                             {{"A", "leader"}}, false),
            (Variables_{{"PATH", "/bin"}, {"LD_LIBRARY_PATH", "/opt/nccl/lib:/opt/ompi/lib"}}));
  EXPECT_EQ(host_environment(agent, Variables_{}, {{"A", "leader"}}, true),
            (Variables_{{"LD_LIBRARY_PATH", "/opt/ompi/lib:/opt/nccl/lib"}}));
  EXPECT_EQ(host_environment(agent, std::nullopt, {{"PATH", "/bin"}}, false),
            (Variables_{{"PATH", "/bin"}, {"LD_LIBRARY_PATH", "/opt/ompi/lib:/opt/nccl/lib"}}));
}

TEST(HostEnvironment, HasNoneOfTheLeadersLibrariesWhereAWorkerWaits) {
  EXPECT_EQ(host_environment({{"LD_LIBRARY_PATH", "/opt/ompi/lib:/of/leader:/opt/ompi/lib"}}, Variables_{},
                             {{"LD_LIBRARY_PATH", "/of/leader:/opt/ompi/lib"}}, false),
            (Variables_{{"LD_LIBRARY_PATH", "/opt/ompi/lib"}}));
}

TEST(HostEnvironment, HasNoPathOfLibrariesWhereNobodyGivesOne) {
  EXPECT_EQ(
      host_environment({{"LD_LIBRARY_PATH", "/usr/lib:"}}, Variables_{{"A", "b"}}, {{"A", "leader"}}, false),
      (Variables_{{"A", "b"}}));
}

}  // namespace
}  // namespace smlaunch
