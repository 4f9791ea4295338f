// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/rank_activity.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

constexpr std::uint64_t second = 1'000'000'000;

constexpr Rank rank_0{0};
constexpr Rank rank_1{1};

TEST(RankActivity, IsSilentSinceTheLastLineOfAnyRank) {
  RankActivity activity(2, 10 * second);
  EXPECT_EQ(activity.silence(15 * second).seconds, 5.0);
  EXPECT_FALSE(activity.silence(15 * second).has_begun);
  activity.printed(rank_0, 14 * second);
  activity.printed(rank_1, 12 * second);  // it came later, and was printed before
  EXPECT_EQ(activity.silence(15 * second).seconds, 1.0);
  EXPECT_EQ(activity.silence(13 * second).seconds, 0.0);
  EXPECT_TRUE(activity.silence(15 * second).has_begun);
  EXPECT_TRUE(activity.silence(15 * second).counts_output);
}

TEST(RankActivity, CountsNoLineOfARankThatHasToldItsProgress) {
  RankActivity activity(2, 0);
  activity.printed(rank_0, 5 * second);
  activity.progressed(rank_0, 8 * second);
  activity.printed(rank_0, 20 * second);
  const JobSilence silence = activity.silence(30 * second);
  EXPECT_EQ(silence.seconds, 22.0);
  EXPECT_FALSE(silence.counts_output);
  EXPECT_TRUE(silence.has_begun);
}

TEST(RankActivity, CountsTheLinesOfARankThatTellsNoProgressWhateverOthersTell) {
  RankActivity activity(2, 0);
  activity.progressed(rank_0, 8 * second);
  activity.printed(rank_1, 20 * second);
  EXPECT_EQ(activity.silence(30 * second).seconds, 10.0);
}

TEST(RankActivity, CountsNoLineWhereAPatternSaysWhatIsProgress) {
  RankActivity activity(2, 0, true);
  activity.printed(rank_0, 5 * second);
  EXPECT_EQ(activity.silence(9 * second).seconds, 9.0);
  EXPECT_FALSE(activity.silence(9 * second).has_begun);
  EXPECT_FALSE(activity.silence(9 * second).counts_output);
  activity.progressed(rank_0, 10 * second);
  EXPECT_EQ(activity.silence(11 * second).seconds, 1.0);
  EXPECT_TRUE(activity.silence(11 * second).has_begun);
  activity.printed(rank_1, 11 * second);
  EXPECT_EQ(activity.silence(12 * second).seconds, 2.0);
}

TEST(RankActivity, ForgetsASilenceWithoutTakingItForProgress) {
  RankActivity activity(1, 0);
  activity.forget(7 * second);
  EXPECT_EQ(activity.silence(9 * second).seconds, 2.0);
  EXPECT_FALSE(activity.silence(9 * second).has_begun);
}

TEST(RankActivity, MeasuresTheCoresOfTheLastTenWords) {
  RankActivity activity(2, 0);
  EXPECT_EQ(activity.cores_used(Rank{1}), std::nullopt);
  activity.used(Rank{1}, 1 * second, second / 2);
  EXPECT_EQ(activity.cores_used(Rank{1}), std::nullopt);
  activity.used(Rank{1}, 2 * second, second);
  EXPECT_EQ(activity.cores_used(Rank{1}), 0.5);
  for (std::uint64_t i = 3; i <= 30; ++i) activity.used(Rank{1}, i * second, second + 2 * i * second);
  EXPECT_EQ(activity.cores_used(Rank{1}), 2.0);
  for (std::uint64_t i = 31; i <= 39; ++i) activity.used(Rank{1}, i * second, 61 * second);
  EXPECT_EQ(activity.cores_used(Rank{1}), 0.0);
  EXPECT_EQ(activity.cores_used(Rank{0}), std::nullopt);
}

TEST(RankActivity, IgnoresARankThatDoesNotRun) {
  RankActivity activity(1, 0);
  activity.used(Rank{0}, second, 0);
  activity.used(Rank{0}, 2 * second, 0);
  EXPECT_EQ(activity.cores_used(Rank{0}), std::nullopt);
}

}  // namespace
}  // namespace smlaunch
