// SPDX-License-Identifier: Apache-2.0
// Answers on topologies of real machines, where they are at hand beside the project.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/source_dir.hpp"
#include "topology/layout.hpp"
#include "topology/machine_json.hpp"

namespace smlaunch {
namespace {

using testing::Contains;
using testing::Each;
using testing::ElementsAre;

Machine machine(const char* name) {
  const auto read = read_machine_file(source_dir() / "tests/golden/topologies" / name);
  EXPECT_TRUE(read.has_value()) << name;
  return read.value_or(Machine{});
}

std::vector<std::string> nics_of(const Machine& machine, int ranks) {
  std::vector<std::string> names;
  for (const auto& each : place_on_machine(machine, ranks, BindPolicy::automatic)) {
    names.push_back(each->nic ? machine.nic(*each->nic).name + " " + to_string(each->nic_path) : "none");
  }
  return names;
}

std::vector<std::string> nodes_of(const Machine& machine, int ranks) {
  std::vector<std::string> nodes;
  for (const auto& each : place_on_machine(machine, ranks, BindPolicy::automatic))
    nodes.push_back(to_string(each->numa));
  return nodes;
}

TEST(RealMachine, TurinsGpusAreOnNodesOneTwoSixSevenWithANicEach) {
  const Machine turin = machine("turin-4xh200-nvml.xml");
  EXPECT_EQ(turin.packages, 2);
  EXPECT_EQ(turin.cores, 128);
  EXPECT_EQ(turin.processing_units, 256);
  EXPECT_EQ(turin.usable_gpus(), 4);
  EXPECT_EQ(turin.gpus[0].uuid, "GPU-46f77619-68bf-8f9d-7cfb-61fa9c4ca692");
  EXPECT_THAT(nodes_of(turin, 4), ElementsAre("1", "2", "6", "7"));
  EXPECT_THAT(nics_of(turin, 4), ElementsAre("mlx5_0 PXB", "mlx5_3 PXB", "mlx5_4 PXB", "mlx5_5 PXB"));
  EXPECT_THAT(turin.gpu_gpu[0], ElementsAre("X", "NV6", "NV6", "NV6"));
  for (const NumaNode& node : turin.numa_nodes) EXPECT_EQ(node.package, node.os_index / 4);
  const auto placed = place_on_machine(turin, 4, BindPolicy::automatic);
  EXPECT_EQ(to_string(placed[0]->cpus), "16-31,144-159");
  EXPECT_EQ(placed[0]->why, "Has all 16 cores of NUMA node 1, where its GPU is; NIC mlx5_0 (PXB).");
}

TEST(RealMachine, TurinsManagementNicsAreNeverChosen) {
  const Machine turin = machine("turin-4xh200-nvml.xml");
  for (std::size_t nic = 0; nic < turin.nics.size(); ++nic) {
    if (turin.nics[nic].name != "mlx5_1" && turin.nics[nic].name != "mlx5_2") continue;
    EXPECT_EQ(turin.nics[nic].kind, NicKind::ethernet);
    for (const auto& row : turin.gpu_nic) EXPECT_GE(row[nic], Nearness::NODE);
  }
  EXPECT_THAT(nics_of(turin, 8), testing::Not(Contains(testing::HasSubstr("mlx5_1"))));
}

TEST(RealMachine, TurinWithoutADriverShowsItsGpusAsUnusable) {
  const Machine turin = machine("turin-4xh200-nodriver.xml");
  EXPECT_EQ(turin.gpus.size(), 4U);
  EXPECT_EQ(turin.usable_gpus(), 0);
  EXPECT_EQ(turin.gpus[0].pci, "0000:06:00.0");
  EXPECT_EQ(turin.gpus[0].unusable_because, UnusableReason{UnusableKind::unknown_when_saved});
  EXPECT_THAT(nodes_of(turin, 4), ElementsAre("0-1", "2-3", "4-5", "6-7"));
}

TEST(RealMachine, HalfOfG4dnsGpusAreFarFromItsOnlyFabricNic) {
  const Machine g4dn = machine("g4dn-metal-8xt4-efa.xml");
  const auto nics = nics_of(g4dn, 8);
  EXPECT_THAT(nics, ElementsAre("rdmap197s0 SYS", "rdmap197s0 SYS", "rdmap197s0 SYS", "rdmap197s0 SYS",
                                "rdmap197s0 NODE", "rdmap197s0 NODE", "rdmap197s0 NODE", "rdmap197s0 NODE"));
  EXPECT_EQ(place_on_machine(g4dn, 8, BindPolicy::automatic)[0]->why,
            "Has 6 of the 24 cores of NUMA node 0, where its GPU is; NIC rdmap197s0 (SYS, none is nearer) "
            "shared with 7 "
            "other GPUs.");
}

TEST(RealMachine, Dgx2HasFewerHardwareThreadsThanRanks) {
  const Machine dgx2 = machine("dgx2-16xv100.xml");
  EXPECT_EQ(dgx2.usable_gpus(), 16);
  EXPECT_EQ(dgx2.processing_units, 4);
  EXPECT_THAT(dgx2.gpu_gpu[3], Contains("NV6").Times(15));
  const auto placed = place_on_machine(dgx2, 16, BindPolicy::automatic);
  for (std::size_t rank = 0; rank < placed.size(); ++rank) {
    EXPECT_EQ(placed[rank]->gpu, GpuIndex{static_cast<int>(rank)});
    EXPECT_EQ(to_string(placed[rank]->numa), rank < 8 ? "0" : "1");
    EXPECT_EQ(placed[rank]->why,
              "Shares a hardware thread with other ranks, because 16 ranks meet 4 hardware threads.");
  }
}

TEST(RealMachine, PascalsGpusShareANicBehindTheirSwitch) {
  const Machine pascal = machine("pascal-2xp100.xml");
  EXPECT_THAT(nics_of(pascal, 2), Each("mlx5_0 PIX"));
  EXPECT_THAT(nodes_of(pascal, 2), ElementsAre("0", "0"));
}

TEST(RealMachine, EveryMachineSurvivesItsJson) {
  for (const char* name : {"turin-4xh200-nvml.xml", "turin-4xh200-nodriver.xml", "g4dn-metal-8xt4-efa.xml",
                           "dgx2-16xv100.xml", "pascal-2xp100.xml"}) {
    const Machine before = machine(name);
    const auto after = parse_machine_json(render_machine_json(before), name);
    ASSERT_TRUE(after.has_value());
    EXPECT_EQ(*after, before) << name;
  }
}

TEST(RealMachine, ThePrintedMachineIsReadAgain) {
  for (const char* name : {"turin-4xh200-nvml.xml", "turin-4xh200-nodriver.xml", "dgx2-16xv100.xml",
                           "g4dn-metal-8xt4-efa.xml", "pascal-2xp100.xml"}) {
    const Machine read = machine(name);
    const auto again = parse_machine_json(render_machine_json(read), name);
    ASSERT_TRUE(again.has_value()) << name << ": " << again.error().problems[0].what;
    EXPECT_EQ(*again, read) << name;
  }
}

}  // namespace
}  // namespace smlaunch
