// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/leader_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "launcher/channel/hand_over.hpp"
#include "launcher/leader/start_engine.hpp"
#include "launcher/process/agent_variables.hpp"
#include "launcher/process/hidden_arguments.hpp"
#include "tests/launcher/leader/driven_run.hpp"

namespace smlaunch {
namespace {

using std::chrono::milliseconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

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

TEST(LeaderRun, AWorkerThatAnAgentHandsOverInTheLastMomentIsToldWhatTheJobCameTo) {
  for (const bool is_handed_over : {true, false}) {
    DrivenRun run;
    run.agents.ranks[2].runs = milliseconds(1000);
    run.agents.ranks[2].ends = Exited{5};
    if (is_handed_over) run.loop.after(milliseconds(999), [&] { run.agents.agent_hands_over(2); });
    run.loop.after(milliseconds(1500), [&] { run.agents.worker_comes(run.worker(1)); });
    EXPECT_EQ(run.go().exit_code, 5);
    ASSERT_EQ(run.agents.outcomes.count(run.worker(1)), is_handed_over ? 1U : 0U)
        << "else nobody waits for it";
    if (is_handed_over) {
      EXPECT_EQ(run.agents.outcomes.at(run.worker(1)).exit_code, 5);
    }
  }
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

}  // namespace
}  // namespace smlaunch
