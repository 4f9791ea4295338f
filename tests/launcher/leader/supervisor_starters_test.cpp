// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/supervisor.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <optional>
#include <variant>
#include <vector>

#include "launcher/outcome/decide_outcome.hpp"
#include "tests/launcher/leader/scripted_supervisor.hpp"

namespace smlaunch {
namespace {

TEST(Supervisor, KnowsARankOfAStarterByItsLastProcess) {
  Supervisor supervisor = running(1);
  const auto told = [&](int pid, bool has_ended) {
    EXPECT_TRUE(
        supervisor
            .on(StarterRankTold{.starter = Rank{0},
                                .rank = Rank{5},
                                .now = {.pid = pid, .has_ended = has_ended, .status = {}, .seconds = 1}})
            .empty());
    return supervisor.record().ranks[Rank{0}].of_starter.at(Rank{5});
  };
  EXPECT_FALSE(told(7, false).has_ended);
  EXPECT_TRUE(told(7, true).has_ended);
  EXPECT_EQ(told(8, false).pid, 8);
  EXPECT_FALSE(told(7, true).has_ended);
  EXPECT_TRUE(told(8, true).has_ended);
}

Event rank_ended(int starter, int rank, const std::optional<ExitStatus>& status, bool is_final = true) {
  return StarterRankTold{.starter = Rank{starter},
                         .rank = Rank{rank},
                         .now = {.has_ended = true, .status = status, .seconds = 2.1},
                         .is_final = is_final};
}

TEST(Supervisor, StopsStartersThatStayWhenARankOfTheirsHasFailed) {
  for (const ExitStatus& status : {ExitStatus(Exited{7}), ExitStatus(Signaled{SIGSEGV, false})}) {
    Supervisor supervisor = running(2);
    perform(supervisor, {{rank_ended(0, 1, Exited{0}), ""},
                         {rank_ended(1, 2, status), "timer starter_end 5000"},
                         {rank_ended(1, 3, Signaled{SIGTERM, false}), ""},
                         {rank_ended(0, 0, Exited{1}), ""},
                         {expired(Timer::starter_end), stop_all},
                         {stopped(0, SIGTERM), ""},
                         {stopped(1, SIGTERM), release_all}});
    const Outcome outcome = decide_outcome(supervisor.record(), {"a", "b"}, "torchrun");
    EXPECT_EQ(outcome.first_failure->rank, Rank{2});
    EXPECT_EQ(outcome.first_failure->host, "b");
    EXPECT_EQ(outcome.first_failure->status(), status);
    EXPECT_EQ(outcome.failure_class, FailureClass::user_code);
  }
}

TEST(Supervisor, LeavesStartersAloneThatEndByThemselvesInTime) {
  Supervisor supervisor = running(2);
  perform(supervisor, {{rank_ended(1, 2, Exited{7}), "timer starter_end 5000"},
                       {exited(1, 1), stop_all},
                       {expired(Timer::starter_end), ""},
                       {stopped(0, SIGTERM), release_all}});
  EXPECT_FALSE(supervisor.record().failed_of_starter);

  Supervisor fine = running(2);
  perform(fine, {{rank_ended(1, 2, Exited{7}), "timer starter_end 5000"},
                 {exited(1, 0), ""},
                 {expired(Timer::starter_end), ""}});
}

TEST(Supervisor, DoesNotTakeForAFailureWhatAStarterMayMendOrHasDoneItself) {
  for (const Event& event :
       {rank_ended(1, 2, Exited{7}, false), rank_ended(1, 2, Exited{0}), rank_ended(1, 2, std::nullopt)}) {
    Supervisor supervisor = running(2);
    perform(supervisor, {{event, ""}, {StopRequested{SIGTERM}, "signal 15, timer grace 110000"}});
  }
  Supervisor stopping = running(2);
  perform(stopping, {{StopRequested{SIGTERM}, "signal 15, timer grace 110000"},
                     {rank_ended(1, 2, Signaled{SIGTERM, false}), ""}});
  EXPECT_TRUE(stopping.record().ranks[Rank{1}].of_starter.at(Rank{2}).told_to_stop);
}

TEST(Supervisor, TakesTheSilenceAfterARanksFailureForNoHang) {
  for (const bool has_failed : {false, true}) {
    SupervisorSettings made = settings(2);
    made.hang_timeout = 60;
    Supervisor supervisor(made);
    supervisor.begin();
    supervisor.on(joined(0));
    supervisor.on(joined(1));
    if (has_failed) supervisor.on(rank_ended(1, 2, Exited{7}));
    perform(supervisor, {{Silent{{.seconds = 61}}, has_failed ? "" : "look, timer look 10000"}});
  }
}

// Nobody has seen the end of rank 2, for whose failure its torchrun has ended rank 3.
TEST(Supervisor, DoesNotWaitForAStarterWhoseRanksEndWasMissed) {
  const auto told = [](int rank, const std::optional<ExitStatus>& status, double seconds) {
    auto event = std::get<StarterRankTold>(rank_ended(1, rank, status));
    event.now.seconds = seconds;
    return Event(event);
  };
  const ExitStatus by_starter = Signaled{SIGTERM, false};
  for (const bool is_told : {true, false}) {
    Supervisor supervisor = running(2);
    perform(supervisor,
            {{told(2, std::nullopt, 2.1), ""}, {told(3, by_starter, 2.2), "timer starter_end 5000"}});
    if (is_told) perform(supervisor, {{told(2, Exited{7}, 2.1), ""}});
    perform(supervisor, {{expired(Timer::starter_end), stop_all},
                         {stopped(0, SIGTERM), ""},
                         {stopped(1, SIGTERM), release_all}});
    const Outcome outcome = decide_outcome(supervisor.record(), {"a", "b"}, "torchrun");
    EXPECT_EQ(outcome.first_failure->rank, Rank{is_told ? 2 : 3});
    EXPECT_EQ(outcome.first_failure->status(), is_told ? ExitStatus(Exited{7}) : by_starter);
    EXPECT_EQ(outcome.first_failure->certain, is_told);
    EXPECT_EQ(outcome.first_failure->tied_with, is_told ? std::vector<Rank>{} : std::vector<Rank>{Rank{2}});
  }
}

TEST(Supervisor, AnEndThatIsToldLateIsTakenAsOfTheTimeWhenItWasNoticed) {
  Supervisor supervisor = running(2);
  perform(supervisor, {{rank_ended(1, 2, std::nullopt), ""},
                       {StopRequested{SIGTERM}, "signal 15, timer grace 110000"},
                       {rank_ended(1, 2, Exited{7}), "timer starter_end 5000"}});
  EXPECT_FALSE(supervisor.record().ranks[Rank{1}].of_starter.at(Rank{2}).told_to_stop);
}

}  // namespace
}  // namespace smlaunch
