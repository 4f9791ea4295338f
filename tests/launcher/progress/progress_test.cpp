// SPDX-License-Identifier: Apache-2.0
#include "launcher/progress/progress.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace smlaunch {
namespace {

TEST(Progress, KeepsTheLastOfEachValueAndTheLastWish) {
  Progress progress{.beats = 1, .values = {{"step", 1}, {"loss", 3}}, .ask = Ask::stop};
  progress.add({.beats = 2, .values = {{"step", 2}}});
  EXPECT_EQ(progress, (Progress{.beats = 3, .values = {{"step", 2}, {"loss", 3}}, .ask = Ask::stop}));
  progress.add({.beats = 1, .ask = Ask::restart});
  EXPECT_EQ(progress.ask, Ask::restart);
}

TEST(Progress, KeepsSoManyNamesAndNoMore) {
  Progress progress;
  for (int i = 0; i < 100; ++i) progress.add({.beats = 1, .values = {{"v" + std::to_string(i), i}}});
  EXPECT_EQ(progress.values.size(), most_progress_values);
  progress.add({.beats = 1, .values = {{"v0", 7}, {"new", 1}}});
  EXPECT_EQ(progress.values.at("v0"), 7);
  EXPECT_FALSE(progress.values.contains("new"));
}

TEST(Progress, IsSaidWithTheStepFirst) {
  EXPECT_EQ(in_words({{"loss", 2.1}, {"step", 120}, {"lr", 3e-4}}), "step=120 loss=2.1 lr=0.0003");
  EXPECT_EQ(in_words({{"loss", NAN}, {"tokens", 123456789}}), "loss=nan tokens=123456789");
  EXPECT_EQ(in_words({}), "");
}

TEST(Ask, ComesBack) {
  for (const Ask each : {Ask::stop, Ask::restart, Ask::exclude_host})
    EXPECT_EQ(parse_ask(to_string(each)), each);
  for (const char* other : {"", "Stop", "exclude_host", "exclude"}) EXPECT_EQ(parse_ask(other), std::nullopt);
}

}  // namespace
}  // namespace smlaunch
