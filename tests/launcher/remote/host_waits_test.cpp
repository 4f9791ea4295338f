// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/host_waits.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "tests/launcher/process/fake_loop.hpp"

namespace smlaunch {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;

// Waits for hosts that never come, one wait after the other. Each ends a minute after it has begun, unless it is stopped.
struct Waits {
  void wait(bool is_farewell, std::function<void()> then = {}) {
    WatchRequest request;
    request.timeout = milliseconds(60'000);
    request.look = [](double) { return std::vector<HostReadiness>{{.name = "algo-2"}}; };
    waits.watch(std::move(request), {.is_farewell = is_farewell},
                [this, then = std::move(then)](const RemoteReport& report) {
                  ends.emplace_back(static_cast<int>(loop.seconds()), report.stopped_by_signal);
                  if (then) return then();
                  loop.stop();
                });
  }
  void at(int time, std::function<void()> what) { loop.after(milliseconds(time), std::move(what)); }
  void run() {
    loop.run();
    EXPECT_FALSE(loop.ran_dry);
  }

  FakeLoop loop;
  HostWaits waits{loop, {}, true};
  std::vector<std::pair<int, int>> ends;  // after how many whole seconds, and by which signal
};

TEST(HostWaits, AStopOfOursEndsTheWaitThatIsUnderWayWhateverItIs) {
  for (const bool is_farewell : {false, true}) {
    Waits run;
    run.wait(is_farewell, [&] { run.wait(is_farewell); });
    run.at(3000, [&] { run.waits.stop(SIGINT); });
    run.at(5000, [&] { run.waits.stop(SIGTERM); });
    run.run();
    EXPECT_THAT(run.ends, ElementsAre(std::pair(3, SIGINT), std::pair(5, SIGTERM)));
  }
}

TEST(HostWaits, AStopInTheLastMomentCountsMoreThanHostsThatAreReady) {
  for (const bool is_told : {false, true}) {
    Waits run;
    WatchRequest request;
    int looks = 0;
    request.look = [&](double) {
      if (is_told && ++looks == 1) run.loop.post([&] { run.waits.stop(SIGINT); });
      return std::vector<HostReadiness>{{.name = "algo-2", .state = ReadyState::ready}};
    };
    RemoteReport report;
    run.waits.watch(std::move(request), {}, [&](RemoteReport made) {
      report = std::move(made);
      run.loop.stop();
    });
    run.run();
    EXPECT_EQ(report.ready, !is_told);
    EXPECT_EQ(report.stopped_by_signal, is_told ? SIGINT : 0);
  }
}

TEST(HostWaits, AStopOfOursBetweenTwoWaitsEndsTheNextAndNoOther) {
  Waits run;
  run.waits.stop(SIGINT);
  run.wait(false, [&] { run.wait(false); });
  run.run();
  EXPECT_THAT(run.ends, ElementsAre(std::pair(0, SIGINT), std::pair(60, 0)));
}

TEST(HostWaits, AWorkersStopEndsAllWaitsFromThenOnButFarewells) {
  Waits run;
  run.wait(true, [&] { run.wait(false, [&] { run.wait(true); }); });
  run.at(3000, [&] { run.waits.stop_by_worker(SIGTERM); });
  run.run();
  EXPECT_THAT(run.ends, ElementsAre(std::pair(60, 0), std::pair(60, SIGTERM), std::pair(120, 0)));
}

TEST(HostWaits, WhoWaitsForSomethingElseLearnsOfAStopOnceOrOfAWorkersAlways) {
  Waits run;
  EXPECT_EQ(run.waits.take_stop(), 0);
  run.waits.stop(SIGINT);
  EXPECT_EQ(run.waits.take_stop(), SIGINT);
  EXPECT_EQ(run.waits.take_stop(), 0);
  run.waits.stop_by_worker(SIGTERM);
  EXPECT_EQ(run.waits.take_stop(), SIGTERM);
  EXPECT_EQ(run.waits.take_stop(), SIGTERM);
}

}  // namespace
}  // namespace smlaunch
