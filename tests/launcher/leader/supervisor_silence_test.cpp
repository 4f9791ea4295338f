// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/supervisor.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <optional>
#include <utility>
#include <variant>

#include "launcher/outcome/decide_outcome.hpp"
#include "tests/launcher/leader/scripted_supervisor.hpp"

namespace smlaunch {
namespace {

Supervisor watched(int world_size) {
  SupervisorSettings made = settings(world_size);
  made.hang_timeout = 60;
  Supervisor supervisor(made);
  supervisor.begin();
  for (int rank = 0; rank < world_size; ++rank) supervisor.on(joined(rank));
  return supervisor;
}
Event silent(double seconds, bool has_begun = true, bool counts_output = true) {
  return Silent{{.seconds = seconds, .has_begun = has_begun, .counts_output = counts_output}};
}
Event inspected(int rank) { return RankInspected{Rank{rank}, RankState{}, 0.5}; }
Event looked(int rank, bool computes = false) {
  RankState state;
  state.is_look = true;
  state.computes = computes;
  state.computes_in = computes ? "python3.11" : "";
  return RankInspected{Rank{rank}, state, 0.5};
}
Event looked_first(int rank, bool computes) {
  auto event = std::get<RankInspected>(looked(rank, computes));
  event.state.more_comes = true;
  return event;
}
// Its host does not show where it runs.
Event looked_unseen(int rank) {
  auto event = std::get<RankInspected>(looked(rank, true));
  event.state.computes_in.clear();
  return event;
}
const char* const look_at_all = "look, timer look 10000";
const char* const inspect_all = "inspect, timer inspection 10000";

TEST(Supervisor, AsksEveryRankBeforeItStopsAJobThatHangs) {
  Supervisor supervisor = watched(2);
  perform(supervisor, {{silent(59.9), ""},
                       {silent(60), look_at_all},
                       {silent(61), ""},
                       {looked(1), ""},
                       {looked(0), inspect_all},
                       {looked(0), ""},
                       {silent(62), ""},
                       {inspected(1), ""},
                       {inspected(0), stop_all},
                       {expired(Timer::inspection), ""},
                       {stopped(0, SIGTERM), ""},
                       {stopped(1, SIGTERM), release_all}});
  EXPECT_EQ(supervisor.record().hang->seconds, 61) << "as long as it is by then";
  EXPECT_TRUE(supervisor.record().ranks[Rank{0}].state);
  EXPECT_EQ(supervisor.record().ranks[Rank{0}].cores_used, 0.5);
}

TEST(Supervisor, DoesNotWaitForEverForARankThatCannotTell) {
  Supervisor supervisor = watched(2);
  perform(supervisor, {{silent(60), look_at_all},
                       {looked(0), ""},
                       {looked(1), inspect_all},
                       {inspected(1), ""},
                       {expired(Timer::inspection), stop_all}});
  EXPECT_FALSE(supervisor.record().ranks[Rank{0}].state);
}

TEST(Supervisor, TakesTheEndOfARankThatWasAskedForItsStackForAnAnswer) {
  Supervisor supervisor = watched(2);
  perform(supervisor, {{silent(60), look_at_all},
                       {looked(0), ""},
                       {looked(1), inspect_all},
                       {inspected(0), ""},
                       {stopped(0, SIGABRT), ""},
                       {inspected(1), stop_all}});
  EXPECT_FALSE(is_lost(supervisor, 0));
}

TEST(Supervisor, LetsASilentJobFinish) {
  Supervisor supervisor = watched(2);
  perform(supervisor, {{silent(60), look_at_all},
                       {looked(0), ""},
                       {looked(1), inspect_all},
                       {exited(0, 0), ""},
                       {exited(1, 0), release_all},
                       {expired(Timer::inspection), ""}});
  const Outcome outcome = decide_outcome(supervisor.record(), {"algo-1", "algo-1"});
  EXPECT_EQ(outcome.kind, OutcomeKind::success);
}

TEST(Supervisor, EndsNothingForSilenceUnlessAskedButSaysOnceWhatRanksAreDoing) {
  Supervisor supervisor = running(2);
  perform(supervisor, {{silent(599), ""},
                       {silent(600), look_at_all},
                       {looked(0), ""},
                       {looked(1), "tell looks"},
                       {silent(1e6), ""},
                       {silent(3), ""},  // some rank has printed
                       {silent(601), look_at_all},
                       {looked(1), ""},
                       {expired(Timer::look), "tell looks"}});
  EXPECT_FALSE(supervisor.record().hang);
}

TEST(Supervisor, SaysWhatRanksAreDoingAlsoWhereTheBoundIsLonger) {
  SupervisorSettings made = settings(1);
  made.hang_timeout = 3600;
  Supervisor supervisor(made);
  supervisor.begin();
  supervisor.on(joined(0));
  perform(supervisor, {{silent(600), look_at_all},
                       {looked(0), "tell looks"},
                       {silent(3600), look_at_all},
                       {looked(0), inspect_all}});
}

TEST(Supervisor, EndsNoJobOfWhichARankComputes) {
  Supervisor supervisor = watched(2);
  perform(supervisor, {{silent(60), look_at_all},
                       {looked(0), ""},
                       {looked(1, true), "tell looks"},
                       {silent(119), ""},
                       {silent(120), look_at_all},  // said once, looked at again
                       {looked(0, true), ""},
                       {looked(1), ""},
                       {silent(180), look_at_all},
                       {looked(0), ""},
                       {looked(1), inspect_all}});
  EXPECT_EQ(supervisor.record().hang->seconds, 180);
}

TEST(Supervisor, AnotherSilenceIsLookedAtAnew) {
  Supervisor supervisor = watched(1);
  perform(supervisor, {{silent(60), look_at_all},
                       {looked(0, true), "tell looks"},
                       {silent(1), ""},
                       {silent(60), look_at_all},
                       {looked(0, true), "tell looks"}});
}

TEST(Supervisor, ProgressThatComesDuringALookEndsIt) {
  Supervisor supervisor = watched(2);
  perform(supervisor, {{silent(60), look_at_all},
                       {looked(0), ""},
                       {silent(61), ""},
                       {silent(0.5), ""},
                       {looked(1), ""},
                       {expired(Timer::look), ""},
                       {silent(59), ""},
                       {silent(60), look_at_all},
                       {looked(0), ""},
                       {looked(1), inspect_all}});
}

TEST(Supervisor, AVerdictNeedsNoStacksWhereTheyDoNotCome) {
  Supervisor supervisor = watched(2);
  perform(supervisor, {{silent(60), look_at_all},
                       {looked_first(0, true), ""},
                       {looked_first(1, false), ""},
                       {looked(1), ""},
                       {expired(Timer::look), "tell looks"},
                       {silent(120), look_at_all},
                       {looked_first(0, false), ""},
                       {looked_first(1, false), ""},
                       {expired(Timer::look), inspect_all}});
}

TEST(Supervisor, ARankThatHasNotAnsweredIsLookedAtOnceMore) {
  Supervisor supervisor = watched(2);
  perform(supervisor, {{silent(60), look_at_all},
                       {looked(0), ""},
                       {expired(Timer::look), look_at_all},
                       {silent(71), ""},
                       {looked(0), ""},
                       {looked(1, true), "tell looks"},
                       {silent(131), look_at_all},
                       {looked(0), ""},
                       {expired(Timer::look), look_at_all},
                       {looked(0), ""},
                       {expired(Timer::look), inspect_all}});
}

TEST(Supervisor, AHostThatDoesNotShowWhatItsRankDoesExtendsASilenceThreeTimes) {
  Supervisor supervisor = watched(1);
  perform(supervisor, {{silent(60), look_at_all},
                       {looked_unseen(0), "tell looks"},
                       {silent(120), look_at_all},
                       {looked_unseen(0), ""},
                       {silent(180), look_at_all},
                       {looked_unseen(0), ""},
                       {silent(240), look_at_all},
                       {looked_unseen(0), inspect_all}});
  Supervisor other = watched(1);
  for (int i = 0; i < 3; ++i)
    perform(other, {{silent(60), look_at_all},
                    {looked_unseen(0), "tell looks"},
                    {silent(120), look_at_all},
                    {looked_unseen(0), ""},
                    {silent(1), ""}});  // another silence
}

TEST(Supervisor, ALookEndsWithTheJob) {
  Supervisor supervisor = watched(2);
  perform(supervisor, {{silent(60), look_at_all}, {exited(0, 0), ""}, {exited(1, 0), release_all}});
}

TEST(Supervisor, TheTimeUntilTheFirstProgressHasABoundOfItsOwn) {
  struct Case {
    std::optional<double> start;
    std::optional<double> hang;
    double ends_at_start;  // 0: never
    double ends_later;
  };
  for (const Case& each :
       {Case{300, 60, 300, 60}, Case{300, {}, 300, 0}, Case{{}, 60, 60, 60}, Case{5, 60, 5, 60}})
    for (const bool has_begun : {false, true}) {
      SupervisorSettings made = settings(1);
      made.start_timeout = each.start;
      made.hang_timeout = each.hang;
      Supervisor supervisor(made);
      supervisor.begin();
      supervisor.on(joined(0));
      const double bound = has_begun ? each.ends_later : each.ends_at_start;
      perform(supervisor, {{silent(bound == 0 ? 500 : bound - 0.1, has_begun), ""}});
      if (bound > 0) perform(supervisor, {{silent(bound, has_begun), look_at_all}, {looked(0), inspect_all}});
    }
}

TEST(Supervisor, KeepsWhatRanksTellOfTheirProgress) {
  Supervisor supervisor = running(2);
  const auto tells = [](int rank, double seconds, Progress progress) {
    return RankProgressed{.rank = Rank{rank},
                          .told_by = Rank{rank},
                          .host = "algo-1",
                          .seconds = seconds,
                          .progress = std::move(progress)};
  };
  supervisor.on(tells(0, 1, {.beats = 1, .values = {{"step", 7}, {"loss", 3}}}));
  supervisor.on(tells(1, 2, {.beats = 1, .values = {{"step", 6}}}));
  supervisor.on(tells(1, 3, {.beats = 2, .values = {{"loss", 2}}, .ask = Ask::restart}));
  const JobRecord& record = supervisor.record();
  EXPECT_EQ(record.progress->rank, Rank{1});
  EXPECT_EQ(record.progress->values, (ProgressValues{{"step", 6}, {"loss", 2}}));
  EXPECT_EQ(record.progress->seconds, 3);
  EXPECT_EQ(record.ranks[Rank{0}].progress, (ProgressValues{{"step", 7}, {"loss", 3}}));
  EXPECT_EQ(record.asked->rank, Rank{1});
  EXPECT_EQ(record.asked->ask, Ask::restart);
  EXPECT_EQ(record.asked->host, "algo-1");
  EXPECT_EQ(decide_outcome(record, {"algo-1", "algo-1"}).progress->step, 6) << "where the slowest rank is";
}

TEST(Supervisor, DoesNotMindSilenceWhileItStops) {
  Supervisor supervisor = watched(2);
  perform(supervisor, {{exited(1, 3), stop_all}, {silent(1e6), ""}});
}

}  // namespace
}  // namespace smlaunch
