// SPDX-License-Identifier: Apache-2.0
#include "topology/machine.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

TEST(Machine, ItsWordsAreReadAsTheyAreWritten) {
  const Nearness all[] = {Nearness::PIX, Nearness::PXB, Nearness::PHB, Nearness::NODE, Nearness::SYS};
  const char* words[] = {"PIX", "PXB", "PHB", "NODE", "SYS"};
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(to_string(all[i]), words[i]);
    EXPECT_EQ(parse_nearness(words[i]), all[i]);
  }
  for (const NicKind kind : {NicKind::ethernet, NicKind::infiniband, NicKind::efa}) {
    EXPECT_EQ(parse_nic_kind(to_string(kind)), kind);
  }
  EXPECT_EQ(to_string(NicKind::efa), "efa");
  EXPECT_EQ(parse_nearness("pix"), std::nullopt);
  EXPECT_EQ(parse_nearness(""), std::nullopt);
  EXPECT_EQ(parse_nic_kind("roce"), std::nullopt);
}

TEST(Machine, CountsTheGpusAJobCanUse) {
  Machine machine;
  EXPECT_EQ(machine.usable_gpus(), 0);
  machine.gpus.resize(3);
  machine.gpus[1].usable = false;
  EXPECT_EQ(machine.usable_gpus(), 2);
}

TEST(Machine, WarnsOfGpusThatCannotBeUsedAndOfWhatWasFound) {
  Machine machine;
  EXPECT_TRUE(machine_warnings(machine).empty());
  machine.gpus.resize(4);
  for (int i = 0; i < 4; ++i) {
    Gpu& gpu = machine.gpus[static_cast<std::size_t>(i)];
    gpu.index = i;
    if (i < 3) gpu.pci = "0000:0" + std::to_string(i) + ":00.0";
    gpu.usable = i == 0;
    if (i == 1) gpu.unusable_because = {UnusableKind::off_the_bus};
    if (i > 1) gpu.unusable_because = {UnusableKind::other, "no driver"};
  }
  machine.findings = {{.kind = FindingKind::link_down, .subject = "eth1"}};
  warn(machine, {.subject = "the quota is small"});
  EXPECT_EQ(sentences_of(machine_warnings(machine)),
            (std::vector<std::string>{
                "1 of its 4 GPUs cannot be used (0000:01:00.0): it has fallen off the PCI bus",
                "2 of its 4 GPUs cannot be used (0000:02:00.0, GPU 3): no driver", "the quota is small"}));
  EXPECT_EQ(sentences_of(machine.findings),
            (std::vector<std::string>{"the link of eth1 is down", "the quota is small"}));
}

TEST(Machine, ItsAllowedCpusAreThoseOfItsCores) {
  Machine machine;
  machine.core_cpus = {{4, 12}, {0, 8}, {}};
  EXPECT_EQ(allowed_cpus(machine), (IdSet{0, 4, 8, 12}));
}

}  // namespace
}  // namespace smlaunch
