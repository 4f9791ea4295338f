// SPDX-License-Identifier: Apache-2.0
#include "launcher/run/prefix_lines.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

TEST(PrefixLines, MarksEveryLine) {
  EXPECT_EQ(prefix_lines("[3 a] ", "one\n\ntwo\n"), "[3 a] one\n[3 a] \n[3 a] two\n");
  EXPECT_EQ(prefix_lines("[3 a] ", ""), "");
  EXPECT_EQ(prefix_lines("", "one\n"), "one\n");
}

}  // namespace
}  // namespace smlaunch
