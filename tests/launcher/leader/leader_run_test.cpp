// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/leader_run.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "launcher/channel/hand_over.hpp"
#include "launcher/leader/start_engine.hpp"
#include "launcher/process/agent_variables.hpp"
#include "launcher/process/hidden_arguments.hpp"
#include "tests/launcher/leader/fake_agents.hpp"
#include "tests/launcher/leader/fake_output.hpp"
#include "tests/launcher/plan/small_job.hpp"
#include "tests/launcher/smoke/pretended_set.hpp"

namespace smlaunch {
namespace {

using std::chrono::milliseconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// A whole run of two hosts with two ranks each, by mpirun, whose agents and workers are made up.
struct DrivenRun {
  explicit DrivenRun(int hosts = 2, LauncherKind launcher = LauncherKind::mpi) {
    SmallJob job(hosts, 2);
    job.spec.launcher = launcher;
    plan = job.plan();
    settings.worker = "socket";
    settings.channel_host = "";
    settings.make_ready = [this](const std::string& hand_over, const FindWorkerCode& code, auto done) {
      EXPECT_EQ(decode_hand_over(hand_over)->world_size, plan.world_size());
      done(while_waiting ? while_waiting(code) : ready());
    };
  }

  static ReadyResult ready() {
    ReadyResult result;
    result.channel_host = "198.18.0.1";
    return result;
  }
  // Of the host with this node rank, or of a spare one behind them.
  [[nodiscard]] Peer worker(int index) const { return {count_rank_peers(plan, settings) + index}; }
  void with_smoke(bool only = false) {
    SmokeRequest request;
    request.plan = plan;
    request.settings = small_settings(static_cast<int>(plan.cluster.hosts.size()), 2);
    request.only = only;
    settings.smoke = std::make_shared<const SmokeRequest>(std::move(request));
  }

  Outcome go() {
    leader =
        std::make_unique<LeaderRun>(plan, settings, events,
                                    LeaderWorld{loop, agents, output, agents.make_engine(),
                                                [this] { stopped_ourselves_at.push_back(loop.seconds()); }},
                                    "token");
    EXPECT_TRUE(leader->listen());
    auto made = leader->run();
    EXPECT_FALSE(loop.ran_dry);
    if (!made) throw std::runtime_error(made.error().problems.front().what);
    result = std::move(*made);
    return result.outcome;
  }

