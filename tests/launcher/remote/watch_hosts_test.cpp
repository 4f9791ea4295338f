// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/watch_hosts.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include "tests/launcher/process/fake_loop.hpp"

namespace smlaunch {
namespace {

HostReadiness host(const std::string& name, ReadyState state) {
  HostReadiness made;
  made.name = name;
  made.state = state;
  made.stage = ReadyStage::code;
  return made;
}

using enum ReadyState;

// Until the watch is over.
RemoteReport watch(FakeLoop& loop, WatchRequest request, std::unique_ptr<HostWork>* work = nullptr) {
  RemoteReport made;
  auto begun = begin_watch(loop, std::move(request), [&](RemoteReport report) {
    made = std::move(report);
    loop.stop();
  });
  std::unique_ptr<HostWork> own;
  (work == nullptr ? own : *work) = std::move(begun);
  loop.run();
  EXPECT_FALSE(loop.ran_dry);
  return made;
}

TEST(WatchHosts, EndsWhenAllAreReady) {
  FakeLoop loop;
  int looks = 0;
  WatchRequest request;
  request.look = [&](double) {
    ++looks;
    return std::vector{host("algo-2", ready), host("algo-3", looks < 3 ? waiting : ready)};
  };
  int shown = 0;
  request.progress = [&](const RemoteReport&) { ++shown; };
  const RemoteReport report = watch(loop, request);
  EXPECT_TRUE(report.ready);
  EXPECT_EQ(looks, 3);
  EXPECT_EQ(shown, 3);
  EXPECT_EQ(report.hosts.size(), 2U);
}

TEST(WatchHosts, LooksOftenAtFirstAndThenFiveTimesASecond) {
  FakeLoop loop;
  std::vector<double> looks;
  WatchRequest request;
  request.look = [&](double seconds) {
    looks.push_back(seconds);
    return std::vector{host("algo-2", seconds < 10 ? waiting : ready)};
  };
  EXPECT_TRUE(watch(loop, request).ready);
  EXPECT_EQ(looks[0], 0);
  EXPECT_EQ(looks[1], 0.01);
  EXPECT_NEAR(looks.back() - looks[looks.size() - 2], 0.2, 1e-6);
}

TEST(WatchHosts, EndsWithTheFirstHostThatNeverWillBeReady) {
  FakeLoop loop;
  WatchRequest request;
  request.look = [](double) { return std::vector{host("algo-2", waiting), host("algo-3", failed)}; };
  EXPECT_FALSE(watch(loop, request).ready);
}

TEST(WatchHosts, EndsAtTheTimeOutAndWhenItIsStopped) {
  FakeLoop loop;
  WatchRequest request;
  request.look = [](double) { return std::vector{host("algo-2", waiting)}; };
  request.timeout = std::chrono::milliseconds(0);
  const RemoteReport late = watch(loop, request);
  EXPECT_FALSE(late.ready);
  EXPECT_EQ(late.stopped_by_signal, 0);
  request.timeout = std::chrono::hours(1);
  std::unique_ptr<HostWork> work;
  loop.after(std::chrono::milliseconds(700), [&] { work->stop(SIGTERM); });
  const RemoteReport stopped = watch(loop, request, &work);
  EXPECT_EQ(stopped.stopped_by_signal, SIGTERM);
  EXPECT_EQ(stopped.hosts.size(), 1U);
}

TEST(WatchHosts, TellsNobodyWhenItIsGone) {
  FakeLoop loop;
  WatchRequest request;
  request.look = [](double) { return std::vector{host("algo-2", ready)}; };
  auto work = begin_watch(loop, request, [](const RemoteReport&) { FAIL(); });
  loop.after(std::chrono::milliseconds(0), [&] { work.reset(); });
  loop.after(std::chrono::milliseconds(1000), [&] { loop.stop(); });
  loop.run();
}

TEST(WatchHosts, NobodyIsReadyAtOnce) {
  FakeLoop loop;
  WatchRequest request;
  request.look = [](double) { return std::vector<HostReadiness>(); };
  EXPECT_TRUE(watch(loop, request).ready);
}

}  // namespace
}  // namespace smlaunch
