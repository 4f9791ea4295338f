// SPDX-License-Identifier: Apache-2.0
#include "launcher/progress/heartbeat_line.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace smlaunch {
namespace {

TEST(HeartbeatLine, SaysItsNumbers) {
  const Progress said = parse_heartbeat_line("step=120 loss=2.1\t eval/acc=-1e-3 lr=+3e-4\r");
  EXPECT_EQ(said.beats, 1U);
  EXPECT_EQ(said.values, (ProgressValues{{"step", 120}, {"loss", 2.1}, {"eval/acc", -0.001}, {"lr", 3e-4}}));
  EXPECT_EQ(said.ask, std::nullopt);
}

TEST(HeartbeatLine, IsAHeartbeatWhateverItHolds) {
  for (const char* line : {"", "alive", "=", "=3", "step=", "step=x", "step=0x10", "step=1e999", "a b=c=3",
                           "1a=3", "step=1,", "\xff\xfe=1", "smlaunch=dance", "step=--1", "step=++1"}) {
    const Progress said = parse_heartbeat_line(line);
    EXPECT_EQ(said.beats, 1U) << line;
    EXPECT_TRUE(said.values.empty()) << line;
    EXPECT_FALSE(said.ask) << line;
  }
}

TEST(HeartbeatLine, KnowsALossThatIsNoNumberAnyMore) {
  const Progress said = parse_heartbeat_line("loss=nan grad=inf low=-inf");
  EXPECT_TRUE(std::isnan(said.values.at("loss")));
  EXPECT_TRUE(std::isinf(said.values.at("grad")));
  EXPECT_EQ(said.values.at("low"), -INFINITY);
}

TEST(HeartbeatLine, MayAskWhatIsToFollow) {
  EXPECT_EQ(parse_heartbeat_line("smlaunch=stop").ask, Ask::stop);
  EXPECT_EQ(parse_heartbeat_line("step=3 smlaunch=restart").ask, Ask::restart);
  EXPECT_EQ(parse_heartbeat_line("smlaunch=exclude-host").ask, Ask::exclude_host);
  EXPECT_TRUE(parse_heartbeat_line("smlaunch=stop").values.empty());
}

TEST(HeartbeatLine, IsBoundedInLengthNamesAndCount) {
  std::string many;
  for (int i = 0; i < 100; ++i) many += "v" + std::to_string(i) + "=1 ";
  EXPECT_EQ(parse_heartbeat_line(many).values.size(), most_progress_values);
  EXPECT_TRUE(parse_heartbeat_line(std::string(longest_heartbeat_line, ' ') + "step=1").values.empty());
  EXPECT_EQ(parse_heartbeat_line(std::string(64, 'n') + "=1").values.size(), 1U);
  EXPECT_TRUE(parse_heartbeat_line(std::string(65, 'n') + "=1").values.empty());
  EXPECT_TRUE(parse_heartbeat_line("step=" + std::string(65, '1')).values.empty());
}

}  // namespace
}  // namespace smlaunch
