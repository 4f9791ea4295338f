// SPDX-License-Identifier: Apache-2.0
#include "launcher/evidence/text_tail.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "launcher/evidence/python_traceback.hpp"

namespace smlaunch {
namespace {

using Lines = std::vector<std::string>;

std::size_t total(const Lines& lines) {
  return std::accumulate(lines.begin(), lines.end(), std::size_t{0},
                         [](std::size_t sum, const std::string& line) { return sum + line.size(); });
}

TEST(TextTail, HasTheLinesInOrder) {
  TextTail tail;
  EXPECT_EQ(tail.lines(), Lines());
  tail.add("one\ntwo\n");
  tail.add("\nthree\n");
  EXPECT_EQ(tail.lines(), (Lines{"one", "two", "", "three"}));
}

TEST(TextTail, KeepsTheLast200Lines) {
  TextTail tail;
  for (int i = 0; i < 1000; ++i) tail.add(std::to_string(i) + "\n");
  const Lines lines = tail.lines();
  ASSERT_EQ(lines.size(), 200U);
  EXPECT_EQ(lines.front(), "800");
  EXPECT_EQ(lines.back(), "999");
}

TEST(TextTail, KeepsNoMoreThan16KiB) {
  TextTail tail;
  for (int i = 0; i < 100; ++i) tail.add(std::string(1000, static_cast<char>('a' + i % 26)) + "\n");
  EXPECT_EQ(tail.lines().size(), 16U);
  EXPECT_EQ(tail.lines().back(), std::string(1000, static_cast<char>('a' + 99 % 26)));
  tail.add(std::string(10U << 20U, 'x') + "\nlast\n");
  EXPECT_EQ(tail.lines().back(), "last");
  EXPECT_LE(total(tail.lines()), 16U << 10U);
}

TEST(TextTail, KeepsATracebackThatLaterLinesWouldPushOut) {
  const Lines traceback = {"Traceback (most recent call last):", "  File \"train.py\", line 3",
                           "ValueError: no such thing"};
  TextTail tail;
  for (const std::string& line : traceback) tail.add(line + "\n");
  for (int i = 0; i < 1000; ++i) tail.add("NCCL WARN\n");
  Lines kept = tail.lines();
  ASSERT_EQ(kept.size(), 204U);
  EXPECT_EQ(Lines(kept.begin(), kept.begin() + 4),
            (Lines{traceback[0], traceback[1], traceback[2], "[...]"}));
  EXPECT_EQ(find_python_exception(kept), "ValueError: no such thing");
}

TEST(TextTail, KeepsALongTracebackWhole) {
  TextTail tail;
  tail.add("before\nTraceback (most recent call last):\n");
  for (int i = 0; i < 300; ++i) tail.add("  File \"train.py\", line " + std::to_string(i) + "\n");
  tail.add("RecursionError: too deep\n");
  const Lines kept = tail.lines();
  ASSERT_EQ(kept.size(), 302U);
  EXPECT_EQ(kept.front(), "Traceback (most recent call last):");
  EXPECT_EQ(kept[1], "  File \"train.py\", line 0");
  EXPECT_EQ(kept.back(), "RecursionError: too deep");
}

TEST(TextTail, DropsATracebackThatAnotherFollowed) {
  TextTail tail;
  tail.add("Traceback (most recent call last):\n  File\nValueError: old\n");
  for (int i = 0; i < 300; ++i) tail.add("line\n");
  tail.add("Traceback (most recent call last):\n  File\nKeyError: new\n");
  EXPECT_EQ(tail.lines().size(), 200U);
  EXPECT_EQ(find_python_exception(tail.lines()), "KeyError: new");
}

}  // namespace
}  // namespace smlaunch
