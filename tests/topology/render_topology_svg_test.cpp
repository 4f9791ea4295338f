// SPDX-License-Identifier: Apache-2.0
#include "topology/render_topology_svg.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/topology/made_up_machine.hpp"

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

TEST(RenderTopologySvg, DrawsEveryNodeCoreGpuAndNic) {
  const std::string svg = render_topology_svg(make_machine({2, 3, 1, {0, 1, 1}, {0}}));
  EXPECT_THAT(svg, StartsWith("<svg xmlns=\"http://www.w3.org/2000/svg\""));
  EXPECT_EQ(occurrences(svg, "<rect x="), 2U + 6U + 3U + 1U);
  EXPECT_EQ(occurrences(svg, "<line "), 3U) << "each pair of GPUs is joined by NVLink";
  EXPECT_THAT(svg, HasSubstr(">NUMA 1  16 GiB<"));
  EXPECT_THAT(svg, HasSubstr(">GPU 2  NVIDIA H200<"));
  EXPECT_THAT(svg, HasSubstr(">mlx5_0<"));
  EXPECT_THAT(svg, Not(HasSubstr("near no NUMA node")));
}

TEST(RenderTopologySvg, DevicesWithoutAPlaceGetABoxOfTheirOwnAndTextIsEscaped) {
  Machine machine = make_machine({1, 1, 1, {0}, {}});
  machine.gpus[0].numa.reset();
  machine.gpus[0].model = "<A & \"B\">";
  const std::string svg = render_topology_svg(machine);
  EXPECT_THAT(svg, HasSubstr("near no NUMA node that is known"));
  EXPECT_THAT(svg, HasSubstr("GPU 0  &lt;A &amp; &quot;B&quot;&gt;"));
}

}  // namespace
}  // namespace smlaunch
