// SPDX-License-Identifier: Apache-2.0
#include "launcher/agent/progress_lines.hpp"

#include <gtest/gtest.h>

#include <string>

namespace smlaunch {
namespace {

constexpr std::uint64_t millisecond = 1'000'000;

struct Made {
  // Each look at the clock takes so long.
  explicit Made(std::uint64_t cost = 0)
      : lines(*ProgressPattern::parse("step (?P<step>[0-9]+)", "here"),
              [this, cost] { return now += cost; }) {}
  std::uint64_t now = 0;
  ProgressLines lines;
};

TEST(ProgressLines, TellsWhatLinesSaidSinceItWasAskedLast) {
  Made made;
  made.lines.take("step 1\nloading\nstep 2\n", 0);
  made.lines.take("step 3\n", 0);
  EXPECT_EQ(made.lines.take_all(), (Progress{.beats = 3, .values = {{"step", 3}}}));
  EXPECT_TRUE(made.lines.take_all().empty());
}

TEST(ProgressLines, OfManyLinesTheLastCount) {
  Made made;
  std::string lines;
  for (int step = 0; step < 10'000; ++step) lines += "step " + std::to_string(step) + "\n";
  made.lines.take(lines, 0);
  EXPECT_EQ(made.lines.take_all(), (Progress{.beats = 200, .values = {{"step", 9999}}}));
}

TEST(ProgressLines, HoldsNoRankBackForIt) {
  Made made(10 * millisecond);
  for (int step = 0; step < 100; ++step) made.lines.take("step " + std::to_string(step) + "\n", 0);
  const Progress said = made.lines.take_all();
  EXPECT_EQ(said.beats, 5U + 4U) << "so much of a second, and no more than the newest";
  EXPECT_EQ(said.values.at("step"), 99) << "the newest counts";
  EXPECT_TRUE(made.lines.take_all().empty());
  made.lines.take("step 100\n", 2000 * millisecond);
  EXPECT_EQ(made.lines.take_all().values.at("step"), 100);
  std::string lines;
  for (int step = 0; step < 50; ++step) lines += "step " + std::to_string(step) + "\n";
  made.lines.take(lines, 4000 * millisecond);
  made.lines.take("step 200\n", 5500 * millisecond);
  EXPECT_EQ(made.lines.take_all(), (Progress{.beats = 6, .values = {{"step", 200}}}))
      << "what waits is older than what there is time for";
}

}  // namespace
}  // namespace smlaunch
