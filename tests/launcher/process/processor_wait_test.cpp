// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/processor_wait.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

TEST(ProcessorWait, IsWhatSchedstatSaysOfRunningAndOfWaiting) {
  EXPECT_EQ(parse_schedstat_wait("1534017 250311 12"), 1784328U);
  EXPECT_EQ(parse_schedstat_wait("0 0 0"), 0U);
  EXPECT_EQ(parse_schedstat_wait("0 18446744073709551615 1"), 18446744073709551615U);
  for (const char* text : {"", " ", "12", "12 ", "12 13", "x 13 1", "12 x 1", "12 -3 1",
                           "12 18446744073709551616 1", "1 18446744073709551615 1", "\n12 13 1"})
    EXPECT_EQ(parse_schedstat_wait(text), std::nullopt) << text;
}

TEST(ProcessorWait, IsCountedFromTheMark) {
  ProcessorWait wait;
  const std::uint64_t since_start = wait.since_mark_ns();
  wait.mark();
  EXPECT_LE(wait.since_mark_ns(), since_start + 1'000'000'000U);
}

}  // namespace
}  // namespace smlaunch
