// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/code/crc32.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

TEST(Crc32, IsThatOfGzip) {
  EXPECT_EQ(Crc32().value(), 0U);
  Crc32 sum;
  sum.add("12345");
  sum.add("6789");
  EXPECT_EQ(sum.value(), 0xCBF43926U);
}

}  // namespace
}  // namespace smlaunch
