// SPDX-License-Identifier: Apache-2.0
#include "launcher/plan/plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "launcher/contract/program_variables.hpp"
#include "tests/launcher/plan/small_job.hpp"

namespace smlaunch {
namespace {

using testing::ElementsAre;

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
  EXPECT_EQ(cuda_index(machine, GpuIndex{0}), 0);
  EXPECT_EQ(cuda_index(machine, GpuIndex{2}), 1);
  EXPECT_EQ(cuda_index(machine, GpuIndex{3}), 2);
}

TEST(MakePlan, HasARelayOnEachHostFromSomeThousandAgentsOn) {
  EXPECT_FALSE(SmallJob(499, 8).plan().has_relays);
  EXPECT_TRUE(SmallJob(500, 8).plan().has_relays);
  EXPECT_FALSE(SmallJob(4000, 1).plan().has_relays) << "nobody there has neighbours";
}

TEST(MakePlan, HasRelaysWhereItIsTold) {
  SmallJob small(2, 2);
  small.spec.inherited["SMLAUNCH_AGENT_RELAY"] = "on";
  const LaunchPlan with = small.plan();
  EXPECT_TRUE(with.has_relays);
  EXPECT_THAT(with.command, testing::Contains("SMLAUNCH_AGENT_RELAY"));
  small.spec.inherited["SMLAUNCH_AGENT_RELAY"] = "auto";
  const LaunchPlan without = small.plan();
  EXPECT_FALSE(without.has_relays);
  EXPECT_THAT(without.command, testing::Not(testing::Contains("SMLAUNCH_AGENT_RELAY")));
  SmallJob large(500, 8);
  large.spec.inherited["SMLAUNCH_AGENT_RELAY"] = "off";
  EXPECT_FALSE(large.plan().has_relays);
}

}  // namespace
}  // namespace smlaunch
