// SPDX-License-Identifier: Apache-2.0
#include "launcher/scheduler/slurm_allocation.hpp"

#include <gtest/gtest.h>

#include "tests/launcher/scheduler/allocation_text.hpp"

namespace smlaunch {
namespace {

// As Slurm 22.05 sets them in `sbatch -N3 --ntasks-per-node=2`.
Variables batch_script() {
  return {{"SLURM_JOB_ID", "4"},
          {"SLURM_JOBID", "4"},
          {"SLURM_JOB_NODELIST", "algo-[1-3]"},
          {"SLURM_NODELIST", "algo-[1-3]"},
          {"SLURM_JOB_NUM_NODES", "3"},
          {"SLURM_NNODES", "3"},
          {"SLURM_NTASKS", "6"},
          {"SLURM_NPROCS", "6"},
          {"SLURM_NTASKS_PER_NODE", "2"},
          {"SLURM_TASKS_PER_NODE", "2(x3)"},
          {"SLURM_JOB_CPUS_PER_NODE", "2(x3)"},
          {"SLURM_PROCID", "0"},
          {"SLURM_NODEID", "0"},
          {"SLURMD_NODENAME", "algo-1"}};
}

// As in `srun --overlap -N1 -n1 -w algo-2` in a job of three hosts: the job's lists beside the step's
// numbers.
Variables one_task_of_a_step() {
  Variables variables = batch_script();
  variables.erase("SLURM_NTASKS_PER_NODE");
  for (const auto& [name, value] : Variables{{"SLURM_NNODES", "1"},
                                             {"SLURM_NTASKS", "1"},
                                             {"SLURM_NPROCS", "1"},
                                             {"SLURM_TASKS_PER_NODE", "1"},
                                             {"SLURM_STEP_ID", "1"},
                                             {"SLURM_STEP_NODELIST", "algo-2"},
                                             {"SLURM_STEP_NUM_NODES", "1"},
                                             {"SLURM_STEP_NUM_TASKS", "1"},
                                             {"SLURM_STEP_TASKS_PER_NODE", "1"},
                                             {"SLURMD_NODENAME", "algo-2"}})
    variables[name] = value;
  return variables;
}

std::string with(Variables variables, const Variables& changes) {
  for (const auto& [name, value] : changes) {
    if (value.empty())
      variables.erase(name);
    else
      variables[name] = value;
  }
  return text_of(find_slurm_allocation(variables));
}

TEST(SlurmAllocation, IsThatOfTheJobInABatchScript) {
  EXPECT_EQ(
      with(batch_script(), {}),
      "Slurm's job 4: SLURM_JOB_NODELIST | algo-1:2 algo-2:2 algo-3:2 | slots of SLURM_TASKS_PER_NODE | "
      "cpus 2 2 2");
  const auto found = find_slurm_allocation(batch_script());
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->own_host, "algo-1");
}

TEST(SlurmAllocation, IsThatOfTheStepInAStepAndOfNothingElse) {
  EXPECT_EQ(with(one_task_of_a_step(), {}),
            "a step of Slurm's job 4: SLURM_STEP_NODELIST | algo-2:1 | slots of SLURM_STEP_TASKS_PER_NODE");
  // The shell of salloc, and of a batch script, is a step only in name.
  for (const char* reserved : {"4294967290", "4294967291"})
    EXPECT_EQ(with(one_task_of_a_step(), {{"SLURM_STEP_ID", reserved}}),
              "Slurm's job 4: SLURM_JOB_NODELIST | algo-1 algo-2 algo-3 | cpus 2 2 2")
        << reserved;
}

TEST(SlurmAllocation, GivesEachHostItsOwnNumberOfRanks) {
  EXPECT_EQ(
      with(batch_script(), {{"SLURM_TASKS_PER_NODE", "3(x2),1"}, {"SLURM_NTASKS_PER_NODE", ""}}),
      "Slurm's job 4: SLURM_JOB_NODELIST | algo-1:3 algo-2:3 algo-3:1 | slots of SLURM_TASKS_PER_NODE | "
      "cpus 2 2 2");
  EXPECT_EQ(
      with(batch_script(), {{"SLURM_TASKS_PER_NODE", "4"}}),
      "Slurm's job 4: SLURM_JOB_NODELIST | algo-1:2 algo-2:2 algo-3:2 | slots of SLURM_NTASKS_PER_NODE | "
      "cpus 2 2 2");
}

TEST(SlurmAllocation, SaysNoRanksWhereNobodyAskedForTasks) {
  EXPECT_EQ(with(batch_script(), {{"SLURM_NTASKS", ""}, {"SLURM_NTASKS_PER_NODE", ""}}),
            "Slurm's job 4: SLURM_JOB_NODELIST | algo-1 algo-2 algo-3 | cpus 2 2 2");
}

TEST(SlurmAllocation, TakesTheGpusWhereOneTaskAHostStandsForALauncher) {
  const Variables one_each = {
      {"SLURM_NTASKS_PER_NODE", "1"}, {"SLURM_TASKS_PER_NODE", "1(x3)"}, {"SLURM_JOB_CPUS_PER_NODE", ""}};
  Variables four = one_each;
  four["SLURM_GPUS_ON_NODE"] = "4";
  EXPECT_EQ(
      with(batch_script(), four),
      "Slurm's job 4: SLURM_JOB_NODELIST | algo-1:4 algo-2:4 algo-3:4 | slots of SLURM_GPUS_ON_NODE | 4 GPUs "
      "of SLURM_GPUS_ON_NODE");
  four = one_each;
  four["SLURM_JOB_GPUS"] = "0-2,7";
  EXPECT_EQ(
      with(batch_script(), four),
      "Slurm's job 4: SLURM_JOB_NODELIST | algo-1:4 algo-2:4 algo-3:4 | slots of SLURM_JOB_GPUS | 4 GPUs of "
      "SLURM_JOB_GPUS");
  EXPECT_EQ(
      with(batch_script(), {{"SLURM_GPUS_ON_NODE", "4"}, {"SLURM_JOB_CPUS_PER_NODE", ""}}),
      "Slurm's job 4: SLURM_JOB_NODELIST | algo-1:2 algo-2:2 algo-3:2 | slots of SLURM_TASKS_PER_NODE | 4 "
      "GPUs of SLURM_GPUS_ON_NODE");
}

// Task 2 of `srun -N3 --ntasks-per-node=1`, the fifth step of job 7.
Variables one_task_on_each() {
  return {
      {"SLURM_JOB_ID", "7"},         {"SLURM_STEP_ID", "5"},        {"SLURM_STEP_NODELIST", "gn[1-3]"},
      {"SLURM_STEP_NUM_NODES", "3"}, {"SLURM_STEP_NUM_TASKS", "3"}, {"SLURM_STEP_TASKS_PER_NODE", "1(x3)"},
      {"SLURM_NODEID", "2"}};
}

TEST(SlurmAllocation, AStepOfOneTaskOnEachHostIsHostsThatStartThemselves) {
  const auto found = find_slurm_allocation(one_task_on_each());
  ASSERT_TRUE(found && *found && (*found)->self_started);
  const SelfStarted& hosts = *(*found)->self_started;
  EXPECT_EQ(hosts.node_rank, 2);
  EXPECT_EQ(hosts.names, (std::vector<std::string>{"gn1", "gn2", "gn3"}));
  EXPECT_TRUE(hosts.may_use_munge);
  EXPECT_EQ(hosts.channel_port, 21000 + (7 * 6181 + 5) % 10000);
  EXPECT_EQ(hosts.job, "7.5.0");
  EXPECT_EQ(hosts.source,
            "a step of Slurm's job 7: SLURM_STEP_NODELIST, SLURM_NODEID: each host starts itself");
  Options options;
  options.channel_port = 4000;
  EXPECT_EQ((*find_slurm_allocation(one_task_on_each(), options))->self_started->channel_port, 4000);
  Variables requeued = one_task_on_each();
  requeued["SLURM_RESTART_COUNT"] = "2";
  EXPECT_EQ((*find_slurm_allocation(requeued))->self_started->job, "7.5.2");
  EXPECT_FALSE((*find_slurm_allocation(batch_script()))->self_started);
}

TEST(SlurmAllocation, RanksOfSuchAStepAreItsGpus) {
  Variables variables = one_task_on_each();
  EXPECT_EQ(text_of(find_slurm_allocation(variables)),
            "a step of Slurm's job 7: SLURM_STEP_NODELIST | gn1:1 gn2:1 gn3:1 | slots of "
            "SLURM_STEP_TASKS_PER_NODE");
  variables["SLURM_GPUS_ON_NODE"] = "8";
  EXPECT_EQ(text_of(find_slurm_allocation(variables)),
            "a step of Slurm's job 7: SLURM_STEP_NODELIST | gn1:8 gn2:8 gn3:8 | slots of SLURM_GPUS_ON_NODE "
            "| 8 GPUs of "
            "SLURM_GPUS_ON_NODE");
}

TEST(SlurmAllocation, RefusesAStepThatStartsItSeveralTimesOnAHost) {
  Variables variables = one_task_on_each();
  variables["SLURM_STEP_NUM_TASKS"] = "6";
  variables["SLURM_STEP_TASKS_PER_NODE"] = "2(x3)";
  const auto found = find_slurm_allocation(variables);
  ASSERT_FALSE(found);
  const Problem& problem = found.error().problems.front();
  EXPECT_EQ(problem.where, "SLURM_STEP_TASKS_PER_NODE");
  EXPECT_EQ(
      problem.what,
      "this step of Slurm's job 7 starts smlaunch 6 times on 3 hosts, and it starts a host's ranks itself");
  EXPECT_EQ(problem.remedy,
            "start it once on each, srun --nodes=3 --ntasks=3 --ntasks-per-node=1 smlaunch "
            "--processes-per-host N -- "
            "PROGRAM, or once, without srun: smlaunch -- PROGRAM");
  EXPECT_EQ(found.error().fault, Fault::usage);
  variables = one_task_on_each();
  variables["SLURM_NODEID"] = "3";
  EXPECT_EQ(text_of(find_slurm_allocation(variables)), "SLURM_NODEID: \"3\" is none of the step's 3 hosts");
}

TEST(SlurmAllocation, RefusesListsThatContradictEachOther) {
  EXPECT_EQ(with(batch_script(), {{"SLURM_JOB_NUM_NODES", "2"}}),
            "SLURM_JOB_NODELIST: names 3 hosts where SLURM_JOB_NUM_NODES says 2");
  EXPECT_EQ(with(batch_script(), {{"SLURM_JOB_NODELIST", "algo-[3-1]"}}),
            "SLURM_JOB_NODELIST: 'algo-[3-1]' has a range that runs backwards");
}

TEST(SlurmAllocation, IsNoneOutsideAJob) {
  EXPECT_EQ(text_of(find_slurm_allocation({})), "none");
  EXPECT_EQ(text_of(find_slurm_allocation({{"SLURM_CONF", "/etc/slurm/slurm.conf"}})), "none");
  EXPECT_EQ(with(batch_script(), {{"SLURM_JOB_ID", ""}, {"SLURM_JOBID", ""}}), "none");
  EXPECT_EQ(text_of(find_slurm_allocation({{"SLURM_JOB_ID", "4"}})), "none");
}

TEST(SlurmCounts, AreReadOrRefused) {
  using Counts = std::vector<int>;
  EXPECT_EQ(parse_slurm_counts("8(x2),4"), (Counts{8, 8, 4}));
  EXPECT_EQ(parse_slurm_counts("1"), Counts{1});
  for (const char* text : {"", "0", "x", "2(x)", "2(x3", "2,,3", "2(3)", "-1", "2(x999999999)"})
    EXPECT_FALSE(parse_slurm_counts(text)) << text;
}

}  // namespace
}  // namespace smlaunch
