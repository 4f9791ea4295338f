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

std::size_t occurrences(const std::string& text, const std::string& what) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

TEST(RenderPlanSvg, DrawsEveryHostWithItsRanks) {
  const std::string svg = render_plan_svg(SmallJob(2, 2, {2, 4, 1, {0, 1}, {0, 1}}).plan());
  EXPECT_THAT(svg, StartsWith("<svg xmlns=\"http://www.w3.org/2000/svg\""));
  for (const char* text :
       {">algo-1: 2 ranks, assumed to be like this machine<",
        ">algo-2: 2 ranks, assumed to be like this machine<", ">rank 0<", ">rank 3<", ">GPU 1<", ">mlx5_1<"})
    EXPECT_THAT(svg, HasSubstr(text));
  EXPECT_EQ(occurrences(svg, "so many NVLinks"), 1U)
      << "what is near what is shown once for a kind of machine";
  EXPECT_EQ(occurrences(svg, ">3</text>"), 4U) << "each core says whose it is";
}

TEST(RenderPlanSvg, AGpuAndItsNicAreJoinedOrTheFarOneIsNamed) {
  const auto svg = [](const MadeUp& shape) { return render_plan_svg(SmallJob(1, 1, shape).plan()); };
  EXPECT_THAT(svg({1, 4, 1, {0}, {0}}), HasSubstr("stroke=\"#b4651a\""));
  EXPECT_THAT(svg({1, 4, 1, {0}, {}}), Not(HasSubstr("stroke=\"#b4651a\"")));
  EXPECT_THAT(svg({2, 4, 1, {0}, {1}}), Not(HasSubstr("stroke=\"#b4651a\"")));
  EXPECT_THAT(svg({2, 4, 1, {0}, {1}}), HasSubstr(">SYS to mlx5_0  NVIDIA H200"));
}

TEST(RenderPlanSvg, ACoreOfSeveralRanksShowsThemAll) {
  const std::string svg = render_plan_svg(SmallJob(1, 3, {1, 1, 1, {}, {}}).plan());
  EXPECT_THAT(svg, HasSubstr(">0 1 2</text>"));
  for (const char* colour : {"#4e79a7", "#f28e2b", "#59a14f"})
    EXPECT_EQ(occurrences(svg, std::string("height=\"9\" fill=\"") + colour), 1U) << colour;
  EXPECT_THAT(render_plan_svg(SmallJob(1, 12, {1, 1, 1, {}, {}}).plan()), HasSubstr(">12 ranks</text>"));
}

TEST(RenderPlanSvg, ManyRanksAreToldApartByTheirNumbers) {
  const std::string svg = render_plan_svg(SmallJob(1, 30, {2, 16, 1, {}, {}}).plan());
  for (int rank = 0; rank < 30; ++rank) {
    EXPECT_THAT(svg, HasSubstr(fmt::format("font-weight=\"bold\" text-anchor=\"middle\">{}</text>", rank)));
    EXPECT_THAT(svg, HasSubstr(fmt::format(">rank {}<", rank)));
  }
}

TEST(RenderPlanSvg, RanksThatAreNotBoundAreSaid) {
  SmallJob job(1, 3, {1, 4, 1, {}, {}});
  job.spec.bind = BindPolicy::none;
  EXPECT_THAT(render_plan_svg(job.plan()), HasSubstr(">ranks 0-2: any core<"));
}

TEST(RenderPlanSvg, AboveSixtyFourRanksEqualHostsAreDrawnOnce) {
  const MadeUp shape{1, 8, 1, {0, 0, 0, 0, 0, 0, 0, 0}, {0}};
  EXPECT_THAT(render_plan_svg(SmallJob(8, 8, shape).plan()), HasSubstr(">algo-8: 8 ranks, "));
  SmallJob job(9, 8, shape);
  job.cluster.hosts[{0}].source = TopologySource::probed;
  const std::string folded = render_plan_svg(job.plan());
  EXPECT_THAT(folded, HasSubstr(">9 equal hosts of 8 ranks each (algo-1 to algo-9), probed (this machine), 8 "
                                "hosts assumed to be like it; the first one:<"));
  EXPECT_THAT(folded, Not(HasSubstr(">algo-9: ")));
}

}  // namespace
}  // namespace smlaunch
