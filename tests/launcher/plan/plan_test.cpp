// SPDX-License-Identifier: Apache-2.0
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
using testing::Pair;

const MadeUp two_gpus = {2, 4, 1, {0, 1}, {}};

TEST(ChooseEngine, IsMpirunWhereRanksRunElsewhereOrSpeakMpi) {
  const SmallJob one(1, 2);
  const SmallJob two(2, 2);
  const std::tuple<LauncherKind, const Cluster&, const char*, Engine> cases[] = {
      {LauncherKind::mpi, one.cluster, "algo-1", Engine::mpirun},
      {LauncherKind::smddp, one.cluster, "algo-1", Engine::mpirun},
      {LauncherKind::ddp, one.cluster, "algo-1", Engine::local},
      {LauncherKind::ddp, one.cluster, "", Engine::mpirun},
      {LauncherKind::ddp, one.cluster, "algo-9", Engine::mpirun},
      {LauncherKind::ddp, two.cluster, "algo-1", Engine::mpirun},
      {LauncherKind::process, one.cluster, "algo-1", Engine::local},
      {LauncherKind::torchrun, two.cluster, "algo-1", Engine::mpirun},
      {LauncherKind::xla, two.cluster, "algo-1", Engine::mpirun},
      {LauncherKind::torchrun, one.cluster, "algo-1", Engine::torchrun},
      {LauncherKind::xla, one.cluster, "algo-1", Engine::local},
  };
  for (const auto& [launcher, cluster, current_host, engine] : cases)
    EXPECT_EQ(choose_engine(launcher, cluster, current_host), engine)
        << to_string(launcher) << " on " << cluster.hosts.size() << " from '" << current_host << "'";
}

TEST(ChooseEngine, IsSrunInAJobOfSlurmsWhereTheRanksSpeakNoMpi) {
  const std::pair<LauncherKind, const char*> cases[] = {{LauncherKind::mpi, "mpirun"},
                                                        {LauncherKind::smddp, "mpirun"},
                                                        {LauncherKind::ddp, "srun"},
                                                        {LauncherKind::torchrun, "srun"},
                                                        {LauncherKind::process, "local"}};
  for (const auto& [launcher, engine] : cases) {
    SmallJob job(2, 2);
    job.spec.launcher = launcher;
    job.spec.by_slurm = true;
    EXPECT_EQ(to_string(job.plan().engine), engine) << to_string(launcher);
  }
  SmallJob one(1, 2);
  one.spec.launcher = LauncherKind::ddp;
  one.spec.by_slurm = true;
  EXPECT_EQ(to_string(one.plan().engine), "local");
}

TEST(Plan, UnderSrunATaskIsARank) {
  SmallJob job(3, 2);
  job.spec.launcher = LauncherKind::ddp;
  job.spec.by_slurm = true;
  job.spec.inherited = {{"SLURM_CPUS_PER_TASK", "8"}, {"SLURM_NTASKS", "3"}};
  job.cluster.hosts[{2}].ranks = 1;
  const LaunchPlan plan = job.plan();
  EXPECT_EQ(plan.command.front(), "srun");
  EXPECT_THAT(plan.command, testing::IsSupersetOf({"--nodes=3", "--ntasks=5", "--distribution=arbitrary",
                                                   "--nodelist=algo-1,algo-1,algo-2,algo-2,algo-3"}));
  EXPECT_EQ(std::vector<std::string>(plan.command.end() - 6, plan.command.end()),
            (std::vector<std::string>{"/usr/bin/smlaunch", "rank", "--", "python3", "--", "train.py"}));
  EXPECT_EQ(plan.environment.at("MASTER_ADDR"), "algo-1");
  EXPECT_EQ(plan.environment.at("SLURM_CPUS_PER_TASK"), "8");
  EXPECT_FALSE(plan.environment.contains("SLURM_NTASKS")) << "srun says so itself";
}

TEST(ChooseEngine, IsTheHostsWhereTheyStartThemselves) {
  for (const LauncherKind launcher : {LauncherKind::ddp, LauncherKind::torchrun, LauncherKind::process}) {
    SmallJob job(2, 2);
    job.spec.launcher = launcher;
    job.spec.self_started = true;
    job.spec.torchrun = {"torchrun"};
    const LaunchPlan plan = job.plan();
    EXPECT_EQ(to_string(plan.engine), "hosts");
    EXPECT_EQ(plan.command.front(), "/usr/bin/smlaunch");
    EXPECT_EQ(plan.process_command.front() == "torchrun", launcher == LauncherKind::torchrun);
    EXPECT_EQ(plan.environment.contains("MASTER_ADDR"), launcher == LauncherKind::ddp);
    EXPECT_FALSE(plan.master_port);
  }
}

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
  EXPECT_EQ(why_toolkits_port(job.spec, job.cluster), "");

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

