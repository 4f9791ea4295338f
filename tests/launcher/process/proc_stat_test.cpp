// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/proc_stat.hpp"

#include <gtest/gtest.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <string>

#include "launcher/process/child_process.hpp"

namespace smlaunch {
namespace {

// What stands between the state and the status, 48 numbers.
std::string line(const std::string& begin, const std::string& status) {
  std::string text = begin;
  for (int i = 0; i < 48; ++i) text += " " + std::to_string(i);
  return text + " " + status + "\n";
}

TEST(EndStatus, IsThatOfAProcessThatNobodyHasTakenAway) {
  EXPECT_EQ(parse_end_status(line("12 (a) b (c) Z", "1792")), ExitStatus(Exited{7}));
  EXPECT_EQ(parse_end_status(line("12 (a) Z", "0")), ExitStatus(Exited{0}));
  EXPECT_EQ(parse_end_status(line("12 (a) Z", "15")),
            ExitStatus(Signaled{.signal = 15, .core_dumped = false}));
  EXPECT_EQ(parse_end_status(line("12 (a) Z", "139")),
            ExitStatus(Signaled{.signal = 11, .core_dumped = true}));
}

TEST(EndStatus, OfAProcessThatRunsOrOfOtherTextIsNone) {
  for (const std::string& text :
       {line("12 (a) S", "0"), std::string(), std::string("12 (a) Z"), std::string("12 (a) Z 1 2 3\n"),
        line("12 a Z", "0"), line("12 (a) Z", "x")})
    EXPECT_EQ(parse_end_status(text), std::nullopt) << text;
}

// Linux 6.15 is the first that does.
bool keeps_end_status() {
  utsname kernel{};
  int major = 0;
  int minor = 0;
  if (uname(&kernel) != 0 || std::sscanf(kernel.release, "%d.%d", &major, &minor) != 2) return false;
  return major > 6 || (major == 6 && minor >= 15);
}

TEST(EndStatus, IsReadWhenThePidfdSaysThatTheProcessHasEnded) {
  for (const bool by_signal : {false, true}) {
    const ExitStatus end =
        by_signal ? ExitStatus(Signaled{.signal = SIGKILL, .core_dumped = false}) : ExitStatus(Exited{7});
    int go[2];
    ASSERT_EQ(pipe(go), 0);
    const int child = fork();
    if (child == 0) {
      char byte = 0;
      close(go[1]);
      (void)!read(go[0], &byte, 1);
      if (by_signal) kill(getpid(), SIGKILL);
      _exit(7);
    }
    close(go[0]);
    const UniqueFd pidfd = open_pidfd(child);
    EXPECT_TRUE(pidfd.valid());
    EXPECT_EQ(read_end_status(child), std::nullopt);
    EXPECT_EQ(read_end_status_kept(pidfd.get()), std::nullopt);
    close(go[1]);
    siginfo_t info{};
    waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);
    EXPECT_EQ(read_end_status(child), end);
    EXPECT_EQ(read_end_status_kept(pidfd.get()), std::nullopt) << "it is still in the process table";
    waitpid(child, nullptr, 0);
    EXPECT_EQ(read_end_status(child), std::nullopt);
    EXPECT_EQ(read_end_status_kept(pidfd.get()), keeps_end_status() ? std::optional(end) : std::nullopt);
    EXPECT_FALSE(open_pidfd(child).valid());
  }
}

}  // namespace
}  // namespace smlaunch
