// SPDX-License-Identifier: Apache-2.0
#include "launcher/agent/agent.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <vector>

#include "launcher/channel/device_messages.hpp"
#include "tests/launcher/channel/fake_peer_channel.hpp"
#include "tests/launcher/process/fake_loop.hpp"

namespace smlaunch {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class FakeRank final : public AgentRank {
 public:
  void set_callbacks(Callbacks given) override { callbacks = std::move(given); }
  Result<Started> start(Start) override {
    done.emplace_back("start");
    if (!cannot_start.empty()) return failure(Fault::start, "train", cannot_start);
    return Started{};
  }
  void signal(int signal) override { done.push_back(fmt::format("signal {}", signal)); }
  void was_told(int signal) override { done.push_back(fmt::format("was told {}", signal)); }
  void pass_on(int signal) override { done.push_back(fmt::format("pass on {}", signal)); }
  void inspect(Inspection how) override {
    done.emplace_back(how == Inspection::look  ? "look"
                      : how == Inspection::ask ? "inspect"
                                               : "inspect with NCCL");
  }
  void input(const Input& input) override { done.push_back("input " + input.text); }
  void resume() override { done.emplace_back("resume"); }
  void fill(Pong& pong) override { pong.cpu_ns = 7; }
  void hurry() override { done.emplace_back("hurry"); }
  [[nodiscard]] bool has_descendants() const override { return left_something; }
  [[nodiscard]] std::vector<LeftProcess> find_leftovers() const override {
    return left_something ? std::vector<LeftProcess>{{77, "rsync"}} : std::vector<LeftProcess>();
  }
  void stop_leftovers() override {
    if (done.back() != "stop leftovers") done.emplace_back("stop leftovers");
    if (leftovers_end_when_told) left_something = false;
  }

  void ends(const ExitStatus& status) {
    Ended end;
    end.end.status = status;
    callbacks.ended(end);
  }

  Callbacks callbacks;
  std::string cannot_start;
  bool left_something = false;
  bool leftovers_end_when_told = true;
  std::vector<std::string> done;
};

// Its looks are over when the test says so.
class FakeDevices final : public DeviceWatch {
 public:
  void begin(WatchedPlaces, std::function<void(const DeviceNews&)> given) override {
    done = std::move(given);
  }
  void look(bool thorough) override {
    if (!done || looking) return;
    looking = true;
    looks.push_back(thorough);
  }
  [[nodiscard]] bool has_looked() const override { return looked; }
  [[nodiscard]] bool is_looking() const override { return looking; }
  void finds(std::vector<DeviceEvent> events) {
    looking = false;
    looked = true;
    done({.since_ns = 1, .time_ns = 2, .events = std::move(events)});
  }

  std::function<void(const DeviceNews&)> done;
  std::vector<bool> looks;
  bool looked = false;
  bool looking = false;
};

struct DrivenAgent {
  explicit DrivenAgent(bool has_channel = true, bool is_under_mpirun = false, bool needs_channel = false,
                       bool by_srun = false, bool in_step = false) {
    AgentIdentity identity;
    identity.rank = 3;
    identity.needs_channel = needs_channel;
    identity.by_srun = by_srun;
    identity.in_step = in_step;
    agent = std::make_unique<Agent>(
        identity, AgentWorld{loop, has_channel ? &channel : nullptr, rank, "algo-2", is_under_mpirun,
                             [this](bool is_stderr, const std::string& text) {
                               (is_stderr ? errors : lines).push_back(text);
                             },
                             [this](const std::string& hand_over, std::function<void()> hands_over) {
                               hand_overs.push_back(hand_over);
                               hand_over_begins = std::move(hands_over);
                             },
                             &devices});
    loop.post([this] { agent->begin(); });
    loop.poll();
  }

  void hears(FrameKind kind, const std::string& payload = "") { channel.callbacks.frame({kind, payload, 0}); }
  void is_started() {
    Start start;
    start.grace_milliseconds = 2000;
    start.hand_over = "to a late worker";
    hears(FrameKind::start, encode(start));
  }
  // Runs until the agent leaves. False: it never does.
  bool leaves() {
    loop.run();
    return !loop.ran_dry;
  }

