// SPDX-License-Identifier: Apache-2.0
#include "topology/machine_kind.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "tests/topology/made_up_machine.hpp"

namespace smlaunch {
namespace {

const MadeUp shape = {2, 4, 2, {0, 1}, {0, 1}};

TEST(MachineKind, FactsOfASingleHostMakeNoDifference) {
  const Machine one = make_machine(shape);
  Machine other = one;
  other.host = "other";
  other.gpus[0].uuid = "GPU-other";
  other.interfaces = {{"eth0", true, {"10.0.0.2"}}};
  warn(other, {.kind = FindingKind::link_down, .subject = "mlx5_9"});
  EXPECT_TRUE(are_of_one_kind(one, other));
  MachineKinds kinds;
  EXPECT_EQ(kinds.kind_of(one), 0U);
  EXPECT_EQ(kinds.kind_of(other), 0U);
}

TEST(MachineKind, AnyOtherFactMakesADifference) {
  const std::pair<const char*, std::function<void(Machine&)>> changes[] = {
      {"cores", [](Machine& m) { m.core_cpus.pop_back(); }},
      {"a core", [](Machine& m) { m.core_cpus[3] = {3}; }},
      {"memory", [](Machine& m) { m.numa_nodes[1].memory_bytes = 0; }},
      {"a GPU's state", [](Machine& m) { m.gpus[1].usable = false; }},
      {"its place", [](Machine& m) { m.gpus[1].numa = 0; }},
      {"its PCI id", [](Machine& m) { m.gpus[1].pci = "0000:99:00.0"; }},
      {"its model", [](Machine& m) { m.gpus[1].model = "NVIDIA L4"; }},
      {"its link", [](Machine& m) { m.gpus[1].link.lanes = 8; }},
      {"a NIC's state", [](Machine& m) { m.nics[1].link_up = false; }},
      {"its slot", [](Machine& m) { m.nics[1].link.generation = 3; }},
      {"its speed", [](Machine& m) { m.nics[1].gigabits = 100; }},
      {"a nearness", [](Machine& m) { m.gpu_nic[0][1] = Nearness::NODE; }},
      {"a version", [](Machine& m) { m.versions["nccl"] = "2.18.5"; }},
      {"a quota", [](Machine& m) { m.cpu_quota = 2; }},
      {"what was looked for", [](Machine& m) { m.has_devices = false; }}};
  const Machine one = make_machine(shape);
  for (const auto& [what, change] : changes) {
    Machine other = one;
    change(other);
    EXPECT_FALSE(are_of_one_kind(one, other)) << what;
    MachineKinds kinds;
    EXPECT_EQ(kinds.kind_of(one), 0U);
    EXPECT_EQ(kinds.kind_of(other), 1U) << what;
    EXPECT_EQ(kinds.kind_of(one), 0U);
  }
}

}  // namespace
}  // namespace smlaunch
