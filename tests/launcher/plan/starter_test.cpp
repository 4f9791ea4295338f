// SPDX-License-Identifier: Apache-2.0
#include "launcher/plan/starter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/launcher/plan/small_job.hpp"
#include "tests/support/source_dir.hpp"

namespace smlaunch {
namespace {

using testing::IsSupersetOf;
using testing::Pair;
using Words = std::vector<std::string>;

SmallJob torchrun_job(int hosts, int ranks) {
  SmallJob job(hosts, ranks);
  job.spec.launcher = LauncherKind::torchrun;
  return job;
}

// As each host of `hosts` plans it, which starts its ranks itself.
SmallJob own_part(int hosts, int own, int ranks, LauncherKind launcher) {
  SmallJob job(1, ranks);
  job.spec.launcher = launcher;
  job.cluster.hosts.front().name = job.environment.current_host = fmt::format("algo-{}", own);
  job.environment.hosts.clear();
  for (int i = 1; i <= hosts; ++i) job.environment.hosts.push_back(fmt::format("algo-{}", i));
  job.environment.distribution_hosts = job.spec.nodes = job.environment.hosts;
  return job;
}

TEST(Torchrun, HasOneHostsFreePortByVariable) {
  const LaunchPlan plan = torchrun_job(1, 4).plan();
  EXPECT_EQ(plan.engine, Engine::torchrun);
  EXPECT_EQ(plan.command, (Words{"torchrun", "--nnodes", "1", "--nproc_per_node", "4", "train.py"}));
  EXPECT_EQ(plan.process_command, (Words{"python3", "--", "train.py"}));
  EXPECT_EQ(plan.environment.at("PET_MASTER_ADDR"), "127.0.0.1");
  EXPECT_FALSE(plan.environment.contains("PET_MASTER_PORT"));
  EXPECT_FALSE(plan.environment.contains("RANK"));
  EXPECT_FALSE(plan.environment.contains("WORLD_SIZE"));
  EXPECT_EQ(plan.master_port, std::nullopt);
}

TEST(Torchrun, WhereEachHostStartsItsOwnAllAgreeOnThePort) {
  const LaunchPlan plan = own_part(3, 2, 4, LauncherKind::torchrun).plan();
  EXPECT_EQ(plan.engine, Engine::torchrun);
  EXPECT_EQ(plan.command, (Words{"torchrun", "--nnodes", "3", "--nproc_per_node", "4", "--master_addr",
                                 "algo-1", "--master_port", "7777", "--node_rank", "1", "train.py"}));
  EXPECT_EQ(plan.master_port, 7777);
  const auto json = nlohmann::json::parse(render_plan_json(plan));
  EXPECT_EQ(json["world_size"], 12);
  ASSERT_EQ(json["ranks"].size(), 4U);
  EXPECT_EQ(json["ranks"][0]["rank"], 4);
  EXPECT_EQ(json["ranks"][0]["node_rank"], 1);
  EXPECT_EQ(json["hosts"][0]["node_rank"], 1);
}

TEST(Torchrun, ThroughMpirunIsOneProcessOnEachHost) {
  SmallJob job = torchrun_job(2, 4);
  job.cluster.hosts[{1}].ranks = 2;
  const LaunchPlan plan = job.plan();
  EXPECT_EQ(plan.engine, Engine::mpirun);
  EXPECT_EQ(plan.process_command, (Words{"torchrun", "--nnodes", "2", "train.py"}));
  EXPECT_THAT(plan.command, IsSupersetOf(Words{"--host", "algo-1,algo-2", "-np", "2"}));
  EXPECT_THAT(variables_of_rank(plan, Rank{4}),
              IsSupersetOf({Pair("PET_NODE_RANK", "1"), Pair("PET_NPROC_PER_NODE", "2")}));
  const LaunchPlan processes = plan_of_processes(job.spec, plan);
  ASSERT_EQ(processes.world_size(), 2);
  EXPECT_EQ(processes.layout.ranks[{1}].node_rank, NodeRank{1});
  EXPECT_THAT(processes.layout.ranks_per_host, testing::ElementsAre(1, 1));
}

TEST(Torchrun, ThroughSrunIsOneTaskOnEachHost) {
  SmallJob job = torchrun_job(2, 4);
  job.spec.by_slurm = true;
  const LaunchPlan plan = job.plan();
  EXPECT_EQ(plan.engine, Engine::srun);
  EXPECT_EQ(plan.process_command, (Words{"torchrun", "--nnodes", "2", "--nproc_per_node", "4", "train.py"}));
  EXPECT_THAT(plan.command, IsSupersetOf(Words{"--ntasks=2", "--nodelist=algo-1,algo-2", "torchrun"}));
  const LaunchPlan processes = plan_of_processes(job.spec, plan);
  EXPECT_EQ(processes.world_size(), 2);
  EXPECT_EQ(processes.command, plan.command);
}

TEST(Torchrun, StartsEachRankByWayOfUsWhereItsInterpreterIsKnown) {
  SmallJob job = torchrun_job(2, 2);
  job.spec.torchrun_python = "/usr/bin/python3.11";
  job.spec.bind = BindPolicy::core;
  const Words by_us = {"--no_python", "/usr/bin/smlaunch", "rank", "--of-starter", "--"};
  const auto ends_with = [](const Words& words, Words end) {
    return words.size() >= end.size() &&
           Words(words.end() - static_cast<std::ptrdiff_t>(end.size()), words.end()) == end;
  };
  const auto with = [&](const Words& program) {
    Words all = by_us;
    all.insert(all.end(), program.begin(), program.end());
    return all;
  };
  const LaunchPlan plan = job.plan();
  EXPECT_TRUE(ends_with(plan.process_command, with({"/usr/bin/python3.11", "-u", "train.py"})));
  EXPECT_TRUE(starts_ranks_by_us(plan));
  EXPECT_FALSE(starts_ranks_by_us(torchrun_job(2, 2).plan()));
  EXPECT_EQ(plan.environment.at("PET_MONITOR_INTERVAL"), "0.1");
  // Each rank is bound, and each starter knows which ranks are its own.
  EXPECT_EQ(plan.bind, BindPolicy::core);
  EXPECT_EQ(torchrun_job(2, 2).plan().bind, BindPolicy::none);
  const LaunchPlan run = plan_of_processes(job.spec, plan);
  ASSERT_EQ(run.shares.size(), 2U);
  EXPECT_EQ(run.shares[NodeRank{1}].first_rank, 2);
  ASSERT_EQ(run.shares[NodeRank{1}].placements.size(), 2U);
  EXPECT_EQ(run.shares[NodeRank{1}].placements[1], plan.layout.ranks[Rank{3}].placement);
  EXPECT_TRUE(plan_of_processes(torchrun_job(2, 2).spec, torchrun_job(2, 2).plan()).shares.empty());

  job.environment.entry_point.kind = EntryPointKind::python_package;
  EXPECT_TRUE(ends_with(job.plan().process_command, with({"/usr/bin/python3.11", "-u", "-m", "train"})));
  job.environment.entry_point = {"train.sh", EntryPointKind::command, {"--lr", "1"}, "/opt/ml/code", false};
  EXPECT_TRUE(ends_with(job.plan().process_command, with({"/bin/sh", "./train.sh", "--lr", "1"})));
}

TEST(Torchrun, WhereEachHostStartsItsOwnTheRanksAreThoseOfTheJob) {
  SmallJob job = own_part(3, 2, 4, LauncherKind::torchrun);
  job.spec.torchrun_python = "/usr/bin/python3";
  EXPECT_EQ(plan_of_processes(job.spec, job.plan()).shares.front().first_rank, 4);
}

TEST(Torchrun, StartsPackagesAndCommandsToo) {
  SmallJob job = torchrun_job(1, 2);
  job.environment.entry_point.kind = EntryPointKind::python_package;
  EXPECT_EQ(job.plan().command, (Words{"torchrun", "--nnodes", "1", "--nproc_per_node", "2", "-m", "train"}));
  job.environment.entry_point.name = "-m pkg.train";
  EXPECT_EQ(job.plan().command,
            (Words{"torchrun", "--nnodes", "1", "--nproc_per_node", "2", "-m", "pkg.train"}));
  job.environment.entry_point = {"train.sh", EntryPointKind::command, {"--lr", "1"}, "/opt/ml/code", false};
  EXPECT_EQ(job.plan().command, (Words{"torchrun", "--nnodes", "1", "--nproc_per_node", "2", "--no_python",
                                       "/bin/sh", "./train.sh", "--lr", "1"}));
}

TEST(Torchrun, CompilesForNeuronAndRedirectsWhereItMust) {
  SmallJob job = torchrun_job(1, 2);
  job.spec.inherited = {{"RUN_NEURON_PARALLEL_COMPILE", "1"}};
  job.spec.torchrun_must_redirect = true;
  const LaunchPlan plan = job.plan();
  EXPECT_EQ(plan.command.front(), "neuron_parallel_compile");
  EXPECT_THAT(plan.environment, IsSupersetOf({Pair("PET_REDIRECTS", "1"), Pair("PET_TEE", "1")}));
  EXPECT_FALSE(torchrun_job(1, 2).plan().environment.contains("PET_TEE"));
}

TEST(Torchrun, YieldsToTheContainersOwnSettings) {
  SmallJob job = torchrun_job(1, 2);
  EXPECT_EQ(job.plan().environment.at("NCCL_PROTO"), "simple");
  job.spec.inherited = {
      {"NCCL_PROTO", "LL128"}, {"PET_MASTER_ADDR", "elsewhere"}, {"PET_MONITOR_INTERVAL", "1"}};
  const LaunchPlan plan = job.plan();
  EXPECT_FALSE(plan.environment.contains("NCCL_PROTO"));
  EXPECT_FALSE(plan.environment.contains("PET_MONITOR_INTERVAL"));
  EXPECT_EQ(plan.environment.at("PET_MASTER_ADDR"), "127.0.0.1");
}

TEST(Xla, HasTheToolkitsLineAndVariables) {
  SmallJob job = own_part(2, 2, 8, LauncherKind::xla);
  auto machine = *job.cluster.hosts.front().machine;
  machine.gpus.resize(8);
  machine.nics.clear();
  machine.gpu_nic.assign(8, {});
  job.cluster.hosts.front().machine = std::make_shared<const Machine>(machine);
  const LaunchPlan plan = job.plan();
  EXPECT_EQ(plan.engine, Engine::local);
  EXPECT_EQ(plan.command,
            (Words{"python3", "-m", "torch_xla.distributed.xla_spawn", "--num_gpus", "8", "train.py"}));
  EXPECT_THAT(plan.environment,
              IsSupersetOf({Pair("XRT_HOST_ORDINAL", "1"), Pair("XRT_SHARD_WORLD_SIZE", "2"),
                            Pair("GPU_NUM_DEVICES", "8"),
                            Pair("XRT_WORKERS", "localservice:0;algo-1:43857|localservice:1;algo-2:43857"),
                            Pair("XRT_MESH_SERVICE_ADDRESS", "algo-1:53957"), Pair("NCCL_DEBUG", "info")}));
  job.environment.entry_point.kind = EntryPointKind::python_package;
  ASSERT_FALSE(job.try_plan());
}

// torch_xla takes all GPUs of a host.
TEST(Xla, CountsGpusAndNotRanks) {
  SmallJob job = own_part(1, 1, 2, LauncherKind::xla);
  auto machine = *job.cluster.hosts.front().machine;
  machine.gpus.resize(4);
  machine.nics.clear();
  machine.gpu_nic.assign(4, {});
  job.cluster.hosts.front().machine = std::make_shared<const Machine>(machine);
  const LaunchPlan plan = job.plan();
  EXPECT_THAT(plan.command, testing::Contains("4"));
  EXPECT_THAT(plan.environment,
              IsSupersetOf({Pair("GPU_NUM_DEVICES", "4"), Pair("OFI_NCCL_NIC_DUP_CONNS", "4")}));
  Host other = job.cluster.hosts.front();
  other.name = "algo-2";
  machine.gpus.resize(3);
  machine.gpu_nic.resize(3);
  other.machine = std::make_shared<const Machine>(machine);
  job.cluster.hosts.push_back(other);
  const auto refused = job.try_plan();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().problems.front().what, "the hosts have different numbers of GPUs");
}

TEST(Xla, NeedsGpus) {
  SmallJob job = own_part(1, 1, 1, LauncherKind::xla);
  auto machine = *job.cluster.hosts.front().machine;
  machine.gpus.clear();
  machine.gpu_nic.clear();
  machine.gpu_gpu.clear();
  job.cluster.hosts.front().machine = std::make_shared<const Machine>(machine);
  const auto plan = job.try_plan();
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().problems.front().what, "has no GPU");
}

