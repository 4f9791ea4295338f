// SPDX-License-Identifier: Apache-2.0
// The variables of a plan.
#include "launcher/plan/plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "launcher/contract/program_variables.hpp"
#include "tests/launcher/plan/small_job.hpp"

namespace smlaunch {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;

const MadeUp two_gpus = {2, 4, 1, {0, 1}, {}};

TEST(MakePlan, GivesEachRankItsIdentity) {
  const LaunchPlan plan = SmallJob(2, 2).plan();
  EXPECT_EQ(plan.world_size(), 4);
  EXPECT_EQ(variables_of_rank(plan, Rank{3}), (Variables{{"RANK", "3"},
                                                         {"LOCAL_RANK", "1"},
                                                         {"LOCAL_WORLD_SIZE", "2"},
                                                         {"NODE_RANK", "1"},
                                                         {"GROUP_RANK", "1"},
                                                         {"OMP_NUM_THREADS", "2"}}));
  EXPECT_EQ(plan.environment.at("WORLD_SIZE"), "4");
  EXPECT_EQ(plan.environment.at("MASTER_ADDR"), "algo-1");
  EXPECT_FALSE(plan.environment.contains("MASTER_PORT"));
}

TEST(MakePlan, GivesAProcessOnlySageMakersVariables) {
  SmallJob job(1, 1);
  job.spec.launcher = LauncherKind::process;
  job.spec.network_interface = "eth0";
  const LaunchPlan plan = job.plan();
  EXPECT_TRUE(variables_of_rank(plan, Rank{0}).empty());
  for (const auto& [name, value] : plan.environment)
    EXPECT_TRUE(name.starts_with("SM_") || name == "PYTHONUNBUFFERED" || name == "PYTHONPATH" ||
                is_said_by_job(name))
        << name;
}

TEST(MakePlan, LeavesAloneWhatTheUserSet) {
  SmallJob job(2, 2);
  job.spec.network_interface = "eth0";
  EXPECT_EQ(job.plan().environment.at("NCCL_SOCKET_IFNAME"), "eth0");
  EXPECT_EQ(job.plan().environment.at("NCCL_DEBUG"), "INFO");
  for (const char* name :
       {"NCCL_SOCKET_IFNAME", "NCCL_DEBUG", "NCCL_MIN_NRINGS", "OMP_NUM_THREADS", "PYTHONUNBUFFERED"})
    job.spec.inherited[name] = "the user's";
  const LaunchPlan plan = job.plan();
  for (const auto& [name, value] : job.spec.inherited) EXPECT_FALSE(plan.environment.contains(name)) << name;
  EXPECT_FALSE(variables_of_rank(plan, Rank{0}).contains("OMP_NUM_THREADS"));
}

TEST(MakePlan, LetsTheUsersXWinOverOurVariables) {
  SmallJob job(2, 2);
  job.mpi_options = {"-x", "NCCL_DEBUG=WARN", "-x", "EXTRA=1"};
  const LaunchPlan plan = job.plan();
  EXPECT_EQ(plan.user_variables, (Variables{{"EXTRA", "1"}, {"NCCL_DEBUG", "WARN"}}));
  EXPECT_EQ(common_variables(plan).at("NCCL_DEBUG"), "WARN");
  EXPECT_EQ(common_variables(plan).at("EXTRA"), "1");
  for (const std::string& word : plan.command) EXPECT_EQ(word.find("WARN"), std::string::npos) << word;
}

TEST(MakePlan, SetsMasterPortOnlyWhereItWasGiven) {
  SmallJob job(2, 2);
  job.spec.master_port = 29500;
  EXPECT_EQ(job.plan().environment.at("MASTER_PORT"), "29500");
}

TEST(MakePlan, KeepsWhatDiffersByHostOutOfTheCommonVariables) {
  const LaunchPlan two = SmallJob(2, 1, two_gpus).plan();
  for (int host = 0; host < 2; ++host) {
    const Variables own = variables_of_host(two, {host});
    EXPECT_EQ(own.size(), 9U);
    EXPECT_EQ(own.at("SM_CURRENT_HOST"), fmt::format("algo-{}", host + 1));
    EXPECT_EQ(own.at("CURRENT_HOST"), fmt::format("algo-{}", host + 1));
    EXPECT_EQ(own.at("SM_NUM_GPUS"), "2");
    EXPECT_EQ(own.at("SM_NUM_CPUS"), "8");
    for (const auto& [name, value] : own) EXPECT_FALSE(two.environment.contains(name)) << name;
    const Variables brief = brief_variables_of_host(two, {host});
    EXPECT_EQ(brief.size(), 6U);
    for (const auto& [name, value] : brief) EXPECT_EQ(own.at(name), value) << name;
  }
  const LaunchPlan one = SmallJob(1, 1).plan();
  EXPECT_TRUE(variables_of_host(one, {0}).empty());
  EXPECT_EQ(one.environment.at("SM_CURRENT_HOST"), "algo-1");
}

// Led from a machine that hosts no rank, or planned on a saved machine.
TEST(MakePlan, DescribesTheOnlyHostAndNotTheMachineThatPlans) {
  SmallJob job(1, 2, two_gpus);
  job.environment.current_host = "";
  job.environment.num_gpus = 0;
  job.environment.num_cpus = 99;
  const LaunchPlan plan = job.plan();
  EXPECT_EQ(plan.environment.at("SM_CURRENT_HOST"), "algo-1");
  EXPECT_EQ(plan.environment.at("CURRENT_HOST"), "algo-1");
  EXPECT_EQ(plan.environment.at("SM_NUM_GPUS"), "2");
  EXPECT_EQ(plan.environment.at("SM_NUM_CPUS"), "8");
  EXPECT_THAT(plan.environment.at("SM_TRAINING_ENV"), testing::HasSubstr(R"("num_gpus":2)"));
}

// Python counts the machine's; ranks are placed on what they may use.
TEST(MakePlan, CountsTheCpusOfAMachineAndNotTheJobsShare) {
  SmallJob job(2, 1);
  Machine machine = *job.cluster.hosts[{1}].machine;
  machine.online_cpus = 96;
  job.cluster.hosts[{1}].machine = std::make_shared<const Machine>(machine);
  const LaunchPlan plan = job.plan();
  EXPECT_EQ(variables_of_host(plan, {0}).at("SM_NUM_CPUS"), "4");
  EXPECT_EQ(variables_of_host(plan, {1}).at("SM_NUM_CPUS"), "96");
  EXPECT_EQ(variables_of_host(plan, {1}, std::pair{0, 32}).at("SM_NUM_CPUS"), "32");
  EXPECT_EQ(plan.layout.ranks[{1}].placement->cpus, plan.layout.ranks[{0}].placement->cpus);
}

TEST(MakePlan, PutsTheCodeFolderFirstInPythonsPath) {
  SmallJob job(2, 1);
  EXPECT_EQ(job.plan().environment.at("PYTHONPATH"), "/opt/ml/code");
  EXPECT_THAT(job.plan().command, Contains("PYTHONPATH"));
  job.spec.inherited = {{"PYTHONPATH", "/lib"}};
  EXPECT_EQ(job.plan().environment.at("PYTHONPATH"), "/opt/ml/code:/lib");
  job.mpi_options = {"-x", "PYTHONPATH"};
  EXPECT_EQ(common_variables(job.plan()).at("PYTHONPATH"), "/opt/ml/code:/lib");
  job.mpi_options = {"-x", "PYTHONPATH=/mine"};
  EXPECT_EQ(common_variables(job.plan()).at("PYTHONPATH"), "/opt/ml/code:/mine");
}

TEST(MakePlan, TellsEachHostItsPlaceInTensorFlowsCluster) {
  SmallJob job(2, 1);
  job.environment.native_framework = Framework::tensorflow;
  job.environment.current_instance_group = "group";
  job.environment.distribution_instance_groups = {"group"};
  job.environment.sagemaker_hyperparameters = {PyDict{
      {"sagemaker_multi_worker_mirrored_strategy_enabled", {true}}, {"sagemaker_mpi_enabled", {true}}}};
  const LaunchPlan plan = job.plan();
  EXPECT_FALSE(plan.environment.contains("TF_CONFIG"));
  for (int host = 0; host < 2; ++host)
    EXPECT_THAT(variables_of_host(plan, {host}).at("TF_CONFIG"),
                testing::HasSubstr(fmt::format("\"index\": {}", host)));
  SmallJob alone(1, 1);
  alone.environment = job.environment;
  EXPECT_THAT(alone.plan().environment.at("TF_CONFIG"), testing::HasSubstr("\"index\": 0"));
}

TEST(MakePlan, HasTheToolkitsPortOnlyWhereHostsStartByThemselves) {
  SmallJob job(1, 2);
  job.environment.native_framework = Framework::pytorch;
  for (const auto launcher : {LauncherKind::mpi, LauncherKind::ddp, LauncherKind::smddp,
                              LauncherKind::torchrun, LauncherKind::process}) {
    job.spec.launcher = launcher;
    EXPECT_EQ(job.plan().master_port, std::nullopt) << to_string(launcher);
    if (launcher == LauncherKind::process) continue;
    EXPECT_FALSE(job.plan().environment.contains("MASTER_PORT")) << to_string(launcher);
  }
  EXPECT_EQ(job.plan().environment.at("MASTER_ADDR"), "algo-1");
  EXPECT_EQ(why_toolkits_port(job.spec, job.cluster), std::nullopt);

  job.environment.hosts = {"algo-1", "algo-2"};
  EXPECT_EQ(job.plan().environment.at("MASTER_PORT"), "7777");
  EXPECT_EQ(job.plan().master_port, 7777);
  EXPECT_EQ(why_toolkits_port(job.spec, job.cluster),
            "as AWS's PyTorch module has it: every host starts the program itself, and all must agree");
  job.spec.master_port = 9999;
  EXPECT_EQ(job.plan().environment.at("MASTER_PORT"), "9999");

  SmallJob torchrun(1, 2);
  torchrun.spec.launcher = LauncherKind::torchrun;
  torchrun.spec.nodes = {"algo-1", "algo-2"};
  EXPECT_EQ(torchrun.plan().master_port, 7777);
  EXPECT_EQ(why_toolkits_port(torchrun.spec, torchrun.cluster),
            "every host starts torchrun itself, and all must agree");

  // mpirun starts it everywhere, and rank 0's port reaches all.
  SmallJob given(2, 1, two_gpus);
  given.environment.native_framework = Framework::pytorch;
  given.spec.launcher = LauncherKind::xla;
  EXPECT_EQ(given.plan().master_port, std::nullopt);
}

TEST(MakePlan, SetsWhereRanksMeetWhateverTheContainerHas) {
  SmallJob job(1, 1);
  job.environment.native_framework = Framework::pytorch;
  job.environment.hosts = {"algo-1", "algo-2"};
  job.spec.launcher = LauncherKind::process;
  job.spec.inherited = {{"MASTER_ADDR", "elsewhere"}, {"MASTER_PORT", "1"}, {"NCCL_IB_DISABLE", "0"}};
  const Variables of_pytorch = job.plan().environment;
  EXPECT_EQ(of_pytorch.at("MASTER_ADDR"), "algo-1");
  EXPECT_EQ(of_pytorch.at("MASTER_PORT"), "7777");
  EXPECT_FALSE(of_pytorch.contains("NCCL_IB_DISABLE"));

  job.environment.native_framework = Framework::tensorflow;
  job.environment.current_instance_group = "group";
  job.environment.distribution_instance_groups = {"group"};
  job.environment.sagemaker_hyperparameters = {
      PyDict{{"sagemaker_multi_worker_mirrored_strategy_enabled", {true}}}};
  job.spec.inherited = {{"TF_CONFIG", "{}"}, {"S3_REGION", "mine"}};
  const Variables of_tensorflow = job.plan().environment;
  EXPECT_THAT(of_tensorflow.at("TF_CONFIG"), testing::HasSubstr("\"index\": 0"));
  EXPECT_FALSE(of_tensorflow.contains("S3_REGION"));
}

TEST(MakePlan, SetsNcclForModelParallelJobsUnlessTheContainerDoes) {
  SmallJob job(2, 1);
  job.environment.native_framework = Framework::pytorch;
  job.environment.mp_parameters = R"({"partitions": 2})";
  EXPECT_EQ(job.plan().environment.at("NCCL_PROTO"), "simple");
  EXPECT_EQ(job.plan().environment.at("NCCL_ALGO"), "ring");
  EXPECT_THAT(job.plan().command, Contains("NCCL_ALGO"));
  job.spec.inherited = {{"NCCL_ALGO", "tree"}, {"SM_DLC_TORCH_VERSION", "2.0.1"}};
  EXPECT_FALSE(job.plan().environment.contains("NCCL_ALGO"));
  EXPECT_EQ(job.plan().environment.at("NCCL_PROTO"), "simple");
}

TEST(MakePlan, LeavesOutVariablesThatTheKernelDoesNotTake) {
  SmallJob job(1, 2);
  const std::string most(longest_variable - std::string("SM_HP_BIG=").size(), 'x');
  const auto with = [&](const std::string& value) {
    job.environment.hyperparameters = {PyDict{{"big", {value}}}};
    return job.plan();
  };
  const LaunchPlan fits = with(most);
  EXPECT_EQ(fits.environment.at("SM_HP_BIG"), most);
  EXPECT_THAT(fits.long_variables, Not(Contains("SM_HP_BIG")));

  const LaunchPlan too_long = with(most + "x");
  EXPECT_FALSE(too_long.environment.contains("SM_HP_BIG"));
  EXPECT_THAT(too_long.long_variables, ElementsAre("SM_HPS", "SM_HP_BIG", "SM_TRAINING_ENV"));
  EXPECT_THAT(too_long.warnings,
              Contains(fmt::format(
                  "SM_HP_BIG is {} bytes long, more than Linux passes in a variable: it is not set, ranks "
                  "find it in /opt/ml/output/data/smlaunch/env/SM_HP_BIG",
                  most.size() + 1)));
  EXPECT_THAT(too_long.command, Not(Contains("SM_HP_BIG")));
}

TEST(MakePlan, ThreadsAreTheRanksPartOfItsCores) {
  SmallJob job(1, 4, {1, 8, 1, {}, {}});
  job.spec.bind = BindPolicy::numa;
  EXPECT_EQ(variables_of_rank(job.plan(), Rank{0}).at("OMP_NUM_THREADS"), "2");
  SmallJob limited(1, 2, {1, 8, 1, {}, {}});
  Machine machine = *limited.cluster.hosts[{0}].machine;
  machine.cpu_quota = 3;
  limited.cluster.hosts[{0}].machine = std::make_shared<const Machine>(machine);
  EXPECT_EQ(variables_of_rank(limited.plan(), Rank{1}).at("OMP_NUM_THREADS"), "1");
}

}  // namespace
}  // namespace smlaunch
