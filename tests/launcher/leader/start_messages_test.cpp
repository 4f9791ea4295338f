// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/start_messages.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "launcher/leader/start_engine.hpp"

namespace smlaunch {
namespace {

using std::chrono::milliseconds;

LaunchPlan two_ranks(LauncherKind launcher) {
  LaunchPlan plan;
  plan.job = std::make_shared<const Environment>();
  plan.launcher = launcher;
  plan.engine = launcher == LauncherKind::mpi ? Engine::mpirun : Engine::local;
  Host host;
  host.name = "algo-1";
  host.ranks = 2;
  host.machine = std::make_shared<const Machine>();
  plan.cluster.hosts = {host};
  plan.layout.ranks_per_host = {2};
  for (int rank = 0; rank < 2; ++rank) {
    Placement placement;
    placement.cpus = {2 * rank, 2 * rank + 1};
    placement.numa = {0};
    plan.layout.ranks.push_back(
        {Rank{rank}, LocalRank{rank}, NodeRank{0}, std::make_shared<const Placement>(placement)});
    plan.threads[plan.layout.ranks.back().placement.get()] = 2;
  }
  plan.entry_point.working_directory = "/opt/ml/code";
  plan.environment = {{"SM_HOSTS", "[\"algo-1\"]"},
                      {"WORLD_SIZE", "2"},
                      {"MASTER_ADDR", "127.0.0.1"},
                      {"NCCL_SOCKET_IFNAME", "eth0"}};
  return plan;
}

TEST(StartMessage, GivesOtherHostsTheDefaultsThatThisOneHasOfItsOwn) {
  LaunchPlan plan = two_ranks(LauncherKind::mpi);
  plan.defaults_elsewhere = {{"NCCL_DEBUG", "INFO"}};
  plan.current_host = "algo-1";
  EXPECT_FALSE(make_start(plan, Rank{1}, {}, {}).default_variables.contains("NCCL_DEBUG"));
  plan.current_host = "another";
  EXPECT_EQ(make_start(plan, Rank{1}, {}, {}).default_variables.at("NCCL_DEBUG"), "INFO");
}

TEST(StartMessage, HoldsAProgramThatIsTooLongForMpirun) {
  LaunchPlan plan = two_ranks(LauncherKind::mpi);
  plan.process_command = {"train", "--text", "short"};
  plan.command = {"mpirun", "-np", "2", "smlaunch", "rank", "--", "train", "--text", "short"};
  EXPECT_TRUE(make_start(plan, Rank{0}, {}, {}).program.empty());
  EXPECT_EQ(engine_command(plan, ""), plan.command);
  plan.process_command.back() = plan.command.back() = std::string(200'000, 'x');
  EXPECT_EQ(make_start(plan, Rank{0}, {}, {}).program, plan.process_command);
  const std::vector<std::string> command = engine_command(plan, "");
  ASSERT_EQ(command.size(), 7U);
  EXPECT_EQ(command[5], "--");
  EXPECT_LT(command[6].size(), 100U);
}

TEST(EngineCommand, HasSecretArgumentsOnNoCommandLineOfMpirunAndOfAgents) {
  LaunchPlan plan = two_ranks(LauncherKind::mpi);
  plan.process_command = {"train", "--api-key", "abcdef", "--lr", "1"};
  plan.command = {"mpirun", "smlaunch", "rank", "--", "train", "--api-key", "abcdef", "--lr", "1"};
  EXPECT_EQ(engine_command(plan, ""), plan.command) << "nothing is secret";
  plan.secret_arguments = {2};
  const std::vector<std::string> command = engine_command(plan, "");
  EXPECT_EQ(command.size(), plan.command.size());
  EXPECT_EQ(std::count(command.begin(), command.end(), "abcdef"), 0);
  EXPECT_EQ(command[5], "--api-key");
  EXPECT_EQ(command.back(), "1");
  EXPECT_EQ(make_start(plan, Rank{0}, {}, {}).program, plan.process_command)
      << "mpirun would send them in the clear";
  plan.engine = Engine::local;
  EXPECT_TRUE(make_start(plan, Rank{0}, {}, {}).program.empty());
  EXPECT_EQ(engine_command(plan, ""), command);
}

TEST(EngineEnvironment, HasNothingOfTheJobThatSrunWouldTakeForItsOwnOptions) {
  LaunchPlan plan = two_ranks(LauncherKind::ddp);
  plan.environment["SLURM_CPUS_PER_TASK"] = "8";
  plan.engine = Engine::srun;
  const std::map<std::string, std::string> inherited = {
      {"SLURM_NTASKS", "6"}, {"SLURM_CPUS_PER_TASK", "8"}, {"SLURM_JOB_ID", "3"}, {"PATH", "/bin"}};
  const auto environment = engine_environment(plan, inherited, {{"SMLAUNCH_AGENT_SRUN", "1"}});
  EXPECT_FALSE(environment.contains("SLURM_NTASKS"));
  EXPECT_FALSE(environment.contains("SLURM_CPUS_PER_TASK"));
  EXPECT_EQ(environment.at("SLURM_JOB_ID"), "3");
  EXPECT_EQ(environment.at("SMLAUNCH_AGENT_SRUN"), "1");
  // A rank has it all the same.
  EXPECT_EQ(make_start(plan, Rank{0}, {}, {}).default_variables.at("SLURM_CPUS_PER_TASK"), "8");
  plan.engine = Engine::mpirun;
  EXPECT_TRUE(engine_environment(plan, inherited, {}).contains("SLURM_NTASKS"));
}

TEST(EngineLine, IsARanksAsTheEngineMarksItOrItsOwnWithItsName) {
  EXPECT_EQ(find_rank_of_line(Engine::srun, " 3: hello")->rank, 3);
  EXPECT_EQ(find_rank_of_line(Engine::srun, " 3: hello")->text, "hello");
  EXPECT_FALSE(find_rank_of_line(Engine::srun, "srun: error: x"));
  EXPECT_EQ(find_rank_of_line(Engine::mpirun, "[1,2]<stderr>:x")->rank, 2);
  EXPECT_FALSE(find_rank_of_line(Engine::mpirun, "3: hello"));
  EXPECT_EQ(name_line_of_engine("srun", "srun: error: x"), "srun: error: x");
  EXPECT_EQ(name_line_of_engine("mpirun", "x"), "mpirun: x");
}

TEST(StartMessage, BindsTheRanksOfAStarterAndNotTheStarter) {
  LaunchPlan plan = two_ranks(LauncherKind::torchrun);
  plan.shares.push_back({.first_rank = 6, .placements = {}});
  for (const RankPlace& place : plan.layout.ranks) plan.shares.front().placements.push_back(place.placement);
  plan.bind = BindPolicy::core;
  plan.cluster.hosts.front().source = TopologySource::probed;
  Start start = make_start(plan, Rank{0}, {}, {});
  EXPECT_EQ(start.cpus, "");
  EXPECT_EQ(start.first_rank, 6);
  EXPECT_EQ(start.rank_cpus, (std::vector<std::string>{"0-1", "2-3"}));
  EXPECT_EQ(start.rank_bind, "");
  plan.cluster.hosts.front().source = TopologySource::assumed;
  start = make_start(plan, Rank{0}, {}, {});
  EXPECT_EQ(start.rank_bind, "core");
  EXPECT_EQ(start.own_bind, "");
  EXPECT_EQ(decode_start(encode(start))->rank_cpus, start.rank_cpus);
}

TEST(StartMessage, SaysWhatReplacesAndWhatYields) {
  LaunchPlan plan = two_ranks(LauncherKind::ddp);
  plan.user_variables = {{"A", "1"}};
  StartFacts facts;
  facts.job = "marker";
  facts.master_port = 40001;
  facts.lost_after = milliseconds(7000);
  facts.leader_wait = milliseconds(8000);
  const Start start = make_start(plan, Rank{1}, {{"SM_CURRENT_HOST", "algo-1"}}, facts);
  EXPECT_EQ(start.variables, (std::map<std::string, std::string>{{"SM_HOSTS", "[\"algo-1\"]"},
                                                                 {"SM_CURRENT_HOST", "algo-1"},
                                                                 {"WORLD_SIZE", "2"},
                                                                 {"RANK", "1"},
                                                                 {"LOCAL_RANK", "1"},
                                                                 {"LOCAL_WORLD_SIZE", "2"},
                                                                 {"NODE_RANK", "0"},
                                                                 {"GROUP_RANK", "0"},
                                                                 {"MASTER_ADDR", "127.0.0.1"},
                                                                 {"MASTER_PORT", "40001"},
                                                                 {"SMLAUNCH_JOB", "marker"}}));
  EXPECT_EQ(start.default_variables,
            (std::map<std::string, std::string>{{"NCCL_SOCKET_IFNAME", "eth0"}, {"OMP_NUM_THREADS", "2"}}));
  EXPECT_EQ(start.user_variables, plan.user_variables);
  EXPECT_EQ(start.working_directory, "/opt/ml/code");
  EXPECT_EQ(start.cpus, "2-3");
  EXPECT_EQ(start.numa, "0");
  EXPECT_EQ(start.lost_after_milliseconds, 7000);
  EXPECT_EQ(start.leader_wait_milliseconds, 8000);
}

TEST(StartMessage, TakesTheUsersPortBeforeTheAgents) {
  LaunchPlan plan = two_ranks(LauncherKind::ddp);
  plan.master_port = 29501;
  plan.environment["MASTER_PORT"] = "29501";
  StartFacts facts;
  facts.master_port = 40001;
  EXPECT_EQ(make_start(plan, Rank{0}, {}, facts).variables.at("MASTER_PORT"), "29501");
}

TEST(StartMessage, GivesTheAgentsPortToAProgramOfAwsPyTorchModule) {
  LaunchPlan plan = two_ranks(LauncherKind::process);
  Environment of_pytorch;
  of_pytorch.native_framework = Framework::pytorch;
  plan.job = std::make_shared<const Environment>(of_pytorch);
  StartFacts facts;
  facts.master_port = 40001;
  EXPECT_EQ(make_start(plan, Rank{0}, {}, facts).variables.at("MASTER_PORT"), "40001");
  plan.environment["MASTER_PORT"] = "7777";
  plan.master_port = 7777;
  EXPECT_EQ(make_start(plan, Rank{0}, {}, facts).variables.at("MASTER_PORT"), "7777");
}

TEST(StartMessage, LauncherProcessHasNoRankIdentity) {
  LaunchPlan plan = two_ranks(LauncherKind::process);
  plan.environment = {{"SM_HOSTS", "[]"}};
  plan.threads.clear();
  StartFacts facts;
  facts.job = "marker";
  facts.master_port = 40001;
  const Start start = make_start(plan, Rank{0}, {}, facts);
  EXPECT_EQ(start.variables,
            (std::map<std::string, std::string>{{"SM_HOSTS", "[]"}, {"SMLAUNCH_JOB", "marker"}}));
  EXPECT_TRUE(start.default_variables.empty());
}

TEST(StartMessage, HidesMpirunFromLaunchersThatAreNotMpi) {
  using Strings = std::vector<std::string>;
  const Strings all = {"OMPI_", "PMIX_", "ORTE_", "PRTE_"};
  EXPECT_EQ(make_start(two_ranks(LauncherKind::ddp), Rank{0}, {}, {}).removed_variables, all);
  EXPECT_EQ(make_start(two_ranks(LauncherKind::torchrun), Rank{0}, {}, {}).removed_variables, all);
  EXPECT_EQ(make_start(two_ranks(LauncherKind::mpi), Rank{0}, {}, {}).removed_variables, Strings());
}

// Everything is over 15 s after the leader was lost.
TEST(StartMessage, BoundsTheGraceOfAnOrphan) {
  for (const auto& [given, told] : {std::pair{500, 500}, std::pair{3000, 3000}, std::pair{60000, 3000}}) {
    StartFacts facts;
    facts.grace = milliseconds(given);
    EXPECT_EQ(make_start(two_ranks(LauncherKind::ddp), Rank{0}, {}, facts).grace_milliseconds, told);
  }
}

TEST(EngineEnvironment, OfMpirunHasWhatItsOptionsName) {
  LaunchPlan plan = two_ranks(LauncherKind::mpi);
  plan.user_variables = {{"A", "user's"}, {"OMPI_MCA_foo_password", "sesame"}};
  plan.kept_from_mpirun = {"OMPI_MCA_foo_password"};
  EXPECT_EQ(engine_environment(
                plan, {{"SM_HOSTS", "stale"}, {"NCCL_SOCKET_IFNAME", "mine"}, {"A", "b"}, {"PATH", "/bin"}},
                {{"SMLAUNCH_AGENT_TOKEN", "secret"}}),
            (std::map<std::string, std::string>{{"SM_HOSTS", "[\"algo-1\"]"},
                                                {"WORLD_SIZE", "2"},
                                                {"MASTER_ADDR", "127.0.0.1"},
                                                {"NCCL_SOCKET_IFNAME", "mine"},
                                                {"A", "user's"},
                                                {"PATH", "/bin"},
                                                {"SMLAUNCH_AGENT_TOKEN", "secret"}}));
}

TEST(EngineEnvironment, OfOurOwnAgentsIsOurs) {
  EXPECT_EQ(
      engine_environment(two_ranks(LauncherKind::ddp), {{"PATH", "/bin"}}, {{"SMLAUNCH_JOB", "marker"}}),
      (std::map<std::string, std::string>{{"PATH", "/bin"}, {"SMLAUNCH_JOB", "marker"}}));
}

TEST(StartMessage, OnHostsThatThePlanHasNotSeenAgentsPlaceTheirRanks) {
  LaunchPlan plan = two_ranks(LauncherKind::mpi);
  plan.bind = BindPolicy::numa;
  for (const auto& [source, own_bind] :
       {std::pair{TopologySource::assumed, "numa"}, std::pair{TopologySource::probed, ""},
        std::pair{TopologySource::file, "numa"}}) {
    plan.cluster.hosts[{0}].source = source;
    EXPECT_EQ(make_start(plan, Rank{0}, {}, {}).own_bind, own_bind) << to_string(source);
  }
  plan.cluster.hosts[{0}].source = TopologySource::assumed;
  EXPECT_EQ(make_start(plan, Rank{0}, {}, {}).local_ranks, 2);
  plan.machines_as_planned = true;
  EXPECT_EQ(make_start(plan, Rank{0}, {}, {}).own_bind, "") << "--gpus-per-host says how it is";
}

TEST(StartMessage, SaysWhatTheJobSaysOfItselfAndWhereItsCodeLies) {
  LaunchPlan plan = two_ranks(LauncherKind::mpi);
  plan.environment["SAGEMAKER_REGION"] = "us-west-2";
  plan.environment["PYTHONPATH"] = "/opt/ml/code:/leaders/lib";
  const Start start = make_start(plan, Rank{0}, {{"CURRENT_HOST", "algo-1"}}, {});
  EXPECT_EQ(start.variables.at("CURRENT_HOST"), "algo-1");
  EXPECT_EQ(start.variables.at("SAGEMAKER_REGION"), "us-west-2");
  EXPECT_EQ(start.python_path, "/opt/ml/code");
  EXPECT_FALSE(start.variables.contains("PYTHONPATH"));
  EXPECT_FALSE(start.default_variables.contains("PYTHONPATH")) << "each host has its own";
  EXPECT_EQ(engine_environment(plan, {{"PYTHONPATH", "/leaders/lib"}}, {}).at("PYTHONPATH"),
            "/opt/ml/code:/leaders/lib");
  EXPECT_EQ(make_start(two_ranks(LauncherKind::mpi), Rank{0}, {}, {}).python_path, "");
}

TEST(StartMessage, NamesACommandThatIsToBeExecuted) {
  LaunchPlan plan = two_ranks(LauncherKind::torchrun);
  plan.entry_point.name = "run.sh";
  EXPECT_EQ(make_start(plan, Rank{0}, {}, {}).command_file, "");
  plan.entry_point.kind = EntryPointKind::command;
  EXPECT_EQ(make_start(plan, Rank{0}, {}, {}).command_file, "./run.sh");
  plan.entry_point.has_interpreter_line = false;
  EXPECT_EQ(make_start(plan, Rank{0}, {}, {}).command_file, "") << "/bin/sh reads it";
}

TEST(EngineCommand, HasTheFolderOfTheRun) {
  LaunchPlan plan = two_ranks(LauncherKind::mpi);
  plan.process_command = {"train.sh", " -o ControlPath=SMLAUNCH_SSH_FOLDER/ssh-%C"};
  plan.command = {"mpirun",       "-mca",
                  "plm_rsh_args", "-o BatchMode=yes -o ControlPath=SMLAUNCH_SSH_FOLDER/ssh-%C",
                  "train.sh",     " -o ControlPath=SMLAUNCH_SSH_FOLDER/ssh-%C"};
  std::vector<std::string> expected = plan.command;
  expected[3] = "-o BatchMode=yes -o ControlPath=/tmp/smlaunch-ssh-a1b2c3/ssh-%C";
  EXPECT_EQ(engine_command(plan, "/tmp/smlaunch-ssh-a1b2c3"), expected);
  expected[3] = "-o BatchMode=yes";
  EXPECT_EQ(engine_command(plan, ""), expected);
  plan.command[3] = "-o BatchMode=yes -o ControlPath=SMLAUNCH_SSH_FOLDER/ssh-%n";
  EXPECT_EQ(engine_command(plan, ""), expected);
  expected[3] = "-o BatchMode=yes -o ControlPath=/tmp/smlaunch-ssh-a1b2c3/ssh-%n";
  EXPECT_EQ(engine_command(plan, "/tmp/smlaunch-ssh-a1b2c3"), expected);
}

}  // namespace
}  // namespace smlaunch