// The recorded torchrun lines of the toolkit.
TEST(Torchrun, EveryRecordedLineIsOurs) {
  const std::filesystem::path file = source_dir() / "tests/golden/toolkit/contract.json";
  int compared = 0;
  for (const auto& golden : nlohmann::json::parse(std::ifstream(file))) {
    const auto line = golden["expect"].find("torchrun");
    if (line == golden["expect"].end()) continue;  // a container that names no program
    if (!line->is_array()) continue;               // the toolkit refuses it
    SCOPED_TRACE(golden["name"].get<std::string>());
    const auto& expect = golden["expect"];
    const Words hosts = expect["distribution_hosts"];
    const std::string own = golden["config"]["resourceconfig"]["current_host"];
    const Words theirs = *line;
    SmallJob job(1, std::stoi(theirs[4]));
    job.spec.launcher = LauncherKind::torchrun;
    job.cluster.hosts.front().name = job.environment.current_host = own;
    job.environment.leader = expect["master"];
    job.spec.nodes = hosts;
    job.environment.entry_point.name = expect["process"][expect["process"][1] == "--" ? 2 : 1];
    job.environment.entry_point.arguments = expect["args"].get<Words>();
    EXPECT_EQ(job.plan().command, theirs);
    ++compared;
  }
  EXPECT_GT(compared, 10);
}

}  // namespace
}  // namespace smlaunch
