// SPDX-License-Identifier: Apache-2.0
#include "topology/nearness.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

struct Case {
  const char* name;
  PciPlace a;
  PciPlace b;
  Nearness expected;
};

TEST(Nearness, IsWhatTheWayBetweenTwoDevicesLeadsThrough) {
  const Case cases[] = {
      {"two functions of one device", {{1, 2}, 0, 0}, {{1, 2}, 0, 0}, Nearness::PIX},
      {"two ports of one switch", {{1, 2, 3, 4}, 0, 0}, {{1, 2, 3, 5}, 0, 0}, Nearness::PIX},
      {"a port of a switch behind the other's switch",
       {{1, 2, 3, 4}, 0, 0},
       {{1, 2, 3, 5, 6, 7}, 0, 0},
       Nearness::PXB},
      {"two switches of one root port", {{1, 2, 3, 4}, 0, 0}, {{1, 2, 5, 6}, 0, 0}, Nearness::PXB},
      {"two ports of one host bridge", {{1, 2}, 0, 0}, {{1, 3}, 0, 0}, Nearness::PHB},
      {"no bridge between device and host bridge", {{1}, 0, 0}, {{1}, 0, 0}, Nearness::PHB},
      {"two host bridges of one NUMA node", {{1, 2}, 0, 0}, {{3, 4}, 0, 1}, Nearness::NODE},
      {"two NUMA nodes of one package", {{1, 2}, 0, 0}, {{3, 4}, 1, 0}, Nearness::NODE},
      {"two packages", {{1, 2}, 0, 0}, {{3, 4}, 1, 1}, Nearness::SYS},
      {"places that are unknown",
       {{1, 2}, std::nullopt, std::nullopt},
       {{3}, std::nullopt, std::nullopt},
       Nearness::SYS},
      {"no bridges at all", {{}, 0, 0}, {{}, 0, 0}, Nearness::NODE},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(nearness(each.a, each.b), each.expected) << each.name;
    EXPECT_EQ(nearness(each.b, each.a), each.expected) << each.name << ", the other way";
  }
}

TEST(Nearness, MatricesHaveARowForEachGpu) {
  const std::vector<PciPlace> gpus = {{{1, 2}, 0, 0}, {{3, 4}, 1, 1}};
  const std::vector<PciPlace> nics = {{{1, 5}, 0, 0}};
  EXPECT_EQ(gpu_nic_nearness(gpus, nics),
            (std::vector<std::vector<Nearness>>{{Nearness::PHB}, {Nearness::SYS}}));
  EXPECT_EQ(nearness_among(gpus), (std::vector<std::vector<std::string>>{{"X", "SYS"}, {"SYS", "X"}}));
  EXPECT_TRUE(gpu_nic_nearness({}, nics).empty());
}

}  // namespace
}  // namespace smlaunch
