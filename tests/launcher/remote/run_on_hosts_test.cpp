// SPDX-License-Identifier: Apache-2.0
// The wait for hosts, up to their SSH banner, against servers of this process.
#include "launcher/remote/run_on_hosts.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <memory>

#include "tests/launcher/remote/fake_hosts.hpp"

namespace smlaunch {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

RemoteRequest until_banner(int port, std::vector<std::string> hosts) {
  RemoteRequest request;
  request.hosts = std::move(hosts);
  request.port = port;
  request.until = ReadyStage::banner;
  request.timeout = seconds(120);
  return request;
}

TEST(RunOnHosts, FindsHostsThatSendABannerWithLinesBeforeItOrNot) {
  const FakeHost plain("127.0.0.2", 0, Greets::with_banner);
  const FakeHost wordy("127.0.0.3", plain.port(), Greets::after_other_lines);
  const RemoteReport report = run_on_hosts(until_banner(plain.port(), {"127.0.0.3", "127.0.0.2"}));
  EXPECT_TRUE(report.ready);
  ASSERT_EQ(report.hosts.size(), 2U);
  EXPECT_EQ(report.hosts[0].name, "127.0.0.3");
  for (const HostReadiness& host : report.hosts) {
    EXPECT_EQ(host.state, ReadyState::ready);
    EXPECT_EQ(host.cause, HostCause());
  }
}

TEST(RunOnHosts, NeedsNoLoginForThisMachineOrForNoHosts) {
  RemoteRequest request = until_banner(1, {"algo-1"});
  request.own_host = "algo-1";
  EXPECT_TRUE(run_on_hosts(request).ready);
  EXPECT_TRUE(run_on_hosts(until_banner(1, {})).ready);
}

TEST(RunOnHosts, FindsANameInTheHostsFile) {
  const FakeHost all("0.0.0.0", 0, Greets::with_banner);
  const RemoteReport report = run_on_hosts(until_banner(all.port(), {"localhost", "127.0.0.9", "localhost"}));
  EXPECT_TRUE(report.ready) << to_string(report.hosts[0].cause);
}

TEST(RunOnHosts, SaysAtTheTimeOutWhatEachHostIsStuckAt) {
  const FakeHost silent("127.0.0.2", 0, Greets::never);
  const FakeHost closing("127.0.0.3", silent.port(), Greets::closes);
  const FakeHost web("127.0.0.4", silent.port(), Greets::as_web_server);
  const FakeHost ready("127.0.0.5", silent.port(), Greets::with_banner);
  const FakeHost noisy("127.0.0.7", silent.port(), Greets::after_much_noise);
  RemoteRequest request = until_banner(silent.port(), {"127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5",
                                                       "127.0.0.6", "no-such-host.invalid", "127.0.0.7"});
  request.timeout = seconds(2);
  request.banner_timeout = milliseconds(100);
  const RemoteReport report = run_on_hosts(request);
  EXPECT_FALSE(report.ready);
  const std::string port = fmt::format(" port {}", silent.port());
  EXPECT_EQ(to_string(report.hosts[0].cause), "no SSH banner (127.0.0.2" + port + ", 0.1 s waited)");
  EXPECT_EQ(to_string(report.hosts[1].cause),
            "SSH connection closed before a banner (127.0.0.3" + port + ")");
  EXPECT_EQ(to_string(report.hosts[2].cause), "SSH connection closed before a banner (127.0.0.4" + port +
                                                  ", it says \"HTTP/1.1 400 Bad Request\")");
  EXPECT_EQ(report.hosts[3].state, ReadyState::ready);
  EXPECT_EQ(to_string(report.hosts[4].cause), "TCP refused (127.0.0.6" + port + ")");
  EXPECT_EQ(report.hosts[4].stage, ReadyStage::tcp);
  EXPECT_EQ(report.hosts[5].stage, ReadyStage::name);
  EXPECT_EQ(report.hosts[5].cause.trouble, HostTrouble::name_unknown);
  EXPECT_EQ(report.hosts[6].stage, ReadyStage::banner);
  for (const std::size_t i : {0U, 1U, 2U, 4U, 5U, 6U}) EXPECT_EQ(report.hosts[i].state, ReadyState::waiting);
}

TEST(RunOnHosts, IsReadyOnceARefusingHostListens) {
  const FakeHost first("127.0.0.2", 0, Greets::with_banner);
  std::unique_ptr<FakeHost> late;
  RemoteRequest request = until_banner(first.port(), {"127.0.0.2", "127.0.0.3"});
  request.progress = [&](const RemoteReport& report) {
    const bool refused = report.hosts[1].cause.trouble == HostTrouble::tcp_refused;
    if (refused && !late) late = std::make_unique<FakeHost>("127.0.0.3", first.port(), Greets::with_banner);
  };
  EXPECT_TRUE(run_on_hosts(request).ready);
  EXPECT_TRUE(late) << "the refusal was shown while it lasted";
}

TEST(RunOnHosts, ComesBackToAHostThatSentNoBannerTheFirstTime) {
  const FakeHost slow("127.0.0.2", 0, Greets::second_time);
  RemoteRequest request = until_banner(slow.port(), {"127.0.0.2"});
  request.banner_timeout = milliseconds(50);
  EXPECT_TRUE(run_on_hosts(request).ready);
  EXPECT_GE(slow.visits(), 2);
}

TEST(RunOnHosts, ShowsItsProgressAtLastAsItReturnsIt) {
  const FakeHost host("127.0.0.2", 0, Greets::with_banner);
  RemoteRequest request = until_banner(host.port(), {"127.0.0.2"});
  RemoteReport last;
  request.progress = [&](const RemoteReport& report) { last = report; };
  const RemoteReport report = run_on_hosts(request);
  EXPECT_TRUE(last.ready);
  EXPECT_EQ(last.seconds, report.seconds);
}

volatile sig_atomic_t handled = 0;

TEST(RunOnHosts, StopsAtOnceOnASignalAndLeavesTheHandlersAsTheyWere) {
  struct sigaction ours {};
  struct sigaction before {};
  ours.sa_handler = [](int number) { handled = number; };
  ::sigaction(SIGTERM, &ours, &before);
  sigset_t term;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  // Even a caller that has blocked the signal, for a signalfd, can be stopped.
  for (const bool blocked : {false, true}) {
    if (blocked) ::pthread_sigmask(SIG_BLOCK, &term, nullptr);
    RemoteRequest request = until_banner(1, {"127.0.0.2"});
    request.timeout = std::chrono::hours(1);
    request.progress = [](const RemoteReport& report) {
      if (report.stopped_by_signal == 0) ::kill(::getpid(), SIGTERM);
    };
    const RemoteReport report = run_on_hosts(request);
    EXPECT_EQ(report.stopped_by_signal, SIGTERM);
    EXPECT_FALSE(report.ready);
    EXPECT_EQ(report.hosts[0].state, ReadyState::waiting);
    EXPECT_EQ(handled, 0);
    sigset_t now;
    ::pthread_sigmask(SIG_BLOCK, nullptr, &now);
    EXPECT_EQ(sigismember(&now, SIGTERM), blocked ? 1 : 0);
  }
  ::pthread_sigmask(SIG_UNBLOCK, &term, nullptr);
  ::raise(SIGTERM);
  EXPECT_EQ(handled, SIGTERM);
  ::sigaction(SIGTERM, &before, nullptr);
}

std::vector<std::string> loopback_hosts(int count) {
  std::vector<std::string> hosts;
  for (int i = 0; i < count; ++i) hosts.push_back(fmt::format("127.1.{}.{}", i / 250, 1 + i % 250));
  return hosts;
}

TEST(RunOnHosts, FindsAThousandHosts) {
  const FakeHost all("0.0.0.0", 0, Greets::with_banner);
  const RemoteReport report = run_on_hosts(until_banner(all.port(), loopback_hosts(1000)));
  EXPECT_TRUE(report.ready);
  EXPECT_EQ(all.visits(), 1000);
  RecordProperty("seconds", fmt::format("{:.3f}", report.seconds));
}

TEST(RunOnHosts, RaisesTheFileLimitForTheWaitOnly) {
  const FakeHost all("0.0.0.0", 0, Greets::with_banner);
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const rlimit low{64, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  rlim_t during = 0;
  RemoteRequest request = until_banner(all.port(), loopback_hosts(300));
  request.progress = [&](const RemoteReport&) {
    rlimit now{};
    ::getrlimit(RLIMIT_NOFILE, &now);
    during = now.rlim_cur;
  };
  EXPECT_TRUE(run_on_hosts(request).ready);
  EXPECT_EQ(during, before.rlim_max);
  rlimit after{};
  ::getrlimit(RLIMIT_NOFILE, &after);
  EXPECT_EQ(after.rlim_cur, 64U);
  ::setrlimit(RLIMIT_NOFILE, &before);
}

TEST(RunOnHosts, TakesTurnsWhereItMayOpenFewFiles) {
  const FakeHost all("0.0.0.0", 0, Greets::with_banner);
  // In a child: a hard limit, once lowered, stays.
  const auto wait_with_few_files = [&] {
    rlimit few{};
    few.rlim_cur = few.rlim_max = 48;
    if (::setrlimit(RLIMIT_NOFILE, &few) != 0) ::_exit(2);
    const RemoteReport report = run_on_hosts(until_banner(all.port(), loopback_hosts(300)));
    ::_exit(report.ready ? 0 : 1);
  };
  EXPECT_EXIT(wait_with_few_files(), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace smlaunch