  LaunchPlan plan;
  RunSettings settings;
  std::function<ReadyResult(const FindWorkerCode&)> while_waiting;
  EventLog events;
  FakeLoop loop;
  FakeOutput output;
  FakeAgents agents{loop, plan};
  std::unique_ptr<LeaderRun> leader;
  RunResult result;
  std::vector<double> stopped_ourselves_at;
};

TEST(LeaderRun, StartsAllRanksPassesTheirLinesOnAndEndsWithSuccess) {
  DrivenRun run;
  const Outcome outcome = run.go();
  EXPECT_EQ(outcome.kind, OutcomeKind::success);
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(run.output.printed, ElementsAre("0: hello\n", "1: hello\n", "2: hello\n", "3: hello\n"));
  EXPECT_THAT(run.agents.done, ElementsAre("begin 4 ranks", "start the engine", "release"));
  EXPECT_EQ(run.agents.engine_environments[0].at(agent_channel_variable), "198.18.0.1:4000");
  EXPECT_EQ(run.agents.starts.at(3).variables.at("MASTER_PORT"), "5000");
  EXPECT_EQ(run.result.ranks[Rank{3}].pid, 1003);
  EXPECT_TRUE(run.result.unattended_hosts.empty());
  EXPECT_FALSE(run.result.stop_asked);
}

TEST(LeaderRun, StartsAnAgentForEachRankWhereAllAreItsOwn) {
  DrivenRun run(1, LauncherKind::ddp);
  EXPECT_EQ(run.go().kind, OutcomeKind::success);
  EXPECT_THAT(run.agents.done,
              ElementsAre("begin 2 ranks", "start the engine", "start the engine", "release"));
  EXPECT_EQ(run.agents.engine_environments[1].at(agent_rank_variable), "1");
  EXPECT_THAT(run.output.printed, ElementsAre("0: hello\n", "1: hello\n"));
}

TEST(LeaderRun, StartsNoRankBeforeEveryAgentIsThere) {
  DrivenRun run;
  run.agents.ranks[3].agent_comes = false;
  const Outcome outcome = run.go();
  EXPECT_EQ(outcome.failure_class, FailureClass::start);
  EXPECT_THAT(outcome.message, HasSubstr("algo-2"));
  EXPECT_TRUE(run.agents.starts.empty());
  EXPECT_GE(run.loop.seconds(), 60);
}

TEST(LeaderRun, AHostWhoseDaemonMpirunWaitsForIsNamedAtTheDeadline) {
  DrivenRun run;
  for (int rank = 0; rank < 4; ++rank) run.agents.ranks[rank].agent_comes = false;
  run.agents.engine_peers = {"198.18.0.7"};
  run.settings.find_unconnected = [](const std::set<std::string>& peers) {
    return peers == std::set<std::string>{"198.18.0.7"} ? std::vector<std::string>{"algo-2"}
                                                        : std::vector<std::string>();
  };
  const Outcome outcome = run.go();
  EXPECT_EQ(outcome.failure_class, FailureClass::start);
  EXPECT_THAT(outcome.message, HasSubstr("mpirun's daemon on algo-2 has not connected to mpirun on algo-1"));
}

TEST(LeaderRun, AsksForMpirunsConnectionsOnceForManyLines) {
  DrivenRun run;
  for (int rank = 0; rank < 4; ++rank) run.agents.ranks[rank].agent_comes = false;
  run.settings.find_unconnected = [](const std::set<std::string>&) { return std::vector<std::string>(); };
  int asked = -1;
  run.loop.after(milliseconds(1500), [&] {
    const int before = run.agents.times_peers_asked;
    for (int line = 0; line < 1000; ++line) run.agents.engine_prints("a line");
    asked = run.agents.times_peers_asked - before;
  });
  run.go();
  EXPECT_EQ(asked, 1);
}

TEST(LeaderRun, ARankThatFailsEndsTheOthersAndItsCodeIsTheJobs) {
  DrivenRun run;
  run.agents.ranks[1].ends = Exited{3};
  for (const int rank : {0, 2, 3}) run.agents.ranks[rank].runs = milliseconds(500'000);
  run.agents.ranks[2].ignores_signals = true;
  const Outcome outcome = run.go();
  EXPECT_EQ(outcome.failure_class, FailureClass::user_code);
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_EQ(outcome.first_failure->rank, Rank{1});
  EXPECT_THAT(run.agents.done, ElementsAre("begin 4 ranks", "start the engine", "signal 15 to 0",
                                           "signal 15 to 2", "signal 15 to 3", "signal 9 to 2", "release"));
  EXPECT_LT(run.loop.seconds(), 10);
}

TEST(LeaderRun, ARankThatCannotBeStartedIsAFailureToStart) {
  DrivenRun run;
  run.agents.ranks[0].cannot_start = "python3: No such file or directory";
  const Outcome outcome = run.go();
  EXPECT_THAT(outcome.message, HasSubstr("python3: No such file or directory"));
  EXPECT_NE(outcome.exit_code, 0);
}

TEST(LeaderRun, ARankWhoseEndNobodyKnowsIsLostAndNeverASuccess) {
  DrivenRun run;
  run.agents.ranks[2].end_unknown = "how process 1002 ended is not known";
  const Outcome outcome = run.go();
  EXPECT_EQ(outcome.failure_class, FailureClass::lost_host);
  EXPECT_THAT(outcome.message, HasSubstr("how process 1002 ended is not known"));
}

TEST(LeaderRun, ALostAgentIsALostHostThatIsUnattendedWhereNoWorkerIsLeft) {
  for (const bool has_worker : {false, true}) {
    DrivenRun run;
    run.agents.ranks[2].agent_is_lost = true;
    run.agents.ranks[0].runs = milliseconds(500'000);
    run.while_waiting = [&](const FindWorkerCode&) {
      if (has_worker) run.agents.worker_comes(run.worker(1));
      return DrivenRun::ready();
    };
    const Outcome outcome = run.go();
    EXPECT_EQ(outcome.failure_class, FailureClass::lost_host);
    EXPECT_THAT(outcome.message, HasSubstr("no word from its agent for 0 s (connection reset)"));
    EXPECT_THAT(outcome.hosts_at_fault, ElementsAre("algo-2"));
    EXPECT_EQ(run.result.unattended_hosts,
              has_worker ? std::vector<std::string>() : std::vector<std::string>{"algo-2"});
    EXPECT_TRUE(run.result.attended_hosts.contains("algo-2")) << "an agent had come";
  }
}

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

// Each of two hosts has one starter with two ranks.
void give_starters_two_ranks(DrivenRun& run) {
  const auto placement = run.plan.layout.ranks[Rank{0}].placement;
  run.plan.shares = Indexed<NodeRank, StarterShare>(2);
  run.plan.shares[NodeRank{0}] = {.first_rank = 0, .placements = {placement, placement}};
  run.plan.shares[NodeRank{1}] = {.first_rank = 2, .placements = {placement, placement}};
}

TEST(LeaderRun, ALineOfATorchrunsRankIsThatRanksUnlessTheRankIsAnotherHosts) {
  DrivenRun run;
  give_starters_two_ranks(run);
  for (int rank = 0; rank < 4; ++rank) run.agents.ranks[rank].runs = milliseconds(2000);
  run.loop.after(milliseconds(1000), [&] {
    run.agents.rank_prints(2, "a\n", 3);
    run.agents.rank_prints(2, "b\n", 4);
    run.agents.rank_prints(2, "c\n", 1);
  });
  EXPECT_EQ(run.go().kind, OutcomeKind::success);
  for (const char* line : {"3 of 2: a\n", "2: b\n", "2: c\n"})
    EXPECT_THAT(run.output.printed, Contains(line));
}

TEST(LeaderRun, OfARankOfTorchrunsTheRecordHasTheEndUnlessTheRankIsAnotherHosts) {
  DrivenRun run;
  give_starters_two_ranks(run);
  for (int rank = 0; rank < 4; ++rank) run.agents.ranks[rank].runs = milliseconds(2000);
  run.loop.after(milliseconds(1000), [&] {
    run.agents.starter_tells(2, {.rank = 3, .pid = 77});
    run.agents.starter_tells(2, {.rank = 3, .pid = 77, .has_ended = true, .status = Exited{7}});
    run.agents.starter_tells(2, {.rank = 1, .pid = 78});
    run.agents.starter_tells(2, {.rank = 4, .pid = 79});
  });
  EXPECT_EQ(run.go().kind, OutcomeKind::success);
  const auto& known = run.result.ranks[Rank{2}].of_starter;
  ASSERT_EQ(known.size(), 1U);
  EXPECT_EQ(known.at(Rank{3}).pid, 77);
  EXPECT_EQ(known.at(Rank{3}).status, ExitStatus(Exited{7}));
  EXPECT_DOUBLE_EQ(known.at(Rank{3}).seconds, 1);
}

TEST(LeaderRun, ATorchrunThatStaysAfterItsRanksFailureIsStoppedAndTheRankIsNamed) {
  DrivenRun run;
  give_starters_two_ranks(run);
  for (int rank = 0; rank < 4; ++rank) run.agents.ranks[rank].runs = milliseconds(300'000);
  run.loop.after(milliseconds(1000), [&] {
    run.agents.starter_tells(2, {.rank = 3, .pid = 77});
    run.agents.starter_tells(
        2, {.rank = 3, .pid = 77, .has_ended = true, .status = Exited{7}, .is_final = true});
  });
  const Outcome outcome = run.go();
  EXPECT_EQ(outcome.exit_code, 7);
  EXPECT_EQ(outcome.first_failure->rank, Rank{3});
  EXPECT_EQ(outcome.first_failure->host, run.plan.cluster.hosts[NodeRank{1}].name);
  EXPECT_DOUBLE_EQ(outcome.first_failure->seconds, 1);
  EXPECT_LT(run.loop.seconds(), 60);
  EXPECT_THAT(run.agents.done, Contains("signal 15 to 0"));
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

TEST(LeaderRun, WhatRanksLeftRunningHasItsTimeAndTheRestOfTheGraceAndIsNamed) {
  struct Case {
    bool fails;
    int stop_after;   // milliseconds; 0: nobody stops it
    Release release;  // milliseconds
  };
  // --leftover-grace 7, --failure-grace 5, --stop-grace 110: a rank needs a second from SIGTERM to its end.
  for (const Case& each :
       {Case{false, 0, {7000, 5000}}, {true, 0, {7000, 4000}}, {false, 2000, {0, 109000}}}) {
    DrivenRun run;
    run.settings.leftover_grace = milliseconds(7000);
    for (int rank = 0; rank < 4; ++rank) {
      run.agents.ranks[rank].runs = milliseconds(each.fails || each.stop_after > 0 ? 3000 : 1000);
      run.agents.ranks[rank].ignores_signals = true;
    }
    if (each.fails) {
      run.agents.ranks[0].runs = milliseconds(2000);
      run.agents.ranks[0].ends = Exited{3};
    }
    run.agents.ranks[2].leaves_running = {{77, "rsync"}, {78, "python3 upload.py"}};
    if (each.stop_after > 0)
      run.loop.after(milliseconds(each.stop_after), [&] { run.leader->stop_signal(SIGTERM); });
    run.go();
    EXPECT_EQ(run.agents.release.leftover_milliseconds, each.release.leftover_milliseconds);
    EXPECT_EQ(run.agents.release.grace_milliseconds, each.release.grace_milliseconds);
    EXPECT_THAT(
        run.output.said,
        Contains(HasSubstr("rank 2 on algo-2 has ended and left running: rsync (pid 77), python3 upload.py "
                           "(pid 78); told to end now")));
    EXPECT_EQ(run.result.ranks[Rank{2}].left_running.size(), 2U);
  }
}

TEST(LeaderRun, NamesTheFirstOfManyRanksThatLeftSomethingRunningAndCountsTheOthers) {
  DrivenRun run;
  for (int rank = 0; rank < 4; ++rank) run.agents.ranks[rank].leaves_running = {{77, "rsync"}};
  run.go();
  ASSERT_EQ(run.output.said.size(), 4U);
  EXPECT_THAT(run.output.said[2], HasSubstr("rank 2 on algo-2 has ended and left running: rsync (pid 77)"));
  EXPECT_EQ(run.output.said[3],
            "1 more rank left something running, which was told to end: see left_running in the report");
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

// The hosts are waited for until somebody says that they are there, or a stop ends the waiting.
struct WaitingRun : DrivenRun {
  explicit WaitingRun() {
    settings.make_ready = [this](const std::string&, const FindWorkerCode&, auto done) { now = done; };
    settings.stop_ready = [this](int signal, StopBy by) {
      stops.emplace_back(by, signal);
      ReadyResult stopped = ready();
      stopped.outcome = make_stopped(signal, "stopped while waiting for the hosts");
      now(std::move(stopped));
    };
  }

  std::function<void(ReadyResult)> now;
  std::vector<std::pair<StopBy, int>> stops;
};

TEST(LeaderRun, AStopOfOursOrOfAWorkerWhileHostsAreWaitedForEndsTheWaiting) {
  for (const StopBy by : {StopBy::us, StopBy::worker}) {
    WaitingRun run;
    run.loop.after(milliseconds(5000), [&] { run.agents.worker_comes(run.worker(1)); });
    run.loop.after(milliseconds(6000), [&] {
      if (by == StopBy::us)
        run.leader->stop_signal(SIGINT);
      else
        run.agents.worker_is_told_to_stop(run.worker(1), SIGINT);
    });
    EXPECT_EQ(run.go().exit_code, 130);
    EXPECT_THAT(run.stops, ElementsAre(std::pair(by, SIGINT)));
    EXPECT_TRUE(run.agents.done.empty());
    EXPECT_EQ(run.agents.outcomes.at(run.worker(1)).exit_code, 130);
    EXPECT_EQ(run.leader->late_signal(), 0) << "it is not for the next try";
    EXPECT_GE(run.agents.pings, 6) << "workers hear us meanwhile";
  }
}

TEST(LeaderRun, WhileHostsAreWaitedForAPauseAndSignalsForTheRanksAreNotWorthAWord) {
  WaitingRun run;
  run.loop.after(milliseconds(1000), [&] { run.leader->passed_signal(SIGUSR1); });
  run.loop.after(milliseconds(2000), [&] { run.leader->passed_signal(SIGTSTP); });
  run.loop.after(milliseconds(3000), [&] { run.loop.stall(milliseconds(60'000)); });
  run.loop.after(milliseconds(70'000), [&] { run.now(DrivenRun::ready()); });
  EXPECT_EQ(run.go().kind, OutcomeKind::success);
  EXPECT_TRUE(run.output.said.empty());
  EXPECT_THAT(run.stopped_ourselves_at, ElementsAre(2.0));
}

TEST(LeaderRun, AWorkerThatIsLostBeforeTheStartEndsTheJobUnlessItsHostIsSpareOrItComesAgain) {
  enum class Case { lost, spare, again };
  for (const Case each : {Case::lost, Case::spare, Case::again}) {
    DrivenRun run;
    run.settings.spare_hosts = {"algo-3"};
    run.while_waiting = [&](const FindWorkerCode& find_code) {
      const Peer peer = run.worker(each == Case::spare ? 2 : 1);
      run.agents.worker_comes(peer);
      run.agents.worker_is_lost(peer);
      if (each == Case::again) run.agents.worker_comes(peer);
      const auto code = find_code();
      EXPECT_EQ(code.size(), 3U);
      EXPECT_EQ(code[1].is_lost, each == Case::lost);
      return DrivenRun::ready();
    };
    const Outcome outcome = run.go();
    EXPECT_EQ(outcome.kind, each == Case::lost ? OutcomeKind::failure : OutcomeKind::success);
    if (each != Case::lost) continue;
    EXPECT_EQ(outcome.failure_class, FailureClass::lost_host);
    EXPECT_THAT(outcome.message, HasSubstr("algo-2"));
    EXPECT_TRUE(run.agents.done.empty());
  }
}

TEST(LeaderRun, AWorkerThatIsLostInTheJobEndsItUnlessItsHostIsSpare) {
  for (const bool is_spare : {false, true}) {
    DrivenRun run;
    run.settings.spare_hosts = {"algo-3"};
    for (int rank = 0; rank < 4; ++rank) run.agents.ranks[rank].runs = milliseconds(5'000);
    const Peer peer = run.worker(is_spare ? 2 : 1);
    run.while_waiting = [&](const FindWorkerCode&) {
      run.agents.worker_comes(peer);
      return DrivenRun::ready();
    };
    run.loop.after(milliseconds(1000), [&] { run.agents.worker_is_lost(peer); });
    const Outcome outcome = run.go();
    EXPECT_EQ(outcome.kind, is_spare ? OutcomeKind::success : OutcomeKind::failure);
    EXPECT_EQ(!run.output.said.empty() && run.output.said[0].starts_with("spare host algo-3 was lost"),
              is_spare);
  }
}

TEST(LeaderRun, ARankOrAHostThatSendsWhatItMayNotEndsTheJobAndIsNamed) {
  for (const bool is_worker : {false, true}) {
    DrivenRun run;
    for (int rank = 0; rank < 4; ++rank) run.agents.ranks[rank].runs = milliseconds(5'000);
    const Peer peer = is_worker ? run.worker(1) : Peer{3};
    run.while_waiting = [&](const FindWorkerCode&) {
      if (is_worker) run.agents.worker_comes(peer);
      return DrivenRun::ready();
    };
    run.loop.after(milliseconds(1000), [&] { run.agents.is_refused(peer, "a broken ended"); });
    const Outcome outcome = run.go();
    EXPECT_EQ(outcome.failure_class, FailureClass::lost_host);
    EXPECT_THAT(outcome.message, HasSubstr(is_worker ? "algo-2 was lost: its smlaunch sent" : "rank 3"));
    EXPECT_THAT(outcome.message, HasSubstr("algo-2"));
    EXPECT_THAT(outcome.message, HasSubstr("sent what none of ours sends: a broken ended"));
  }
}

TEST(LeaderRun, ListensWhereTheJobIsAndWhereThatIsKnownLaterKeepsToIt) {
  DrivenRun unknown;
  unknown.go();
  EXPECT_EQ(unknown.agents.listens_at, "0.0.0.0");
  EXPECT_EQ(unknown.agents.keeps_to, "198.18.0.1");
  DrivenRun known;
  known.settings.channel_host = "198.18.0.1";
  known.go();
  EXPECT_EQ(known.agents.listens_at, "198.18.0.1");
  EXPECT_EQ(known.agents.keeps_to, "");
}

TEST(LeaderRun, TellsWorkersToWaitForASecondTryButForTheHostThatASpareOneReplaces) {
  DrivenRun run;
  run.settings.spare_hosts = {"algo-3"};
  run.settings.is_tried_again = [](const Outcome& outcome) { return outcome.kind == OutcomeKind::failure; };
  run.settings.tells_restart_count = true;
  run.settings.restart_count = 1;
  run.agents.ranks[2].agent_is_lost = true;
  run.while_waiting = [&](const FindWorkerCode&) {
    for (const int index : {1, 2}) run.agents.worker_comes(run.worker(index));
    return DrivenRun::ready();
  };
  EXPECT_EQ(run.go().failure_class, FailureClass::lost_host);
  EXPECT_EQ(run.agents.outcomes.at(run.worker(1)).kind, "failure");
  EXPECT_EQ(run.agents.outcomes.at(run.worker(2)).kind, job_is_tried_again);
  EXPECT_EQ(run.agents.starts.at(0).variables.at("RESTART_COUNT"), "1");
}

TEST(LeaderRun, AWorkerThatHasNotComeIsToldOfItsOwnHostByTheFirstAgentThere) {
  for (const bool has_come : {false, true}) {
    DrivenRun run(3);
    run.while_waiting = [&](const FindWorkerCode&) {
      if (has_come) run.agents.worker_comes(run.worker(2));
      return DrivenRun::ready();
    };
    EXPECT_EQ(run.go().kind, OutcomeKind::success);
    EXPECT_EQ(run.agents.starts.at(0).hand_over, "") << "it is our own host";
    EXPECT_EQ(run.agents.starts.at(5).hand_over, "") << "it is the second there";
    const auto told = decode_hand_over(run.agents.starts.at(4).hand_over);
    ASSERT_EQ(told.has_value(), !has_come);
    if (has_come) continue;
    EXPECT_THAT(told->hosts, ElementsAre("algo-3"));
    EXPECT_EQ(told->first_node_rank, 2);
  }
}

TEST(LeaderRun, OfManyHostsEveryRankGetsItsStartBeforeItIsToldToStop) {
  DrivenRun run(100);
  run.agents.ranks[0].cannot_start = "python3: No such file or directory";
  for (int rank = 1; rank < 200; ++rank) run.agents.ranks[rank].runs = milliseconds(500'000);
  EXPECT_EQ(run.go().failure_class, FailureClass::start);
  EXPECT_EQ(run.agents.starts.size(), 200U);
  EXPECT_THAT(run.agents.done, Contains("signal 15 to 199"));
  EXPECT_THAT(run.agents.done, Not(Contains("signal 9 to 199"))) << "it had not been started";
}

TEST(LeaderRun, ATestThatPassesIsFollowedByTheJobWithAnotherSetOfAgents) {
  DrivenRun run;
  run.with_smoke();
  EXPECT_EQ(run.go().kind, OutcomeKind::success);
  ASSERT_TRUE(run.result.smoke);
  EXPECT_EQ(run.result.smoke->verdict, SmokeVerdict::pass);
  EXPECT_THAT(run.agents.done, ElementsAre("begin 4 ranks", "start the engine", "release", "begin 4 ranks",
                                           "start the engine", "release"));
  EXPECT_NE(run.agents.engine_environments[0].at(agent_token_variable),
            run.agents.engine_environments[1].at(agent_token_variable));
  EXPECT_EQ(run.agents.engine_environments[0].at(agent_set_variable), "checks 0");
  EXPECT_EQ(run.agents.engine_environments[1].at(agent_set_variable), "job");
  EXPECT_FALSE(run.agents.starts.at(0).has_input);
  EXPECT_THAT(run.output.printed, ElementsAre("0: hello\n", "1: hello\n", "2: hello\n", "3: hello\n"));
}

TEST(LeaderRun, NoJobFollowsAnAllReduceTestThatFailsOrThatAloneWasAskedFor) {
  for (const bool fails : {false, true}) {
    DrivenRun run;
    run.with_smoke(!fails);
    run.agents.check_programs_hang = fails;
    const Outcome outcome = run.go();
    EXPECT_EQ(outcome.failure_class, fails ? FailureClass::smoke : FailureClass::none);
    EXPECT_EQ(run.result.smoke->verdict, fails ? SmokeVerdict::fail : SmokeVerdict::pass);
    EXPECT_TRUE(run.output.printed.empty());
    EXPECT_EQ(run.result.ranks.size(), 4U);
  }
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

TEST(LeaderRun, AHostThatIsLostWhileRanksAreStartedIsNamedWhenMpirunEnds) {
  DrivenRun run;
  run.agents.engine_fails = true;
  run.settings.find_lost_hosts = [&](auto done) {
    run.loop.after(milliseconds(3000), [done] { done({{"algo-2", "no route"}}); });
  };
  const Outcome outcome = run.go();
  EXPECT_THAT(outcome.message, HasSubstr("algo-2 was lost: no route"));
  EXPECT_THAT(run.output.said, Contains("mpirun: no such host"));
}

TEST(LeaderRun, WhatHappensWhileLostHostsAreLookedForComesAfterMpirunsEnd) {
  for (const bool is_lost : {false, true}) {
    DrivenRun run;
    run.agents.engine_fails = true;
    run.settings.find_lost_hosts = [&](auto done) {
      run.loop.after(milliseconds(2000), [&] { run.leader->stop_signal(SIGTERM); });
      run.loop.after(milliseconds(3000), [done, is_lost] {
        done(is_lost ? std::vector<LostHost>{{"algo-2", "no route"}} : std::vector<LostHost>());
      });
    };
    const Outcome outcome = run.go();
    EXPECT_EQ(outcome.kind, OutcomeKind::failure);
    EXPECT_EQ(outcome.failure_class, is_lost ? FailureClass::lost_host : FailureClass::start);
    EXPECT_EQ(run.leader->late_signal(), SIGTERM) << "it is for the next try";
  }
}

TEST(LeaderRun, HostsAreLookedForWhileAgentsDoNotComeAndTheLoopGoesOnMeanwhile) {
  DrivenRun run;
  run.agents.ranks[3].agent_comes = false;
  int looks = 0;
  run.settings.find_lost_hosts = [&](auto done) {
    const int pings = run.agents.pings;
    run.loop.after(milliseconds(3000), [&, done, pings, is_lost = ++looks == 2] {
      EXPECT_GE(run.agents.pings, pings + 2);
      done(is_lost ? std::vector<LostHost>{{"algo-2", "no banner"}} : std::vector<LostHost>());
    });
  };
  EXPECT_THAT(run.go().message, HasSubstr("algo-2 was lost: no banner"));
  EXPECT_EQ(looks, 2);
  EXPECT_LT(run.loop.seconds(), 30);
}

TEST(LeaderRun, RanksThatAreSilentTooLongAreAskedAndEnded) {
  DrivenRun run;
  run.settings.hang_timeout = 30;
  for (int rank = 0; rank < 4; ++rank) run.agents.ranks[rank].runs = milliseconds(500'000);
  const Outcome outcome = run.go();
  EXPECT_THAT(outcome.message, HasSubstr("the job hangs"));
  EXPECT_EQ(outcome.failure_class, FailureClass::hang);
  EXPECT_THAT(run.agents.done, Contains("look at 3"));
  EXPECT_THAT(run.agents.done, Contains("inspect 3"));
  EXPECT_LT(run.loop.seconds(), 60);
}

// What it writes to events.jsonl, a line each.
std::vector<std::string> events_of(DrivenRun& run) {
  const std::filesystem::path file =
      std::filesystem::path(testing::TempDir()) / fmt::format("leader_run_{}.jsonl", getpid());
  EXPECT_TRUE(run.events.open(file));
  run.go();
  std::vector<std::string> lines;
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  std::filesystem::remove(file);
  return lines;
}

TEST(LeaderRun, TheHangsEventHasTheSentenceAndComesBeforeTheStop) {
  DrivenRun run;
  run.settings.hang_timeout = 30;
  for (int rank = 0; rank < 4; ++rank) run.agents.ranks[rank].runs = milliseconds(500'000);
  const auto events = events_of(run);
  const auto is_hang = [](const std::string& line) {
    return line.find(R"("event":"hang")") != std::string::npos;
  };
  const auto is_stop = [](const std::string& line) {
    return line.find(R"("event":"stop")") != std::string::npos;
  };
  ASSERT_EQ(std::count_if(events.begin(), events.end(), is_hang), 1);
  const auto hang = std::find_if(events.begin(), events.end(), is_hang);
  EXPECT_THAT(*hang, HasSubstr(R"("sentence":"all 4 ranks are at one place: gone")"));
  EXPECT_THAT(run.result.outcome.message, HasSubstr("; all 4 ranks are at one place: gone"));
  EXPECT_LT(hang - events.begin(), std::find_if(events.begin(), events.end(), is_stop) - events.begin());
}

TEST(LeaderRun, NcclIsAskedByOneRankOfEachOfAFewHosts) {
  DrivenRun run(5);
  run.settings.hang_timeout = 30;
  for (int rank = 0; rank < 10; ++rank) run.agents.ranks[rank].runs = milliseconds(500'000);
  run.agents.ranks[2].runs = milliseconds(1'000);  // has ended well, and is not asked
  run.go();
  EXPECT_THAT(run.agents.nccl_asked, ElementsAre(0, 3, 4));
}

TEST(LeaderRun, AJobThatDoesNotHangHasNoSuchEvent) {
  DrivenRun run;
  run.settings.hang_timeout = 30;
  EXPECT_THAT(events_of(run), Not(Contains(HasSubstr(R"("event":"hang")"))));
  EXPECT_EQ(run.result.outcome.kind, OutcomeKind::success);
}

TEST(LeaderRun, RanksThatComputeSilentlyGoOnAndTheSentenceSaysWhatWasTakenForLife) {
  DrivenRun run;
  run.settings.hang_timeout = 30;
  for (int rank = 0; rank < 4; ++rank) run.agents.ranks[rank].runs = milliseconds(100'000);
  run.agents.ranks[2].computes = run.agents.ranks[3].computes = true;
  EXPECT_EQ(run.go().kind, OutcomeKind::success);
  EXPECT_THAT(
      run.output.said,
      ElementsAre("no rank has printed anything for 30 s; rank 2 on algo-2 computes (in python3.11), and so "
                  "does 1 other: taken for life, the job goes on"));
  EXPECT_THAT(run.agents.done, Not(Contains("inspect 3")));
}

TEST(LeaderRun, WithoutOptionsTenSilentMinutesAreWorthAHintAndEndNothing) {
  DrivenRun run;
  for (int rank = 0; rank < 4; ++rank) run.agents.ranks[rank].runs = milliseconds(3'000'000);
  run.loop.after(milliseconds(1'000'000), [&] { run.agents.rank_prints(1, "at last\n"); });
  EXPECT_EQ(run.go().kind, OutcomeKind::success);
  ASSERT_EQ(run.output.said.size(), 2U);  // one for each silence
  EXPECT_EQ(run.output.said[0],
            "no rank has printed anything for 600 s; all 4 ranks are at one place: gone; --hang-timeout "
            "SECONDS would "
            "end such a job");
}

// Rank 3 tells of its progress once; later only `printing` prints.
Outcome go_with_heartbeat(DrivenRun& run, int printing) {
  run.settings.hang_timeout = 30;
  for (int rank = 0; rank < 4; ++rank) run.agents.ranks[rank].runs = milliseconds(500'000);
  run.loop.after(milliseconds(20'000), [&] {
    run.agents.rank_tells(3, {.beats = 1, .values = {{"step", 120}, {"loss", 2.5}}});
  });
  for (int at = 21; at < 200; at += 10)
    run.loop.after(milliseconds(1000 * at),
                   [&run, printing] { run.agents.rank_prints(printing, "waiting\n"); });
  return run.go();
}

TEST(LeaderRun, HeartbeatsAreProgressAndFromThenOnLinesOfTheRankAreNot) {
  DrivenRun run;
  const Outcome outcome = go_with_heartbeat(run, 3);
  EXPECT_EQ(outcome.failure_class, FailureClass::hang);
  EXPECT_THAT(outcome.message,
              HasSubstr("the job hangs: no rank has made progress for 30 s (the last: step=120 "
                        "loss=2.5 of rank 3 on algo-2); "));
  EXPECT_EQ(outcome.progress->step, 120);
  EXPECT_LT(run.loop.seconds(), 70);
}

TEST(LeaderRun, TheLinesOfARankThatTellsNoProgressCountWhateverOthersTell) {
  DrivenRun run;
  EXPECT_EQ(go_with_heartbeat(run, 1).failure_class, FailureClass::hang);
  EXPECT_GT(run.loop.seconds(), 200);
}

TEST(LeaderRun, AWishAloneDoesNotMakeLinesWorthless) {
  DrivenRun run;
  run.settings.hang_timeout = 30;
  for (int rank = 0; rank < 4; ++rank) run.agents.ranks[rank].runs = milliseconds(500'000);
  run.loop.after(milliseconds(1'000),
                 [&] { run.agents.rank_tells(3, {.beats = 1, .ask = Ask::exclude_host}); });
  for (int at = 21; at < 200; at += 10)
    run.loop.after(milliseconds(1000 * at), [&run] { run.agents.rank_prints(3, "step 5\n"); });
  const Outcome outcome = run.go();
  EXPECT_GT(run.loop.seconds(), 200);
  EXPECT_EQ(outcome.asked->ask, Ask::exclude_host);
}

TEST(LeaderRun, WhatADeviceSaidBeforeAFailureIsSaidAtOnceAndIsPartOfTheSentence) {
  DrivenRun run;
  for (int rank = 0; rank < 4; ++rank) run.agents.ranks[rank].runs = milliseconds(100'000);
  run.agents.ranks[3].runs = milliseconds(30'000);
  run.agents.ranks[3].ends = Exited{1};
  const DeviceEvent xid{
      .kind = DeviceKind::gpu_xid, .device = "GPU 1", .text = "reported XID 79", .is_lasting = true};
  run.loop.after(milliseconds(18'000), [&] { run.agents.agent_tells(2, {xid}); });
  const Outcome outcome = run.go();
  EXPECT_THAT(outcome.message, HasSubstr("; 12 s before, GPU 1 of algo-2 reported XID 79"));
  EXPECT_THAT(run.output.said, Contains("algo-2: GPU 1 reported XID 79"));
  ASSERT_EQ(outcome.devices.size(), 1U);
  EXPECT_EQ(outcome.devices[0].host, "algo-2");
  EXPECT_THAT(outcome.hosts_at_fault, ElementsAre("algo-2"));
}

TEST(LeaderRun, ManyEventsOfDevicesBuryNothing) {
  DrivenRun run;
  for (int rank = 0; rank < 4; ++rank) run.agents.ranks[rank].runs = milliseconds(1'000'000);
  const DeviceEvent hot{
      .kind = DeviceKind::gpu_throttle, .device = "GPU 0", .text = "slowed its clocks down"};
  for (int at = 1; at < 500; ++at)
    run.loop.after(milliseconds(1000 * at), [&] { run.agents.agent_tells(0, {hot}); });
  for (int at = 1; at < 999; at += 100)
    run.loop.after(milliseconds(1000 * at), [&] { run.agents.rank_prints(1, "step\n"); });
  const Outcome outcome = run.go();
  EXPECT_EQ(outcome.devices.size(), 300U);
  EXPECT_EQ(run.output.said.size(), 8U);
  EXPECT_THAT(run.output.said.back(), HasSubstr("; more of this kind stands in the events"));
}

TEST(LeaderRun, ARankWhoseStepsTakeLongerIsAHintAndChangesNothing) {
  DrivenRun run;
  for (int rank = 0; rank < 4; ++rank) run.agents.ranks[rank].runs = milliseconds(300'000);
  for (int at = 1; at < 300; ++at)
    run.loop.after(milliseconds(1000 * at), [&run, at] {
      for (int rank = 0; rank < 4; ++rank)
        run.agents.rank_tells(rank, {.beats = 1, .values = {{"step", rank == 3 ? at : 2 * at}}});
    });
  EXPECT_EQ(run.go().kind, OutcomeKind::success);
  EXPECT_THAT(
      run.output.said,
      ElementsAre(
          "hint: slow rank: rank 3 on algo-2 takes 1 s a step, where others take 0.5 s (the median)"));
}

TEST(LeaderRun, AProgramThatNeverBeginsIsEndedByTheStartsBound) {
  DrivenRun run;
  run.settings.start_timeout = 300;
  run.settings.hang_timeout = 30;
  for (int rank = 0; rank < 4; ++rank) {
    run.agents.ranks[rank].runs = milliseconds(900'000);
    run.agents.ranks[rank].prints = "";
  }
  EXPECT_EQ(run.go().failure_class, FailureClass::hang);
  EXPECT_GE(run.loop.seconds(), 300);
  EXPECT_LT(run.loop.seconds(), 330);
}

TEST(LeaderRun, AReaderThatIsSlowHoldsTheAgentsBackAndItsSilenceIsNoHang) {
  DrivenRun run;
  run.settings.hang_timeout = 30;
  run.output.reader_is_slow = true;
  for (int rank = 0; rank < 4; ++rank) run.agents.ranks[rank].runs = milliseconds(100'000);
  EXPECT_EQ(run.go().kind, OutcomeKind::success);
  EXPECT_THAT(run.agents.pauses, Contains(true));
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

// A job on hosts that start themselves: the agents of the first are processes of the leader's.
struct DrivenNodes : DrivenRun {
  // Of two hosts.
  DrivenNodes() : DrivenRun(2, LauncherKind::ddp) {
    SmallJob job(2, 2);
    job.spec.launcher = LauncherKind::ddp;
    job.spec.self_started = true;
    plan = job.plan();
    settings.job_token = "secret";
    settings.worker.clear();
    settings.channel_host = "127.0.0.1";
    while_waiting = [this](const FindWorkerCode&) {
      agents.worker_comes(worker(1));
      return ReadyResult{};
    };
  }
};

TEST(LeaderRun, OnHostsThatStartThemselvesEachHostsSmlaunchStartsItsAgents) {
  DrivenNodes run;
  AgentsElsewhere elsewhere(run.agents, run.worker(0));
  const MakeEngine make_own = run.agents.make_engine();
  run.leader = std::make_unique<LeaderRun>(run.plan, run.settings, run.events,
                                           LeaderWorld{run.loop, run.agents, run.output,
                                                       [&](JobEngine::Callbacks callbacks) {
                                                         return std::make_unique<EngineOnHosts>(
                                                             elsewhere, std::move(callbacks), make_own);
                                                       },
                                                       [] {}, &elsewhere},
                                           "token");
  EXPECT_TRUE(run.leader->listen());
  EXPECT_EQ(run.agents.listens_at, "::");
  const auto result = run.leader->run();
  EXPECT_EQ(run.agents.keeps_to, "");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->outcome.kind, OutcomeKind::success);
  EXPECT_THAT(run.output.printed, ElementsAre("0: hello\n", "1: hello\n", "2: hello\n", "3: hello\n"));
  ASSERT_EQ(run.agents.hosts_agents.size(), 1U);
  EXPECT_THAT(run.agents.hosts_agents[0].ranks, ElementsAre(2, 3));
  EXPECT_EQ(run.agents.hosts_agents[0].token, run.agents.engine_environments[0].at(agent_token_variable))
      << "all agents of one set have one token";
  EXPECT_EQ(run.agents.engine_environments.size(), 2U);
  EXPECT_EQ(run.agents.outcomes.at(run.worker(1)).kind, "success");
  run.leader.reset();  // before what it was given
}

TEST(LeaderRun, SecretArgumentsStandInNoMessageAsTheyAre) {
  DrivenNodes run;
  run.plan.process_command = {"python3", "train.py", "--key", "sesame"};
  run.plan.secret_arguments = {3};
  AgentsElsewhere elsewhere(run.agents, run.worker(0));
  EngineOnHosts engine(elsewhere, {}, run.agents.make_engine());
  ASSERT_TRUE(start_engine(engine, run.plan, {}, ""));
  ASSERT_EQ(run.agents.hosts_agents.size(), 1U);
  const StartAgents& agents = run.agents.hosts_agents[0];
  EXPECT_THAT(agents.program, ElementsAre("python3", "train.py", "--key", "(secret 0)"));
  EXPECT_EQ(show_arguments(agents.program, agents.secrets), run.plan.process_command);
}

TEST(LeaderRun, WhenNothingCanBeStartedTheOtherHostsLearnItAndWaitForNoOtherTry) {
  DrivenNodes run;
  run.agents.engine_cannot_start = "smlaunch: Permission denied";
  run.settings.is_tried_again = [](const Outcome&) { return true; };
  EXPECT_THROW(run.go(), std::runtime_error);
  const JobEnd& told = run.agents.outcomes.at(run.worker(1));
  EXPECT_EQ(told.kind, "failure");
  EXPECT_EQ(told.exit_code, 71);
  EXPECT_THAT(told.message, HasSubstr("Permission denied"));
}

TEST(LeaderRun, AHostThatComesByItselfMayComeToTheGoodbye) {
  DrivenNodes run;
  run.while_waiting = [](const FindWorkerCode&) {
    ReadyResult result;
    result.outcome = make_failure(FailureClass::configuration, "no such thing");
    return result;
  };
  run.loop.after(milliseconds(500), [&] { run.agents.worker_comes(run.worker(1)); });
  EXPECT_EQ(run.go().exit_code, 78);
  EXPECT_EQ(run.agents.outcomes.at(run.worker(1)).message, "no such thing");
}

// ---- what others see of it meanwhile

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

TEST(LeaderRun, HostsThatStartThemselvesAreReadyWhenTheyHaveCome) {
  DrivenRun run;
  StatusBoard board{JobStatus()};
  run.settings.board = &board;
  run.settings.job_token = "token";
  std::vector<int> ready;
  run.while_waiting = [&](const FindWorkerCode&) {
    for (int i = 0; i < 2; ++i) {
      run.leader->tell_status({}, [&](const JobStatus& status) { ready.push_back(status.hosts_ready); });
      run.agents.worker_comes(run.worker(1));
    }
    return DrivenRun::ready();
  };
  run.go();
  EXPECT_THAT(ready, ElementsAre(1, 2));
}

TEST(LeaderRun, AStrangerIsSaidOnceWhateverItIsToldEachTime) {
  DrivenRun run;
  run.settings.job_token = "token";
  run.while_waiting = [&](const FindWorkerCode&) {
    for (const char* told : {"a has smlaunch 0.1", "a has smlaunch 0.2"})
      run.agents.stranger_comes({"a", TurnedAway::other_version, 1, told});
    run.agents.stranger_comes({"a", TurnedAway::other_size, 1, "a has another size"});
    run.agents.stranger_comes({"a", TurnedAway::other_version, 2, "a as node rank 2"});
    return DrivenRun::ready();
  };
  run.go();
  EXPECT_THAT(run.output.said, Contains("warning: a has smlaunch 0.1: turned away").Times(1));
  EXPECT_THAT(run.output.said, Not(Contains(HasSubstr("0.2"))));
  EXPECT_THAT(run.output.said, Contains("warning: a has another size: turned away"));
  EXPECT_THAT(run.output.said, Contains("warning: a as node rank 2: turned away"));
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
                          [](const std::string& what) { return what.starts_with("look at"); }),
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
