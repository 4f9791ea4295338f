// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/watch_hosts.hpp"

#include <gtest/gtest.h>
#include <signal.h>

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

TEST(WatchHosts, EndsWhenAllAreReady) {
  int looks = 0;
  WatchRequest request;
  request.look = [&](double) {
    ++looks;
    return std::vector{host("algo-2", ready), host("algo-3", looks < 3 ? waiting : ready)};
  };
  int shown = 0;
  request.progress = [&](const RemoteReport&) { ++shown; };
  const RemoteReport report = watch_hosts(request);
  EXPECT_TRUE(report.ready);
  EXPECT_EQ(looks, 3);
  EXPECT_EQ(shown, 3);
  EXPECT_EQ(report.hosts.size(), 2U);
}

TEST(WatchHosts, EndsWithTheFirstHostThatNeverWillBeReady) {
  WatchRequest request;
  request.look = [](double) { return std::vector{host("algo-2", waiting), host("algo-3", failed)}; };
  EXPECT_FALSE(watch_hosts(request).ready);
}

TEST(WatchHosts, EndsAtTheTimeOutAndWhenItIsTold) {
  WatchRequest request;
  request.look = [](double) { return std::vector{host("algo-2", waiting)}; };
  request.timeout = std::chrono::milliseconds(0);
  const RemoteReport late = watch_hosts(request);
  EXPECT_FALSE(late.ready);
  EXPECT_EQ(late.stopped_by_signal, 0);
  request.timeout = std::chrono::hours(1);
  request.stop_asked = [] { return SIGTERM; };
  EXPECT_EQ(watch_hosts(request).stopped_by_signal, SIGTERM);
  request.stop_asked = nullptr;
  request.progress = [](const RemoteReport&) { raise(SIGINT); };
  EXPECT_EQ(watch_hosts(request).stopped_by_signal, SIGINT);
}

TEST(WatchHosts, NobodyIsReadyAtOnce) {
  WatchRequest request;
  request.look = [](double) { return std::vector<HostReadiness>(); };
  EXPECT_TRUE(watch_hosts(request).ready);
}

}  // namespace
}  // namespace smlaunch