TEST(MakePlan, RefusesAnArgumentThatTheKernelDoesNotTake) {
  SmallJob job(1, 1);
  job.environment.entry_point.arguments = {"--data", std::string(longest_variable, 'x')};
  EXPECT_TRUE(job.try_plan());
  job.environment.entry_point.arguments.back() += "x";
  const auto refused = job.try_plan();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::configuration);
  EXPECT_EQ(
      refused.error().problems,
      (std::vector<Problem>{{"argument 4 (after --data)", "is 131072 bytes long, Linux passes at most 131071",
                             "hand it over in a file or channel instead of a hyperparameter"}}));
}

TEST(MakePlan, SaysWhyThereIsNoSmokeTest) {
  SmallJob one(1, 1);
  EXPECT_FALSE(one.plan().smoke);
  EXPECT_EQ(one.plan().smoke_reason, "one rank has nobody to talk to");
  SmallJob process(1, 2);
  process.spec.launcher = LauncherKind::process;
  EXPECT_EQ(process.plan().smoke_reason, "launcher process");
}

TEST(MakePlan, StartsTheAgentAndBehindItTheEntryPoint) {
  SmallJob job(1, 2);
  job.spec.launcher = LauncherKind::ddp;
  job.environment.entry_point.arguments = {"--lr", "0.1"};
  const LaunchPlan plan = job.plan();
  EXPECT_THAT(plan.process_command, ElementsAre("python3", "--", "train.py", "--lr", "0.1"));
  EXPECT_THAT(plan.command,
              ElementsAre("/usr/bin/smlaunch", "rank", "--", "python3", "--", "train.py", "--lr", "0.1"));

  job.spec.launcher = LauncherKind::mpi;
  const std::vector<std::string> mpirun = job.plan().command;
  const std::vector<std::string> end(mpirun.end() - 8, mpirun.end());
  EXPECT_EQ(end, plan.command);
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

TEST(MakePlan, WhyNobodyIsBoundIsTrue) {
  const std::pair<std::vector<std::string>, const char*> cases[] = {
      {{"--bind-to", "none"}, "Not bound, as -bind-to none in the MPI options asks; NIC mlx5_0 (PIX)."},
      {{"-mca", "hwloc_base_binding_policy", "none"},
       "Not bound, as -bind-to none in the MPI options asks; NIC mlx5_0 (PIX)."},
      {{"--map-by", "core"},
       "Not bound by us: mpirun binds it by its default, because -map-by core in the MPI options maps ranks "
       "to "
       "hardware; NIC mlx5_0 (PIX)."},
      {{"--map-by", "slot"}, "Has all 4 cores of NUMA node 0, where its GPU is; NIC mlx5_0 (PIX)."}};
  for (const auto& [options, why] : cases) {
    SmallJob job(1, 1, {1, 4, 1, {0}, {0}});
    job.mpi_options = options;
    const LaunchPlan plan = job.plan();
    EXPECT_EQ(plan.layout.ranks[{0}].placement->why, why);
    EXPECT_EQ(plan.bind == BindPolicy::none, options.back() != "slot");
  }
  SmallJob job(1, 1);
  job.spec.launcher = LauncherKind::torchrun;
  EXPECT_EQ(job.plan().layout.ranks[{0}].placement->why, "Not bound, because torchrun starts the ranks.");
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

TEST(MakePlan, WarnsOfWhatIsWrongWithTheMachinesThatAreKnown) {
  SmallJob job(2, 1, {1, 4, 1, {0, 0}, {}});
  Machine machine = *job.cluster.hosts[{0}].machine;
  machine.gpus[1].usable = false;
  machine.gpus[1].unusable_because = {UnusableKind::off_the_bus};
  job.cluster.hosts[{0}].machine = std::make_shared<const Machine>(machine);
  job.cluster.hosts[{0}].source = TopologySource::probed;
  EXPECT_THAT(
      job.plan().warnings,
      ElementsAre("algo-1: 1 of its 2 GPUs cannot be used (0000:20:00.0): it has fallen off the PCI bus"));
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

TEST(MakePlan, PassesOnWhatTheLayoutAndMpirunRefuse) {
  SmallJob job(1, 1);
  job.spec.world_size = 0;
  EXPECT_EQ(job.try_plan().error().problems.front().what, "0 is below 1");
  job.spec.world_size.reset();
  job.mpi_options = {"-np", "3"};
  EXPECT_EQ(job.try_plan().error().fault, Fault::configuration);
}

TEST(CudaIndex, CountsOnlyUsableGpus) {
  Machine machine = make_machine({1, 4, 1, {0, 0, 0, 0}, {}});
  machine.gpus[1].usable = false;
  EXPECT_EQ(cuda_index(machine, 0), 0);
  EXPECT_EQ(cuda_index(machine, 2), 1);
  EXPECT_EQ(cuda_index(machine, 3), 2);
}

}  // namespace
}  // namespace smlaunch
