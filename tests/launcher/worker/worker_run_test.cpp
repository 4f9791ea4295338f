// SPDX-License-Identifier: Apache-2.0
#include "launcher/worker/worker_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

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
    settings.tried_again = [this] { ++tries; };
    settings.code_failed = [this](const CodeEnd& end) { failures.push_back(end.message); };
  }
  void begin() {
    worker = std::make_unique<WorkerRun>(
        settings, WorkerWorld{loop,
                              [this](const HandOver&, Hello hello) {
                                auto made = std::make_unique<FakePeerChannel>();
                                channel = made.get();
                                peers.push_back(hello.peer);
                                return made;
                              },
                              [this](const CodeRequest&, std::function<void(const CodeEnd&)> ended) {
                                code_ended = std::move(ended);
                                return code_starts;
                              },
                              [this](const std::string& job) { ended_jobs.push_back(job); }});
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
  std::function<void(const CodeEnd&)> code_ended;
  Result<void> code_starts;
  std::vector<std::string> failures;
  std::vector<std::string> ended_jobs;
  int tries = 0;
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

}  // namespace
}  // namespace smlaunch
