// SPDX-License-Identifier: Apache-2.0
#include "launcher/evidence/rank_tail.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

using Lines = std::vector<std::string>;
constexpr const char* some_traceback = "Traceback (most recent call last):\n  File \"x.py\"\nValueError: x\n";
const Lines traceback_lines = {"Traceback (most recent call last):", "  File \"x.py\"", "ValueError: x"};

TEST(RankTail, TellsTheLastLinesOfStderr) {
  RankTail tail(false);
  tail.add_stdout("hello\n", 1);
  tail.add_stderr("oh\n", 2);
  EXPECT_EQ(tail.last_words(), (LastWords{{"oh"}, 0, {}}));
}

TEST(RankTail, TellsTheTracebackOfStdoutWhereStderrHasNone) {
  RankTail tail(false);
  tail.add_stdout(std::string("before\n") + some_traceback + "after\n", 7);
  tail.add_stderr("a warning\n", 9);
  Lines wanted = traceback_lines;
  wanted.emplace_back("after");
  EXPECT_EQ(tail.last_words(), (LastWords{wanted, 7, {}}));
  tail.add_stderr("Traceback (most recent call last):\n  File \"y.py\"\nKeyError: y\n", 11);
  EXPECT_EQ(tail.last_words().lines.back(), "KeyError: y");
  EXPECT_EQ(tail.last_words().traceback_ns, 11U);
}

TEST(RankTail, TellsStderrWhereStdoutHasOnlyTheWords) {
  RankTail tail(false);
  tail.add_stdout("Traceback (most recent call last) is what Python says\n", 7);
  tail.add_stderr("oh\n", 9);
  EXPECT_EQ(tail.last_words(), (LastWords{{"oh"}, 0, {}}));
}

TEST(RankTail, OfTorchrunFindsTheNamedRanksExceptionOnStdout) {
  RankTail tail(true);
  tail.add_stdout(
      "[default0]:Traceback (most recent call last):\n[default0]:  File\n[default0]:KeyError: 0\n", 5);
  tail.add_stdout(
      "[default1]:Traceback (most recent call last):\n[default1]:  File\n[default1]:KeyError: 1\n", 6);
  tail.add_stderr(
      "x.ChildFailedError: \nRoot Cause (first observed failure):\n  rank      : 9 (local_rank: 1)\n"
      "  exitcode  : 1 (pid: 12)\n",
      8);
  const LastWords words = tail.last_words();
  EXPECT_EQ(words.failed_rank, 9);
  ASSERT_EQ(words.lines.size(), 7U);
  EXPECT_EQ(words.lines[2], "KeyError: 1");
  EXPECT_EQ(words.lines[3], "x.ChildFailedError: ");
}

TEST(RankTail, TellsStdoutsLastLinesWhereStderrSaysNothing) {
  RankTail tail(false);
  tail.add_stdout("step 1\nthe data set is empty\n", 1);
  EXPECT_EQ(tail.last_words(), (LastWords{{"step 1", "the data set is empty"}, 0, {}}));
  tail.add_stderr("/w/t.py:3: UserWarning: slow\n", 2);
  EXPECT_EQ(tail.last_words().lines.back(), "the data set is empty");
  tail.add_stderr("killed by me\n", 3);
  EXPECT_EQ(tail.last_words().lines.back(), "killed by me");
  tail.add_stdout("ERROR: no such file\nbye\nFatal Python error: x\n", 4);
  EXPECT_EQ(tail.last_words().lines, (Lines{"Fatal Python error: x"})) << "an error before mere words";
}

TEST(RankTail, TellsAnErrorOnStdoutThatHarmlessLinesFollow) {
  RankTail tail(false);
  tail.add_stdout("epoch 1\n[ERROR] shard 3 corrupt\ncleanup done\n", 1);
  const Lines from_the_error = {"[ERROR] shard 3 corrupt", "cleanup done"};
  EXPECT_EQ(tail.last_words().lines, from_the_error);
  tail.add_stderr("bye\n", 2);
  EXPECT_EQ(tail.last_words().lines, from_the_error);
  tail.add_stderr("FATAL: no data\nbye\n", 3);
  EXPECT_EQ(tail.last_words().lines, (Lines{"bye", "FATAL: no data", "bye"}));
}

TEST(RankTail, OfTorchrunTellsWhatTheRanksSaidOnStdout) {
  RankTail tail(true);
  tail.add_stdout("ERROR: the data set is empty\n", 5);
  tail.add_stderr("ERROR:torch.distributed.elastic.x:failed (exitcode: 1)\n", 8);
  EXPECT_EQ(tail.last_words().lines.front(), "ERROR: the data set is empty");
}

TEST(ByteTail, KeepsTheLastWholeLines) {
  ByteTail tail;
  EXPECT_EQ(tail.lines(), "");
  tail.add("one\n", 1);
  tail.add("two\n", 2);
  EXPECT_EQ(tail.lines(), "one\ntwo\n");
  for (int i = 0; i < 100000; ++i) tail.add(std::to_string(i) + "\n", 3);
  EXPECT_TRUE(tail.lines().ends_with("\n99998\n99999\n"));
  EXPECT_LE(tail.lines().size(), 64U << 10U);
  EXPECT_GT(tail.lines().size(), 63U << 10U);
  const std::string first(tail.lines().substr(0, tail.lines().find('\n')));
  EXPECT_EQ(first.size(), 5U) << first;
  EXPECT_EQ(tail.traceback_ns(), 0U);
}

TEST(ByteTail, TakesTheEndOfALargeBlock) {
  ByteTail tail;
  tail.add(std::string(1U << 20U, 'x') + "\n" + some_traceback, 4);
  EXPECT_TRUE(tail.lines().ends_with(some_traceback));
  EXPECT_EQ(tail.lines().size(), 64U << 10U);
  EXPECT_EQ(tail.traceback_ns(), 4U);
}

}  // namespace
}  // namespace smlaunch
