// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/relay_messages.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "launcher/channel/messages.hpp"

namespace smlaunch {
namespace {

// The one frame that these bytes are.
Frame only_frame(const std::string& bytes) {
  FrameReader reader(most_in_frame + most_around_frame);
  reader.feed(bytes);
  auto frame = reader.next();
  EXPECT_TRUE(frame && !reader.next() && !reader.broken());
  return frame.value_or(Frame{});
}

TEST(RelayMessages, AFrameComesOutAsItWent) {
  const std::vector<std::string> frames = {encode_frame(FrameKind::hello, "who"),
                                           encode_frame(FrameKind::outcome, ""),
                                           encode_data_frame(FrameKind::output, 7, std::string("a\0b", 3)),
                                           encode_data_frame(static_cast<FrameKind>(255), 1, "")};
  for (const std::string& bytes : frames) {
    const Frame outer = only_frame(encode_relayed(FrameKind::relayed_up, 70'000, bytes));
    EXPECT_EQ(outer.kind, FrameKind::relayed_up);
    const auto relayed = decode_relayed(outer.payload);
    ASSERT_TRUE(relayed);
    EXPECT_EQ(relayed->rank, 70'000);
    EXPECT_EQ(encode_frame(relayed->frame), bytes);
  }
}

TEST(RelayMessages, ANoticeSaysWhoAndHowLong) {
  const Frame outer = only_frame(encode_notice(FrameKind::relayed_quiet, {.rank = 9, .milliseconds = 4000}));
  const auto notice = decode_notice(outer.payload);
  ASSERT_TRUE(notice);
  EXPECT_EQ(notice->rank, 9);
  EXPECT_EQ(notice->milliseconds, 4000U);
}

TEST(RelayMessages, BytesThatAreNotExactlyOneFrameAreNone) {
  const std::string rank("\x03\0\0\0", 4);
  const std::string whole = encode_frame(FrameKind::pong, "x");
  std::string too_long = whole;
  too_long[3] = '\x7f';
  const std::string negative("\xff\xff\xff\xff", 4);
  EXPECT_TRUE(decode_relayed(rank + whole));
  for (const std::string& payload :
       {std::string(), std::string("\x03\0\0", 3), rank, rank + whole.substr(0, 4),
        rank + whole.substr(0, whole.size() - 1), rank + whole + "x", rank + whole + whole, rank + too_long,
        rank + std::string(4, '\0'), rank + std::string(4, '\0') + "\x05", negative + whole,
        // A data frame has a number.
        rank + std::string("\x01\0\0\0\x22", 5)})
    EXPECT_FALSE(decode_relayed(payload));
  EXPECT_TRUE(decode_notice(rank + rank));
  for (const std::string& payload : {std::string(), rank, rank + "abc", rank + rank + "x", negative + rank})
    EXPECT_FALSE(decode_notice(payload));
}

TEST(RelayMessages, TheLongestFrameOfAnAgentFits) {
  const std::string bytes = encode_data_frame(FrameKind::output, 1, std::string(most_in_frame - 9, 'x'));
  const Frame outer = only_frame(encode_relayed(FrameKind::relayed_up, 1, bytes));
  EXPECT_TRUE(decode_relayed(outer.payload));
  const std::string longer = encode_data_frame(FrameKind::output, 1, std::string(most_in_frame - 8, 'x'));
  EXPECT_FALSE(decode_relayed(only_frame(encode_relayed(FrameKind::relayed_up, 1, longer)).payload));
}

}  // namespace
}  // namespace smlaunch
