// SPDX-License-Identifier: Apache-2.0
#include "launcher/agent/agent_environment.hpp"

#include <gtest/gtest.h>

#include "launcher/contract/program_variables.hpp"

namespace smlaunch {
namespace {

using Variables_ = std::map<std::string, std::string>;

TEST(AgentIdentity, IsOursOrElseOpenMpis) {
  auto identity = parse_agent_identity({{"SMLAUNCH_AGENT_RANK", "3"}, {"SMLAUNCH_AGENT_LOCAL_RANK", "1"}});
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->rank, 3);
  EXPECT_EQ(identity->local_rank, 1);
  EXPECT_EQ(identity->channel_port, 0) << "no channel was named";

  identity = parse_agent_identity({{"OMPI_COMM_WORLD_RANK", "5"}, {"OMPI_COMM_WORLD_LOCAL_RANK", "0"}});
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->rank, 5);
  EXPECT_EQ(identity->local_rank, 0);

  identity = parse_agent_identity({{"SMLAUNCH_AGENT_RANK", "3"},
                                   {"SMLAUNCH_AGENT_LOCAL_RANK", "1"},
                                   {"OMPI_COMM_WORLD_RANK", "5"},
                                   {"OMPI_COMM_WORLD_LOCAL_RANK", "0"}});
  EXPECT_EQ(identity->rank, 3) << "inside somebody's MPI job";
}

TEST(AgentIdentity, IsSlurmsWhereSrunHasStartedIt) {
  Variables_ variables = {{"SMLAUNCH_AGENT_SRUN", "1"},   {"SMLAUNCH_AGENT_RANK", "9"},
                          {"OMPI_COMM_WORLD_RANK", "9"},  {"OMPI_COMM_WORLD_LOCAL_RANK", "9"},
                          {"OMPI_COMM_WORLD_SIZE", "10"}, {"OMPI_COMM_WORLD_LOCAL_SIZE", "1"},
                          {"SLURM_PROCID", "5"},          {"SLURM_LOCALID", "1"}};
  auto identity = parse_agent_identity(variables);
  ASSERT_TRUE(identity);
  EXPECT_TRUE(identity->by_srun);
  EXPECT_EQ(identity->rank, 5);
  EXPECT_EQ(identity->local_rank, 1);
  EXPECT_FALSE(identity->several_hosts) << "inside somebody's MPI job";
  variables["SMLAUNCH_AGENT_SEVERAL_HOSTS"] = "1";
  EXPECT_TRUE(parse_agent_identity(variables)->several_hosts);
  variables.erase("SLURM_PROCID");
  EXPECT_FALSE(parse_agent_identity(variables));
  // A batch script's own number is no rank's.
  EXPECT_FALSE(parse_agent_identity({{"SLURM_PROCID", "0"}, {"SLURM_LOCALID", "0"}}));
}

TEST(AgentIdentity, LacksATokenWhereThereIsAChannelWithoutOne) {
  Variables_ variables = {{"OMPI_COMM_WORLD_RANK", "1"}, {"OMPI_COMM_WORLD_LOCAL_RANK", "0"}};
  EXPECT_FALSE(parse_agent_identity(variables)->lacks_token);
  variables["SMLAUNCH_AGENT_CHANNEL"] = "a:1";
  EXPECT_TRUE(parse_agent_identity(variables)->lacks_token);
  EXPECT_EQ(parse_agent_identity(variables)->channel_port, 0);
  variables["SMLAUNCH_AGENT_TOKEN"] = "secret";
  EXPECT_FALSE(parse_agent_identity(variables)->lacks_token);
}

TEST(AgentIdentity, KnowsAStepOfSlurmsWhereItsHostsSmlaunchHasStartedIt) {
  const Variables_ ours = {{"SMLAUNCH_AGENT_RANK", "1"}, {"SMLAUNCH_AGENT_LOCAL_RANK", "0"}};
  Variables_ variables = ours;
  EXPECT_FALSE(parse_agent_identity(variables)->in_step);
  variables["SLURM_STEP_ID"] = "0";
  EXPECT_TRUE(parse_agent_identity(variables)->in_step);
  EXPECT_FALSE(
      parse_agent_identity(
          {{"OMPI_COMM_WORLD_RANK", "1"}, {"OMPI_COMM_WORLD_LOCAL_RANK", "0"}, {"SLURM_STEP_ID", "0"}})
          ->in_step)
      << "mpirun's daemon is the task";
}

