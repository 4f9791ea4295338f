// SPDX-License-Identifier: Apache-2.0
#include "topology/with_gpus.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/topology/made_up_machine.hpp"

namespace smlaunch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Machine three_gpus() {
  Machine machine = make_machine({2, 4, 1, {0, 1, 1}, {0, 1}});
  machine.gpu_gpu = {{"X", "NV1", "NV2"}, {"NV1", "X", "NV3"}, {"NV2", "NV3", "X"}};
  machine.gpus[1].usable = false;
  return machine;
}

TEST(WithGpus, FewerGpusAreTheFirstUsableOnes) {
  const Machine machine = with_gpus(three_gpus(), 1);
  ASSERT_EQ(machine.gpus.size(), 1U);
  EXPECT_EQ(machine.gpus[0], three_gpus().gpus[0]);
  EXPECT_EQ(machine.nics, three_gpus().nics);
  EXPECT_THAT(machine.gpu_nic, ElementsAre(ElementsAre(Nearness::PIX, Nearness::SYS)));
  EXPECT_THAT(machine.gpu_gpu, ElementsAre(ElementsAre("X")));
}

TEST(WithGpus, TheUsableGpusAreKept) {
  const Machine machine = with_gpus(three_gpus(), 2);
  EXPECT_EQ(machine.gpus[1], three_gpus().gpus[2]);
  EXPECT_THAT(machine.gpu_gpu, ElementsAre(ElementsAre("X", "NV2"), ElementsAre("NV2", "X")));
  EXPECT_THAT(machine.gpu_nic[1], ElementsAre(Nearness::SYS, Nearness::PIX));
}

TEST(WithGpus, MissingGpusAreAddedWithoutAPlace) {
  const Machine machine = with_gpus(three_gpus(), 4);
  ASSERT_EQ(machine.usable_gpus(), 4);
  EXPECT_EQ(machine.gpus[2].index, 3);
  EXPECT_EQ(machine.gpus[3].index, 4);
  EXPECT_EQ(machine.gpus[3].numa, std::nullopt);
  EXPECT_THAT(machine.gpus[3].pci, IsEmpty());
  EXPECT_THAT(machine.gpu_gpu[3], ElementsAre("SYS", "SYS", "SYS", "X"));
  EXPECT_THAT(machine.gpu_nic[3], ElementsAre(Nearness::SYS, Nearness::SYS));
}

TEST(WithGpus, ZeroGpusLeaveNone) {
  const Machine machine = with_gpus(three_gpus(), 0);
  EXPECT_THAT(machine.gpus, IsEmpty());
  EXPECT_THAT(machine.gpu_nic, IsEmpty());
  EXPECT_THAT(machine.gpu_gpu, IsEmpty());
}

TEST(WithGpus, AMachineWithoutDevicesGetsThemToo) {
  const Machine machine = with_gpus(Machine{}, 2);
  EXPECT_EQ(machine.usable_gpus(), 2);
  EXPECT_EQ(machine.gpus[1].index, 1);
  EXPECT_THAT(machine.gpu_gpu, ElementsAre(ElementsAre("X", "SYS"), ElementsAre("SYS", "X")));
}

}  // namespace
}  // namespace smlaunch
