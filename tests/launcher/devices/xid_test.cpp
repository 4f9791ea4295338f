// SPDX-License-Identifier: Apache-2.0
#include "launcher/devices/xid.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

TEST(Xid, KnownNumbersHaveWordsAndOthersHaveNone) {
  EXPECT_EQ(xid_words(79), "the GPU has fallen off the bus");
  EXPECT_EQ(xid_words(48), "a double-bit memory error");
  EXPECT_EQ(xid_words(0), "");
  EXPECT_EQ(xid_words(100000), "");
}

TEST(Xid, AFaultOfTheProgramDoesNotLastAndAFaultOfTheGpuDoes) {
  for (const std::uint64_t each : {48, 64, 74, 79, 95, 119}) EXPECT_TRUE(is_lasting_xid(each)) << each;
  for (const std::uint64_t each : {13, 31, 43, 45, 63, 94, 12345}) EXPECT_FALSE(is_lasting_xid(each)) << each;
}

TEST(Xid, WhatTheEndOfAProcessLeavesIsAConsequence) {
  for (const std::uint64_t each : {43, 45}) EXPECT_TRUE(is_consequence_xid(each)) << each;
  for (const std::uint64_t each : {13, 31, 48, 79}) EXPECT_FALSE(is_consequence_xid(each)) << each;
}

}  // namespace
}  // namespace smlaunch
