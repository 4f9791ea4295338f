// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/slurm_step.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace smlaunch {
namespace {

using Words = std::vector<std::string>;
using Answers = std::map<std::string, std::string>;

// Behind what env takes out of the environment.
Words srun_of(const Words& argv) { return {std::find(argv.begin(), argv.end(), "srun"), argv.end()}; }

TEST(SlurmStep, AsksAllHostsAtOnce) {
  const Words argv = make_step_argv({"gn2", "gn1"}, "smlaunch worker - 1");
  EXPECT_EQ(srun_of(argv),
            (Words{"srun", "--quiet", "--overlap", "--mpi=none", "--cpu-bind=none", "--export=ALL",
                   "--kill-on-bad-exit=0", "--nodes=2", "--ntasks=2", "--ntasks-per-node=1", "--label",
                   "--nodelist=gn2,gn1", "sh", "-c", "echo \"$SLURMD_NODENAME\"; smlaunch worker - 1"}));
  // What sbatch was asked for would count for the step, too.
  EXPECT_EQ(argv.front(), "env");
  for (const char* name :
       {"SLURM_NTASKS", "SLURM_NTASKS_PER_NODE", "SLURM_GPUS_PER_TASK", "SLURM_EXPORT_ENV"})
    EXPECT_NE(std::find(argv.begin(), argv.end(), name), argv.end()) << name;
}

TEST(SlurmStep, StartsACommandOnOneHost) {
  EXPECT_EQ(srun_of(make_one_host_argv("gn1", "orted -mca x y")),
            (Words{"srun", "--quiet", "--overlap", "--mpi=none", "--cpu-bind=none", "--export=ALL",
                   "--kill-on-bad-exit=0", "--nodes=1", "--ntasks=1", "--ntasks-per-node=1", "--input=none",
                   "--nodelist=gn1", "sh", "-c", "orted -mca x y"}));
}

TEST(SlurmStep, KnowsWhoseLinesTheyAre) {
  EXPECT_EQ(parse_step_output("1: gn2\n0: gn1\n0: smlaunch 1\n1: smlaunch 1\n1: no worker\n0: a: b\n"),
            (Answers{{"gn1", "smlaunch 1\na: b\n"}, {"gn2", "smlaunch 1\nno worker\n"}}));
  EXPECT_EQ(parse_step_output(" 9: gn9\n10: gn10\n 9: x\n10: \n"), (Answers{{"gn9", "x\n"}, {"gn10", "\n"}}));
  EXPECT_EQ(parse_step_output("0: gn1\n"), (Answers{{"gn1", ""}}));
  EXPECT_EQ(parse_step_output(""), Answers{});
}

TEST(SlurmStep, KnowsWhatSrunSaysOfAHostAndOfTheStep) {
  const StepProblems problems = parse_step_problems(
      "srun: job 3 queued\n"
      "srun: error: Task launch for StepId=3.1 failed on node gn2: Communication connection failure\n"
      "srun: error: Application launch failed: Communication connection failure\n"
      "srun: Job step aborted\n"
      "srun: error: Timed out\n");
  EXPECT_EQ(
      problems.of_hosts,
      (Answers{{"gn2", "Task launch for StepId=3.1 failed on node gn2: Communication connection failure"}}));
  EXPECT_EQ(problems.of_step, "Application launch failed: Communication connection failure");
  EXPECT_EQ(parse_step_problems("srun: error: Node failure on gn2\n").of_step, "Node failure on gn2");
  EXPECT_EQ(parse_step_problems("gn1: hello\n").of_step, "");
}

std::string judge(const char* answer, const StepProblems& problems = {}) {
  const RemoteRequest request{
      .login = {.version = "1.0", .judge = [](const std::string& text) -> std::optional<HostProblem> {
                  if (text.find("no daemon") == std::string::npos) return {};
                  return HostProblem{.cause = {.trouble = HostTrouble::daemon_missing},
                                     .remedy = "install it"};
                }}};
  const std::string text = answer == nullptr ? "" : answer;
  const HostReadiness is = judge_step_answer("gn1", answer == nullptr ? nullptr : &text, problems, request);
  return to_string(is.state) + " " + to_string(is.stage) + ": " + to_string(is.cause);
}

TEST(SlurmStep, JudgesAHostByItsAnswer) {
  EXPECT_EQ(judge("smlaunch 1.0\nno worker\n"), "ready smlaunch: ");
  EXPECT_EQ(judge("smlaunch 0.9\n"), "failed smlaunch: smlaunch 0.9 there, 1.0 here");
  EXPECT_EQ(judge("smlaunch 1.0\nno daemon\n"),
            "failed smlaunch: Open MPI's daemon is not there beside the path of our mpirun");
  EXPECT_EQ(judge(""), "failed smlaunch: smlaunch does not answer there");
  EXPECT_EQ(judge("/bin/sh: no such file\nmore\n"),
            "failed smlaunch: smlaunch does not answer there (/bin/sh: no such file)");
  EXPECT_EQ(judge(nullptr), "failed login: srun's step there has ended without an answer");
  EXPECT_EQ(judge(nullptr, {{}, "Unable to create step"}), "failed login: Unable to create step");
  EXPECT_EQ(judge(nullptr, {{{"gn1", "it is down"}}, "Unable"}), "failed login: it is down");
}

TEST(SlurmStep, TakesAnyAnswerWhereOnlyTheHostIsAskedFor) {
  const RemoteRequest request{.until = ReadyStage::banner};
  const std::string nothing;
  EXPECT_EQ(judge_step_answer("gn1", &nothing, {}, request).state, ReadyState::ready);
  EXPECT_EQ(judge_step_answer("gn1", nullptr, {}, request).state, ReadyState::failed);
}

}  // namespace
}  // namespace smlaunch
