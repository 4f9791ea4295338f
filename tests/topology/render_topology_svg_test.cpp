// SPDX-License-Identifier: Apache-2.0
#include "topology/render_topology_svg.hpp"

#include <gtest/gtest.h>

#include "tests/topology/made_up_machine.hpp"

namespace smlaunch {
namespace {

std::size_t occurrences(const std::string& text, const std::string& what) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

bool has(const std::string& text, const std::string& what) { return occurrences(text, what) > 0; }

int number_behind(const std::string& text, const std::string& what) {
  return std::stoi(text.substr(text.find(what) + what.size()));
}

constexpr const char* device = "height=\"24\" rx=\"3\"";
constexpr const char* core = "height=\"17\" rx=\"2\"";

TEST(RenderTopologySvg, DrawsPackagesWithNodesWithCoresAndDevices) {
  const std::string svg = render_topology_svg(make_machine({2, 3, 1, {0, 1, 1}, {0}}));
  EXPECT_TRUE(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
  for (const char* text :
       {">made-up<", ">2 packages, 2 NUMA nodes, 6 cores, 6 hardware threads<", ">Package 0<", ">Package 1<",
        ">NUMA 1<", ">16 GiB<", ">CPUs 3-5<", ">GPU 2<", ">NVIDIA H200  30:00.0<", ">mlx5_0<"})
    EXPECT_TRUE(has(svg, text)) << text;
  EXPECT_EQ(occurrences(svg, core), 6U);
  EXPECT_EQ(occurrences(svg, device), 4U);
  EXPECT_FALSE(has(svg, "near no known NUMA node"));
  EXPECT_LT(svg.find(">Package 0<"), svg.find(">NUMA 0<"));
  EXPECT_LT(svg.find(">NUMA 0<"), svg.find(">mlx5_0<"));
  EXPECT_LT(svg.find(">mlx5_0<"), svg.find(">Package 1<")) << "a device is drawn in its node";
  EXPECT_LT(svg.find(">Package 1<"), svg.find(">GPU 1<"));
}

TEST(RenderTopologySvg, SaysHowNearThingsAreBesideLinesAndInATable) {
  Machine machine = make_machine({1, 1, 1, {0, 0}, {0}});
  machine.nic_nic = {{"X"}};
  machine.gpu_nic[1][0] = Nearness::PHB;
  const std::string svg = render_topology_svg(machine);
  EXPECT_EQ(occurrences(svg, ">PIX</text>"), 3U) << "beside its line, and twice in the table";
  EXPECT_EQ(occurrences(svg, ">PHB</text>"), 3U);
  EXPECT_EQ(occurrences(svg, ">NV18</text>"), 2U);
  EXPECT_EQ(occurrences(svg, ">X</text>"), 3U);
  EXPECT_TRUE(has(svg, "NODE two roots of one socket or NUMA node"));
  machine.gpu_nic = {{Nearness::SYS}, {Nearness::SYS}};
  EXPECT_FALSE(has(render_topology_svg(machine), "<line ")) << "what is far is only in the table";
  EXPECT_FALSE(has(render_topology_svg(make_machine({1, 1, 1, {}, {0}})), "NVLinks"));
}

TEST(RenderTopologySvg, NoLineCrossesItsWord) {
  const std::string svg = render_topology_svg(make_machine({1, 1, 1, {0}, {0}}));
  const std::string tag = svg.substr(0, svg.find(">PIX</text>"));
  const int middle = number_behind(tag.substr(tag.rfind("<text ")), "x=\"");
  const int base = number_behind(tag.substr(tag.rfind("<text ")), "y=\"");
  for (std::size_t at = svg.find("<line "); at != std::string::npos; at = svg.find("<line ", at + 1)) {
    const std::string line = svg.substr(at, svg.find("/>", at) - at);
    const bool is_level = number_behind(line, "y1=\"") == number_behind(line, "y2=\"");
    const bool beside =
        number_behind(line, "x2=\"") < middle - 10 || number_behind(line, "x1=\"") > middle + 10;
    const bool below = number_behind(line, "y1=\"") > base;
    EXPECT_TRUE(beside || (is_level && below)) << line;
  }
}

TEST(RenderTopologySvg, DevicesWithoutAPlaceGetABoxOfTheirOwnAndTextIsEscaped) {
  Machine machine = make_machine({1, 1, 1, {0}, {}});
  machine.gpus[0].numa.reset();
  machine.gpus[0].model = "<A & \"B\">";
  machine.host = "h\x01st\xff";
  const std::string svg = render_topology_svg(machine);
  EXPECT_TRUE(has(svg, "PCI devices near no known NUMA node"));
  EXPECT_TRUE(has(svg, "&lt;A &amp; &quot;B&quot;&gt;"));
  EXPECT_TRUE(has(svg, "h\xef\xbf\xbdst\xef\xbf\xbd"));
}

TEST(RenderTopologySvg, WhereThePackagesAreNotKnownThereIsNoBoxForThem) {
  Machine machine = make_machine({2, 1, 1, {}, {}});
  for (NumaNode& node : machine.numa_nodes) node.package.reset();
  machine.packages = 0;
  const std::string svg = render_topology_svg(machine);
  EXPECT_FALSE(has(svg, ">Package "));
  EXPECT_TRUE(has(svg, ">2 NUMA nodes, 2 cores, "));
  EXPECT_TRUE(has(svg, ">NUMA 1<"));
}

TEST(RenderTopologySvg, IsAsWideAsItsTitle) {
  Machine machine = make_machine({1, 1, 1, {}, {}});
  machine.host = std::string(300, 'h');
  const std::string svg = render_topology_svg(machine);
  EXPECT_TRUE(has(svg, ">" + machine.host + "<"));
  EXPECT_GT(number_behind(svg, " width=\""), 300 * 9);
}

TEST(RenderTopologySvg, AnUnusableGpuAndALinkThatIsDownAreSeen) {
  Machine machine = make_machine({1, 1, 1, {0}, {0}});
  machine.gpus[0].usable = false;
  machine.nics[0].link_up = false;
  const std::string svg = render_topology_svg(machine);
  EXPECT_TRUE(has(svg, ">not usable<"));
  EXPECT_TRUE(has(svg, ">link down<"));
}

}  // namespace
}  // namespace smlaunch
