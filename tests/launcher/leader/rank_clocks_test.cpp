// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/rank_clocks.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

constexpr std::uint64_t second = 1'000'000'000;
// Another host booted at another time: its steady clock has nothing to do with ours.
constexpr std::uint64_t far = 7'000'000 * second;

TEST(RankClocks, TellsAnotherHostsTimeOnOurClock) {
  RankClocks clocks(2);
  clocks.measure(Rank{1}, {10 * second, far + 12 * second}, 14 * second);
  const Moment moment = clocks.on_our_clock(Rank{1}, far + 20 * second, 0, 30 * second);
  EXPECT_EQ(moment.ns, 20 * second);
  EXPECT_DOUBLE_EQ(moment.uncertainty, 2.0);
}

TEST(RankClocks, IsRightWhereTheOtherClockIsBehindOurs) {
  RankClocks clocks(1);
  clocks.measure(Rank{0}, {far + 10 * second, 5 * second}, far + 10 * second);
  EXPECT_EQ(clocks.on_our_clock(Rank{0}, 6 * second, 0, far + 12 * second).ns, far + 11 * second);
}

TEST(RankClocks, BelievesTheShortestRoundTrip) {
  RankClocks clocks(1);
  clocks.measure(Rank{0}, {10 * second, far + 13 * second}, 14 * second);
  clocks.measure(Rank{0}, {20 * second, far + 21 * second}, 22 * second);
  clocks.measure(Rank{0}, {30 * second, far + 39 * second}, 40 * second);
  const Moment moment = clocks.on_our_clock(Rank{0}, far + 25 * second, 0, 50 * second);
  EXPECT_EQ(moment.ns, 25 * second);
  EXPECT_DOUBLE_EQ(moment.uncertainty, 1.0);
}

TEST(RankClocks, TakesTheArrivalWhereNothingWasMeasuredAndSaysHowFarOffThatMayBe) {
  const RankClocks clocks(1);
  const Moment moment = clocks.on_our_clock(Rank{0}, far, 10 * second, 13 * second);
  EXPECT_EQ(moment.ns, 13 * second);
  EXPECT_DOUBLE_EQ(moment.uncertainty, 3.0);
}

TEST(RankClocks, TakesTheTimeAsItIsOnTheLeadersHost) {
  RankClocks clocks(1);
  clocks.share(Rank{0});
  clocks.measure(Rank{0}, {10 * second, 11 * second}, 14 * second);
  const Moment moment = clocks.on_our_clock(Rank{0}, 12 * second, 0, 20 * second);
  EXPECT_EQ(moment.ns, 12 * second);
  EXPECT_DOUBLE_EQ(moment.uncertainty, 0.0);
}

TEST(RankClocks, LeavesOutAPongFromTheFuture) {
  RankClocks clocks(1);
  clocks.measure(Rank{0}, {15 * second, far}, 14 * second);
  EXPECT_EQ(clocks.on_our_clock(Rank{0}, far, 0, 20 * second).ns, 20 * second);
}

}  // namespace
}  // namespace smlaunch
