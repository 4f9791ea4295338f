// SPDX-License-Identifier: Apache-2.0
#include "launcher/run/binding_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smlaunch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(RenderBindingWarnings, RanksAsPlannedAreNoMatter) {
  EXPECT_THAT(render_binding_warnings({}), IsEmpty());
  EXPECT_THAT(
      render_binding_warnings({{0, "0-3", "0-3", "0-3", "", 8, 0, 8, 0}, {1, "", "", "", "", 8, 0, 0, 0}}),
      IsEmpty());
}

TEST(RenderBindingWarnings, SaysWhereARankRunsAndWhy) {
  struct Case {
    RankBinding rank;
    const char* sentence;
  };
  const Case cases[] = {
      {{5, "32-63", "0-191", "0-191", "", 64, 8, 192, 8},
       "rank 5: planned 32-63, runs on 0-191 (the host differs from what was assumed: it has 192 CPUs "
       "instead of 64)"},
      {{5, "0-3", "0-1", "0-1", "", 8, 8, 4, 7},
       "rank 5: planned 0-3, runs on 0-1 (the host differs from what was assumed: it has 4 CPUs instead of 8 "
       "and 7 usable "
       "GPUs instead of 8)"},
      {{5, "0-3", "4-7", "4-7", "", 8, 8, 8, 8},
       "rank 5: planned 0-3, runs on 4-7 (the host differs from what was assumed: its CPUs or GPUs lie "
       "otherwise)"},
      {{5, "0-3", "0-3", "", "CPUs 0-3: refused", 8, 0, 0, 0},
       "rank 5: planned 0-3, runs on any (CPUs 0-3: refused)"},
      {{5, "0-3", "0-3", "0-1", "", 8, 0, 0, 0},
       "rank 5: planned 0-3, runs on 0-1 (the kernel gave it other CPUs than were asked for)"},
      {{5, "0-3", "0-3", "0-3", "memory is not bound", 8, 0, 0, 0}, "rank 5: memory is not bound"}};
  for (const Case& each : cases)
    EXPECT_THAT(render_binding_warnings({each.rank}), ElementsAre(each.sentence));
}

TEST(RenderBindingWarnings, WhatRanksOfAHostShareIsSaidOnce) {
  std::vector<RankBinding> ranks;
  for (int i = 0; i < 8; ++i)
    ranks.push_back({8 + i, std::to_string(4 * i), std::to_string(i), std::to_string(i), "", 32, 0, 8, 0});
  EXPECT_THAT(
      render_binding_warnings(ranks),
      ElementsAre(
          "7 ranks (9-15) run elsewhere than planned (the host differs from what was assumed: it has 8 CPUs "
          "instead of 32); rank 9: planned 4, runs on 1"))
      << "rank 8 runs where it was planned";
  for (RankBinding& rank : ranks) {
    rank.bound = rank.chosen = rank.planned;
    rank.note = "memory is not bound";
  }
  EXPECT_THAT(render_binding_warnings(ranks), ElementsAre("ranks 8-15: memory is not bound"));
}

TEST(FindOddFacts, NamesTheHostWithFewerGpus) {
  EXPECT_THAT(find_odd_facts({{"a", "", 8, 96}, {"b", "", 8, 96}, {"c", "", 7, 96}, {"d", "cpu", 0, 96}}),
              ElementsAre("c differs: usable GPUs 7, on the 2 other hosts 8"));
  EXPECT_THAT(find_odd_facts({{"a", "", 8, 96}}), IsEmpty());
  EXPECT_THAT(find_odd_facts({}), IsEmpty());
}

}  // namespace
}  // namespace smlaunch
