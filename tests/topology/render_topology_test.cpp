// SPDX-License-Identifier: Apache-2.0
#include "topology/render_topology.hpp"

#include <gtest/gtest.h>

#include "tests/topology/made_up_machine.hpp"

namespace smlaunch {
namespace {

TEST(RenderTopology, ShowsTablesAndTheMatrix) {
  Machine machine = make_machine({2, 2, 2, {1, 0}, {0}});
  machine.gpus[0].memory_bytes = std::uint64_t{141} << 30U;
  machine.gpus[1].usable = false;
  machine.gpus[1].unusable_because = {UnusableKind::left_out};
  machine.gpus[1].numa.reset();
  machine.gpus[1].cpus.clear();
  machine.nics[0].link_up = false;
  machine.nics[0].pci = "0000:05:00.0";
  machine.nic_nic = {{"X"}};
  machine.findings = {{.kind = FindingKind::link_down, .subject = "mlx5_0"}};
  warn(machine, {.subject = "the driver cannot reach GPU 2"});
  EXPECT_EQ(render_topology(machine), R"(made-up: 2 packages, 2 NUMA nodes, 4 cores, 8 hardware threads

NUMA  CPUs     memory
0     0-1,4-5  16.0 GiB
1     2-3,6-7  16.0 GiB

GPU  model        PCI           NUMA  memory     UUID
0    NVIDIA H200  0000:10:00.0  1     141.0 GiB  GPU-0
1    NVIDIA H200  0000:20:00.0  -     -          not usable: CUDA_VISIBLE_DEVICES leaves it out

NIC     kind        PCI           NUMA  link
mlx5_0  infiniband  0000:05:00.0  0     down

        GPU0  GPU1  mlx5_0  CPUs near  NUMA
GPU0    X     NV18  SYS     2-3,6-7    1
GPU1    NV18  X     PIX     -          -
mlx5_0  SYS   PIX   X

NV# so many NVLinks; PIX one PCIe switch; PXB several; PHB the CPU's PCIe root; NODE two roots of one socket
or NUMA node; SYS between sockets

note: the link of mlx5_0 is down
warning: the driver cannot reach GPU 2
)");
}

TEST(RenderTopology, NamesTheNvlinkDomainWhereThereIsOne) {
  Machine machine = make_machine({1, 1, 1, {0}, {}});
  EXPECT_EQ(render_topology(machine).find("NVLink domain"), std::string::npos);
  machine.gpus[0].domain = NvlinkDomain{.cluster = "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f", .clique = 2};
  const std::string text = render_topology(machine);
  EXPECT_NE(
      text.find("\nNVLink domain 0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f, clique 2: NVLinks join the GPUs of its "
                "hosts\n"),
      std::string::npos)
      << text;
}

TEST(RenderTopology, WhatNicsAreToEachOtherMayBeUnknown) {
  const std::string text = render_topology(make_machine({1, 1, 1, {0}, {0, 0}}));
  EXPECT_NE(text.find("mlx5_1  PIX   -       -\n"), std::string::npos) << text;
}

TEST(RenderTopology, PackagesThatAreNotKnownAreNotCounted) {
  Machine machine = make_machine({1, 1, 1, {}, {}});
  machine.packages = 0;
  EXPECT_TRUE(render_topology(machine).starts_with("made-up: 1 NUMA node, 1 core, 1 hardware thread\n"));
}

TEST(RenderTopology, AMachineWithoutDevicesIsShort) {
  EXPECT_EQ(render_topology(make_machine({1, 1, 1, {}, {}})),
            R"(made-up: 1 package, 1 NUMA node, 1 core, 1 hardware thread

NUMA  CPUs  memory
0     0     16.0 GiB

no GPU

no NIC on the PCI bus
)");
}

}  // namespace
}  // namespace smlaunch