  FakeLoop loop;
  FakePeerChannel channel;
  FakeRank rank;
  FakeDevices devices;
  std::vector<std::string> lines;
  std::vector<std::string> errors;
  std::vector<std::string> hand_overs;
  std::function<void()> hand_over_begins;
  std::unique_ptr<Agent> agent;
};

TEST(Agent, StartsItsRankWhenItIsToldToOnceAndLeavesWhenItIsReleased) {
  DrivenAgent driven;
  EXPECT_THAT(driven.rank.done, IsEmpty());
  driven.is_started();
  driven.is_started();
  EXPECT_THAT(driven.hand_overs, ElementsAre("to a late worker"));
  driven.rank.callbacks.lines(false, "hello\n");
  driven.rank.ends(Exited{3});
  EXPECT_THAT(driven.channel.kinds(), ElementsAre(FrameKind::started, FrameKind::output, FrameKind::ended));
  driven.loop.post([&] { driven.hears(FrameKind::release); });
  EXPECT_TRUE(driven.leaves());
  EXPECT_EQ(driven.agent->exit_code(), 0);
  EXPECT_THAT(driven.rank.done, ElementsAre("start"));
  EXPECT_THAT(driven.lines, IsEmpty());
}

TEST(Agent, TellsTheLeaderThatALateWorkerIsOnItsWayWhileThereIsALeader) {
  for (const bool has_leader : {true, false}) {
    DrivenAgent driven;
    driven.is_started();
    if (!has_leader) driven.channel.callbacks.lost();
    driven.hand_over_begins();
    std::vector<FrameKind> told = {FrameKind::started};
    if (has_leader) told.push_back(FrameKind::handed_over);
    EXPECT_THAT(driven.channel.kinds(), ElementsAreArray(told));
  }
}

TEST(Agent, KillsARankThatRunsWhenItIsReleased) {
  DrivenAgent driven;
  driven.is_started();
  driven.loop.post([&] { driven.hears(FrameKind::release, encode(Release{60000, 60000, false})); });
  EXPECT_TRUE(driven.leaves());
  EXPECT_EQ(driven.loop.seconds(), 0);
  EXPECT_THAT(driven.rank.done, ElementsAre("start", "signal 9"));
}

TEST(Agent, LooksAtTheDevicesWithEachPingAndTellsWhatIsNew) {
  DrivenAgent driven;
  Pong pong;
  driven.channel.callbacks.fill_pong(pong);  // before the rank has started
  EXPECT_THAT(driven.devices.looks, IsEmpty());
  driven.is_started();
  driven.channel.callbacks.fill_pong(pong);
  driven.devices.finds({});
  EXPECT_THAT(driven.channel.kinds(), ElementsAre(FrameKind::started));
  driven.channel.callbacks.fill_pong(pong);
  driven.devices.finds({{.kind = DeviceKind::gpu_lost, .device = "GPU 0", .text = "is lost"}});
  EXPECT_THAT(driven.devices.looks, ElementsAre(false, false));
  EXPECT_THAT(driven.channel.kinds(), ElementsAre(FrameKind::started, FrameKind::device));
  EXPECT_EQ(decode_device_news(driven.channel.sent.back().payload)->events.front().device, "GPU 0");
}

TEST(Agent, OfACheckProgramItDoesNotWatchTheDevices) {
  DrivenAgent driven;
  Start start;
  start.has_input = true;
  driven.hears(FrameKind::start, encode(start));
  Pong pong;
  driven.channel.callbacks.fill_pong(pong);
  EXPECT_THAT(driven.devices.looks, IsEmpty());
}

TEST(Agent, LooksOnceMoreWhenARankFailsOrIsStoppedAndNotWhenAllGoesWell) {
  for (const int code : {0, 3}) {
    DrivenAgent driven;
    driven.is_started();
    driven.devices.look(false);
    driven.devices.finds({});
    driven.rank.ends(Exited{code});
    EXPECT_THAT(driven.devices.looks.size(), code == 0 ? 1U : 2U);
  }
  DrivenAgent told;
  told.is_started();
  told.hears(FrameKind::signal, encode_number(SIGTERM));
  EXPECT_THAT(told.devices.looks, IsEmpty());  // there is nothing to compare with
  told.devices.look(false);
  told.devices.finds({});
  told.hears(FrameKind::signal, encode_number(SIGTERM));
  EXPECT_THAT(told.devices.looks, ElementsAre(false, true));
}

TEST(Agent, WhenItIsReleasedItWaitsForALookThatIsNotOverAndForOneThatNeverIsOnlyShortly) {
  for (const bool is_blocked : {false, true}) {
    DrivenAgent driven;
    driven.is_started();
    driven.devices.look(false);
    driven.devices.finds({});
    driven.rank.ends(Exited{3});
    driven.loop.post([&] { driven.hears(FrameKind::release); });
    if (!is_blocked)
      driven.loop.after(milliseconds(20),
                        [&] { driven.devices.finds({{.device = "eth0", .text = "lost its link"}}); });
    EXPECT_TRUE(driven.leaves());
    EXPECT_NEAR(driven.loop.seconds(), is_blocked ? 1 : 0.02, 0.005);
    EXPECT_EQ(driven.channel.kinds().back(), is_blocked ? FrameKind::ended : FrameKind::device);
  }
}

// Agent and rank are there, the rank has ended and has left something running.
struct AgentWithLeftovers : DrivenAgent {
  explicit AgentWithLeftovers(bool is_under_mpirun = false) : DrivenAgent(true, is_under_mpirun) {
    is_started();
    rank.left_something = true;
    rank.ends(Exited{0});
  }
  [[nodiscard]] bool has_told() const { return channel.kinds().back() == FrameKind::left_running; }
};

TEST(Agent, WhatTheRankLeftRunningIsToldToEndAndHasTheGraceAndTheLeaderHearsOfIt) {
  for (const bool ends_when_told : {true, false}) {
    AgentWithLeftovers driven;
    driven.rank.leftovers_end_when_told = ends_when_told;
    driven.loop.post([&] { driven.hears(FrameKind::release, encode(Release{0, 3000, false})); });
    EXPECT_TRUE(driven.leaves());
    EXPECT_THAT(driven.rank.done, ElementsAre("start", "stop leftovers"));
    ASSERT_TRUE(driven.has_told());
    EXPECT_THAT(decode_left_running(driven.channel.sent.back().payload)->processes,
                ElementsAre(LeftProcess{77, "rsync"}));
    EXPECT_EQ(driven.loop.seconds() < 0.1, ends_when_told);
    EXPECT_EQ(driven.loop.seconds() >= 3, !ends_when_told);
  }
}

TEST(Agent, WhatTheRankLeftRunningMayGoOnForItsTimeAndNobodyIsToldOfWhatEndsWithin) {
  for (const int seconds : {5, 15}) {
    AgentWithLeftovers driven;
    driven.loop.post([&] { driven.hears(FrameKind::release, encode(Release{10000, 3000, false})); });
    driven.loop.after(std::chrono::seconds(seconds), [&] { driven.rank.left_something = false; });
    EXPECT_TRUE(driven.leaves());
    EXPECT_EQ(driven.has_told(), seconds > 10);
    EXPECT_EQ(driven.rank.done.size(), seconds > 10 ? 2U : 1U);
  }
}

TEST(Agent, LeavesOnlyWhenTheLeaderHasTakenWhatItWasToldOfThat) {
  AgentWithLeftovers driven;
  driven.channel.waiting = 100;
  driven.loop.post([&] { driven.hears(FrameKind::release, encode(Release{0, 3000, false})); });
  driven.loop.after(milliseconds(500), [&] {
    driven.channel.waiting = 0;
    driven.channel.callbacks.acknowledged();
  });
  EXPECT_TRUE(driven.leaves());
  EXPECT_EQ(driven.loop.seconds(), 0.5);
}

TEST(Agent, WaitsForNothingMoreWhenItIsToldToEndWhileItWaitsForLeftovers) {
  for (const bool is_under_mpirun : {false, true}) {
    AgentWithLeftovers driven(is_under_mpirun);
    driven.rank.leftovers_end_when_told = false;
    driven.loop.post([&] { driven.hears(FrameKind::release, encode(Release{60000, 60000, false})); });
    driven.loop.after(milliseconds(1000), [&] { driven.agent->told_to_end(); });
    EXPECT_TRUE(driven.leaves());
    EXPECT_EQ(driven.loop.seconds(), 1);
  }
}

TEST(Agent, WhatIsLeftRunningHasTheRestOfTheGraceWhenTheLeaderIsLost) {
  DrivenAgent driven;
  driven.is_started();  // with a grace of 2 s
  driven.rank.left_something = true;
  driven.rank.leftovers_end_when_told = false;
  driven.channel.callbacks.lost();
  driven.loop.after(milliseconds(1500), [&] { driven.rank.ends(Signaled{15}); });
  EXPECT_TRUE(driven.leaves());
  EXPECT_NEAR(driven.loop.seconds(), 2, 0.05);
  EXPECT_THAT(driven.rank.done, ElementsAre("start", "signal 15", "stop leftovers"));
}

TEST(Agent, StaysUntilItIsReleasedWhateverItsRankCameTo) {
  for (const int code : {0, 3}) {
    DrivenAgent driven;
    driven.is_started();
    driven.rank.ends(Exited{code});
    driven.channel.callbacks.acknowledged();
    EXPECT_FALSE(driven.leaves());
  }
}

TEST(Agent, UnderMpirunItLeavesWhenItsRankHasSucceededAndAllIsSaidAndNothingIsLeft) {
  struct Case {
    int code;
    std::size_t waiting;
    bool left_something;
    bool leaves;
  };
  for (const Case& each :
       {Case{0, 0, false, true}, {3, 0, false, false}, {0, 5, false, false}, {0, 0, true, false}}) {
    DrivenAgent driven(true, true);
    driven.is_started();
    driven.rank.left_something = each.left_something;
    driven.rank.ends(Exited{each.code});
    driven.channel.waiting = each.waiting;
    driven.loop.post([&] { driven.channel.callbacks.acknowledged(); });
    EXPECT_EQ(driven.leaves(), each.leaves);
  }
}

TEST(Agent, ARankThatCannotBeStartedIsReported) {
  DrivenAgent driven;
  driven.rank.cannot_start = "train: No such file or directory";
  driven.is_started();
  EXPECT_THAT(driven.channel.kinds(), ElementsAre(FrameKind::start_failed));
}

TEST(Agent, AnEndThatNobodyKnowsIsReportedAsThat) {
  DrivenAgent driven;
  driven.is_started();
  driven.rank.callbacks.ended(failure(Fault::internal, "process 7", "how process 7 ended is not known"));
  EXPECT_THAT(driven.channel.kinds(), ElementsAre(FrameKind::started, FrameKind::end_unknown));
}

TEST(Agent, HoldsItsRankBackWhileTheLeaderDoesNotKeepUp) {
  DrivenAgent driven;
  driven.is_started();
  EXPECT_TRUE(driven.rank.callbacks.has_room());
  driven.channel.waiting = 2U << 20U;
  EXPECT_FALSE(driven.rank.callbacks.has_room());
  driven.channel.waiting = 0;
  driven.channel.callbacks.acknowledged();
  EXPECT_THAT(driven.rank.done, ElementsAre("start", "resume"));
}

TEST(Agent, PassesSignalsInputAndQuestionsOnAndNoNonsense) {
  DrivenAgent driven;
  driven.is_started();
  for (const std::uint64_t signal : {15U, 0U, 65U}) driven.hears(FrameKind::signal, encode_number(signal));
  driven.hears(FrameKind::input, encode(Input{1, "quit"}));
  driven.hears(FrameKind::inspect);
  driven.hears(FrameKind::signal, "nonsense");
  driven.hears(FrameKind::pass_on, "nonsense");
  EXPECT_THAT(driven.rank.done, ElementsAre("start", "signal 15", "input quit", "inspect"));
  Pong pong;
  driven.channel.callbacks.fill_pong(pong);
  EXPECT_EQ(pong.cpu_ns, 7U);
}

TEST(Agent, PassesASignalOnOnceThoughItIsToldAgainOnANewConnection) {
  DrivenAgent driven;
  driven.is_started();
  for (const std::uint64_t number : {1U, 1U, 2U, 1U, 2U})
    driven.hears(FrameKind::pass_on, encode(PassedSignal{number, number == 1 ? SIGUSR1 : SIGUSR2}));
  EXPECT_THAT(driven.rank.done, ElementsAre("start", "pass on 10", "pass on 12"));
}

TEST(Agent, KnowsALeaderThatStopsItselfAndWaitsForItAsLongAsItIsTold) {
  DrivenAgent driven;
  driven.is_started();
  EXPECT_EQ(driven.channel.leader_wait, milliseconds(600000));
  driven.hears(FrameKind::pass_on, encode(PassedSignal{1, SIGSTOP}));
  EXPECT_TRUE(driven.channel.is_paused);
  driven.hears(FrameKind::pass_on, encode(PassedSignal{2, SIGUSR1}));
  EXPECT_TRUE(driven.channel.is_paused);
  driven.hears(FrameKind::pass_on, encode(PassedSignal{3, SIGCONT}));
  EXPECT_FALSE(driven.channel.is_paused);
}

TEST(Agent, EndsItsRankWithinTheGraceWhenTheLeaderIsLost) {
  for (const bool ends_in_time : {true, false}) {
    DrivenAgent driven;
    driven.is_started();
    driven.channel.callbacks.lost();
    driven.loop.after(milliseconds(ends_in_time ? 1000 : 3000), [&] { driven.rank.ends(Signaled{15}); });
    EXPECT_TRUE(driven.leaves());
    EXPECT_EQ(driven.agent->exit_code(), 76);
    EXPECT_TRUE(driven.agent->has_lost_leader());
    if (ends_in_time)
      EXPECT_THAT(driven.rank.done, ElementsAre("start", "signal 15"));
    else
      EXPECT_THAT(driven.rank.done, ElementsAre("start", "signal 15", "signal 9"));
  }
}

TEST(Agent, LeavesAtOnceWhenTheLeaderIsLostAndNothingRuns) {
  for (const bool has_run : {false, true}) {
    DrivenAgent driven;
    if (has_run) {
      driven.is_started();
      driven.rank.ends(Exited{0});
    }
    driven.loop.post([&] { driven.channel.callbacks.lost(); });
    EXPECT_TRUE(driven.leaves());
    EXPECT_EQ(driven.agent->exit_code(), 76);
    EXPECT_EQ(driven.loop.seconds(), 0);
  }
}

TEST(Agent, StopsItsRankWhenItIsToldToEndAndHurriesUnderMpirun) {
  for (const bool is_under_mpirun : {false, true}) {
    DrivenAgent driven(true, is_under_mpirun);
    driven.is_started();
    driven.agent->told_to_end();
    driven.agent->told_to_end();
    driven.loop.after(milliseconds(1000), [&] { driven.hears(FrameKind::release); });
    EXPECT_TRUE(driven.leaves());
    if (is_under_mpirun)
      EXPECT_THAT(driven.rank.done, ElementsAre("start", "signal 15", "hurry", "signal 9", "signal 9"));
    else
      EXPECT_THAT(driven.rank.done, ElementsAre("start", "signal 15", "signal 9"));
  }
}

TEST(Agent, AsksItsLeaderToStopTheJobWhereSlurmTellsItToEndAndEndsAloneWithoutOne) {
  DrivenAgent driven(true, false, false, true);
  driven.is_started();
  driven.agent->told_to_end();
  driven.loop.after(milliseconds(60'000), [&] {
    EXPECT_THAT(driven.rank.done, ElementsAre("start")) << "the leader decides";
    driven.channel.callbacks.lost();
  });
  driven.loop.after(milliseconds(60'001), [&] { driven.rank.ends(Exited{0}); });
  EXPECT_TRUE(driven.leaves());
  EXPECT_EQ(std::count_if(driven.channel.sent.begin(), driven.channel.sent.end(),
                          [](const Frame& frame) {
                            return frame.kind == FrameKind::stop_request &&
                                   frame.payload == encode_number(SIGTERM);
                          }),
            1);
  EXPECT_THAT(driven.rank.done, ElementsAre("start", "signal 15"));
  DrivenAgent waiting(true, false, false, true);
  waiting.loop.post([&] { waiting.agent->told_to_end(); });
  EXPECT_TRUE(waiting.leaves()) << "no rank runs yet";
}

TEST(Agent, WhereSlurmTellsAWholeStepItsRankHasBeenToldAndTheLeaderDecides) {
  DrivenAgent driven(true, false, false, false, true);
  driven.is_started();  // with a grace of 2 s
  driven.agent->told_to_end();
  driven.loop.after(milliseconds(60'000), [&] {
    EXPECT_THAT(driven.rank.done, ElementsAre("start", "was told 15"));
    driven.agent->told_to_end(false);
  });
  driven.loop.after(milliseconds(60'001), [&] { driven.rank.ends(Exited{0}); });
  driven.loop.after(milliseconds(60'002), [&] { driven.hears(FrameKind::release); });
  EXPECT_TRUE(driven.leaves());
  EXPECT_THAT(driven.rank.done, ElementsAre("start", "was told 15", "signal 15")) << "its parent was gone";
}

TEST(Agent, InAStepOfSlurmsTheLeadersWordGivesWayToSlurmsForAMomentButItsLastWordDoesNot) {
  for (const bool slurm_tells : {false, true}) {
    DrivenAgent driven(true, false, false, false, true);
    driven.is_started();
    driven.hears(FrameKind::signal, encode_number(SIGTERM));
    EXPECT_THAT(driven.rank.done, ElementsAre("start"));
    if (slurm_tells) driven.loop.after(milliseconds(200), [&] { driven.agent->told_to_end(); });
    driven.loop.after(milliseconds(1000), [&] {
      EXPECT_THAT(driven.rank.done, ElementsAre("start", slurm_tells ? "was told 15" : "signal 15"));
      driven.hears(FrameKind::signal, encode_number(SIGKILL));
      EXPECT_EQ(driven.rank.done.back(), "signal 9");
      driven.rank.ends(Signaled{9});
      driven.hears(FrameKind::release);
    });
    EXPECT_TRUE(driven.leaves());
  }
}

TEST(Agent, WithoutAChannelItPrintsItselfAndItsRanksCodeIsItsOwn) {
  for (const bool was_given : {false, true}) {
    DrivenAgent driven(was_given);
    if (was_given) driven.channel.callbacks.none("connection refused");
    EXPECT_THAT(driven.errors[0], HasSubstr(was_given ? "(connection refused)" : "(no channel was given)"));
    driven.rank.callbacks.lines(false, "hello\n");
    driven.loop.post([&] { driven.rank.ends(Signaled{9}); });
    EXPECT_TRUE(driven.leaves());
    EXPECT_THAT(driven.lines, ElementsAre("hello\n"));
    EXPECT_THAT(driven.channel.kinds(), IsEmpty());
    EXPECT_EQ(driven.agent->exit_code(), 137);
  }
}

TEST(Agent, OnAHostThatStartsItselfItRunsNothingWithoutAChannel) {
  DrivenAgent driven(true, false, true);
  driven.loop.post([&] { driven.channel.callbacks.none("it does not answer"); });
  EXPECT_TRUE(driven.leaves());
  EXPECT_THAT(driven.rank.done, IsEmpty());
  EXPECT_EQ(driven.agent->exit_code(), 76);
  EXPECT_THAT(driven.errors,
              ElementsAre("smlaunch: rank 3 on algo-2 is not started: it has no channel to the "
                          "leader (it does not answer)\n"));
}

TEST(Agent, WithoutAChannelAnEndThatNobodyKnowsIsNoSuccess) {
  DrivenAgent driven(false);
  driven.loop.post([&] {
    driven.rank.callbacks.ended(failure(Fault::internal, "process 7", "how process 7 ended is not known"));
  });
  EXPECT_TRUE(driven.leaves());
  EXPECT_EQ(driven.agent->exit_code(), 70);
  EXPECT_EQ(driven.errors.back(), "smlaunch: rank 3 on algo-2: how process 7 ended is not known\n");
}

}  // namespace
}  // namespace smlaunch
