// SPDX-License-Identifier: Apache-2.0
#include "launcher/status/status_budget.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

constexpr std::uint64_t second = 1'000'000'000;

TEST(StatusBudget, IsThereAgainAfterASecond) {
  StatusBudget budget;
  EXPECT_TRUE(budget.has_room(5 * second));
  budget.add(StatusBudget::most_in_a_second - 1);
  EXPECT_TRUE(budget.has_room(5 * second + 1));
  budget.add(1);
  EXPECT_FALSE(budget.has_room(5 * second + 2));
  EXPECT_FALSE(budget.has_room(6 * second - 1));
  EXPECT_TRUE(budget.has_room(6 * second));
}

}  // namespace
}  // namespace smlaunch
