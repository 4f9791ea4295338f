// SPDX-License-Identifier: Apache-2.0
#include "launcher/evidence/torchrun_failure.hpp"

#include <gtest/gtest.h>

#include <csignal>

#include "tests/launcher/evidence/torchrun_words.hpp"

namespace smlaunch {
namespace {

TEST(TorchrunFailures, HaveTheRootCauseFirst) {
  const auto found = find_torchrun_failures(summary("3", "7"));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].rank, 3);
  EXPECT_EQ(found[0].local_rank, 1);
  EXPECT_EQ(found[0].status, ExitStatus{Exited{7}});
  EXPECT_EQ(found[1].rank, 0);
  EXPECT_EQ(found[1].local_rank, 0);
  EXPECT_EQ(found[1].status, ExitStatus{Signaled{SIGTERM}});
  EXPECT_EQ(find_torchrun_failures(summary("0", "-9")).front().status, ExitStatus{Signaled{SIGKILL}});
}

TEST(TorchrunFailures, AreThoseOfTheLastSummary) {
  const auto found = find_torchrun_failures(after(summary("3", "7"), summary("1", "2")));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].rank, 1);
}

TEST(TorchrunFailures, AreNotFoundInOtherWords) {
  EXPECT_TRUE(find_torchrun_failures({}).empty());
  EXPECT_TRUE(
      find_torchrun_failures({"  rank      : 1 (local_rank: 1)", "  exitcode  : 7 (pid: 3)"}).empty());
  EXPECT_TRUE(
      find_torchrun_failures({"Root Cause (first observed failure):", "  rank : one", "  exitcode : 7"})
          .empty());
  EXPECT_TRUE(
      find_torchrun_failures({"Root Cause (first observed failure):", "  ranks : 1", "  exitcode : 7"})
          .empty());
}

TEST(TorchrunSummary, BeginsWithItsError) {
  const auto lines =
      after({"before", "Traceback (most recent call last):", "  File \"torchrun\""}, summary("1", "1"));
  EXPECT_EQ(find_torchrun_summary(lines), 3U);
  EXPECT_EQ(find_torchrun_summary({"before"}), 1U);
}

}  // namespace
}  // namespace smlaunch
