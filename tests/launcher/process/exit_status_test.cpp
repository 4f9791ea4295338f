// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/exit_status.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace smlaunch {
namespace {

TEST(ExitStatus, IsReadFromWhatWaitpidSays) {
  EXPECT_EQ(decode_wait_status(0), ExitStatus(Exited{0}));
  EXPECT_EQ(decode_wait_status(3 << 8), ExitStatus(Exited{3}));
  EXPECT_EQ(decode_wait_status(255 << 8), ExitStatus(Exited{255}));
  EXPECT_EQ(decode_wait_status(SIGKILL), ExitStatus(Signaled{SIGKILL, false}));
  EXPECT_EQ(decode_wait_status(SIGSEGV | 0x80), ExitStatus(Signaled{SIGSEGV, true}));
}

TEST(ExitStatus, OnlyCodeZeroIsSuccess) {
  EXPECT_TRUE(succeeded(Exited{0}));
  EXPECT_FALSE(succeeded(Exited{1}));
  EXPECT_FALSE(succeeded(Signaled{SIGTERM, false}));
  EXPECT_FALSE(succeeded(Signaled{0, false}));
}

TEST(ExitStatus, HasTheCodeThatAShellWouldReport) {
  EXPECT_EQ(shell_code(Exited{0}), 0);
  EXPECT_EQ(shell_code(Exited{255}), 255);
  EXPECT_EQ(shell_code(Signaled{SIGKILL, false}), 137);
  EXPECT_EQ(shell_code(Signaled{SIGTERM, true}), 143);
}

TEST(ExitStatus, IsSaidInWords) {
  EXPECT_EQ(to_string(ExitStatus{Exited{3}}), "exited with code 3");
  EXPECT_EQ(to_string(ExitStatus{Signaled{9, false}}), "was killed by signal 9 (SIGKILL)");
  EXPECT_EQ(to_string(ExitStatus{Signaled{11, true}}), "was killed by signal 11 (SIGSEGV) and dumped core");
  EXPECT_EQ(to_string(ExitStatus{Signaled{70, false}}), "was killed by signal 70 (signal 70)");
}

TEST(ExitStatus, NamesSignals) {
  EXPECT_EQ(signal_name(SIGTERM), "SIGTERM");
  EXPECT_EQ(signal_name(SIGINT), "SIGINT");
  EXPECT_EQ(signal_name(70), "signal 70");
}

}  // namespace
}  // namespace smlaunch
