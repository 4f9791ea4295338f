// SPDX-License-Identifier: Apache-2.0
#include "launcher/plan/smoke_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/launcher/plan/small_job.hpp"

namespace smlaunch {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;

MadeUp with_gpus(int gpus) {
  MadeUp machine;
  machine.gpu_nodes.assign(static_cast<std::size_t>(gpus), 0);
  return machine;
}

// Two hosts with two ranks each, and all that a test could be run with.
SmallJob job_of(int gpus) {
  SmallJob job(2, 2, with_gpus(gpus));
  job.spec.mpirun = "/usr/bin/mpirun";
  job.spec.smoke.has_mpirun = true;
  return job;
}

std::string backend_of(SmallJob job) {
  const auto plan = job.try_plan();
  if (!plan) return plan.error().problems.front().where + ": " + plan.error().problems.front().what;
  return plan->smoke ? plan->smoke->backend : "off: " + plan->smoke_reason;
}

std::string source_of(const LaunchPlan& plan) {
  for (const auto& [name, source] : plan.sources)
    if (name == "smoke") return source;
  return "";
}

TEST(SmokePlan, GpusAreTestedByNcclAndHostsWithoutOnTheCpu) {
  EXPECT_EQ(backend_of(job_of(2)), "nccl");
  EXPECT_EQ(backend_of(job_of(0)), "mpi-cpu");
  EXPECT_EQ(source_of(job_of(0).plan()), "default: no GPU was found; NCCL NOT RUN");
  SmallJob pretended = job_of(2);
  pretended.spec.smoke.has_gpus = false;
  EXPECT_EQ(backend_of(pretended), "mpi-cpu");
}

TEST(SmokePlan, IsOffWithTheReasonSaid) {
  SmallJob off = job_of(2);
  off.spec.smoke.mode = SmokeMode::off;
  off.spec.smoke.source = "option --smoke";
  EXPECT_EQ(backend_of(off), "off: switched off by option --smoke");
  SmallJob process = job_of(2);
  process.spec.launcher = LauncherKind::process;
  EXPECT_EQ(backend_of(process), "off: launcher process");
  SmallJob xla = job_of(2);
  xla.spec.launcher = LauncherKind::xla;
  EXPECT_EQ(backend_of(xla), "off: launcher xla");
  SmallJob one(1, 1);
  one.spec.smoke.has_mpirun = true;
  EXPECT_EQ(backend_of(one), "off: one rank has nobody to talk to");
  SmallJob without = job_of(0);
  without.spec.smoke.has_mpirun = false;
  EXPECT_EQ(backend_of(without), "off: no mpirun is on PATH to test with");
}

TEST(SmokePlan, WhatIsAskedForIsDoneOrRefused) {
  SmallJob one(1, 1);
  one.spec.smoke.has_mpirun = true;
  one.spec.smoke.mode = SmokeMode::cpu;
  EXPECT_EQ(backend_of(one), "mpi-cpu");
  SmallJob cpu = job_of(2);
  cpu.spec.smoke.mode = SmokeMode::cpu;
  EXPECT_EQ(backend_of(cpu), "mpi-cpu");
  cpu.spec.smoke.has_mpirun = false;
  EXPECT_EQ(backend_of(cpu), "mpirun: is not on PATH, and the test on the CPU is started by it");
  SmallJob nccl = job_of(0);
  nccl.spec.smoke.mode = SmokeMode::nccl;
  nccl.spec.smoke.source = "option --smoke";
  EXPECT_EQ(backend_of(nccl), "nccl");
  SmallJob required = job_of(2);
  required.spec.smoke.require_gpu = true;
  EXPECT_EQ(backend_of(required), "nccl");
  required.spec.smoke.mode = SmokeMode::off;
  required.spec.smoke.source = "option --smoke";
  EXPECT_EQ(backend_of(required),
            "--require-gpu: there is no all-reduce test: switched off by option --smoke");
}

TEST(SmokePlan, OnTheCpuMpirunStartsTheCheckWhateverStartsTheJob) {
  for (const LauncherKind launcher : {LauncherKind::mpi, LauncherKind::ddp, LauncherKind::torchrun}) {
    SmallJob job = job_of(0);
    job.spec.launcher = launcher;
    const LaunchPlan plan = job.plan();
    ASSERT_TRUE(plan.smoke);
    const auto& command = plan.smoke->command;
    EXPECT_EQ(command.front(), "/usr/bin/mpirun");
    EXPECT_THAT(std::vector<std::string>(command.end() - 4, command.end()),
                ElementsAre("rank", "--", "/usr/bin/smlaunch", "mpi-check"))
        << to_string(launcher);
  }
}

TEST(SmokePlan, TheCheckHasTheRanksOfTheJobAndMpisWords) {
  SmallJob job = job_of(0);
  job.spec.launcher = LauncherKind::ddp;
  const LaunchPlan plan = job.plan();
  const auto check = make_check_plan(job.spec, plan);
  ASSERT_TRUE(check);
  EXPECT_EQ(check->world_size(), 4);
  EXPECT_EQ(check->engine, Engine::mpirun);
  EXPECT_EQ(check->launcher, LauncherKind::mpi) << "under ddp ranks lose what mpirun tells them";
  EXPECT_EQ(check->process_command, (std::vector<std::string>{"/usr/bin/smlaunch", "mpi-check"}));
  EXPECT_EQ(check->environment, plan.environment);
}

TEST(SmokePlan, AJobThatNeedsNoMpirunIsTestedOnGpusWithoutOne) {
  SmallJob job(1, 2, with_gpus(2));
  job.spec.launcher = LauncherKind::ddp;
  const LaunchPlan plan = job.plan();
  ASSERT_TRUE(plan.smoke);
  EXPECT_THAT(plan.smoke->command,
              ElementsAre("/usr/bin/smlaunch", "rank", "--", "/usr/bin/smlaunch", "nccl-check"));
}

TEST(SmokePlan, InAJobOfSlurmsSrunStartsTheTestOnGpusAndMpirunTheOneOnTheCpu) {
  SmallJob job(2, 2, with_gpus(2));
  job.spec.launcher = LauncherKind::torchrun;
  job.spec.by_slurm = true;
  const LaunchPlan plan = job.plan();
  ASSERT_TRUE(plan.smoke);
  EXPECT_EQ(plan.smoke->command.front(), "srun");
  EXPECT_THAT(plan.smoke->command,
              testing::IsSupersetOf({"--nodelist=algo-1,algo-1,algo-2,algo-2", "nccl-check"}));
  SmallJob on_cpu = job_of(0);
  on_cpu.spec.launcher = LauncherKind::ddp;
  on_cpu.spec.by_slurm = true;
  const LaunchPlan without = on_cpu.plan();
  ASSERT_TRUE(without.smoke);
  EXPECT_EQ(without.smoke->command.front(), "/usr/bin/mpirun");
  EXPECT_THAT(without.smoke->command, testing::Contains("algo-1:2,algo-2:2")) << "hosts by their names";
}

TEST(SmokePlan, ABandwidthThatCannotBeIsRefused) {
  SmallJob job = job_of(2);
  Machine machine = *job.cluster.hosts.front().machine;
  machine.nics.resize(1);
  machine.nics[0].gigabits = 100;
  machine.gpu_nic.assign(machine.gpus.size(), {Nearness::PHB});
  for (Host& host : job.cluster.hosts) host.machine = std::make_shared<const Machine>(machine);
  job.spec.smoke.min_busbw_gbps = 300;
  job.spec.smoke.min_busbw_source = "option --min-busbw";
  const auto refused = job.try_plan();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::usage);
  EXPECT_EQ(refused.error().problems.front().where, "option --min-busbw");
  EXPECT_THAT(refused.error().problems.front().what, testing::HasSubstr("300 GB/s cannot be reached here"));
}