TEST(AgentIdentity, KnowsWhetherMpirunHasStartedRanksElsewhere) {
  Variables_ variables = {{"OMPI_COMM_WORLD_RANK", "1"}, {"OMPI_COMM_WORLD_LOCAL_RANK", "0"}};
  EXPECT_FALSE(parse_agent_identity(variables)->several_hosts);
  variables["OMPI_COMM_WORLD_SIZE"] = variables["OMPI_COMM_WORLD_LOCAL_SIZE"] = "2";
  EXPECT_FALSE(parse_agent_identity(variables)->several_hosts);
  variables["OMPI_COMM_WORLD_LOCAL_SIZE"] = "1";
  EXPECT_TRUE(parse_agent_identity(variables)->several_hosts);
  variables["SMLAUNCH_AGENT_RANK"] = variables["SMLAUNCH_AGENT_LOCAL_RANK"] = "0";
  EXPECT_FALSE(parse_agent_identity(variables)->several_hosts) << "inside somebody's MPI job";
}

TEST(AgentIdentity, KnowsWhetherALoginMayHaveLeftTheToken) {
  Variables_ variables = {{"OMPI_COMM_WORLD_RANK", "1"}, {"OMPI_COMM_WORLD_LOCAL_RANK", "0"}};
  EXPECT_TRUE(parse_agent_identity(variables)->by_login) << "by mpirun";
  variables["SMLAUNCH_AGENT_RANK"] = variables["SMLAUNCH_AGENT_LOCAL_RANK"] = "0";
  EXPECT_FALSE(parse_agent_identity(variables)->by_login) << "by the leader on its own host, the only one";
  variables["SMLAUNCH_AGENT_SEVERAL_HOSTS"] = "1";
  EXPECT_TRUE(parse_agent_identity(variables)->by_login)
      << "checks of the other hosts may have been mpirun's";
  variables.erase("SMLAUNCH_AGENT_SEVERAL_HOSTS");
  variables["SMLAUNCH_AGENT_SRUN"] = "1";
  variables["SLURM_PROCID"] = variables["SLURM_LOCALID"] = "0";
  EXPECT_TRUE(parse_agent_identity(variables)->by_login) << "by srun";
}

TEST(AgentIdentity, HasTheChannel) {
  Variables_ variables = {{"SMLAUNCH_AGENT_RANK", "0"},
                          {"SMLAUNCH_AGENT_LOCAL_RANK", "0"},
                          {"SMLAUNCH_AGENT_CHANNEL", "fe80::1:40000"},
                          {"SMLAUNCH_AGENT_TOKEN", "secret"}};
  const auto identity = parse_agent_identity(variables);
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->channel_host, "fe80::1");
  EXPECT_EQ(identity->channel_port, 40000);
  EXPECT_EQ(identity->token, "secret");
  EXPECT_FALSE(identity->has_relay);
  for (const char* word : {"on", "off", "auto", ""}) {
    variables["SMLAUNCH_AGENT_RELAY"] = word;
    EXPECT_EQ(parse_agent_identity(variables)->has_relay, std::string(word) == "on");
  }
  for (const char* channel : {"algo-1", "algo-1:", "algo-1:0", "algo-1:65536", "algo-1:4x", "algo-1:-1"}) {
    variables["SMLAUNCH_AGENT_CHANNEL"] = channel;
    const auto refused = parse_agent_identity(variables);
    ASSERT_FALSE(refused) << channel;
    EXPECT_EQ(refused.error(),
              (Error{Fault::usage,
                     {{"SMLAUNCH_AGENT_CHANNEL", "\"" + std::string(channel) + "\" is no host:port", ""}}}));
  }
}

TEST(AgentIdentity, IsNotGuessed) {
  for (const Variables_& variables :
       {Variables_{}, Variables_{{"SMLAUNCH_AGENT_RANK", "3"}},
        Variables_{{"SMLAUNCH_AGENT_RANK", "x"}, {"SMLAUNCH_AGENT_LOCAL_RANK", "0"}},
        Variables_{{"SMLAUNCH_AGENT_RANK", "-1"}, {"SMLAUNCH_AGENT_LOCAL_RANK", "0"}},
        Variables_{{"OMPI_COMM_WORLD_RANK", "1"}, {"OMPI_COMM_WORLD_LOCAL_RANK", "0 "}}}) {
    const auto refused = parse_agent_identity(variables);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), (Error{Fault::usage,
                                      {{"smlaunch rank", "no rank in the environment",
                                        "it is started by smlaunch or by mpirun, not by hand"}}}));
  }
}

