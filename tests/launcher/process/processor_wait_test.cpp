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

TEST(ProcessorWait, IsCountedFromTheLastLookThatSawTheOtherProcessRun) {
  ProcessorWait wait;
  wait.began(100);
  EXPECT_EQ(wait.until_ns(130), 30U);
  wait.looked(150, false);
  EXPECT_EQ(wait.until_ns(190), 40U);
}

TEST(ProcessorWait, BeforeAnEndThatNobodyHasToldYetStaysThroughLooks) {
  ProcessorWait wait;
  wait.began(100);
  wait.looked(150, false);
  wait.looked(700, true);
  wait.looked(800, true);
  EXPECT_EQ(wait.until_ns(810), 660U);
}

TEST(ProcessorWait, IsNothingWhereTheKernelDoesNotCount) {
  ProcessorWait wait;
  wait.began(0);
  wait.looked(0, false);
  EXPECT_EQ(wait.until_ns(0), 0U);
  wait.began(100);
  EXPECT_EQ(wait.until_ns(0), 0U);
}

TEST(ProcessorWait, OfThisProcessGrowsWhileItWorks) {
  const std::uint64_t before = read_processor_wait_ns();
  if (before == 0) GTEST_SKIP() << "this kernel does not count (/proc/self/schedstat)";
  while (read_processor_wait_ns() == before) {
  }
  EXPECT_GT(read_processor_wait_ns(), before);
}

}  // namespace
}  // namespace smlaunch