TEST(SmokePlan, TheUsersOptionsAreTheChecksToo) {
  SmallJob job = job_of(0);
  job.mpi_options = {"--mca", "btl_tcp_eager_limit", "4096", "-x", "NCCL_HOSTID=mine"};
  const LaunchPlan plan = job.plan();
  EXPECT_THAT(plan.smoke->command, Contains("btl_tcp_eager_limit"));
  EXPECT_THAT(plan.smoke->command, Contains("NCCL_HOSTID"));
  const auto check = make_check_plan(job.spec, plan);
  ASSERT_TRUE(check);
  EXPECT_EQ(check->user_variables.at("NCCL_HOSTID"), "mine");
  EXPECT_THAT(plan.smoke->command, Not(Contains("train.py")));
}

TEST(SmokePlan, HostsThatStartThemselvesAreTestedByNcclOrNotAtAll) {
  SmallJob job = job_of(2);
  job.spec.launcher = LauncherKind::ddp;
  job.spec.self_started = true;
  EXPECT_EQ(backend_of(job), "nccl");
  const LaunchPlan plan = job.plan();
  const auto check = make_check_plan(job.spec, plan);
  ASSERT_TRUE(check);
  EXPECT_EQ(to_string(check->engine), "hosts");
  EXPECT_THAT(check->command,
              ElementsAre("/usr/bin/smlaunch", "rank", "--", "/usr/bin/smlaunch", "nccl-check"));

  SmallJob on_cpus = job_of(0);
  on_cpus.spec.launcher = LauncherKind::ddp;
  on_cpus.spec.self_started = true;
  const std::string why = "no GPU was found, and no mpirun reaches hosts that start themselves";
  EXPECT_EQ(backend_of(on_cpus), "off: " + why);
  on_cpus.spec.smoke.mode = SmokeMode::cpu;
  on_cpus.spec.smoke.source = "option --smoke";
  EXPECT_EQ(backend_of(on_cpus), "option --smoke: there is no all-reduce test: " + why);
}

}  // namespace
}  // namespace smlaunch
