// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/binding_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace smlaunch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(RenderBindingWarnings, RanksAsPlannedAreNoMatter) {
  EXPECT_THAT(render_binding_warnings({}), IsEmpty());
  EXPECT_THAT(
      render_binding_warnings({{0, "0-3", "0-3", "0-3", {}, 8, 0, 8, 0}, {1, "", "", "", {}, 8, 0, 0, 0}}),
      IsEmpty());
}

TEST(RenderBindingWarnings, SaysWhereARankRunsAndWhy) {
  struct Case {
    RankBinding rank;
    const char* sentence;
  };
  const Case cases[] = {
      {{5, "32-63", "0-191", "0-191", {}, 64, 8, 192, 8},
       "rank 5: planned 32-63, runs on 0-191 (the host differs from what was assumed: it has 192 CPUs "
       "instead of 64)"},
      {{5, "0-3", "0-1", "0-1", {}, 8, 8, 4, 7},
       "rank 5: planned 0-3, runs on 0-1 (the host differs from what was assumed: it has 4 CPUs instead of 8 "
       "and 7 usable "
       "GPUs instead of 8)"},
      {{5, "0-3", "4-7", "4-7", {}, 8, 8, 8, 8},
       "rank 5: planned 0-3, runs on 4-7 (the host differs from what was assumed: its CPUs or GPUs lie "
       "otherwise)"},
      {{5, "16-31", "16-31", "0-1", {{BindingNoteKind::cpus_refused, "", "", EINVAL}}, 8, 0, 0, 0},
       "rank 5: planned 16-31, runs on 0-1 (the kernel refuses to bind it there: Invalid argument)"},
      {{5, "0-3", "4-7", "4-7", {}, 8, 8, 8, 8, true},
       "rank 5: planned 0-3, runs on 4-7 (the host differs from its saved topology: its CPUs or GPUs lie "
       "otherwise)"},
      {{5, "0-3", "0-3", "0-1", {}, 8, 0, 0, 0},
       "rank 5: planned 0-3, runs on 0-1 (the kernel gave it other CPUs than were asked for)"},
      {{5, "0-3", "0-3", "0-3", {{BindingNoteKind::memory_refused, "1", "", EPERM}}, 8, 0, 0, 0},
       "rank 5: memory is not bound to NUMA nodes 1: Operation not permitted"}};
  for (const Case& each : cases)
    EXPECT_THAT(render_binding_warnings({each.rank}), ElementsAre(each.sentence));
}

TEST(RenderBindingWarnings, WhatRanksOfAHostShareIsSaidOnce) {
  std::vector<RankBinding> ranks;
  for (int i = 0; i < 8; ++i)
    ranks.push_back({8 + i, std::to_string(4 * i), std::to_string(i), std::to_string(i), {}, 32, 0, 8, 0});
  EXPECT_THAT(
      render_binding_warnings(ranks),
      ElementsAre(
          "7 ranks (9-15) run elsewhere than planned (the host differs from what was assumed: it has 8 CPUs "
          "instead of 32); rank 9: planned 4, runs on 1"))
      << "rank 8 runs where it was planned";
  for (RankBinding& rank : ranks) {
    rank.bound = rank.chosen = rank.planned;
    rank.notes = {{BindingNoteKind::memory_refused, "1", "", EPERM}};
    rank.planned_cpus = rank.host_cpus;
  }
  EXPECT_THAT(render_binding_warnings(ranks),
              ElementsAre("ranks 8-15: memory is not bound to NUMA nodes 1: Operation not permitted"));
}

TEST(RenderBindingWarnings, WhatRanksDoNotShareIsSaidOfEach) {
  EXPECT_THAT(
      render_binding_warnings(
          {{0, "0", "1", "1", {}, 8, 0, 8, 0},
           {1, "1", "2", "2", {}, 8, 0, 4, 0},
           {2, "2", "2", "3", {{BindingNoteKind::cpus_refused, "", "", EPERM}}, 8, 0, 0, 0},
           {3, "3", "3", "4", {{BindingNoteKind::cpus_refused, "", "", EINVAL}}, 8, 0, 0, 0}}),
      ElementsAre(
          "rank 0: planned 0, runs on 1 (the host differs from what was assumed: its CPUs or GPUs lie "
          "otherwise)",
          "rank 1: planned 1, runs on 2 (the host differs from what was assumed: it has 4 CPUs instead of 8)",
          "rank 2: planned 2, runs on 3 (the kernel refuses to bind it there: Operation not permitted)",
          "rank 3: planned 3, runs on 4 (the kernel refuses to bind it there: Invalid argument)"));
}

TEST(RenderBindingWarnings, AHostThatIsNotAsPlannedIsSaidWhereverItsRanksRun) {
  EXPECT_THAT(
      render_binding_warnings({{0, "0-3", "0-3", "0-3", {}, 256, 4, 2, 0, true},
                               {1, "0-3", "0-3", "0-3", {}, 256, 4, 2, 0, true}}),
      ElementsAre("the host differs from its saved topology: it has 2 CPUs instead of 256 and 0 usable "
                  "GPUs instead of 4"));
  EXPECT_THAT(render_binding_warnings({{0, "0-3", "0-3", "0-3", {}, 8, 4, 8, 3}}),
              ElementsAre("the host differs from what was assumed: it has 3 usable GPUs instead of 4"));
}

}  // namespace
}  // namespace smlaunch
