// SPDX-License-Identifier: Apache-2.0
#include "launcher/run/torchrun_failure.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace smlaunch {
namespace {

std::vector<std::string> summary(const std::string& rank, const std::string& code) {
  return {"torch.distributed.elastic.multiprocessing.errors.ChildFailedError: ",
          "====",
          "train.py FAILED",
          "----",
          "Failures:",
          "[1]:",
          "  rank      : 0 (local_rank: 0)",
          "  exitcode  : -15 (pid: 11)",
          "----",
          "Root Cause (first observed failure):",
          "[0]:",
          "  time      : 2026-01-01_00:00:00",
          "  host      : algo-1",
          "  rank      : " + rank + " (local_rank: 1)",
          "  exitcode  : " + code + " (pid: 12)",
          "  error_file: <N/A>"};
}

Outcome failed(const std::vector<std::string>& lines) {
  Outcome outcome;
  outcome.kind = OutcomeKind::failure;
  outcome.failure_class = FailureClass::user_code;
  outcome.exit_code = 1;
  outcome.first_failure = FirstFailure{Rank{0}, "algo-1", Exited{1}, 2.0, lines, true, {}};
  outcome.message = "rank 0 on algo-1 exited with code 1 2.0 s after the start: ValueError: x";
  return outcome;
}

TEST(TorchrunFailure, IsTheRootCauseOfItsSummary) {
  const auto exited = find_torchrun_failure(summary("3", "7"));
  ASSERT_TRUE(exited);
  EXPECT_EQ(exited->rank, 3);
  EXPECT_EQ(exited->status, ExitStatus{Exited{7}});
  const auto killed = find_torchrun_failure(summary("0", "-9"));
  ASSERT_TRUE(killed);
  EXPECT_EQ(killed->status, ExitStatus{Signaled{SIGKILL}});
}

TEST(TorchrunFailure, IsNotFoundInOtherWords) {
  EXPECT_FALSE(find_torchrun_failure({}));
  EXPECT_FALSE(find_torchrun_failure({"  rank      : 1 (local_rank: 1)", "  exitcode  : 7 (pid: 3)"}));
  EXPECT_FALSE(
      find_torchrun_failure({"Root Cause (first observed failure):", "  rank : one", "  exitcode : 7"}));
  EXPECT_FALSE(
      find_torchrun_failure({"Root Cause (first observed failure):", "  ranks : 1", "  exitcode : 7"}));
}

TEST(OutcomeOfStarters, NamesTheRankAndItsCodeAsTorchrunDoes) {
  const Outcome outcome = outcome_of_starters(failed(summary("3", "7")), "torchrun");
  EXPECT_EQ(outcome.exit_code, 7);
  EXPECT_EQ(outcome.first_failure->rank, Rank{3});
  EXPECT_EQ(
      outcome.message,
      "rank 3 on algo-1 exited with code 7, says torchrun, which ended 2.0 s after the start: ValueError: x");
  EXPECT_EQ(outcome_of_starters(failed(summary("3", "-9")), "torchrun").exit_code, 137);
}

TEST(OutcomeOfStarters, NamesTheProgramWhereNoRankIsKnown) {
  const Outcome unknown = outcome_of_starters(failed({"no summary"}), "torchrun");
  EXPECT_EQ(unknown.exit_code, 1);
  EXPECT_EQ(unknown.message, "torchrun on algo-1 exited with code 1 2.0 s after the start: ValueError: x");
  EXPECT_EQ(outcome_of_starters(failed(summary("3", "7")), "xla").message,
            "xla on algo-1 exited with code 1 2.0 s after the start: ValueError: x");
  Outcome stopped;
  stopped.message = "stopped by SIGTERM";
  EXPECT_EQ(outcome_of_starters(stopped, "torchrun").message, "stopped by SIGTERM");
}

}  // namespace
}  // namespace smlaunch
