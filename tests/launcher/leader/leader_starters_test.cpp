// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/leader_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/launcher/leader/driven_run.hpp"

namespace smlaunch {
namespace {

using std::chrono::milliseconds;
using ::testing::Contains;

TEST(LeaderRun, ALineOfATorchrunsRankIsThatRanksUnlessTheRankIsAnotherHosts) {
  DrivenRun run;
  become_torchruns(run);
  for (int agent = 0; agent < 2; ++agent) run.agents.ranks[agent].runs = milliseconds(2000);
  run.loop.after(milliseconds(1000), [&] {
    run.agents.rank_prints(1, "a\n", 3);
    run.agents.rank_prints(1, "b\n", 4);
    run.agents.rank_prints(1, "c\n", 1);
  });
  EXPECT_EQ(run.go().kind, OutcomeKind::success);
  for (const char* line : {"3 of 1: a\n", "1: b\n", "1: c\n"})
    EXPECT_THAT(run.output.printed, Contains(line));
}

TEST(LeaderRun, OfARankOfTorchrunsTheRecordHasTheEndUnlessTheRankIsAnotherHosts) {
  DrivenRun run;
  become_torchruns(run);
  for (int agent = 0; agent < 2; ++agent) run.agents.ranks[agent].runs = milliseconds(2000);
  run.loop.after(milliseconds(1000), [&] {
    run.agents.starter_tells(1, {.rank = 3, .pid = 77});
    run.agents.starter_tells(1, {.rank = 3, .pid = 77, .has_ended = true, .status = Exited{7}});
    run.agents.starter_tells(1, {.rank = 1, .pid = 78});
    run.agents.starter_tells(1, {.rank = 4, .pid = 79});
  });
  EXPECT_EQ(run.go().kind, OutcomeKind::success);
  const auto& known = run.result.ranks[Rank{1}].of_starter;
  ASSERT_EQ(known.size(), 1U);
  EXPECT_EQ(known.at(Rank{3}).pid, 77);
  EXPECT_EQ(known.at(Rank{3}).status, ExitStatus(Exited{7}));
  EXPECT_DOUBLE_EQ(known.at(Rank{3}).seconds, 1);
}

TEST(LeaderRun, ATorchrunThatStaysAfterItsRanksFailureIsStoppedAndTheRankIsNamed) {
  DrivenRun run;
  become_torchruns(run);
  for (int agent = 0; agent < 2; ++agent) run.agents.ranks[agent].runs = milliseconds(300'000);
  run.loop.after(milliseconds(1000), [&] {
    run.agents.starter_tells(1, {.rank = 3, .pid = 77});
    run.agents.starter_tells(
        1, {.rank = 3, .pid = 77, .has_ended = true, .status = Exited{7}, .is_final = true});
  });
  const Outcome outcome = run.go();
  EXPECT_EQ(outcome.exit_code, 7);
  EXPECT_EQ(outcome.first_failure->rank, Rank{3});
  EXPECT_EQ(outcome.first_failure->host, run.plan.cluster.hosts[NodeRank{1}].name);
  EXPECT_DOUBLE_EQ(outcome.first_failure->seconds, 1);
  EXPECT_LT(run.loop.seconds(), 60);
  EXPECT_THAT(run.agents.done, Contains("signal 15 to 0"));
}

}  // namespace
}  // namespace smlaunch
