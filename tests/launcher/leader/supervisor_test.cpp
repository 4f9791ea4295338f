// SPDX-License-Identifier: Apache-2.0
// Every policy as a script: events on the left, the actions that must answer each on the right.
#include "launcher/leader/supervisor.hpp"
#include "launcher/outcome/decide_outcome.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

namespace smlaunch {
namespace {

using std::chrono::milliseconds;

std::string to_text(Timer timer) {
  switch (timer) {
    case Timer::start_deadline: return "start_deadline";
    case Timer::grace: return "grace";
    case Timer::give_up: return "give_up";
    case Timer::engine_exit: return "engine_exit";
    case Timer::look: return "look";
    case Timer::inspection: return "inspection";
    case Timer::starter_end: return "starter_end";
  }
  return "?";
}

// "signal 15, timer grace 5000, release".
std::string to_text(const std::vector<Action>& actions) {
  std::string text;
  for (const Action& action : actions) {
    text += text.empty() ? "" : ", ";
    if (std::holds_alternative<StartRanks>(action)) text += "start";
    if (const auto* a = std::get_if<SignalRanks>(&action)) text += fmt::format("signal {}", a->signal);
    if (const auto* a = std::get_if<InspectRanks>(&action)) text += a->only_look ? "look" : "inspect";
    if (std::holds_alternative<TellLooks>(action)) text += "tell looks";
    if (const auto* a = std::get_if<PassSignalOn>(&action)) text += fmt::format("pass {}", a->signal);
    if (const auto* a = std::get_if<ReleaseAgents>(&action)) {
      text +=
          a->leftover_grace.count() == 0 ? "release" : fmt::format("release {}", a->leftover_grace.count());
      if (a->ends_daemons) text += " with its daemon";
    }
    if (const auto* a = std::get_if<EndEngine>(&action)) text += fmt::format("end engine {}", a->signal);
    if (const auto* a = std::get_if<SetTimer>(&action))
      text += fmt::format("timer {} {}", to_text(a->timer), a->length.count());
    if (std::holds_alternative<Finish>(action)) text += "finish";
  }
  return text;
}

SupervisorSettings settings(int world_size) {
  SupervisorSettings made;
  made.world_size = world_size;
  made.failure_grace = milliseconds(5000);
  made.stop_grace = milliseconds(110000);
  made.start_deadline = milliseconds(60000);
  return made;
}

struct Step {
  Event event;
  std::string actions;
};

Event joined(int rank) { return AgentJoined{Rank{rank}}; }
Event started(int rank) { return RankStarted{Rank{rank}, 100 + rank}; }
Event exited(int rank, int code) {
  return RankEnded{.rank = Rank{rank}, .end = {.status = Exited{code}}, .times = {.seconds = 1.0}};
}
Event stopped(int rank, int signal) {
  return RankEnded{.rank = Rank{rank},
                   .end = {.status = Signaled{signal, false}, .told_to_stop = true},
                   .times = {.seconds = 2.0}};
}
Event lost(int rank) { return AgentLost{.rank = Rank{rank}, .loss = Silence{10, "closed"}, .seconds = 1.0}; }
Event left(int rank) { return AgentLeft{Rank{rank}}; }
Event engine() {
  return EngineEnded{.failure = EngineProcessEnded{Exited{1}}, .seconds = 1.0, .status = Exited{1}};
}
bool is_lost(const Supervisor& supervisor, int rank) {
  return supervisor.record().ranks[Rank{rank}].loss.has_value();
}
Event expired(Timer timer) { return TimerExpired{timer}; }

void perform(Supervisor& supervisor, const std::vector<Step>& steps) {
  for (std::size_t i = 0; i < steps.size(); ++i)
    EXPECT_EQ(to_text(supervisor.on(steps[i].event)), steps[i].actions) << "at step " << i;
}

Supervisor running(int world_size) {
  Supervisor supervisor(settings(world_size));
  supervisor.begin();
  for (int rank = 0; rank < world_size; ++rank) supervisor.on(joined(rank));
  return supervisor;
}

constexpr const char* stop_all = "signal 15, timer grace 5000";
constexpr const char* release_all = "release, timer engine_exit 4000";
constexpr const char* release_daemons = "release with its daemon, timer engine_exit 4000";

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

TEST(Supervisor, TellsRanksToEndByASignalThatTheyKnowAndKeepsTheOneThatCame) {
  Supervisor supervisor = running(2);
  perform(supervisor, {{StopRequested{SIGXCPU}, "signal 15, timer grace 110000"},
                       {stopped(0, SIGTERM), ""},
                       {stopped(1, SIGTERM), release_all}});
  EXPECT_EQ(supervisor.record().stop_signal, SIGXCPU);
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

TEST(Supervisor, EndsWhenTheEngineDoesBeforeTheStart) {
  Supervisor supervisor(settings(2));
  supervisor.begin();
  perform(supervisor, {{joined(0), ""}, {engine(), std::string(release_all) + ", finish"}});
  ASSERT_TRUE(supervisor.record().engine_failure);
  EXPECT_TRUE(std::holds_alternative<EngineProcessEnded>(*supervisor.record().engine_failure));
  EXPECT_EQ(supervisor.record().engine_seconds, 1.0);
  EXPECT_FALSE(supervisor.record().started);
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

TEST(Supervisor, EndsAnEngineThatStaysWithoutWaitingForEver) {
  Supervisor supervisor = running(1);
  perform(supervisor, {{exited(0, 0), release_all},
                       {expired(Timer::engine_exit), "end engine 15, timer engine_exit 150"},
                       {expired(Timer::engine_exit), "end engine 15, timer engine_exit 500"},
                       {expired(Timer::engine_exit), "end engine 9, timer engine_exit 1000"},
                       {expired(Timer::engine_exit), "finish"}});
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
