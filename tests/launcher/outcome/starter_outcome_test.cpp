// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/starter_outcome.hpp"

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

JobRecord record_of(std::optional<int> failed_rank = {}) {
  JobRecord record;
  record.ranks.resize(1);
  record.ranks[0].failed_rank = failed_rank;
  return record;
}

Outcome failed(const std::vector<std::string>& lines, const std::string& exception = "ValueError: x") {
  Outcome outcome;
  outcome.kind = OutcomeKind::failure;
  outcome.failure_class = FailureClass::user_code;
  outcome.exit_code = 1;
  outcome.first_failure = FirstFailure{Rank{0}, "algo-1", Exited{1}, 2.0, lines, true, {}};
  outcome.message = "rank 0 on algo-1 exited with code 1 2.0 s after the start: " + exception;
  return outcome;
}

std::vector<std::string> after(std::vector<std::string> lines, const std::vector<std::string>& more) {
  lines.insert(lines.end(), more.begin(), more.end());
  return lines;
}

const std::vector<std::string> traceback = {"Traceback (most recent call last):", "  File \"x.py\"",
                                            "ValueError: x"};

TEST(OutcomeOfStarters, NamesTheRankAndItsCodeAsTorchrunDoes) {
  const Outcome outcome = outcome_of_starters(failed(summary("3", "7")), record_of(), "torchrun");
  EXPECT_EQ(outcome.exit_code, 7);
  EXPECT_EQ(outcome.first_failure->rank, Rank{3});
  EXPECT_EQ(
      outcome.message,
      "rank 3 on algo-1 exited with code 7, says torchrun, which ended 2.0 s after the start: ValueError: x");
  EXPECT_EQ(outcome_of_starters(failed(summary("3", "-9")), record_of(), "torchrun").exit_code, 137);
}

TEST(OutcomeOfStarters, NamesTheRankWhoseLinesTheyAre) {
  const std::vector<std::string> lines = {
      "torch.distributed.elastic.multiprocessing.errors.ChildFailedError: ",
      "Failures:",
      "  rank      : 2 (local_rank: 2)",
      "  exitcode  : 5 (pid: 13)",
      "Root Cause (first observed failure):",
      "  rank      : 0 (local_rank: 0)",
      "  exitcode  : 1 (pid: 11)"};
  const Outcome blamed = failed(after(traceback, lines));
  const Outcome outcome = outcome_of_starters(blamed, record_of(2), "torchrun");
  EXPECT_EQ(outcome.exit_code, 5);
  EXPECT_EQ(outcome.first_failure->rank, Rank{2});
  EXPECT_EQ(
      outcome.message,
      "rank 2 on algo-1 exited with code 5, says torchrun (it names rank 0 first, which had only lost its "
      "peer), which ended 2.0 s after the start: ValueError: x");
}

TEST(OutcomeOfStarters, SaysWhoMayHaveHadAnExceptionThatIsNobodys) {
  using Failures = std::vector<std::pair<int, const char*>>;
  const auto message = [](const Failures& failures, std::optional<int> whose = {}) {
    std::vector<std::string> lines = traceback;
    lines.emplace_back("x.ChildFailedError: ");
    for (std::size_t i = 0; i < failures.size(); ++i) {
      if (i + 1 == failures.size()) lines.emplace_back("Root Cause (first observed failure):");
      lines.push_back("  rank      : " + std::to_string(failures[i].first));
      lines.push_back(std::string("  exitcode  : ") + failures[i].second);
    }
    const Outcome outcome = outcome_of_starters(failed(lines), record_of(whose), "torchrun");
    std::string text = outcome.message.substr(outcome.message.find("after the start") + 15);
    EXPECT_EQ(outcome.first_failure->certain, outcome.first_failure->tied_with.empty());
    for (const Rank rank : outcome.first_failure->tied_with) text += " | " + std::to_string(rank.value);
    return text;
  };
  EXPECT_EQ(message({{2, "1"}}), ": ValueError: x");
  EXPECT_EQ(message({{4, "-15"}, {2, "1"}}), ": ValueError: x");
  EXPECT_EQ(message({{5, "1"}, {4, "1"}, {2, "3"}}), "; one of the ranks 2, 4, 5 had ValueError: x | 5 | 4");
  EXPECT_EQ(message({{5, "1"}, {2, "-9"}}), "; rank 5 had ValueError: x | 5");
  EXPECT_EQ(message({{2, "-9"}}), "");
  EXPECT_EQ(message({{5, "1"}, {2, "1"}}, 2), ": ValueError: x");
  EXPECT_EQ(message({{5, "1"}, {2, "-9"}}, 2), ": ValueError: x");
}

TEST(OutcomeOfStarters, NamesTheProgramWhereNoRankIsKnown) {
  const Outcome unknown = outcome_of_starters(failed({"no summary"}), record_of(), "torchrun");
  EXPECT_EQ(unknown.exit_code, 1);
  EXPECT_EQ(unknown.message, "torchrun on algo-1 exited with code 1 2.0 s after the start: ValueError: x");
  EXPECT_EQ(outcome_of_starters(failed(summary("3", "7")), record_of(), "xla").message,
            "xla on algo-1 exited with code 1 2.0 s after the start: ValueError: x");
  Outcome stopped;
  stopped.message = "stopped by SIGTERM";
  EXPECT_EQ(outcome_of_starters(stopped, record_of(), "torchrun").message, "stopped by SIGTERM");
}

}  // namespace
}  // namespace smlaunch
