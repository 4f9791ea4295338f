// SPDX-License-Identifier: Apache-2.0
#include "base/host_list.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

TEST(JoinNames, NamesSixAndCountsTheRest) {
  EXPECT_EQ(join_names({}), "");
  EXPECT_EQ(join_names({"a"}), "a");
  EXPECT_EQ(join_names({"a", "b", "c", "d", "e", "f"}), "a, b, c, d, e, f");
  EXPECT_EQ(join_names({"a", "b", "c", "d", "e", "f", "g"}), "a, b, c, d, e, f and 1 more");
}

}  // namespace
}  // namespace smlaunch
