// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/turns.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

TEST(Turns, AreTakenUntilNoneIsFree) {
  Turns<int> turns(2);
  int first = 1;
  int second = 2;
  int third = 3;
  EXPECT_TRUE(turns.take(first));
  EXPECT_TRUE(turns.take(second));
  EXPECT_FALSE(turns.take(third));
}

TEST(Turns, GoToThoseInLineInTheirOrder) {
  Turns<int> turns(1);
  int first = 1;
  int second = 2;
  int third = 3;
  ASSERT_TRUE(turns.take(first));
  ASSERT_FALSE(turns.take(second));
  ASSERT_FALSE(turns.take(third));
  EXPECT_EQ(turns.pass_on(), &second);
  EXPECT_EQ(turns.pass_on(), &third);
}

TEST(Turns, AreFreeAgainOnlyWhereNobodyWaits) {
  Turns<int> turns(1);
  int first = 1;
  int second = 2;
  ASSERT_TRUE(turns.take(first));
  ASSERT_FALSE(turns.take(second));
  ASSERT_EQ(turns.pass_on(), &second);
  EXPECT_FALSE(turns.take(first)) << "the second has it";
  ASSERT_EQ(turns.pass_on(), &first);
  EXPECT_EQ(turns.pass_on(), nullptr);
  EXPECT_TRUE(turns.take(second));
}

}  // namespace
}  // namespace smlaunch
