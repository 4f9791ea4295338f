// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/supervisor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <string>
#include <variant>

#include "launcher/outcome/decide_outcome.hpp"
#include "tests/launcher/leader/scripted_supervisor.hpp"

namespace smlaunch {
namespace {

using ::testing::Contains;

TEST(Supervisor, StopsAllWhenTheEngineEnds) {
  Supervisor supervisor = running(2);
  perform(supervisor, {{engine(), stop_all},
                       {stopped(0, SIGTERM), ""},
                       {stopped(1, SIGTERM), std::string(release_daemons) + ", finish"}});
  ASSERT_TRUE(supervisor.record().engine_failure);
  EXPECT_TRUE(std::holds_alternative<EngineProcessEnded>(*supervisor.record().engine_failure));
  EXPECT_EQ(supervisor.record().engine_seconds, 1.0);
}

// The engine's death reaches the agents before we hear of it.
TEST(Supervisor, TakesARankForLostThatSomebodyElseHasStopped) {
  for (const ExitStatus& status : {ExitStatus{Signaled{SIGTERM, false}}, ExitStatus{Exited{0}}}) {
    Supervisor supervisor = running(2);
    perform(supervisor, {{RankEnded{.rank = Rank{1},
                                    .end = {.status = status, .told_to_stop = true},
                                    .times = {.seconds = 1.0}},
                          stop_all},
                         {stopped(0, SIGTERM), release_all}});
    EXPECT_TRUE(supervisor.record().ranks[Rank{1}].is_lost_by<EndedByOthers>());
    EXPECT_FALSE(is_lost(supervisor, 0));
  }
}

// An mpirun that ends the job because an agent is gone has no more to say than that.
TEST(Supervisor, WaitsForNoWordsOfAnEngineThatEndsAJobWhoseLostRankIsKnown) {
  const Event ended_by_others = RankEnded{.rank = Rank{0},
                                          .end = {.status = Signaled{SIGTERM, false}, .told_to_stop = true},
                                          .times = {.seconds = 1.0}};
  Supervisor supervisor = running(2);
  perform(supervisor, {{ended_by_others, stop_all},
                       {left(0), ""},
                       {lost(1), std::string(release_daemons) + ", timer engine_exit 100"},
                       {expired(Timer::engine_exit), "end engine 15, timer engine_exit 150"},
                       {engine(), "finish"}});
  Supervisor other = running(2);
  perform(other, {{ended_by_others, stop_all},
                  {WorkerLost{{"algo-2", Silence{1, "closed"}}}, ""},
                  {stopped(1, SIGTERM), release_daemons},
                  {left(0), ""},
                  {left(1), "timer engine_exit 100"}});
}

// Slurm signals every process of a job at once.
TEST(Supervisor, CountsAStopThatReachedTheAgentsBeforeUs) {
  Supervisor supervisor = running(1);
  perform(supervisor, {{RankEnded{.rank = Rank{0},
                                  .end = {.status = Signaled{SIGTERM, false}, .told_to_stop = true},
                                  .times = {.seconds = 1.0}},
                        std::string(release_all) + ", timer engine_exit 3000"},
                       {StopRequested{SIGTERM}, "end engine 15"},
                       {StopRequested{SIGTERM}, "end engine 9"}});
  EXPECT_EQ(supervisor.record().stop_signal, SIGTERM);
}

TEST(Supervisor, EndsWhenTheEngineDoesBeforeTheStart) {
  Supervisor supervisor(settings(2));
  supervisor.begin();
  perform(supervisor, {{joined(0), ""}, {engine(), std::string(release_all) + ", finish"}});
  ASSERT_TRUE(supervisor.record().engine_failure);
  EXPECT_TRUE(std::holds_alternative<EngineProcessEnded>(*supervisor.record().engine_failure));
  EXPECT_EQ(supervisor.record().engine_seconds, 1.0);
  EXPECT_FALSE(supervisor.record().started);
}

TEST(Supervisor, EndsAnEngineThatStaysWithoutWaitingForEver) {
  Supervisor supervisor = running(1);
  perform(supervisor, {{exited(0, 0), release_all},
                       {expired(Timer::engine_exit), "end engine 15, timer engine_exit 150"},
                       {expired(Timer::engine_exit), "end engine 15, timer engine_exit 500"},
                       {expired(Timer::engine_exit), "end engine 9, timer engine_exit 1000"},
                       {expired(Timer::engine_exit), "finish"}});
}

// It ends the ranks, and only then itself.
TEST(Supervisor, KnowsHowEngineProcessEndedWhenItHasEndedTheRanks) {
  Supervisor supervisor = running(2);
  for (const int rank : {0, 1}) {
    supervisor.on(stopped(rank, 15));
    supervisor.on(left(rank));
  }
  supervisor.on(EngineEnded{
      .failure = EngineProcessEnded{Signaled{9, false}}, .seconds = 2.1, .status = Signaled{9, false}});
  EXPECT_EQ(decide_outcome(supervisor.record(), {"a", "b"}).message,
            "mpirun was killed by signal 9 (SIGKILL) before the job was over");

  Supervisor ended_by_us = running(2);
  ended_by_us.on(exited(0, 3));
  ended_by_us.on(stopped(1, 15));
  ended_by_us.on(left(0));
  ended_by_us.on(left(1));
  ended_by_us.on(EngineEnded{.failure = EngineProcessEnded{Exited{1}}, .seconds = 2.1, .status = Exited{1}});
  EXPECT_FALSE(ended_by_us.record().engine_failure) << "we have ended it";
}

TEST(Supervisor, TakesMpirunsEndForRanksWithoutAChannel) {
  for (const int code : {0, 3}) {
    Supervisor supervisor(settings(2));
    supervisor.begin();
    supervisor.on(RankDetached{Rank{0}});
    EXPECT_THAT(supervisor.on(RankDetached{Rank{1}}), ::testing::ElementsAre(Action{StartRanks{}}));
    const auto actions = supervisor.on(EngineEnded{.seconds = 2.5, .status = Exited{code}});
    EXPECT_EQ(actions.back(), Action{Finish{}});
    EXPECT_EQ(supervisor.record().ranks[Rank{1}].end->status, ExitStatus{Exited{code}});
    const Outcome outcome = decide_outcome(supervisor.record(), {"a", "b"});
    EXPECT_EQ(outcome.exit_code, code);
    if (code == 0) continue;
    EXPECT_FALSE(outcome.first_failure->certain);
    EXPECT_THAT(outcome.first_failure->tied_with, ::testing::ElementsAre(Rank{1}));
  }
}

TEST(Supervisor, RanksWithoutAChannelAreLostWhereNobodyKnowsHowEngineProcessEnded) {
  Supervisor supervisor(settings(1));
  supervisor.begin();
  supervisor.on(RankDetached{Rank{0}});
  const auto actions = supervisor.on(
      EngineEnded{.failure = EndUnknown{"how process 7 ended is not known"}, .seconds = 2.5, .status = {}});
  EXPECT_EQ(actions.back(), Action{Finish{}});
  EXPECT_FALSE(supervisor.record().ranks[Rank{0}].end);
  const Outcome outcome = decide_outcome(supervisor.record(), {"a"});
  EXPECT_EQ(outcome.failure_class, FailureClass::lost_host);
  EXPECT_EQ(outcome.message, "rank 0 on a was lost 2.5 s after the start: how process 7 ended is not known");
}

// mpirun, whose end is all that is known of ranks without a channel, waits for the agents of the others.
TEST(Supervisor, LetsAgentsGoWhenOnlyRanksWithoutAChannelAreMissing) {
  Supervisor supervisor(settings(3));
  supervisor.begin();
  perform(supervisor,
          {{joined(0), ""},
           {RankDetached{Rank{1}}, ""},
           {joined(2), "start"},
           {exited(0, 0), ""},
           {exited(2, 0), "release"},
           {left(0), ""},
           {left(2), ""},
           {EngineEnded{.seconds = 2.5, .status = Exited{0}}, release_daemons + std::string(", finish")}});
  EXPECT_EQ(decide_outcome(supervisor.record(), {"a", "b", "c"}).exit_code, 0);
}

TEST(Supervisor, StopsRanksWithoutAChannelThroughMpirun) {
  Supervisor supervisor(settings(1));
  supervisor.begin();
  supervisor.on(RankDetached{Rank{0}});
  EXPECT_THAT(supervisor.on(StopRequested{15}), ::testing::Contains(Action{EndEngine{15}}));
}

}  // namespace
}  // namespace smlaunch
