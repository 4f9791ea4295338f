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
  EXPECT_TRUE(find_torchrun_failures(summary("3", "-2147483648")).empty()) << "no process ends so";
}

TEST(TorchrunWords, SayHowTheFirstFailureEndedAsSoonAsItIsFound) {
  const std::string before =
      "WARNING:torch.distributed.elastic.multiprocessing.api:Sending process 13 closing signal SIGTERM\n";
  const std::string old = "ERROR:torch.distributed.elastic.multiprocessing.api:";
  const std::string newer = "E1129 22:03:42.000000 77 torch/distributed/elastic/multiprocessing/api.py:869] ";
  const auto words = [](const std::string& text) { return find_torchrun_words(text); };
  using Words = std::vector<TorchrunWord>;
  for (const std::string& log : {old, newer}) {
    EXPECT_EQ(
        words(before + log + "failed (exitcode: 7) local_rank: 0 (pid: 12) of binary: /usr/bin/python3\n"),
        (Words{{.pid = 12, .status = Exited{7}}}));
    EXPECT_EQ(words(log + "failed (exitcode: -9) local_rank: 1 (pid: 13) of binary: x"),
              (Words{{.pid = 13, .status = Signaled{.signal = SIGKILL, .core_dumped = false}}}));
    for (const char* other :
         {"failed (exitcode: 0) local_rank: 1 (pid: 13)", "failed (exitcode: x) (pid: 13)",
          "failed (exitcode: 7)", "failed (exitcode: 256) local_rank: 1 (pid: 13)",
          "failed (exitcode: -65) local_rank: 1 (pid: 13)"})
      EXPECT_EQ(words(log + other), Words{}) << other;
  }
  EXPECT_EQ(words("failed (exitcode: 7) local_rank: 0 (pid: 12) of binary: x\n"), Words{})
      << "no log of torchrun's";
  EXPECT_EQ(words(""), Words{});
}

TEST(TorchrunSummary, BeginsWithItsError) {
  const auto lines =
      after({"before", "Traceback (most recent call last):", "  File \"torchrun\""}, summary("1", "1"));
  EXPECT_EQ(find_torchrun_summary(lines), 3U);
  EXPECT_EQ(find_torchrun_summary({"before"}), 1U);
}

}  // namespace
}  // namespace smlaunch
