// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/leader_run.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>

#include "tests/launcher/leader/driven_run.hpp"

namespace smlaunch {
namespace {

using std::chrono::milliseconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(LeaderRun, AStopSignalGoesToEveryRankAndASecondOneKills) {
  for (const bool again : {false, true}) {
    DrivenRun run;
    for (int rank = 0; rank < 4; ++rank) {
      run.agents.ranks[rank].runs = milliseconds(500'000);
      run.agents.ranks[rank].ignores_signals = again;
    }
    run.loop.after(milliseconds(1000), [&] { run.leader->stop_signal(SIGTERM); });
    if (again) run.loop.after(milliseconds(2000), [&] { run.leader->stop_signal(SIGTERM); });
    const Outcome outcome = run.go();
    EXPECT_EQ(outcome.kind, OutcomeKind::stopped);
    EXPECT_EQ(outcome.exit_code, 143);
    EXPECT_TRUE(run.result.stop_asked);
    EXPECT_THAT(run.agents.done, Contains("signal 15 to 3"));
    EXPECT_EQ(std::count(run.agents.done.begin(), run.agents.done.end(), "signal 9 to 3"), again ? 1 : 0);
    EXPECT_EQ(run.leader->late_signal(), 0);
    EXPECT_LT(run.loop.seconds(), 10);
  }
}

TEST(LeaderRun, AUsersSignalReachesEveryRankAndTheJobGoesOn) {
  DrivenRun run;
  for (int rank = 0; rank < 4; ++rank) run.agents.ranks[rank].runs = milliseconds(rank == 3 ? 500 : 5000);
  run.loop.after(milliseconds(1000), [&] { run.leader->passed_signal(SIGUSR1); });
  run.loop.after(milliseconds(1500), [&] { run.leader->passed_signal(SIGUSR2); });
  EXPECT_EQ(run.go().kind, OutcomeKind::success);
  EXPECT_THAT(run.agents.done,
              ElementsAre("begin 4 ranks", "start the engine", "pass 10 to 0", "pass 10 to 1", "pass 10 to 2",
                          "pass 12 to 0", "pass 12 to 1", "pass 12 to 2", "release"));
  EXPECT_THAT(run.output.said[0], "SIGUSR1: passed on to every rank that handles it");
}

TEST(LeaderRun, AUsersSignalEndsNothingWhereNoRankRuns) {
  DrivenRun run;
  run.agents.ranks[3].agent_comes = false;
  run.loop.after(milliseconds(1000), [&] { run.leader->passed_signal(SIGUSR1); });
  EXPECT_EQ(run.go().failure_class, FailureClass::start);
  EXPECT_THAT(run.output.said, Contains("SIGUSR1: no rank runs"));
}

TEST(LeaderRun, AUsersSignalToAWorkerReachesEveryRankOnceThoughEveryHostGotIt) {
  DrivenRun run;
  for (int rank = 0; rank < 4; ++rank) run.agents.ranks[rank].runs = milliseconds(20'000);
  run.while_waiting = [&](const FindWorkerCode&) {
    run.agents.worker_comes(run.worker(1));
    return DrivenRun::ready();
  };
  const auto passed = [&] {
    return std::count(run.agents.done.begin(), run.agents.done.end(), "pass 10 to 3");
  };
  run.loop.after(milliseconds(1000), [&] { run.leader->passed_signal(SIGUSR1); });
  run.loop.after(milliseconds(1100), [&] { run.agents.worker_is_told_to_stop(run.worker(1), SIGUSR1); });
  run.loop.after(milliseconds(2000), [&] { EXPECT_EQ(passed(), 1); });
  run.loop.after(milliseconds(9000), [&] { run.agents.worker_is_told_to_stop(run.worker(1), SIGUSR1); });
  EXPECT_EQ(run.go().kind, OutcomeKind::success);
  EXPECT_EQ(passed(), 2);
}

// Slurm signals the steps of a job, in which there are agents, but not the batch script, in which we are.
TEST(LeaderRun, AUsersSignalToOneAgentReachesTheRanksOfAllHostsAndATermDoesNot) {
  DrivenRun run;
  for (int rank = 0; rank < 4; ++rank) run.agents.ranks[rank].runs = milliseconds(20'000);
  run.loop.after(milliseconds(1000), [&] { run.agents.worker_is_told_to_stop(Peer{3}, SIGUSR1); });
  run.loop.after(milliseconds(2000), [&] { run.agents.worker_is_told_to_stop(Peer{2}, SIGUSR1); });
  run.loop.after(milliseconds(3000), [&] { run.agents.worker_is_told_to_stop(Peer{2}, SIGTERM); });
  EXPECT_EQ(run.go().kind, OutcomeKind::success);
  EXPECT_EQ(std::count(run.agents.done.begin(), run.agents.done.end(), "pass 10 to 0"), 1);
}

TEST(LeaderRun, ATermToATaskOfSlurmsIsTheEndOfTheJobAndIsAskedForOnce) {
  DrivenRun run;
  run.plan.engine = Engine::srun;
  for (int rank = 0; rank < 4; ++rank) run.agents.ranks[rank].runs = milliseconds(20'000);
  run.loop.after(milliseconds(3000), [&] { run.agents.worker_is_told_to_stop(Peer{2}, SIGTERM); });
  run.loop.after(milliseconds(3001), [&] { run.agents.worker_is_told_to_stop(Peer{3}, SIGTERM); });
  run.loop.after(milliseconds(3002), [&] { run.leader->stop_signal(SIGTERM); });
  EXPECT_EQ(run.go().kind, OutcomeKind::stopped);
  EXPECT_EQ(std::count(run.agents.done.begin(), run.agents.done.end(), "signal 15 to 0"), 1);
  EXPECT_THAT(run.agents.done, Not(Contains("signal 9 to 0")));
}

TEST(LeaderRun, ATermToAWholeStepIsOneStopWhetherAnAgentAWorkerOrTheLeaderIsHeardFirst) {
  for (const int first : {0, 1, 2}) {
    DrivenRun run;
    run.plan.engine = Engine::srun;
    for (int rank = 0; rank < 4; ++rank) run.agents.ranks[rank].runs = milliseconds(20'000);
    run.while_waiting = [&](const FindWorkerCode&) {
      run.agents.worker_comes(run.worker(1));
      return DrivenRun::ready();
    };
    for (int i = 0; i < 3; ++i)
      run.loop.after(milliseconds(3000 + i), [&, who = (first + i) % 3] {
        if (who == 0) run.agents.worker_is_told_to_stop(Peer{2}, SIGTERM);
        if (who == 1) run.agents.worker_is_told_to_stop(run.worker(1), SIGTERM);
        if (who == 2) run.leader->stop_signal(SIGTERM);
      });
    EXPECT_EQ(run.go().kind, OutcomeKind::stopped);
    EXPECT_EQ(std::count(run.agents.done.begin(), run.agents.done.end(), "signal 15 to 0"), 1) << first;
    EXPECT_THAT(run.agents.done, Not(Contains("signal 9 to 0"))) << first;
  }
}

TEST(LeaderRun, AShellsCtrlZStopsTheRanksAndUsAndContinuingLetsAllGoOn) {
  DrivenRun run;
  for (int rank = 0; rank < 4; ++rank) run.agents.ranks[rank].runs = milliseconds(20'000);
  run.loop.after(milliseconds(1000), [&] { run.leader->passed_signal(SIGTSTP); });
  run.loop.after(milliseconds(1050), [&] { run.leader->passed_signal(SIGTSTP); });
  run.loop.after(milliseconds(5000), [&] {
    EXPECT_THAT(run.agents.done, Contains("pass 19 to 3"));
    EXPECT_THAT(run.agents.done, Not(Contains("pass 18 to 3")));
    run.leader->passed_signal(SIGCONT);
    run.leader->passed_signal(SIGCONT);
  });
  EXPECT_EQ(run.go().kind, OutcomeKind::success);
  EXPECT_THAT(run.stopped_ourselves_at, ElementsAre(1.1));
  EXPECT_EQ(std::count(run.agents.done.begin(), run.agents.done.end(), "pass 18 to 3"), 1);
}

TEST(LeaderRun, APauseOfItsOwnIsSaidAndIsNobodysSilence) {
  DrivenRun run;
  run.settings.hang_timeout = 20;
  for (int rank = 0; rank < 4; ++rank) run.agents.ranks[rank].runs = milliseconds(80'000);
  run.loop.after(milliseconds(5500), [&] { run.loop.stall(milliseconds(60'000)); });
  EXPECT_EQ(run.go().kind, OutcomeKind::success);
  EXPECT_THAT(run.output.said, ElementsAre(HasSubstr("smlaunch was stopped for 6")));
}

TEST(LeaderRun, AgentsHaveAllTheirTimeToComeAfterAPauseOfItsOwn) {
  DrivenRun run;
  run.agents.ranks[3].agent_comes = false;
  run.loop.after(milliseconds(5500), [&] { run.loop.stall(milliseconds(100'000)); });
  EXPECT_EQ(run.go().failure_class, FailureClass::start);
  EXPECT_GE(run.loop.seconds(), 160);
}

TEST(LeaderRun, WhatItDoesForALittleWhileIsNoPause) {
  DrivenRun run;
  for (int rank = 0; rank < 4; ++rank) run.agents.ranks[rank].runs = milliseconds(10'000);
  run.loop.after(milliseconds(5500), [&] { run.loop.stall(milliseconds(1000)); });
  EXPECT_EQ(run.go().kind, OutcomeKind::success);
  EXPECT_TRUE(run.output.said.empty());
}

TEST(LeaderRun, AWorkerKnowsOfAShellsCtrlZ) {
  DrivenRun run;
  for (int rank = 0; rank < 4; ++rank) run.agents.ranks[rank].runs = milliseconds(20'000);
  run.while_waiting = [&](const FindWorkerCode&) {
    run.agents.worker_comes(run.worker(1));
    return DrivenRun::ready();
  };
  run.loop.after(milliseconds(1000), [&] { run.leader->passed_signal(SIGTSTP); });
  run.loop.after(milliseconds(5000), [&] { run.leader->passed_signal(SIGCONT); });
  EXPECT_EQ(run.go().kind, OutcomeKind::success);
  for (const int signal : {SIGSTOP, SIGCONT})
    EXPECT_THAT(run.agents.done, Contains(fmt::format("pass {} to {}", signal, run.worker(1).value)));
}

TEST(LeaderRun, RanksThatAreStoppedDoNotHangAndGoOnWhenTheyAreToldToEnd) {
  DrivenRun run;
  run.settings.hang_timeout = 5;
  for (int rank = 0; rank < 4; ++rank) run.agents.ranks[rank].runs = milliseconds(500'000);
  run.loop.after(milliseconds(1000), [&] { run.leader->passed_signal(SIGTSTP); });
  run.loop.after(milliseconds(60000), [&] { run.leader->stop_signal(SIGTERM); });
  EXPECT_EQ(run.go().exit_code, 143);
  EXPECT_FALSE(run.result.outcome.hang.size() > 0);
  EXPECT_THAT(run.agents.done, Contains("pass 18 to 3"));
}

TEST(LeaderRun, ASignalThatComesWhenTheJobIsOverIsForTheNextTry) {
  DrivenRun run;
  run.agents.workers_take_outcome = false;
  run.while_waiting = [&](const FindWorkerCode&) {
    run.agents.worker_comes(run.worker(1));
    return DrivenRun::ready();
  };
  run.loop.after(milliseconds(600), [&] {
    EXPECT_EQ(run.agents.outcomes.size(), 1U);  // it is being said goodbye
    run.leader->stop_signal(SIGINT);
  });
  EXPECT_EQ(run.go().kind, OutcomeKind::success);
  EXPECT_EQ(run.leader->late_signal(), SIGINT);
}

TEST(LeaderRun, AWorkerThatIsToldToStopStopsTheJobOnceHoweverOftenItSaysSo) {
  DrivenRun run;
  for (int rank = 0; rank < 4; ++rank) run.agents.ranks[rank].runs = milliseconds(500'000);
  run.while_waiting = [&](const FindWorkerCode&) {
    run.agents.worker_comes(run.worker(1));
    return DrivenRun::ready();
  };
  for (const int time : {1000, 1001})
    run.loop.after(milliseconds(time), [&] { run.agents.worker_is_told_to_stop(run.worker(1), SIGTERM); });
  EXPECT_EQ(run.go().exit_code, 143);
  EXPECT_THAT(run.agents.done, Not(Contains(HasSubstr("signal 9"))));
  EXPECT_THAT(run.output.said, ElementsAre("algo-2 was told to stop by SIGTERM: passed on to every rank"));
  EXPECT_EQ(run.agents.outcomes.at(run.worker(1)).kind, "stopped");
}

TEST(LeaderRun, AStopDuringTheTestEndsItAndStartsNoJob) {
  for (const bool by_worker : {false, true}) {
    DrivenRun run;
    run.with_smoke();
    run.agents.check_programs_hang = true;
    run.while_waiting = [&](const FindWorkerCode&) {
      run.agents.worker_comes(run.worker(1));
      return DrivenRun::ready();
    };
    run.loop.after(milliseconds(1000), [&] {
      if (by_worker)
        run.agents.worker_is_told_to_stop(run.worker(1), SIGTERM);
      else
        run.leader->stop_signal(SIGTERM);
    });
    const Outcome outcome = run.go();
    EXPECT_EQ(outcome.kind, OutcomeKind::stopped);
    EXPECT_EQ(outcome.exit_code, 143);
    EXPECT_EQ(outcome.message, "stopped by SIGTERM during the smoke test");
    EXPECT_FALSE(run.result.smoke);
    EXPECT_EQ(run.leader->late_signal(), 0);
    EXPECT_LT(run.loop.seconds(), 10);
  }
}

TEST(LeaderRun, AStopThatEveryHostIsToldIsOneStopWhoeverIsHeardFirst) {
  for (const bool leader_first : {false, true}) {
    DrivenRun run(3);
    for (int rank = 0; rank < 6; ++rank) run.agents.ranks[rank].runs = milliseconds(500'000);
    run.agents.ranks[3].ignores_signals = true;
    run.settings.stop_grace = milliseconds(7'000);
    run.while_waiting = [&](const FindWorkerCode&) {
      for (const int host : {1, 2}) run.agents.worker_comes(run.worker(host));
      return DrivenRun::ready();
    };
    run.loop.after(milliseconds(leader_first ? 900 : 1100), [&] { run.leader->stop_signal(SIGTERM); });
    for (const int host : {1, 2})
      run.loop.after(milliseconds(1000),
                     [&, host] { run.agents.worker_is_told_to_stop(run.worker(host), SIGTERM); });
    EXPECT_EQ(run.go().exit_code, 143);
    EXPECT_GE(run.loop.seconds(), 7) << "rank 3 has its grace";
    EXPECT_EQ(std::count(run.agents.done.begin(), run.agents.done.end(), "signal 15 to 3"), 1);
  }
}

}  // namespace
}  // namespace smlaunch
