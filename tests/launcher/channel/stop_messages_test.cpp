// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/stop_messages.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

TEST(StopMessages, ComeBack) {
  const auto passed = decode_passed_signal(encode(PassedSignal{3, 10}));
  ASSERT_TRUE(passed);
  EXPECT_EQ(passed->number, 3U);
  EXPECT_EQ(passed->signal, 10);
  const auto release = decode_release(encode(Release{7000, 110000, true}));
  ASSERT_TRUE(release);
  EXPECT_EQ(release->leftover_milliseconds, 7000);
  EXPECT_EQ(release->grace_milliseconds, 110000);
  EXPECT_TRUE(release->ends_daemon);
  const auto left = decode_left_running(encode(LeftRunning{{{77, "rsync", 3}, {78, "a\xff\n"}}}));
  ASSERT_TRUE(left);
  EXPECT_EQ(left->processes, (std::vector<LeftProcess>{{77, "rsync", 3}, {78, "a\xff\n"}}));
}

TEST(StopMessages, OthersBytesAreNone) {
  for (const std::string& text : {std::string(), std::string("x"), encode(Release{1, 2, false}).substr(1)}) {
    EXPECT_FALSE(decode_passed_signal(text));
    EXPECT_FALSE(decode_release(text));
    EXPECT_FALSE(decode_left_running(text));
  }
}

}  // namespace
}  // namespace smlaunch
