// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/daemon_wait.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

constexpr std::uint64_t second = 1'000'000'000;

TEST(DaemonWait, IsOverHalfAMinuteAfterTheLastLogin) {
  DaemonWait wait;
  EXPECT_FALSE(wait.look(1 * second, true, false));
  EXPECT_FALSE(wait.look(10 * second, true, true));
  EXPECT_FALSE(wait.look(39 * second, false, true));
  EXPECT_TRUE(wait.look(40 * second, false, true));
  EXPECT_FALSE(wait.look(69 * second, false, true)) << "the next half minute";
  EXPECT_TRUE(wait.look(70 * second, false, true));
}

TEST(DaemonWait, HasNotBegunBeforeALoginOrAConnectionWasSeen) {
  DaemonWait logins;
  EXPECT_FALSE(logins.look(1 * second, false, false));
  EXPECT_FALSE(logins.look(100 * second, false, false)) << "mpirun may look for addresses";
  EXPECT_FALSE(logins.look(101 * second, true, false));
  EXPECT_TRUE(logins.look(131 * second, false, false));
  DaemonWait connections;
  EXPECT_FALSE(connections.look(100 * second, false, true));
  EXPECT_FALSE(connections.look(129 * second, false, true));
  EXPECT_TRUE(connections.look(130 * second, false, true));
}

TEST(DaemonWait, GoesOnAsLongAsALoginRuns) {
  DaemonWait wait;
  for (std::uint64_t now = 1; now < 1000; ++now) EXPECT_FALSE(wait.look(now * second, true, true));
}

}  // namespace
}  // namespace smlaunch
