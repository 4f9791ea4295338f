// SPDX-License-Identifier: Apache-2.0
#include "topology/rank_threads.hpp"

#include <gtest/gtest.h>

#include "tests/topology/made_up_machine.hpp"

namespace smlaunch {
namespace {

TEST(ThreadsOfRank, CountsCoresNotHardwareThreads) {
  const Machine machine = make_machine({1, 4, 2, {}, {}});
  EXPECT_EQ(threads_of_rank(machine, {0, 1, 4, 5}, 2), 2);
  EXPECT_EQ(threads_of_rank(machine, {0, 1}, 2), 2);
  EXPECT_EQ(threads_of_rank(machine, {4}, 8), 1);
}

TEST(ThreadsOfRank, WithoutCoresOfItsOwnItSharesTheMachine) {
  const Machine machine = make_machine({1, 4, 2, {}, {}});
  EXPECT_EQ(threads_of_rank(machine, {}, 2), 2);
  EXPECT_EQ(threads_of_rank(machine, {}, 8), 1);
  EXPECT_EQ(threads_of_rank(machine, {}, 0), 4);
}

}  // namespace
}  // namespace smlaunch
