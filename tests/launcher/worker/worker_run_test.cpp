// SPDX-License-Identifier: Apache-2.0
#include "launcher/worker/worker_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "launcher/channel/status_messages.hpp"
#include "tests/launcher/channel/fake_peer_channel.hpp"
#include "tests/launcher/process/fake_loop.hpp"

namespace smlaunch {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct DrivenWorker {
  DrivenWorker() {
    settings.hosts = {"algo-1", "algo-2"};
    settings.current_host = "algo-2";
    settings.leader_bound = milliseconds(60'000);
    settings.stop_grace = milliseconds(5'000);
    settings.leader_came = [this] { ++leader_came; };
    settings.tried_again = [this] { ++tries; };
    settings.code_failed = [this](const CodeEnd& end) { failures.push_back(end.message); };
  }
  void begin() {
    worker = std::make_unique<WorkerRun>(
        settings, WorkerWorld{loop,
                              [this](const HandOver& leader, Hello hello) {
                                auto made = std::make_unique<FakePeerChannel>();
                                places.push_back(leader.channel_host + ":" +
                                                 std::to_string(leader.channel_port) + " " + leader.token);
                                nodes.push_back(hello.node_rank.value_or(-1));
                                last_hello = hello;
                                channel = made.get();
                                peers.push_back(hello.peer);
                                return made;
                              },
                              [this](const CodeRequest&, std::function<void(const CodeEnd&)> ended) {
                                code_ended = std::move(ended);
                                return code_starts;
                              },
                              [this](const std::string& job) { ended_jobs.push_back(job); },
                              [this](const StartAgents& agents) { sets.push_back(agents.set); },
                              [this](const SignalAgents& signal) { signals.push_back(signal.signal); },
                              [this] { ++forgotten; }});
    worker->begin();
  }
  void leader_comes(const std::string& job = "job-1") {
    worker->take_over(encode(HandOver{"198.18.0.1", 4000, "token", job, 8, {"algo-1", "algo-2"}, "hash"}));
  }
  void hears(const JobEnd& end) const { channel->callbacks.frame({FrameKind::outcome, encode(end), 0}); }
  // Runs until the worker is done. False: it never is.
  bool ends() {
    loop.run();
    return !loop.ran_dry;
  }

  WorkerSettings settings;
  FakeLoop loop;
  FakePeerChannel* channel = nullptr;  // the last
  std::vector<int> peers;
  std::vector<int> nodes;
  std::vector<std::string> places;
  std::vector<std::uint64_t> sets;
  std::vector<int> signals;
  std::function<void(const CodeEnd&)> code_ended;
  Result<void> code_starts;
  std::vector<std::string> failures;
  std::vector<std::string> ended_jobs;
  int tries = 0;
  int leader_came = 0;
  int forgotten = 0;
  Hello last_hello;
  std::unique_ptr<WorkerRun> worker;
};

TEST(WorkerRun, ComesAsThePeerBehindTheRanksAndEndsWithTheOutcome) {
  DrivenWorker driven;
  driven.begin();
  driven.leader_comes();
  driven.leader_comes("another");  // it has one
  EXPECT_THAT(driven.peers, ElementsAre(9));
  EXPECT_EQ(driven.worker->job(), "job-1");
  driven.loop.post([&] { driven.hears({"failure", 3, "rank 0 failed", "", ""}); });
  EXPECT_TRUE(driven.ends());
  EXPECT_TRUE(driven.worker->result().leader_came);
  EXPECT_EQ(driven.worker->result().end.exit_code, 3);
  EXPECT_THAT(driven.channel->kinds(), ElementsAre(FrameKind::code_ended, FrameKind::outcome));
  EXPECT_TRUE(driven.channel->is_stopped);
}

TEST(WorkerRun, FindsItsPlaceInAHandOverThatBeginsWithALaterHost) {
  DrivenWorker driven;
  driven.begin();
  driven.worker->take_over(encode(HandOver{"198.18.0.1", 4000, "token", "job", 8, {"algo-2"}, "hash", 700}));
  EXPECT_THAT(driven.peers, ElementsAre(708));
}

TEST(WorkerRun, HearsNoHandOverThatIsForOthersOrIsNone) {
  DrivenWorker driven;
  driven.begin();
  for (const std::string& bytes :
       {std::string(), std::string("nonsense"),
        encode(HandOver{"198.18.0.1", 4000, "token", "job", 8, {"algo-1", "algo-3"}, "hash"})})
    driven.worker->take_over(bytes);
  EXPECT_THAT(driven.peers, IsEmpty());
  EXPECT_TRUE(driven.ends());
  EXPECT_FALSE(driven.worker->result().leader_came);
  EXPECT_EQ(driven.loop.seconds(), 60);
}

TEST(WorkerRun, WaitsForAnotherTryButNotWhereItsHostIsToldToStop) {
  for (const bool is_stopping : {false, true}) {
    DrivenWorker driven;
    driven.begin();
    driven.leader_comes();
    if (is_stopping) driven.worker->told_to_stop(SIGTERM);
    driven.loop.post([&] { driven.hears({job_is_tried_again, 76, "algo-1 was lost", "", ""}); });
    driven.loop.after(milliseconds(1000), [&] {
      if (is_stopping) return;
      driven.leader_comes("job-2");
      driven.hears({"success", 0, "", "", ""});
    });
    EXPECT_TRUE(driven.ends());
    EXPECT_EQ(driven.tries, is_stopping ? 0 : 1);
    EXPECT_EQ(driven.worker->result().end.exit_code, is_stopping ? 76 : 0);
    EXPECT_EQ(driven.ended_jobs,
              is_stopping ? std::vector<std::string>() : std::vector<std::string>{"job-1"});
    EXPECT_EQ(driven.worker->job(), is_stopping ? "job-1" : "job-2");
  }
}

TEST(WorkerRun, SaysOnceOfEachTryThatTheLeaderHasCome) {
  DrivenWorker driven;
  driven.begin();
  driven.leader_comes();
  EXPECT_EQ(driven.leader_came, 0);
  driven.channel->callbacks.acknowledged();
  driven.channel->callbacks.acknowledged();
  EXPECT_EQ(driven.leader_came, 1);
  driven.loop.post([&] { driven.hears({job_is_tried_again, 76, "algo-1 was lost", "", ""}); });
  driven.loop.after(milliseconds(1000), [&] {
    driven.leader_comes("job-2");
    driven.channel->callbacks.acknowledged();
    driven.hears({"success", 0, "", "", ""});
  });
  EXPECT_TRUE(driven.ends());
  EXPECT_EQ(driven.leader_came, 2);
}

TEST(WorkerRun, EndsAtOnceWhenItIsToldToStopBeforeTheLeaderHasCome) {
  DrivenWorker driven;
  driven.begin();
  driven.loop.post([&] { driven.worker->told_to_stop(SIGTERM); });
  EXPECT_TRUE(driven.ends());
  EXPECT_EQ(driven.worker->result().stopped_by_signal, SIGTERM);
  EXPECT_EQ(driven.loop.seconds(), 0);
}

TEST(WorkerRun,
     TellsTheLeaderOnEveryConnectionThatItWasToldToStopAndWaitsForTheOutcomeOrTheGraceOrASecondSignal) {
  enum class Case { outcome, grace, again };
  for (const Case each : {Case::outcome, Case::grace, Case::again}) {
    DrivenWorker driven;
    driven.begin();
    driven.leader_comes();
    driven.channel->callbacks.acknowledged();
    driven.worker->told_to_stop(SIGTERM);
    driven.channel->callbacks.acknowledged();
    EXPECT_THAT(driven.channel->kinds(),
                ElementsAre(FrameKind::code_ended, FrameKind::stop_request, FrameKind::stop_request));
    driven.loop.after(milliseconds(1000), [&] {
      if (each == Case::outcome) driven.hears({"stopped", 143, "stopped by SIGTERM", "", ""});
      if (each == Case::again) driven.worker->told_to_stop(SIGINT);
    });
    EXPECT_TRUE(driven.ends());
    EXPECT_EQ(driven.loop.seconds(), each == Case::grace ? 5 : 1);
    EXPECT_EQ(driven.worker->result().stopped_by_signal, each == Case::outcome ? 0
                                                         : each == Case::again ? SIGINT
                                                                               : SIGTERM);
    EXPECT_TRUE(driven.worker->result().stop_asked);
  }
}

TEST(WorkerRun, EndsWhenTheLeaderIsLostOrItsConnectionNeverCame) {
  for (const bool had_come : {true, false}) {
    DrivenWorker driven;
    driven.begin();
    driven.leader_comes();
    driven.loop.post([&] {
      if (had_come)
        driven.channel->callbacks.lost();
      else
        driven.channel->callbacks.none("connection refused");
    });
    EXPECT_TRUE(driven.ends());
    EXPECT_TRUE(driven.worker->result().leader_lost);
  }
}

TEST(WorkerRun, TellsTheLeaderWhatCameOfTheCodeWhicheverIsFirst) {
  for (const bool code_is_first : {true, false}) {
    DrivenWorker driven;
    driven.settings.code.emplace();
    driven.begin();
    CodeEnd end;
    end.message = "algo-2: pip failed";
    if (!code_is_first) {
      driven.leader_comes();
      EXPECT_THAT(driven.channel->kinds(), IsEmpty());
    }
    driven.code_ended(end);
    if (code_is_first) driven.leader_comes();
    EXPECT_THAT(driven.channel->kinds(), ElementsAre(FrameKind::code_ended));
    EXPECT_EQ(decode_code_end(driven.channel->sent[0].payload)->message, end.message);
    EXPECT_THAT(driven.failures, ElementsAre(end.message));
    EXPECT_EQ(driven.worker->result().code_failure->message, end.message);
  }
}

TEST(WorkerRun, CodeThatCannotEvenBeBegunHasFailed) {
  DrivenWorker driven;
  driven.settings.code.emplace();
  driven.code_starts = failure(Fault::start, "smlaunch", "no such file");
  driven.begin();
  ASSERT_EQ(driven.failures.size(), 1U);
  EXPECT_THAT(driven.failures[0], testing::HasSubstr("no such file"));
}

struct DrivenNode : DrivenWorker {
  DrivenNode() {
    settings.leader =
        LeaderPlace{.host = "pod-0", .port = 29501, .token = "secret", .node_rank = 3, .nodes = 4};
    settings.own_name = "pod-3";
  }
  void says(FrameKind kind, const std::string& payload) const {
    channel->callbacks.frame({kind, payload, 0});
  }
};

TEST(WorkerRun, ANodeGoesToItsLeaderByItself) {
  DrivenNode node;
  node.begin();
  EXPECT_THAT(node.places, ElementsAre("pod-0:29501 secret"));
  EXPECT_THAT(node.nodes, ElementsAre(3));
  node.loop.post([&] {
    node.channel->callbacks.acknowledged();
    node.hears({"success", 0, "done", "", ""});
  });
  EXPECT_TRUE(node.ends());
  EXPECT_TRUE(node.worker->result().leader_came);
}

TEST(WorkerRun, ANodeStartsASetOfAgentsOnceAndSaysThatNoneIsLeft) {
  DrivenNode node;
  node.begin();
  StartAgents agents;
  agents.set = 1;
  agents.job = "job-1";
  node.loop.post([&] {
    node.says(FrameKind::start_agents, encode(agents));
    node.says(FrameKind::start_agents, encode(agents));  // told again on a new connection
    node.says(FrameKind::end_agents, encode(SignalAgents{1, 15, 1, "job-1"}));
    node.says(FrameKind::end_agents, encode(SignalAgents{1, 15, 1, "job-1"}));
    node.says(FrameKind::end_agents, encode(SignalAgents{1, 9, 2, "job-1"}));
    node.worker->agents_ended({1, "", {}});
    node.hears({"success", 0, "done", "", ""});
  });
  EXPECT_TRUE(node.ends());
  EXPECT_THAT(node.sets, ElementsAre(1));
  EXPECT_THAT(node.signals, ElementsAre(15, 9));
  EXPECT_EQ(node.worker->job(), "job-1");
  EXPECT_THAT(node.channel->kinds(),
              ElementsAre(FrameKind::code_ended, FrameKind::agents_ended, FrameKind::outcome));
}

TEST(WorkerRun, AHostThatIsReachedBySshStartsNoAgents) {
  DrivenWorker driven;
  driven.begin();
  driven.leader_comes();
  driven.loop.post([&] {
    StartAgents agents;
    agents.set = 1;
    driven.channel->callbacks.frame({FrameKind::start_agents, encode(agents), 0});
    driven.hears({"success", 0, "done", "", ""});
  });
  EXPECT_TRUE(driven.ends());
  EXPECT_THAT(driven.sets, IsEmpty());
}

TEST(WorkerRun, ANodeGoesAgainForTheNextTry) {
  DrivenNode node;
  node.begin();
  node.loop.post([&] {
    node.hears({job_is_tried_again, 1, "", "", ""});
    node.loop.post([&] { node.hears({"success", 0, "done", "", ""}); });
  });
  EXPECT_TRUE(node.ends());
  EXPECT_THAT(node.places, ElementsAre("pod-0:29501 secret", "pod-0:29501 secret"));
  EXPECT_EQ(node.tries, 1);
  EXPECT_EQ(node.forgotten, 1) << "sets of agents of the try before";
}

TEST(WorkerRun, ANodeSaysThatItIsThisProcessAndHowManyThereAre) {
  DrivenNode node;
  node.begin();
  EXPECT_EQ(node.last_hello.instance, own_instance());
  EXPECT_EQ(node.last_hello.nodes, 4);
}

TEST(WorkerRun, ANodeThatIsTurnedAwaySaysWhyAndLaterItsLeaderIsLost) {
  DrivenNode node;
  node.begin();
  node.loop.post([&] { node.channel->callbacks.refused("the job has 3 hosts"); });
  EXPECT_TRUE(node.ends());
  EXPECT_EQ(node.worker->result().refusal, "the job has 3 hosts");
  EXPECT_FALSE(node.worker->result().leader_came);

  DrivenNode replaced;
  replaced.begin();
  replaced.loop.post([&] {
    replaced.channel->callbacks.acknowledged();
    replaced.channel->callbacks.refused("and so does pod-1");
  });
  EXPECT_TRUE(replaced.ends());
  EXPECT_TRUE(replaced.worker->result().leader_lost);
}

TEST(WorkerRun, ANodeThatIsRefusedOrFindsNoLeaderSaysWhich) {
  DrivenNode refused;
  refused.begin();
  refused.loop.post([&] { refused.channel->callbacks.other_token(); });
  EXPECT_TRUE(refused.ends());
  EXPECT_TRUE(refused.worker->result().token_refused);
  EXPECT_FALSE(refused.worker->result().leader_came);

  DrivenNode alone;
  alone.begin();
  EXPECT_TRUE(alone.ends());
  EXPECT_FALSE(alone.worker->result().token_refused);
  EXPECT_FALSE(alone.worker->result().leader_came);
  EXPECT_GE(alone.loop.seconds(), 60);
}

TEST(WorkerRun, ANodeWithoutALeaderYetStopsAtOnce) {
  DrivenNode node;
  node.begin();
  node.loop.post([&] { node.worker->told_to_stop(SIGTERM); });
  EXPECT_TRUE(node.ends());
  EXPECT_EQ(node.worker->result().stopped_by_signal, SIGTERM);
  EXPECT_LT(node.loop.seconds(), 1);
}

TEST(WorkerRun, AsksTheLeaderWhatTheJobIsDoing) {
  DrivenWorker driven;
  StatusBoard board{JobStatus{.id = "ours", .leader = "algo-1"}};
  driven.settings.board = &board;
  driven.begin();
  std::vector<std::string> told;
  const auto ask = [&](const StatusWish& wish) {
    driven.worker->tell_status(
        wish, [&](const JobStatus& status) { told.push_back(status.id + " " + status.told_by_leader); });
  };
  const auto hears = [&](const std::string& bytes) {
    driven.channel->callbacks.frame({FrameKind::status_told, bytes, 0});
  };
  ask({.ranks = true});
  EXPECT_THAT(told, ElementsAre("ours ")) << "no leader has come";
  driven.leader_comes();
  ask({.ranks = true});
  EXPECT_EQ(told.size(), 2U) << "it has not let us in";
  driven.channel->callbacks.acknowledged();
  ask({});
  EXPECT_EQ(told.size(), 3U) << "a line among other jobs needs no leader";
  EXPECT_THAT(driven.channel->sent, ::testing::SizeIs(1)) << "of the code";

  ask({.ranks = true});
  ask({.ranks = true, .stacks = true, .form = StatusForm::json});
  EXPECT_THAT(driven.channel->kinds(),
              ElementsAre(FrameKind::code_ended, FrameKind::status_wanted, FrameKind::status_wanted));
  EXPECT_EQ(decode_status_wanted(driven.channel->sent.back().payload),
            (StatusWanted{.number = 2, .form = StatusForm::json, .stacks = true}));
  hears("nonsense");
  hears(encode(StatusTold{.number = 1, .text = "of a question that was given up"}));
  hears(encode(StatusTold{.number = 3, .text = "of none"}));
  EXPECT_EQ(told.size(), 3U);
  hears(encode(StatusTold{.number = 2, .text = "4 running"}));
  hears(encode(StatusTold{.number = 2, .text = "again"}));
  EXPECT_THAT(told, ElementsAre("ours ", "ours ", "ours ", "ours 4 running"));
}

}  // namespace
}  // namespace smlaunch
