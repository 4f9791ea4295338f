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
  for (const std::uint64_t each : {48U, 64U, 74U, 79U, 95U, 119U}) EXPECT_TRUE(is_lasting_xid(each)) << each;
  for (const std::uint64_t each : {13U, 31U, 43U, 45U, 63U, 94U, 12345U})
    EXPECT_FALSE(is_lasting_xid(each)) << each;
}

TEST(Xid, WhatTheEndOfAProcessLeavesIsAConsequence) {
  for (const std::uint64_t each : {43U, 45U}) EXPECT_TRUE(is_consequence_xid(each)) << each;
  for (const std::uint64_t each : {13U, 31U, 48U, 79U}) EXPECT_FALSE(is_consequence_xid(each)) << each;
}

}  // namespace
}  // namespace smlaunch
