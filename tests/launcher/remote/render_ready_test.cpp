// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/render_ready.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace smlaunch {
namespace {

HostReadiness ready_host(std::string name, double seconds = 0.5) {
  HostReadiness host;
  host.name = std::move(name);
  host.state = ReadyState::ready;
  host.stage = ReadyStage::smlaunch;
  host.seconds = seconds;
  return host;
}

HostReadiness missing_host(std::string name, ReadyStage stage, HostCause cause, double since,
                           ReadyState state = ReadyState::waiting) {
  HostReadiness host;
  host.name = std::move(name);
  host.state = state;
  host.stage = stage;
  host.cause = std::move(cause);
  host.remedy = "mend it";
  host.since = since;
  return host;
}

HostCause refused_at(std::string address) {
  return {.trouble = HostTrouble::tcp_refused, .detail = std::move(address)};
}
const HostCause not_known = {.trouble = HostTrouble::name_unknown, .detail = "not known"};
const HostCause denied = {.trouble = HostTrouble::login_denied, .detail = "publickey"};

RemoteReport some_missing() {
  RemoteReport report;
  report.seconds = 60;
  report.hosts = {ready_host("algo-1"), missing_host("algo-12", ReadyStage::name, not_known, 17),
                  missing_host("algo-7", ReadyStage::tcp, refused_at("10.0.0.7 port 22"), 2)};
  return report;
}

TEST(ReadyLine, NamesWhoIsMissingAndWhyTheLongestStuckFirst) {
  EXPECT_EQ(render_ready_line(some_missing(), 200),
            "1/3 ready; algo-7: TCP refused since 58 s; algo-12: name unknown since 43 s");
}

TEST(ReadyLine, PutsWhatNeverHealsFirst) {
  RemoteReport report = some_missing();
  report.hosts.push_back(missing_host("algo-9", ReadyStage::login, denied, 59, ReadyState::failed));
  EXPECT_EQ(render_ready_line(report, 51), "1/4 ready; algo-9: SSH login denied; 2 more missing");
}

TEST(ReadyLine, FitsTheWidth) {
  const RemoteReport report = some_missing();
  EXPECT_EQ(render_ready_line(report, 60), "1/3 ready; algo-7: TCP refused since 58 s; 1 more missing");
  EXPECT_EQ(render_ready_line(report, 30), "1/3 ready; 2 missing");
  for (std::size_t width = 0; width < 100; ++width) EXPECT_LE(render_ready_line(report, width).size(), width);
}

TEST(ReadyTable, NamesHostStageCauseAndWhatToDo) {
  EXPECT_EQ(render_ready_table(some_missing()),
            "2 of 3 hosts not ready after 60 s, the time-out:\n"
            "  host     stage  cause                                      what to do\n"
            "  algo-7   tcp    TCP refused (10.0.0.7 port 22) since 58 s  mend it\n"
            "  algo-12  name   name unknown (not known) since 43 s        mend it\n");
}

TEST(ReadyTable, SaysWhyTheWaitEnded) {
  RemoteReport report = some_missing();
  report.stopped_by_signal = 15;
  EXPECT_EQ(render_ready_table(report).substr(0, 54),
            "2 of 3 hosts not ready after 60 s, when signal 15 came");
  report.stopped_by_signal = 0;
  report.seconds = 0.32;
  report.hosts = {missing_host("algo-9", ReadyStage::login, denied, 0.3, ReadyState::failed)};
  EXPECT_EQ(render_ready_table(report),
            "1 of 1 host not ready after 0.3 s, and 1 of them never will be:\n"
            "  host    stage  cause                         what to do\n"
            "  algo-9  login  SSH login denied (publickey)  mend it\n");
}

TEST(ReadyTable, ShowsOneRowForEachCauseOverTwentyHosts) {
  RemoteReport report;
  report.seconds = 10;
  for (int i = 1; i <= 20; ++i) {
    report.hosts.push_back(missing_host(fmt::format("h{}", i), ReadyStage::tcp,
                                        refused_at(fmt::format("10.0.0.{} port 22", i)), 1));
  }
  EXPECT_NE(render_ready_table(report).find("  h20 "), std::string::npos) << "twenty are shown one by one";
  report.hosts.push_back(missing_host(
      "far", ReadyStage::tcp, {.trouble = HostTrouble::tcp_unreachable, .detail = "10.9.9.9 port 22"}, 2));
  report.hosts.push_back(missing_host(
      "away", ReadyStage::tcp, {.trouble = HostTrouble::tcp_unreachable, .detail = "10.9.9.8 port 22"}, 2));
  report.hosts.push_back(missing_host("odd", ReadyStage::name, not_known, 3));
  EXPECT_EQ(
      render_ready_table(report),
      "23 of 23 hosts not ready after 10 s, the time-out:\n"
      "  host                                    stage  cause                               what to do\n"
      "  h1,h2,h3,h4,h5,h6,h7,h8,... (20 hosts)  tcp    TCP refused since 9 s               mend it\n"
      "  far,away                                tcp    TCP unreachable since 8 s           mend it\n"
      "  odd                                     name   name unknown (not known) since 7 s  mend it\n");
}

TEST(ReadyTable, IsEmptyWhenAllAreReady) {
  RemoteReport report;
  report.ready = true;
  report.hosts = {ready_host("a")};
  EXPECT_EQ(render_ready_table(report), "");
}

TEST(ReadyAnswer, SaysHowLongItTookAndWhoWasLast) {
  RemoteReport report;
  report.ready = true;
  report.seconds = 12.34;
  report.hosts = {ready_host("a", 0.1), ready_host("b", 12.3), ready_host("c", 4)};
  EXPECT_EQ(render_ready_answer(report), "3 hosts ready after 12 s; the last was b\n");
  report.hosts = {ready_host("a", 0.1)};
  report.seconds = 0.1;
  EXPECT_EQ(render_ready_answer(report), "1 host ready after 0.1 s\n");
  EXPECT_EQ(render_ready_answer(some_missing()), render_ready_table(some_missing()));
}

}  // namespace
}  // namespace smlaunch
