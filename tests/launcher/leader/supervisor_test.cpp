// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/supervisor.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>
#include <optional>
#include <string>
#include <variant>

#include "launcher/outcome/decide_outcome.hpp"
#include "tests/launcher/leader/scripted_supervisor.hpp"

namespace smlaunch {
namespace {

using std::chrono::milliseconds;

TEST(Supervisor, StartsTheRanksWhenAllAgentsAreThere) {
  Supervisor supervisor(settings(3));
  EXPECT_EQ(to_text(supervisor.begin()), "timer start_deadline 60000");
  perform(supervisor,
          {{joined(2), ""}, {joined(0), ""}, {joined(2), ""}, {joined(1), "start"}, {started(0), ""}});
  EXPECT_TRUE(supervisor.record().started);
  EXPECT_EQ(supervisor.record().ranks[Rank{0}].pid, 100);
}

TEST(Supervisor, LetsASuccessfulJobGoOnlyWhenEveryRankIsDone) {
  Supervisor supervisor = running(2);
  perform(supervisor, {{exited(0, 0), ""},
                       {exited(1, 0), release_all},
                       {left(0), ""},
                       {left(1), "timer engine_exit 1000"},
                       {engine(), "finish"}});
  EXPECT_FALSE(supervisor.record().engine_failure);
}

TEST(Supervisor, StopsTheOthersWhenOneFails) {
  Supervisor supervisor = running(3);
  perform(supervisor, {{exited(1, 3), stop_all},
                       {stopped(0, SIGTERM), ""},
                       {stopped(2, SIGTERM), release_all},
                       {left(0), ""},
                       {left(1), ""},
                       {left(2), "timer engine_exit 100"},
                       {expired(Timer::engine_exit), "end engine 15, timer engine_exit 150"},
                       {engine(), "finish"}});
}

TEST(Supervisor, KillsTheOthersAfterTheGrace) {
  Supervisor supervisor = running(2);
  perform(supervisor, {{exited(1, 3), stop_all},
                       {expired(Timer::grace), "signal 9, timer give_up 5000"},
                       {stopped(0, SIGKILL), release_all}});
  EXPECT_FALSE(is_lost(supervisor, 0));
}

TEST(Supervisor, GivesUpOnAnAgentThatDoesNotReportTheKill) {
  Supervisor supervisor = running(2);
  perform(supervisor, {{exited(1, 3), stop_all},
                       {expired(Timer::grace), "signal 9, timer give_up 5000"},
                       {expired(Timer::give_up), release_daemons}});
  EXPECT_TRUE(supervisor.record().ranks[Rank{0}].is_lost_by<OutlivedKill>());
  EXPECT_FALSE(is_lost(supervisor, 1));
}

TEST(Supervisor, PassesSignalsOnWhileRanksRunAndNeitherBeforeNorAfter) {
  Supervisor supervisor(settings(2));
  supervisor.begin();
  perform(supervisor, {{SignalPassed{SIGUSR1}, ""},
                       {joined(0), ""},
                       {joined(1), "start"},
                       {SignalPassed{SIGUSR1}, "pass 10"},
                       {exited(1, 3), stop_all},
                       {SignalPassed{SIGCONT}, "pass 18"},
                       {stopped(0, SIGTERM), release_all},
                       {SignalPassed{SIGUSR1}, ""}});
  EXPECT_FALSE(supervisor.record().stop_signal);
}

TEST(Supervisor, GivesWhatRanksLeftRunningItsTimeUnlessItWasStoppedFromOutside) {
  for (const bool from_outside : {false, true}) {
    SupervisorSettings made = settings(1);
    made.leftover_grace = milliseconds(7000);
    Supervisor supervisor(made);
    supervisor.begin();
    supervisor.on(joined(0));
    if (from_outside) supervisor.on(StopRequested{SIGTERM});
    const auto actions = supervisor.on(from_outside ? stopped(0, SIGTERM) : exited(0, 0));
    ASSERT_EQ(actions.size(), 2U);
    EXPECT_EQ(to_text(actions), from_outside ? release_all : "release 7000, timer engine_exit 4000");
    EXPECT_TRUE(std::get<SetTimer>(actions[1]).after_leftovers);
    supervisor.on(RankLeftRunning{Rank{0}, {{77, "rsync"}}});
    EXPECT_EQ(supervisor.record().ranks[Rank{0}].left_running.size(), 1U);
  }
}

TEST(Supervisor, TellsRanksToEndByASignalThatTheyKnowAndKeepsTheOneThatCame) {
  Supervisor supervisor = running(2);
  perform(supervisor, {{StopRequested{SIGXCPU}, "signal 15, timer grace 110000"},
                       {stopped(0, SIGTERM), ""},
                       {stopped(1, SIGTERM), release_all}});
  EXPECT_EQ(supervisor.record().stop_signal, SIGXCPU);
}

TEST(Supervisor, DoesNotStopTwiceWhenSeveralFail) {
  Supervisor supervisor = running(3);
  perform(supervisor, {{exited(1, 3), stop_all}, {exited(0, 4), ""}, {exited(2, 5), release_all}});
}

TEST(Supervisor, StopsTheOthersWhenARankCannotBeStarted) {
  Supervisor supervisor = running(2);
  perform(supervisor,
          {{RankNotStarted{Rank{0}, "no such file"}, stop_all}, {stopped(1, SIGTERM), release_all}});
  EXPECT_EQ(supervisor.record().ranks[Rank{0}].not_started, "no such file");
}

TEST(Supervisor, StopsTheOthersWhenAnAgentIsLost) {
  Supervisor supervisor = running(2);
  perform(supervisor, {{lost(0), stop_all}, {stopped(1, SIGTERM), release_daemons}});
  EXPECT_TRUE(supervisor.record().ranks[Rank{0}].is_lost_by<Silence>());
  EXPECT_EQ(supervisor.record().ranks[Rank{0}].times.seconds, 1.0);
}

TEST(Supervisor, DoesNotMissAnAgentWhoseRankIsDone) {
  Supervisor supervisor = running(2);
  perform(supervisor, {{exited(0, 0), ""}, {lost(0), ""}, {exited(1, 0), release_all}});
  EXPECT_FALSE(is_lost(supervisor, 0));
}

TEST(Supervisor, StopsAllWhenAWorkerIsLost) {
  Supervisor supervisor = running(1);
  perform(supervisor,
          {{WorkerLost{{"algo-2", Silence{10, "closed"}}}, stop_all}, {stopped(0, SIGTERM), release_all}});
  ASSERT_TRUE(supervisor.record().worker_loss);
  EXPECT_EQ(supervisor.record().worker_loss->host, "algo-2");
}

TEST(Supervisor, GivesTheStartADeadline) {
  Supervisor supervisor(settings(2));
  supervisor.begin();
  perform(supervisor, {{joined(0), ""},
                       {expired(Timer::start_deadline), "release, timer engine_exit 4000, end engine 15"},
                       {left(0), ""},
                       {engine(), "finish"}});
  EXPECT_TRUE(supervisor.record().start_timed_out);
  EXPECT_FALSE(supervisor.record().started);
}

TEST(Supervisor, ForgetsTheDeadlineOnceStarted) {
  Supervisor supervisor = running(1);
  perform(supervisor, {{expired(Timer::start_deadline), ""}, {exited(0, 0), release_all}});
  EXPECT_FALSE(supervisor.record().start_timed_out);
}

TEST(Supervisor, EndsWhenAnAgentIsLostBeforeTheStart) {
  Supervisor supervisor(settings(2));
  supervisor.begin();
  perform(supervisor, {{joined(0), ""}, {lost(0), "release, timer engine_exit 4000, end engine 15"}});
  EXPECT_FALSE(supervisor.record().started);
}

TEST(Supervisor, StopsWithTheSignalItWasGivenAndTheLongGrace) {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    Supervisor supervisor = running(2);
    perform(supervisor, {{StopRequested{signal}, fmt::format("signal {}, timer grace 110000", signal)},
                         {stopped(0, signal), ""},
                         {stopped(1, signal), release_all}});
    EXPECT_EQ(supervisor.record().stop_signal, signal);
  }
}

TEST(Supervisor, KillsAtOnceWhenToldToStopAgain) {
  Supervisor supervisor = running(2);
  perform(supervisor, {{StopRequested{SIGINT}, "signal 2, timer grace 110000"},
                       {StopRequested{SIGTERM}, "signal 9, timer give_up 5000"},
                       {stopped(0, SIGKILL), ""},
                       {stopped(1, SIGKILL), release_all}});
  EXPECT_EQ(supervisor.record().stop_signal, SIGINT) << "the first one is what stopped the job";
}

TEST(Supervisor, StopsBeforeTheStart) {
  Supervisor supervisor(settings(2));
  supervisor.begin();
  perform(supervisor, {{joined(0), ""},
                       {StopRequested{SIGTERM}, "release, timer engine_exit 4000, end engine 15"},
                       {StopRequested{SIGTERM}, "end engine 9"},
                       {engine(), "finish"}});
  EXPECT_EQ(supervisor.record().stop_signal, SIGTERM);
}

TEST(Supervisor, KeepsTheShorterGraceOfAFailureWhenToldToStop) {
  Supervisor supervisor = running(2);
  perform(supervisor, {{exited(0, 1), stop_all},
                       {StopRequested{SIGINT}, "signal 2"},
                       {expired(Timer::grace), "signal 9, timer give_up 5000"},
                       {stopped(1, SIGKILL), release_all}});
}

TEST(Supervisor, IsNotStoppedAnyMoreWhenAllRanksAreDone) {
  Supervisor supervisor = running(1);
  perform(supervisor, {{exited(0, 0), release_all}, {StopRequested{SIGTERM}, "end engine 9"}});
  EXPECT_EQ(supervisor.record().stop_signal, std::nullopt);
}

TEST(Supervisor, DoesNothingWhenItHasFinished) {
  Supervisor supervisor = running(1);
  perform(supervisor,
          {{exited(0, 0), release_all}, {left(0), "timer engine_exit 1000"}, {engine(), "finish"}});
  perform(supervisor, {{engine(), ""},
                       {StopRequested{SIGTERM}, ""},
                       {expired(Timer::engine_exit), ""},
                       {lost(0), ""},
                       {exited(0, 3), ""}});
  EXPECT_EQ(supervisor.record().ranks[Rank{0}].end->status, ExitStatus(Exited{0}));
}

TEST(Supervisor, IgnoresTimersOfAPhaseThatIsOver) {
  Supervisor supervisor = running(1);
  perform(supervisor, {{expired(Timer::grace), ""},
                       {expired(Timer::give_up), ""},
                       {expired(Timer::engine_exit), ""},
                       {exited(0, 0), release_all},
                       {expired(Timer::grace), ""},
                       {expired(Timer::give_up), ""},
                       {expired(Timer::start_deadline), ""}});
}

// Whatever order the ends come in, agents are let go exactly once, and after the last of them.
TEST(Supervisor, NeverLetsAgentsGoBeforeAllRanksAreDone) {
  for (int failing = -1; failing < 4; ++failing) {
    for (int first = 0; first < 4; ++first) {
      Supervisor supervisor = running(4);
      std::string actions;
      for (int i = 0; i < 4; ++i) {
        EXPECT_EQ(actions.find("release"), std::string::npos) << failing << " " << first << " " << i;
        const int rank = (first + i) % 4;
        actions += to_text(supervisor.on(exited(rank, rank == failing ? 1 : 0))) + ";";
      }
      EXPECT_NE(actions.find("release"), std::string::npos);
      EXPECT_EQ(actions.find("finish"), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace smlaunch
