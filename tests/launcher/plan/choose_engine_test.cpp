// SPDX-License-Identifier: Apache-2.0
// What starts the ranks.
#include "launcher/plan/plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/launcher/plan/small_job.hpp"

namespace smlaunch {
namespace {

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

}  // namespace
}  // namespace smlaunch
