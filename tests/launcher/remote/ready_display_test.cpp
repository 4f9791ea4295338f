// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/ready_display.hpp"

#include <gtest/gtest.h>
#include <pty.h>
#include <unistd.h>

#include <string>

namespace smlaunch {
namespace {

RemoteReport waiting_for(double seconds) {
  RemoteReport report;
  report.seconds = seconds;
  report.hosts.resize(1);
  report.hosts[0].name = "algo-2";
  report.hosts[0].cause = {.trouble = HostTrouble::tcp_refused, .detail = "10.0.0.2 port 22"};
  return report;
}

std::string read_some(int fd) {
  char buffer[4096];
  const ssize_t got = ::read(fd, buffer, sizeof buffer);
  return got > 0 ? std::string(buffer, static_cast<std::size_t>(got)) : std::string();
}

TEST(ReadyDisplay, WritesALineNowAndThenIntoALog) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  {
    ReadyDisplay display(ends[1]);
    for (int seconds = 0; seconds <= 200; ++seconds) display.show(waiting_for(seconds));
  }
  ::close(ends[1]);
  EXPECT_EQ(read_some(ends[0]),
            "smlaunch: 0/1 ready; algo-2: TCP refused since 5 s\n"
            "smlaunch: 0/1 ready; algo-2: TCP refused since 15 s\n"
            "smlaunch: 0/1 ready; algo-2: TCP refused since 35 s\n"
            "smlaunch: 0/1 ready; algo-2: TCP refused since 75 s\n"
            "smlaunch: 0/1 ready; algo-2: TCP refused since 135 s\n"
            "smlaunch: 0/1 ready; algo-2: TCP refused since 195 s\n");
  ::close(ends[0]);
}

TEST(ReadyDisplay, KeepsOneLiveLineOnATerminalAndTakesItAway) {
  int user = -1;
  int ours = -1;
  winsize size{24, 50, 0, 0};
  if (::openpty(&user, &ours, nullptr, nullptr, &size) != 0) GTEST_SKIP() << "no pseudo-terminal here";
  {
    ReadyDisplay display(ours);
    display.show(waiting_for(0.5));
    display.show(waiting_for(2));
    EXPECT_EQ(read_some(user), "\rsmlaunch: 0/1 ready; 1 missing\033[K");
    size.ws_col = 80;
    ASSERT_EQ(::ioctl(ours, TIOCSWINSZ, &size), 0);
    display.show(waiting_for(3));
    EXPECT_EQ(read_some(user), "\rsmlaunch: 0/1 ready; algo-2: TCP refused since 3 s\033[K");
  }
  EXPECT_EQ(read_some(user), "\r\033[K");
  ::close(user);
  ::close(ours);
}

}  // namespace
}  // namespace smlaunch
