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

TEST(Machine, ItsAllowedCpusAreThoseOfItsCores) {
  Machine machine;
  machine.core_cpus = {{4, 12}, {0, 8}, {}};
  EXPECT_EQ(allowed_cpus(machine), (IdSet{0, 4, 8, 12}));
}

}  // namespace
}  // namespace smlaunch