TEST(RankEnvironment, RankIdentityAndSagemakersVariablesAreAlwaysOurs) {
  for (const char* name :
       {"RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "NODE_RANK", "GROUP_RANK", "SM_HOSTS"}) {
    EXPECT_TRUE(is_always_ours(name)) << name;
    Start start;
    start.variables = {{name, "ours"}};
    start.user_variables = {{name, "user's"}};
    EXPECT_EQ(rank_environment({{name, "inherited"}}, start), (Variables_{{name, "ours"}}));
  }
  for (const char* name :
       {"MASTER_ADDR", "MASTER_PORT", "OMP_NUM_THREADS", "NCCL_DEBUG", "RANKS", "SMLAUNCH_JOB", "PATH"})
    EXPECT_FALSE(is_always_ours(name)) << name;
}

TEST(RankEnvironment, HasTheCodeFolderBeforeItsHostsOwnPythonPath) {
  Start start;
  start.python_path = "/code";
  EXPECT_EQ(rank_environment({}, start).at("PYTHONPATH"), "/code");
  EXPECT_EQ(rank_environment({{"PYTHONPATH", "/lib"}}, start).at("PYTHONPATH"), "/code:/lib");
  EXPECT_EQ(rank_environment({{"PYTHONPATH", "/code:/lib"}}, start).at("PYTHONPATH"), "/code:/lib")
      << "mpirun has brought it";
  start.user_variables = {{"PYTHONPATH", "/code:/users"}};
  EXPECT_EQ(rank_environment({{"PYTHONPATH", "/lib"}}, start).at("PYTHONPATH"), "/code:/users");
  EXPECT_FALSE(rank_environment({}, Start()).contains("PYTHONPATH"));
}

TEST(RankEnvironment, IsTheHostsThenOursThenTheUsers) {
  Start start;
  start.variables = {{"MASTER_PORT", "ours"}, {"MASTER_ADDR", "ours"}};
  start.default_variables = {
      {"OMP_NUM_THREADS", "4"}, {"NCCL_SOCKET_IFNAME", "eth0"}, {"NCCL_DEBUG", "INFO"}};
  start.user_variables = {{"MASTER_PORT", "user's"}, {"NCCL_DEBUG", "WARN"}, {"MINE", "user's"}};
  EXPECT_EQ(rank_environment({{"PATH", "/bin"},
                              {"MASTER_ADDR", "inherited"},
                              {"OMP_NUM_THREADS", "inherited"},
                              {"MINE", "inherited"}},
                             start),
            (Variables_{{"PATH", "/bin"},
                        {"MASTER_ADDR", "ours"},
                        {"MASTER_PORT", "user's"},
                        {"OMP_NUM_THREADS", "inherited"},
                        {"NCCL_SOCKET_IFNAME", "eth0"},
                        {"NCCL_DEBUG", "WARN"},
                        {"MINE", "user's"}}));
}

TEST(RankEnvironment, HasNothingOfOurAgentButTheMarker) {
  EXPECT_EQ(rank_environment({{"SMLAUNCH_AGENT_TOKEN", "secret"},
                              {"SMLAUNCH_AGENT_CHANNEL", "a:1"},
                              {"SMLAUNCH_AGENT_RANK", "0"},
                              {"SMLAUNCH_JOB", "marker"}},
                             Start{}),
            (Variables_{{"SMLAUNCH_JOB", "marker"}}));
}

TEST(RankEnvironment, LosesWhatStartSaysByPrefix) {
  Start start;
  start.removed_variables = {"OMPI_", "PMIX_"};
  EXPECT_EQ(
      rank_environment({{"OMPI_COMM_WORLD_RANK", "0"}, {"PMIX_RANK", "0"}, {"OMPIX", "1"}, {"MY_OMPI_", "1"}},
                       start),
      (Variables_{{"OMPIX", "1"}, {"MY_OMPI_", "1"}}));
}

}  // namespace
}  // namespace smlaunch
