// SPDX-License-Identifier: Apache-2.0
// What mpirun, its options and its interfaces mean for a plan.
#include "launcher/plan/plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "launcher/contract/program_variables.hpp"
#include "launcher/process/agent_variables.hpp"
#include "tests/launcher/plan/small_job.hpp"

namespace smlaunch {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;
using testing::Pair;

// One host needs no mpirun, and yet its options say something to the ranks.
SmallJob ddp_with(const std::vector<std::string>& options) {
  SmallJob job(1, 2);
  job.spec.launcher = LauncherKind::ddp;
  job.mpi_options = options;
  job.mpi_options_source = "option --mpi-options";
  job.spec.inherited = {{"MINE", "1"}, {"PYTHONPATH", "/lib"}};
  return job;
}

TEST(MakePlan, TakesFromMpiOptionsWithoutMpirunWhatRanksSee) {
  const LaunchPlan plan = ddp_with({"-x",       "TOKEN=s3cret",  "-x",           "MINE", "-x",    "ABSENT",
                                    "-x",       "PYTHONPATH=/p", "--NCCL_DEBUG", "WARN", "-wdir", "/data",
                                    "-x",       "RANK=7",        "--map-by",     "node", "-mca",  "btl",
                                    "tcp,self", "--new"})
                              .plan();
  EXPECT_EQ(plan.engine, Engine::local);
  EXPECT_EQ(
      plan.user_variables,
      (Variables{{"TOKEN", "s3cret"}, {"MINE", "1"}, {"PYTHONPATH", "/data:/p"}, {"NCCL_DEBUG", "WARN"}}));
  EXPECT_EQ(plan.entry_point.working_directory, "/data");
  EXPECT_THAT(
      plan.warnings,
      ElementsAre("your -x RANK is ignored: smlaunch sets it for each rank",
                  "option --mpi-options: not used, for launcher ddp starts the ranks of one host without "
                  "mpirun: -map-by node, -mca btl tcp,self, --new"));
  EXPECT_THAT(plan.command, ElementsAre("/usr/bin/smlaunch", "rank", "--", "python3", "--", "train.py"));
  EXPECT_TRUE(ddp_with({"-x", "A=1"}).plan().warnings.empty());
  EXPECT_TRUE(ddp_with({}).plan().warnings.empty());
}

TEST(MakePlan, TellsMpirunNoSecretAndTheRanksAll) {
  SmallJob job(2, 1);
  job.spec.launcher = LauncherKind::mpi;
  job.environment.hyperparameters = *parse_python_json(R"({"api_key": "s3cret-1", "epochs": 3})");
  job.mpi_options = {"-x", "MY_TOKEN=s3cret-2", "-x", "DB_PASSWORD", "-x", "MINE", "-x", "URL"};
  job.mpi_options_source = "option --mpi-options";
  job.spec.inherited = {{"MINE", "1"},
                        {"DB_PASSWORD", "s3cret-3"},
                        {"URL", "postgres://me:s3cret-4@host/x"},
                        {"AWS_SECRET_ACCESS_KEY", "s3cret-5"},
                        {"PATH", "/bin"}};
  const LaunchPlan plan = job.plan();
  std::vector<std::string> told;
  for (std::size_t i = 0; i + 1 < plan.command.size(); ++i)
    if (plan.command[i] == "-x") told.push_back(plan.command[i + 1]);
  for (const char* name : {"PATH", "MINE", "SM_HP_EPOCHS", "SM_HOSTS", agent_channel_variable,
                           agent_set_variable, job_marker_variable})
    EXPECT_THAT(told, Contains(name));
  for (const char* name : {"MY_TOKEN", "DB_PASSWORD", "URL", "AWS_SECRET_ACCESS_KEY", "SM_HP_API_KEY",
                           "SM_HPS", agent_token_variable, agent_secrets_variable})
    EXPECT_THAT(told, Not(Contains(name)));
  EXPECT_EQ(plan.user_variables, (Variables{{"MINE", "1"},
                                            {"MY_TOKEN", "s3cret-2"},
                                            {"DB_PASSWORD", "s3cret-3"},
                                            {"URL", "postgres://me:s3cret-4@host/x"}}));
  EXPECT_EQ(plan.environment.at("SM_HP_API_KEY"), "s3cret-1");
  EXPECT_THAT(plan.sources,
              Contains(Pair("mpi_options",
                            "-x MY_TOKEN does not go through mpirun, which sends it "
                            "unencrypted: smlaunch brings it to the ranks over its own channel")));
}

TEST(MakePlan, RefusesMpiOptionsWithoutMpirunAsWithIt) {
  const std::vector<std::vector<std::string>> wrong = {
      {"-np", "3"}, {"-x"}, {"stray"}, {"-wdir", "data"}, {"--help", "-mca", "btl"}};
  for (const auto& options : wrong) {
    SmallJob here = ddp_with(options);
    SmallJob there(2, 2);
    there.spec = here.spec;
    there.mpi_options = here.mpi_options;
    there.mpi_options_source = here.mpi_options_source;
    const auto refused_here = here.try_plan();
    const auto refused_there = there.try_plan();
    ASSERT_FALSE(refused_here) << options.front();
    ASSERT_FALSE(refused_there) << options.front();
    EXPECT_EQ(refused_here.error(), refused_there.error()) << options.front();
  }
}

TEST(MakePlan, SaysWhereMpiOptionsAreNotUsedAtAll) {
  for (const auto launcher : {LauncherKind::process, LauncherKind::torchrun}) {
    SmallJob job = ddp_with({"-x", "A=1", "-np"});
    job.spec.launcher = launcher;
    EXPECT_THAT(job.plan().warnings,
                Contains(fmt::format("option --mpi-options: not used, for launcher {} starts no mpirun here",
                                     to_string(launcher))));
    EXPECT_TRUE(job.plan().user_variables.empty());
  }
}

TEST(MakePlan, LeavesHostsWithoutRanksOutOfTheCommand) {
  SmallJob job(3, 2);
  job.spec.world_size = 3;
  const LaunchPlan plan = job.plan();
  EXPECT_THAT(plan.layout.ranks_per_host, ElementsAre(2, 1, 0));
  EXPECT_THAT(plan.command, Contains("algo-1:2,algo-2:2"));
}

TEST(MakePlan, TakesHostsInTheOrderThatMpirunIsTold) {
  struct Case {
    std::vector<std::string> options;
    std::map<std::string, std::string> inherited;
    std::vector<int> nodes;  // by rank
    std::string hosts;
  };
  const std::string mapping = "OMPI_MCA_rmaps_base_mapping_policy";
  const std::string all = "algo-1:2,algo-2:2,algo-3:2", two = "algo-1:2,algo-2:2";
  const Case cases[] = {
      {{}, {}, {0, 0, 1, 1}, two},
      {{"-map-by", "node"}, {}, {0, 1, 2, 0}, all},
      {{"-bynode"}, {}, {0, 1, 2, 0}, all},
      {{"-rank-by", "node"}, {}, {0, 1, 0, 1}, two},
      {{"-map-by", "node", "-rank-by", "slot"}, {}, {0, 0, 1, 2}, all},
      {{}, {{mapping, "node"}}, {0, 1, 2, 0}, all},
      {{"-map-by", "slot"}, {{mapping, "node"}}, {0, 0, 1, 1}, two},
  };
  for (const Case& each : cases) {
    SmallJob job(3, 2);
    job.spec.world_size = 4;
    job.mpi_options = each.options;
    job.spec.inherited.insert(each.inherited.begin(), each.inherited.end());
    const LaunchPlan plan = job.plan();
    std::vector<int> nodes;
    for (const RankPlace& place : plan.layout.ranks) nodes.push_back(place.node_rank.value);
    EXPECT_EQ(nodes, each.nodes) << testing::PrintToString(each.options);
    EXPECT_THAT(plan.command, Contains(each.hosts));
    for (const RankPlace& place : plan.layout.ranks) {
      const Variables variables = variables_of_rank(plan, place.rank);
      EXPECT_EQ(variables.at("NODE_RANK"), std::to_string(place.node_rank.value));
      EXPECT_EQ(variables.at("LOCAL_RANK"), std::to_string(place.local_rank.value));
    }
  }
}

TEST(MakePlan, CallsTheOnlyHostLocalhostWhereItsNameLeadsNowhere) {
  SmallJob job(1, 2);
  job.spec.known_by_name = false;
  EXPECT_THAT(job.plan().command, Contains("localhost:2"));
}

TEST(MakePlan, BindsNobodyWhereTheUsersOptionsBind) {
  SmallJob job(1, 2);
  EXPECT_EQ(job.plan().bind, BindPolicy::automatic);
  EXPECT_EQ(job.plan().layout.ranks[{0}].placement->cpus, (IdSet{0, 1}));
  job.mpi_options = {"--bind-to", "core"};
  const LaunchPlan plan = job.plan();
  EXPECT_EQ(plan.bind, BindPolicy::none);
  EXPECT_TRUE(plan.layout.ranks[{0}].placement->cpus.empty());
  EXPECT_THAT(
      plan.sources,
      Contains(Pair("bind", "not bound by us: mpirun binds it, as -bind-to core in the MPI options asks")));
  EXPECT_EQ(plan.layout.ranks[{0}].placement->why,
            "Not bound by us: mpirun binds it, as -bind-to core in the MPI options asks.");
}

TEST(MakePlan, KeepsMpirunToASubnetWhereNoInterfaceIsNamed) {
  SmallJob job(2, 1);
  job.spec.mpi_subnet = "10.0.0.0/24";
  EXPECT_THAT(job.plan().command, Contains("10.0.0.0/24").Times(2));
  EXPECT_THAT(job.plan().network_interface, "");
  EXPECT_FALSE(job.plan().environment.contains("NCCL_SOCKET_IFNAME"));
  job.spec.mpi_subnet = "";
  job.spec.mpi_exclude = "docker0";
  EXPECT_THAT(job.plan().command, Contains("btl_tcp_if_exclude"));
  job.spec.network_interface = "eth0";
  EXPECT_THAT(job.plan().command, Not(Contains("btl_tcp_if_exclude")));
}

TEST(MakePlan, KnowsWhichInterfacesMustBeThere) {
  using Wanted = std::vector<WantedInterface>;
  SmallJob job(2, 1);
  EXPECT_EQ(job.plan().wanted_interfaces, Wanted{});
  job.spec.network_interface = "eth0";
  EXPECT_EQ(job.plan().wanted_interfaces, (Wanted{{.pattern = "=eth0"}}));
  job.mpi_options = {"-mca", "btl_tcp_if_include", "eth1,10.0.0.0/8", "-x", "NCCL_SOCKET_IFNAME=ib"};
  job.spec.inherited["NCCL_SOCKET_IFNAME"] = "en";
  EXPECT_EQ(job.plan().wanted_interfaces,
            (Wanted{{.pattern = "=eth0"},
                    {"=eth1", InterfaceUser::mpi_ranks, "-mca btl_tcp_if_include"},
                    {"ib", InterfaceUser::nccl}}));
  job.mpi_options = {};
  EXPECT_EQ(job.plan().wanted_interfaces, (Wanted{{.pattern = "=eth0"}, {"en", InterfaceUser::nccl}}));
  job.spec.inherited["NCCL_SOCKET_IFNAME"] = "eth0";
  EXPECT_EQ(job.plan().wanted_interfaces, (Wanted{{.pattern = "=eth0"}})) << "the same is checked once";
  job.spec.inherited["OMPI_MCA_btl_tcp_if_include"] = "eth2";
  EXPECT_EQ(
      job.plan().wanted_interfaces,
      (Wanted{{.pattern = "=eth0"}, {"=eth2", InterfaceUser::mpi_ranks, "OMPI_MCA_btl_tcp_if_include"}}));
}

TEST(MakePlan, WithoutMpirunOnlyNcclsInterfaceMustBeThere) {
  using Wanted = std::vector<WantedInterface>;
  SmallJob job(1, 2);
  job.spec.launcher = LauncherKind::ddp;
  job.spec.network_interface = "eth0";
  job.mpi_options = {"-mca", "btl_tcp_if_include", "eth1"};
  job.spec.inherited["OMPI_MCA_oob_tcp_if_include"] = "eth2";
  EXPECT_EQ(job.plan().wanted_interfaces, (Wanted{{.pattern = "=eth0"}}));
  job.mpi_options = {"-x", "NCCL_SOCKET_IFNAME=ib"};
  EXPECT_EQ(job.plan().wanted_interfaces, Wanted{}) << "on one host any will do";
  job.spec.launcher = LauncherKind::torchrun;
  job.spec.nodes = {"algo-1", "algo-2"};
  EXPECT_EQ(job.plan().wanted_interfaces, (Wanted{{.pattern = "=eth0"}}));
  job.spec.inherited["NCCL_SOCKET_IFNAME"] = "eth0";
  EXPECT_EQ(job.plan().wanted_interfaces, (Wanted{{"eth0", InterfaceUser::nccl}}));
  job.spec.nodes.clear();
  job.spec.launcher = LauncherKind::process;
  EXPECT_EQ(job.plan().wanted_interfaces, Wanted{});
}

TEST(MakePlan, LetsWaitingRanksYieldWhereCoresAreShared) {
  EXPECT_THAT(SmallJob(1, 4).plan().command, Not(Contains("mpi_yield_when_idle")));
  EXPECT_THAT(SmallJob(1, 5).plan().command, Contains("mpi_yield_when_idle"));
}

}  // namespace
}  // namespace smlaunch
