// SPDX-License-Identifier: Apache-2.0
#include "base/problem_list.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

TEST(ProblemList, HasAllOfTwenty) {
  ProblemList list;
  EXPECT_TRUE(list.empty());
  for (std::size_t i = 0; i < most_problems_told; ++i) list.add(Problem{"f:1", "is wrong", ""});
  EXPECT_EQ(list.take("f").size(), most_problems_told);
}

TEST(ProblemList, OfMoreHasTheFirstTwentyAndACount) {
  ProblemList list;
  for (int i = 1; i <= 300'000; ++i) list.add(Problem{"f:" + std::to_string(i), "is wrong", ""});
  const std::vector<Problem> told = list.take("f");
  ASSERT_EQ(told.size(), most_problems_told + 1);
  EXPECT_EQ(told[19].where, "f:20");
  EXPECT_EQ(told[20], (Problem{"f", "has 299980 more problems", ""}));
}

}  // namespace
}  // namespace smlaunch
