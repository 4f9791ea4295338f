// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/hand_over.hpp"

#include <gtest/gtest.h>

#include "launcher/channel/messages.hpp"

namespace smlaunch {
namespace {

TEST(CompleteHandOver, NamesTheMachineThatTheLoginCameFrom) {
  HandOver message;
  message.channel_port = 4711;
  message.hosts = {"algo-1", "algo-2"};
  const auto completed = decode_hand_over(complete_hand_over(encode(message), "10.0.0.1 50000 10.0.0.2 22"));
  ASSERT_TRUE(completed);
  EXPECT_EQ(completed->channel_host, "10.0.0.1");
  EXPECT_EQ(completed->channel_port, 4711);
  EXPECT_EQ(completed->hosts, message.hosts);
}

TEST(CompleteHandOver, LeavesTheRestAlone) {
  HandOver message;
  message.channel_host = "192.168.7.1";
  EXPECT_EQ(complete_hand_over(encode(message), "10.0.0.1 50000 10.0.0.2 22"), encode(message));
  EXPECT_EQ(complete_hand_over("", "10.0.0.1 50000 10.0.0.2 22"), "");
  EXPECT_EQ(complete_hand_over("no hand-over", ""), "no hand-over");
}

}  // namespace
}  // namespace smlaunch
