// SPDX-License-Identifier: Apache-2.0
#include "launcher/smoke/contributions.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

// What an all-reduce over these ranks gives, each as it `counts`: 0 missing, 1, 2 doubled, 3.
std::vector<std::int64_t> sum_of(const std::vector<int>& counts, std::size_t elements) {
  const int ranks = static_cast<int>(counts.size());
  std::vector<std::int64_t> sums(elements);
  for (int rank = 0; rank < ranks; ++rank) {
    std::vector<std::int64_t> own(elements);
    fill_contributions(own, rank, ranks);
    for (std::size_t i = 0; i < elements; ++i) sums[i] += counts[static_cast<std::size_t>(rank)] * own[i];
  }
  return sums;
}

TEST(Contributions, RightSumsOfAnyNumberOfRanksAreRight) {
  for (const int ranks : {1, 2, 30, 31, 32, 62, 63, 100, 1000}) {
    const auto sums = sum_of(std::vector<int>(static_cast<std::size_t>(ranks), 1), 257);
    EXPECT_EQ(find_wrong_sums(sums, ranks), WrongElements{}) << ranks;
    for (std::size_t i = 0; i < sums.size(); ++i)
      ASSERT_EQ(sums[i], expected_sum(i, ranks)) << ranks << " " << i;
  }
}

TEST(Contributions, MissingAndDoubledRanksAreNamedInEverySlot) {
  // 40 ranks: two slots, so every second element holds each rank.
  std::vector<int> counts(40, 1);
  counts[33] = 0;
  counts[7] = 2;
  const WrongElements wrong = find_wrong_sums(sum_of(counts, 100), 40);
  EXPECT_EQ(wrong.count, 100U);
  ASSERT_EQ(wrong.ranges.size(), 2U);
  EXPECT_EQ(wrong.ranges[0].fault, ContributionFault::doubled);
  EXPECT_EQ(wrong.ranges[0].index, 7);
  EXPECT_EQ(wrong.ranges[0].times, 2);
  EXPECT_EQ(wrong.ranges[0].first, 0U);
  EXPECT_EQ(wrong.ranges[0].last, 98U);
  EXPECT_EQ(wrong.ranges[1].fault, ContributionFault::missing);
  EXPECT_EQ(wrong.ranges[1].index, 33);
  EXPECT_EQ(wrong.ranges[1].first, 1U);
  EXPECT_EQ(wrong.ranges[1].last, 99U);
}

TEST(Contributions, EveryRankThatIsMissingOrDoubledIsNamedExactly) {
  for (const int ranks : {2, 3, 8, 31, 32, 64})
    for (int guilty = 0; guilty < ranks; ++guilty)
      for (const int times : {0, 2, 3}) {
        std::vector<int> counts(static_cast<std::size_t>(ranks), 1);
        counts[static_cast<std::size_t>(guilty)] = times;
        const WrongElements wrong = find_wrong_sums(sum_of(counts, 66), ranks);
        ASSERT_EQ(wrong.ranges.size(), 1U) << ranks << " " << guilty << " " << times;
        EXPECT_EQ(wrong.ranges[0].index, guilty);
        EXPECT_EQ(wrong.ranges[0].times, times);
        EXPECT_EQ(wrong.ranges[0].fault,
                  times == 0 ? ContributionFault::missing : ContributionFault::doubled);
      }
}

TEST(Contributions, APieceThatWasLostIsARangeOfElements) {
  auto sums = sum_of({1, 1, 1, 1}, 1000);
  const auto without_2 = sum_of({1, 1, 0, 1}, 1000);
  std::copy(without_2.begin() + 250, without_2.begin() + 500, sums.begin() + 250);
  const WrongElements wrong = find_wrong_sums(sums, 4);
  EXPECT_EQ(wrong.count, 250U);
  ASSERT_EQ(wrong.ranges.size(), 1U);
  EXPECT_EQ(wrong.ranges[0], (WrongRange{ContributionFault::missing, 2, 0, 250, 499, 69, 85}));
}

TEST(Contributions, BitsThatMakeNoSenseAreCorruptAndNameNobody) {
  for (const int ranks : {1, 2, 8, 31}) {
    std::vector<std::int64_t> sums(64, 0);
    for (int rank = 0; rank < ranks; ++rank) {
      std::vector<std::int64_t> own(64);
      fill_contributions(own, rank, ranks,
                         rank == ranks / 2 ? ContributionChange::corrupt : ContributionChange::none);
      for (std::size_t i = 0; i < own.size(); ++i) sums[i] += own[i];
    }
    const WrongElements wrong = find_wrong_sums(sums, ranks);
    EXPECT_EQ(wrong.count, 8U);
    ASSERT_EQ(wrong.ranges.size(), 1U) << ranks;
    EXPECT_EQ(wrong.ranges[0].fault, ContributionFault::corrupt);
    EXPECT_EQ(wrong.ranges[0].index, std::nullopt);
    EXPECT_EQ(wrong.ranges[0].first, 8U);
    EXPECT_EQ(wrong.ranges[0].last, 15U);
  }
}

TEST(Contributions, ARanksOwnBufferTellsWhatItSent) {
  std::vector<std::int64_t> sent(80);
  fill_contributions(sent, 5, 40);
  EXPECT_EQ(find_wrong_contributions(sent, 5, 40), WrongElements{});
  fill_contributions(sent, 5, 40, ContributionChange::doubled);
  const WrongElements twice = find_wrong_contributions(sent, 5, 40);
  ASSERT_EQ(twice.ranges.size(), 1U);
  EXPECT_EQ(twice.count, 40U) << "its slot has every second element";
  EXPECT_EQ(twice.ranges[0].fault, ContributionFault::doubled);
  fill_contributions(sent, 5, 40, ContributionChange::corrupt);
  const WrongElements corrupt = find_wrong_contributions(sent, 5, 40);
  ASSERT_EQ(corrupt.ranges.size(), 1U);
  EXPECT_EQ(corrupt.ranges[0].fault, ContributionFault::corrupt);
  EXPECT_EQ(corrupt.ranges[0].index, 5);
  EXPECT_EQ(corrupt.ranges[0].first, 10U);
  EXPECT_EQ(corrupt.ranges[0].last, 19U);
}

TEST(Contributions, OnlyTheFirstRangesAreKept) {
  auto sums = sum_of({1, 1}, 400);
  for (std::size_t i = 0; i < sums.size(); i += 3) sums[i] = 1;
  const WrongElements wrong = find_wrong_sums(sums, 2);
  EXPECT_EQ(wrong.count, 134U);
  EXPECT_EQ(wrong.ranges.size(), most_wrong_ranges);
}

}  // namespace
}  // namespace smlaunch
