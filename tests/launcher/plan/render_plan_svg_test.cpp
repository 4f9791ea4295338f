// SPDX-License-Identifier: Apache-2.0
#include "launcher/plan/render_plan_svg.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/launcher/plan/small_job.hpp"

namespace smlaunch {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(RenderPlanSvg, DrawsEveryHostWithItsRanks) {
  const std::string svg = render_plan_svg(SmallJob(2, 2, {2, 4, 1, {0, 1}, {0, 1}}).plan());
  EXPECT_THAT(svg, StartsWith("<svg xmlns=\"http://www.w3.org/2000/svg\""));
  for (const char* text : {">algo-1: 2 ranks, topology assumed<", ">algo-2: 2 ranks, topology assumed<",
                           ">rank 0<", ">rank 3<", ">GPU 1  NVIDIA H200<", ">mlx5_1<"})
    EXPECT_THAT(svg, HasSubstr(text));
}

TEST(RenderPlanSvg, AGpuAndItsNicAreJoined) {
  EXPECT_THAT(render_plan_svg(SmallJob(1, 1, {1, 4, 1, {0}, {0}}).plan()), HasSubstr("stroke=\"#a50\""));
  EXPECT_THAT(render_plan_svg(SmallJob(1, 1, {1, 4, 1, {0}, {}}).plan()), Not(HasSubstr("stroke=\"#a50\"")));
}

TEST(RenderPlanSvg, AboveSixtyFourRanksEqualHostsAreDrawnOnce) {
  const MadeUp shape{1, 8, 1, {0, 0, 0, 0, 0, 0, 0, 0}, {0}};
  EXPECT_THAT(render_plan_svg(SmallJob(8, 8, shape).plan()),
              HasSubstr(">algo-8: 8 ranks, topology assumed<"));
  const std::string folded = render_plan_svg(SmallJob(9, 8, shape).plan());
  EXPECT_THAT(
      folded,
      HasSubstr(">9 equal hosts of 8 ranks each (algo-1 to algo-9), topology assumed; the first one:<"));
  EXPECT_THAT(folded, Not(HasSubstr(">algo-9: ")));
}

}  // namespace
}  // namespace smlaunch
