// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/step_times.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace smlaunch {
namespace {

using ::testing::IsEmpty;

// Ranks that tell their step every second; `seconds_a_step` by rank.
std::vector<SlowRank> run(StepTimes& times, const std::vector<double>& seconds_a_step, double begin,
                          double end) {
  std::vector<SlowRank> slow;
  for (double now = begin; now < end; ++now) {
    for (std::size_t rank = 0; rank < seconds_a_step.size(); ++rank)
      times.told(static_cast<int>(rank), std::floor(now / seconds_a_step[rank]), now);
    for (const SlowRank& each : times.take_slow(now)) slow.push_back(each);
  }
  return slow;
}

TEST(StepTimes, ARankWhoseStepsTakeClearlyLongerIsToldOnce) {
  StepTimes times;
  const auto slow = run(times, {0.5, 0.5, 1, 0.5}, 0, 600);
  ASSERT_EQ(slow.size(), 1U);
  EXPECT_EQ(slow[0].rank, 2);
  EXPECT_NEAR(slow[0].seconds_a_step, 1, 0.05);
  EXPECT_NEAR(slow[0].others_seconds_a_step, 0.5, 0.05);
  EXPECT_EQ(slow[0].others, 3);
}

TEST(StepTimes, OfTwoTheSlowerOneIsTold) {
  StepTimes times;
  const auto slow = run(times, {1, 0.4}, 0, 100);
  ASSERT_EQ(slow.size(), 1U);
  EXPECT_EQ(slow[0].rank, 0);
}

TEST(StepTimes, RanksThatAreAboutAsFastAreNotTold) {
  StepTimes times;
  EXPECT_THAT(run(times, {0.5, 0.55, 0.6, 0.45}, 0, 600), IsEmpty());
  StepTimes fast_one;
  EXPECT_THAT(run(fast_one, {0.5, 0.5, 0.1, 0.5}, 0, 600), IsEmpty());
}

TEST(StepTimes, OneRankAloneIsNotSlow) {
  StepTimes times;
  EXPECT_THAT(run(times, {5}, 0, 600), IsEmpty());
}

TEST(StepTimes, AFewStepsOrAFewSecondsSayNothing) {
  StepTimes few_seconds;
  EXPECT_THAT(run(few_seconds, {0.1, 1}, 0, 20), IsEmpty());
  StepTimes few_steps;
  EXPECT_THAT(run(few_steps, {0.5, 50}, 0, 100), IsEmpty());
}

TEST(StepTimes, WhatARankWaitsForBeforeItsFirstStepsCountsForNothing) {
  StepTimes times;
  // Rank 0 tells a first step and compiles for a minute; rank 1 comes after that. Then both are as fast.
  times.told(0, 0, 1);
  for (double now = 1; now < 60; ++now) EXPECT_THAT(times.take_slow(now), IsEmpty());
  EXPECT_THAT(run(times, {0.5, 0.5}, 60, 300), IsEmpty());
}

TEST(StepTimes, ARankThatBecomesSlowLaterIsTold) {
  StepTimes times;
  EXPECT_THAT(run(times, {0.5, 0.5, 0.5}, 0, 1000), IsEmpty());
  double step = 2000;
  std::vector<SlowRank> slow;
  for (double now = 1000; now < 1400; ++now, ++step) {
    times.told(0, 2 * now, now);
    times.told(1, 2 * now, now);
    times.told(2, step, now);
    for (const SlowRank& each : times.take_slow(now)) slow.push_back(each);
  }
  ASSERT_EQ(slow.size(), 1U);
  EXPECT_EQ(slow[0].rank, 2);
}

TEST(StepTimes, StepsThatBeginAnewOrAreNoNumbersDoNoHarm) {
  StepTimes times;
  times.told(0, NAN, 1);
  times.told(1, INFINITY, 1);
  EXPECT_THAT(run(times, {0.5, 0.5}, 0, 100), IsEmpty());
  times.told(0, 0, 100);  // the next epoch
  for (double now = 101; now < 130; ++now) {
    times.told(0, 2 * (now - 100), now);
    times.told(1, 2 * now, now);
    EXPECT_THAT(times.take_slow(now), IsEmpty());
  }
}

}  // namespace
}  // namespace smlaunch
