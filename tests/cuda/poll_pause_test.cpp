// SPDX-License-Identifier: Apache-2.0
#include "cuda/poll_pause.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace smlaunch {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(PollPause, GrowsWithTheWaitAndHasBounds) {
  EXPECT_EQ(poll_pause(seconds(0)), microseconds(50));
  EXPECT_EQ(poll_pause(milliseconds(1)), microseconds(50));
  EXPECT_EQ(poll_pause(milliseconds(2)), microseconds(100));
  EXPECT_EQ(poll_pause(milliseconds(80)), microseconds(4000));
  EXPECT_EQ(poll_pause(milliseconds(100)), microseconds(5000));
  EXPECT_EQ(poll_pause(seconds(120)), microseconds(5000));
}

}  // namespace
}  // namespace smlaunch
