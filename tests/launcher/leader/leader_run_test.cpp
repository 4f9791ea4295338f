// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/leader_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "launcher/process/agent_variables.hpp"
#include "tests/launcher/leader/driven_run.hpp"

namespace smlaunch {
namespace {

using std::chrono::milliseconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

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

TEST(LeaderRun, LetsTheFirstAgentOfEachHostCarryTheOthersWhereThePlanSaysSo) {
  DrivenRun without;
  without.go();
  EXPECT_TRUE(without.agents.carriers.empty());
  EXPECT_EQ(without.agents.engine_environments[0].at(agent_relay_variable), "off");
  DrivenRun with;
  with.plan.has_relays = true;
  EXPECT_EQ(with.go().kind, OutcomeKind::success);
  EXPECT_EQ(with.agents.carriers, (std::vector<Peer>{{0}, {0}, {2}, {2}}));
  EXPECT_EQ(with.agents.engine_environments[0].at(agent_relay_variable), "on");
}

TEST(LeaderRun, LetsTheAgentsOfTheTestCarryOthersToo) {
  DrivenRun run;
  run.plan.has_relays = true;
  run.with_smoke(true);
  run.go();
  EXPECT_EQ(run.agents.carriers.size(), 4U);
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

TEST(LeaderRun, AHostWhoseDaemonMpirunWaitsForIsNamedAtTheDeadlineOrHalfAMinuteAfterTheLastLogin) {
  struct Case {
    bool logins_end;
    std::vector<std::string> unconnected;
    double earliest, latest;
  };
  const std::vector<Case> cases = {{true, {"algo-2"}, 35, 37},
                                   {false, {"algo-2"}, 62, 70},
                                   {true, {}, 62, 70}};  // nobody knows who is missing
  for (const Case& each : cases) {
    DrivenRun run;
    for (int rank = 0; rank < 4; ++rank) run.agents.ranks[rank].agent_comes = false;
    run.agents.engine_peers = {"198.18.0.7"};
    run.agents.engine_has_children = true;
    if (each.logins_end) run.loop.after(milliseconds(5500), [&] { run.agents.engine_has_children = false; });
    run.settings.find_unconnected = [&](const std::set<std::string>& peers) {
      return peers == std::set<std::string>{"198.18.0.7"} ? each.unconnected : std::vector<std::string>();
    };
    const Outcome outcome = run.go();
    EXPECT_EQ(outcome.failure_class, FailureClass::start);
    EXPECT_THAT(outcome.message,
                HasSubstr(each.unconnected.empty()
                              ? "never heard of: ranks 0, 1, 2, 3"
                              : "mpirun's daemon on algo-2 has not connected to mpirun on algo-1"));
    EXPECT_GE(run.loop.seconds(), each.earliest);
    EXPECT_LE(run.loop.seconds(), each.latest);
  }
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
    EXPECT_TRUE(run.result.attended_hosts.contains("algo-2")) << "an agent had come";
  }
}

TEST(LeaderRun, WhatADeviceOrARankOfTorchrunsTellsIsThatRanksAndNotTheHostsOfThisNumber) {
  DrivenRun run;
  become_torchruns(run);
  for (int agent = 0; agent < 2; ++agent) run.agents.ranks[agent].runs = milliseconds(300'000);
  const DeviceEvent xid{.kind = DeviceKind::gpu_xid,
                        .device = "GPU 1",
                        .pci = run.plan.cluster.hosts[NodeRank{1}].machine->gpus[1].pci,
                        .text = "reported XID 79"};
  run.loop.after(milliseconds(1000), [&] {
    run.agents.rank_tells(0, {.beats = 1, .values = {{"rank", 1}, {"step", 9}}});
    run.agents.rank_tells(1, {.beats = 1, .values = {{"rank", 2}, {"step", 8}}});
    run.agents.rank_tells(1, {.beats = 1, .values = {{"rank", 3}, {"step", 5}}});
    run.agents.rank_tells(1, {.beats = 1, .values = {{"rank", 3}, {"loss", 2}}, .ask = Ask::restart});
    run.agents.agent_tells(1, {xid});
    run.agents.starter_tells(1, {.rank = 2, .pid = 77});
    run.agents.starter_tells(
        1, {.rank = 2, .pid = 77, .has_ended = true, .status = Exited{7}, .is_final = true});
  });
  const Outcome outcome = run.go();
  EXPECT_EQ(outcome.first_failure->rank, Rank{2});
  EXPECT_EQ(outcome.progress->rank, Rank{3});
  EXPECT_EQ(outcome.progress->values, (ProgressValues{{"step", 5}, {"loss", 2}}));
  EXPECT_EQ(outcome.progress->step, 5);
  EXPECT_EQ(outcome.progress->failed_step, 8);
  EXPECT_EQ(outcome.asked->rank, Rank{3});
  ASSERT_EQ(outcome.devices.size(), 1U);
  EXPECT_THAT(outcome.devices.front().ranks, ElementsAre(Rank{3}));
  EXPECT_EQ(run.result.ranks[Rank{1}].of_starter.at(Rank{2}).progress, (ProgressValues{{"step", 8}}));
  EXPECT_TRUE(run.result.ranks[Rank{1}].progress.empty());
}

TEST(LeaderRun, ARankOfTorchrunsThatCallsItselfAnotherHostsIsNobody) {
  DrivenRun run;
  become_torchruns(run);
  for (int agent = 0; agent < 2; ++agent) run.agents.ranks[agent].runs = milliseconds(2000);
  run.loop.after(milliseconds(1000), [&] {
    run.agents.rank_tells(1, {.beats = 1, .values = {{"rank", 0}, {"step", 5}}, .ask = Ask::restart});
  });
  const Outcome outcome = run.go();
  EXPECT_FALSE(outcome.progress->rank);
  EXPECT_EQ(outcome.asked->rank, Rank{2}) << "the first of its host";
  EXPECT_TRUE(run.result.ranks[Rank{0}].of_starter.empty());
  EXPECT_EQ(run.result.ranks[Rank{1}].progress, (ProgressValues{{"step", 5}}));
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

TEST(LeaderRun, WhoAsksMeanwhileSeesTorchrunsRanksAndTorchrunBesideThem) {
  DrivenRun run;
  StatusBoard board{JobStatus()};
  run.settings.board = &board;
  become_torchruns(run);
  for (int agent = 0; agent < 2; ++agent) run.agents.ranks[agent].runs = milliseconds(9000);
  std::vector<JobStatus> told;
  const auto ask = [&] {
    run.leader->tell_status({.ranks = true}, [&](JobStatus status) { told.push_back(std::move(status)); });
  };
  run.while_waiting = [&](const FindWorkerCode&) {
    ask();
    return DrivenRun::ready();
  };
  run.loop.after(milliseconds(4000), [&] {
    run.agents.starter_tells(0, {.rank = 0, .pid = 70});
    run.agents.starter_tells(1, {.rank = 2, .pid = 72});
    run.agents.starter_tells(1, {.rank = 3, .pid = 73});
    run.agents.starter_tells(1, {.rank = 3, .pid = 73, .has_ended = true, .status = Exited{0}});
    run.agents.rank_tells(1, {.beats = 1, .values = {{"rank", 2}, {"step", 5}}});
  });
  run.loop.after(milliseconds(5000), [&] { ask(); });
  EXPECT_EQ(run.go().kind, OutcomeKind::success);
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0].count(RankStage::waiting), 4);
  const JobStatus& running = told[1];
  EXPECT_EQ(running.world_size(), 4);
  EXPECT_EQ(running.count(RankStage::running), 2);
  EXPECT_EQ(running.count(RankStage::joined), 1);
  EXPECT_EQ(running.count(RankStage::ended), 1);
  ASSERT_EQ(running.ranks.size(), 4U);
  EXPECT_EQ(running.ranks[Rank{1}].stage, RankStage::joined);
  EXPECT_EQ(running.ranks[Rank{2}].pid, 72);
  EXPECT_EQ(running.ranks[Rank{2}].host, "algo-2");
  EXPECT_EQ(running.ranks[Rank{2}].progress, (ProgressValues{{"step", 5}}));
  EXPECT_EQ(running.ranks[Rank{3}].end, ExitStatus(Exited{0}));
  EXPECT_EQ(running.values.at("step").highest, 5);
  ASSERT_EQ(running.starters.size(), 2U);
  EXPECT_EQ(running.starters[1].first_rank, Rank{2});
  EXPECT_EQ(running.starters[1].status.pid, 1001);
  EXPECT_EQ(running.starters[1].status.stage, RankStage::running);
  EXPECT_EQ(board.noted().count(RankStage::ended), 4);
}

}  // namespace
}  // namespace smlaunch
