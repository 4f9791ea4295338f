// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/leader_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/launcher/leader/driven_run.hpp"

namespace smlaunch {
namespace {

using std::chrono::milliseconds;
using ::testing::Contains;
using ::testing::HasSubstr;

TEST(LeaderRun, WhoAsksMeanwhileSeesHowFarEachRankIs) {
  DrivenRun run;
  StatusBoard board{JobStatus{.id = "aa"}};
  run.settings.board = &board;
  for (const int rank : {0, 1, 2, 3}) run.agents.ranks[rank].runs = milliseconds(9000);
  run.agents.ranks[1].runs = milliseconds(2000);
  std::vector<JobStatus> told;
  const auto ask = [&](const StatusWish& wish) {
    run.leader->tell_status(wish, [&](JobStatus status) { told.push_back(std::move(status)); });
  };
  run.while_waiting = [&](const FindWorkerCode&) {
    ask({.ranks = true});
    return DrivenRun::ready();
  };
  run.loop.after(milliseconds(4500), [&] {
    run.agents.rank_tells(2, {.beats = 1, .values = {{"step", 7}, {"loss", 2}}});
    run.agents.rank_tells(3, {.beats = 1, .values = {{"step", 5}}});
  });
  run.loop.after(milliseconds(5000), [&] { ask({.ranks = true}); });
  run.loop.after(milliseconds(5000), [&] { ask({}); });
  EXPECT_EQ(run.go().kind, OutcomeKind::success);
  ASSERT_EQ(told.size(), 3U);
  EXPECT_EQ(told[0].stage, JobStage::ready);
  EXPECT_EQ(told[0].hosts, 2);
  EXPECT_EQ(told[0].hosts_ready, 0);
  EXPECT_EQ(told[0].count(RankStage::waiting), 4);
  const JobStatus& running = told[1];
  EXPECT_EQ(running.id, "aa");
  EXPECT_EQ(running.stage, JobStage::run);
  EXPECT_EQ(running.hosts_ready, 2);
  EXPECT_EQ(running.count(RankStage::running), 3);
  EXPECT_EQ(running.count(RankStage::ended), 1);
  EXPECT_EQ(running.ranks[Rank{1}].stage, RankStage::ended);
  EXPECT_EQ(running.ranks[Rank{3}].pid, 1003);
  EXPECT_EQ(running.ranks[Rank{3}].host, "algo-2");
  EXPECT_EQ(running.progress->rank, Rank{3});
  EXPECT_NEAR(running.progress_ago, 0.5, 0.01);
  EXPECT_NEAR(running.silence->seconds, 0.5, 0.01);
  EXPECT_EQ(running.values.at("step").lowest, 5);
  EXPECT_EQ(running.values.at("step").highest, 7);
  EXPECT_EQ(running.phases.back().name, "run");
  EXPECT_GT(running.phases.back().seconds, 4) << "it goes on, though a rank has ended";
  EXPECT_TRUE(told[2].ranks.empty());
  const JobStatus last = board.noted();
  EXPECT_EQ(last.stage, JobStage::stop);
  EXPECT_EQ(last.count(RankStage::ended), 4) << "the end of the run is noted";
  EXPECT_EQ(last.progress->rank, Rank{3});
  EXPECT_EQ(last.values.at("step").highest, 7);
  EXPECT_EQ(last.phases.back().name, "teardown");
}

TEST(LeaderRun, AHostThatDoesNotLeadIsToldTheSame) {
  DrivenRun run;
  StatusBoard board{JobStatus{.id = "aa"}};
  run.settings.board = &board;
  for (const int rank : {0, 1, 2, 3}) run.agents.ranks[rank].runs = milliseconds(9000);
  run.loop.after(milliseconds(5000), [&] {
    run.agents.worker_wants_status(run.worker(1), {.number = 1, .form = StatusForm::text});
    run.agents.worker_wants_status(run.worker(1), {.number = 2, .form = StatusForm::json});
    run.agents.rank_tells(2, {.beats = 1, .values = {{std::string(most_in_told_status, 'x'), 7}}});
    run.agents.rank_tells(3, {.beats = 1, .values = {{"step", 5}}});
    run.agents.worker_wants_status(run.worker(1), {.number = 3, .form = StatusForm::json});
  });
  EXPECT_EQ(run.go().kind, OutcomeKind::success);
  ASSERT_EQ(run.agents.told.size(), 3U);
  for (std::uint64_t each : {0U, 1U, 2U}) {
    EXPECT_EQ(run.agents.told[each].first, run.worker(1));
    EXPECT_EQ(run.agents.told[each].second.number, each + 1);
  }
  EXPECT_THAT(run.agents.told[0].second.text, HasSubstr("\nranks       4 running\n"));
  EXPECT_THAT(run.agents.told[1].second.text, HasSubstr(R"("ranks":[{)"));
  EXPECT_LT(run.agents.told[2].second.text.size(), 10'000U) << "too much for a message: without its ranks";
  EXPECT_THAT(run.agents.told[2].second.text, HasSubstr(R"("running":4)"));
}

TEST(LeaderRun, WhatAnEarlierTryHasNotedIsForgotten) {
  DrivenRun run;
  StatusBoard board{JobStatus{.id = "aa",
                              .restarts = 1,
                              .smoke = "fail",
                              .busbw_gbps = 3,
                              .counts = {{RankStage::lost, 9}},
                              .progress = JobProgress{},
                              .silence = JobSilence{},
                              .values = {{"step", {}}},
                              .ranks = Indexed<Rank, RankStatus>(9)}};
  run.settings.board = &board;
  std::optional<JobStatus> told;
  run.while_waiting = [&](const FindWorkerCode&) {
    run.leader->tell_status({}, [&](JobStatus status) { told = std::move(status); });
    return DrivenRun::ready();
  };
  EXPECT_EQ(run.go().kind, OutcomeKind::success);
  EXPECT_EQ(told->restarts, 1);
  EXPECT_TRUE(told->smoke.empty() && !told->busbw_gbps && !told->progress && !told->silence);
  EXPECT_TRUE(told->values.empty() && told->ranks.empty());
  EXPECT_EQ(told->world_size(), 4);
}

TEST(LeaderRun, WhoAsksForStacksHasTheRanksLookedAtAndTheyGoOn) {
  DrivenRun run;
  StatusBoard board{JobStatus()};
  run.settings.board = &board;
  for (const int rank : {0, 1, 2, 3}) run.agents.ranks[rank].runs = milliseconds(5000);
  run.agents.ranks[1].runs = milliseconds(1000);
  std::vector<JobStatus> told;
  const auto ask = [&] {
    run.leader->tell_status({.ranks = true, .stacks = true},
                            [&](JobStatus status) { told.push_back(std::move(status)); });
  };
  run.loop.after(milliseconds(3000), [&] {
    ask();
    ask();  // while the first answer is awaited
  });
  EXPECT_EQ(run.go().kind, OutcomeKind::success);
  ASSERT_EQ(told.size(), 2U);
  for (const JobStatus& each : told) {
    ASSERT_TRUE(each.looks);
    ASSERT_EQ(each.looks->size(), 3U);
    EXPECT_EQ(each.looks->front().rank, Rank{0});
    EXPECT_EQ(each.looks->back().host, "algo-2");
    EXPECT_TRUE(each.looks->back().state);
  }
  EXPECT_EQ(std::count_if(run.agents.done.begin(), run.agents.done.end(),
                          [](const std::string& what) { return what.starts_with("look closely at"); }),
            3);
}

TEST(LeaderRun, WhereNoRankRunsThereAreNoStacks) {
  DrivenRun run;
  StatusBoard board{JobStatus()};
  run.settings.board = &board;
  std::optional<JobStatus> told;
  run.while_waiting = [&](const FindWorkerCode&) {
    run.leader->tell_status({.stacks = true}, [&](JobStatus status) { told = std::move(status); });
    return DrivenRun::ready();
  };
  EXPECT_EQ(run.go().kind, OutcomeKind::success);
  ASSERT_TRUE(told);
  EXPECT_FALSE(told->looks);
}

TEST(LeaderRun, OnATerminalALineSaysHowItGoes) {
  for (const std::size_t width : {std::size_t{0}, std::size_t{100}}) {
    DrivenRun run;
    StatusBoard board{JobStatus()};
    run.settings.board = &board;
    run.output.width = width;
    for (const int rank : {0, 1, 2, 3}) run.agents.ranks[rank].runs = milliseconds(3000);
    EXPECT_EQ(run.go().kind, OutcomeKind::success);
    if (width == 0)
      EXPECT_TRUE(run.output.live.empty());
    else
      EXPECT_THAT(run.output.live, Contains(HasSubstr("2 hosts | 4 ranks running | ")));
  }
}

}  // namespace
}  // namespace smlaunch
