// SPDX-License-Identifier: Apache-2.0
// What a job that hangs comes to.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <csignal>
#include <optional>
#include <tuple>
#include <utility>

#include "launcher/outcome/decide_outcome.hpp"
#include "tests/launcher/outcome/made_up_jobs.hpp"

namespace smlaunch {
namespace {

using namespace made_up_jobs;

TEST(Outcome, OfAJobThatHangs) {
  JobRecord record = job({stopped(70), stopped(70), stopped(70), stopped(70)});
  record.hang = JobSilence{.seconds = 60.4};
  for (int i = 0; i < 4; ++i) {
    RankState state;
    state.processes = {{.pid = 1,
                        .name = "python3",
                        .state = 'S',
                        .threads = 1,
                        .wait_channel = "",
                        .kernel_stack = {},
                        .python_stack = {i == 2 ? "train.py:12 in load" : "dist.py:9 in all_reduce"}}};
    record.ranks[Rank{i}].state = state;
  }
  const Outcome outcome = decide_outcome(record, four_hosts);
  EXPECT_EQ(outcome.kind, OutcomeKind::failure);
  EXPECT_EQ(outcome.failure_class, FailureClass::hang);
  EXPECT_EQ(outcome.exit_code, 76);
  EXPECT_EQ(outcome.message,
            "the job hangs: no rank has printed anything for 60 s; rank 2 on algo-2 is elsewhere than the 3 "
            "others: "
            "train.py:12 in load; they: dist.py:9 in all_reduce");
  EXPECT_EQ(outcome.hang.size(), 4U);
  ASSERT_TRUE(outcome.first_failure);
  EXPECT_EQ(outcome.first_failure->rank, Rank{2});
  EXPECT_EQ(outcome.first_failure->host, "algo-2");
  EXPECT_TRUE(outcome.first_failure->certain);
  EXPECT_EQ(outcome.first_failure->status(), std::nullopt);
  record.stop_signal = SIGTERM;
  EXPECT_EQ(decide_outcome(record, four_hosts).kind, OutcomeKind::stopped);
}

TEST(Outcome, OfAJobThatHangsNamesTheRankForWhichOthersWait) {
  JobRecord record = job({stopped(70), stopped(70), stopped(70), stopped(70)});
  record.hang = JobSilence{.seconds = 60.4};
  for (int i = 0; i < 4; ++i) {
    RankState state;
    state.processes.emplace_back();
    state.processes.front().told = fmt::format(
        R"({{"rank":{},"counts_from_one":true,"threads":[{{"is_main":true,"frames":[["{}","/c/data.py",88]],"call":{}}}],
            "groups":[{{"name":"0","is_default":true,"ranks":[[0,3]],"sequence":{}}}]}})",
        i, i == 2 ? "load_batch" : "step", i == 2 ? "null" : R"({"op":"all_reduce","group":"0"})",
        i == 2 ? 1203 : 1204);
    record.ranks[Rank{i}].state = state;
  }
  const Outcome outcome = decide_outcome(record, four_hosts);
  EXPECT_EQ(outcome.message,
            "the job hangs: no rank has printed anything for 60 s; rank 2 (algo-2) has not come to "
            "all_reduce 1204 of "
            "the default group, in which 3 ranks wait; it is in load_batch (data.py:88)");
  EXPECT_EQ(outcome.hang_seconds, 60.4);
  ASSERT_TRUE(outcome.first_failure);
  EXPECT_EQ(outcome.first_failure->rank, Rank{2});
  EXPECT_TRUE(outcome.first_failure->certain);
}

TEST(Outcome, OfAJobThatHangsPointsAtAHostToWhichNothingGetsThroughButIsNotCertain) {
  JobRecord record = job({stopped(70), stopped(70), stopped(70)});
  record.hang = JobSilence{.seconds = 60.4};
  const RankHosts hosts = {"a", "b", "c"};
  for (int i = 0; i < 3; ++i) {
    RankState state;
    state.processes.emplace_back();
    state.processes.front().told = fmt::format(
        R"({{"rank":{},"counts_from_one":true,"threads":[{{"is_main":true,"frames":[["step","/c/data.py",88]],
            "call":{{"op":"all_reduce","group":"0"}}}}],
            "groups":[{{"name":"0","is_default":true,"ranks":[[0,2]],"sequence":1204}}]}})",
        i);
    state.processes.front().addresses = {fmt::format("198.18.0.{}", i)};
    if (i < 2) state.processes.front().unanswered = {{.address = "198.18.0.2", .milliseconds = 50000}};
    record.ranks[Rank{i}].state = state;
  }
  const Outcome outcome = decide_outcome(record, hosts);
  EXPECT_EQ(
      outcome.message,
      "the job hangs: no rank has printed anything for 60 s; no rank is missing: all have come to all_reduce "
      "1204 of the default group, and ranks 0, 1, 2 still wait in it; what is sent between c and a, b has "
      "not "
      "been acknowledged for 50 s");
  ASSERT_TRUE(outcome.first_failure);
  EXPECT_EQ(outcome.first_failure->rank, Rank{2});
  EXPECT_EQ(outcome.first_failure->host, "c");
  EXPECT_FALSE(outcome.first_failure->certain);
  for (int i = 0; i < 3; ++i) {
    auto& process = record.ranks[Rank{i}].state->processes.front();
    process.told.clear();
    process.python_stack = {i == 1 ? "train.py:12 in load" : "dist.py:9 in all_reduce"};
  }
  const Outcome by_place = decide_outcome(record, hosts);
  EXPECT_EQ(by_place.first_failure->rank, Rank{1}) << "it is elsewhere than the others";
  EXPECT_TRUE(by_place.first_failure->certain);
}

TEST(Outcome, OfAJobThatHangsNamesTheRankThatHadEnded) {
  JobRecord record = job({stopped(70), fine(2.0)});
  record.hang = JobSilence{.seconds = 60.4};
  RankState state;
  state.processes.emplace_back();
  state.processes.front().python_stack = {"dist.py:9 in all_reduce"};
  record.ranks[Rank{0}].state = state;
  const Outcome outcome = decide_outcome(record, {"a", "b"});
  EXPECT_EQ(outcome.message,
            "the job hangs: no rank has printed anything for 60 s; rank 1 on b had exited with code 0 2.0 s "
            "after the "
            "start; of those that run, rank 0: dist.py:9 in all_reduce");
  ASSERT_TRUE(outcome.first_failure);
  EXPECT_EQ(outcome.first_failure->rank, Rank{1});
  EXPECT_EQ(outcome.first_failure->status(), ExitStatus(Exited{0}));
  EXPECT_EQ(outcome.first_failure->seconds, 2.0);
}

TEST(Outcome, OfAJobThatHangsAtOnePlaceIsCertainOfNobody) {
  JobRecord record = job({stopped(70), stopped(70)});
  record.hang = JobSilence{.seconds = 60};
  const Outcome outcome = decide_outcome(record, {"a", "b"});
  ASSERT_TRUE(outcome.first_failure);
  EXPECT_FALSE(outcome.first_failure->certain);
  EXPECT_EQ(values(outcome.first_failure->tied_with), std::vector<int>{1});
}

}  // namespace
}  // namespace smlaunch
