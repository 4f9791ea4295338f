// SPDX-License-Identifier: Apache-2.0
#include "launcher/smoke/host_gpus.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

HostGpus gpus(int usable, int on_bus, bool module, bool nodes, const char* error) {
  return {usable, on_bus, module, nodes, error};
}

TEST(HostGpus, HostsWithoutGpusAreFine) {
  EXPECT_TRUE(judge_host_gpus({gpus(0, 0, false, false, "no libnvidia-ml.so.1"), std::nullopt}).empty());
  EXPECT_TRUE(judge_host_gpus({gpus(8, 8, true, true, ""), gpus(8, 8, true, true, "")}).empty());
}

TEST(HostGpus, DeviceNodesWithoutNvmlAreAFailure) {
  for (const bool module : {true, false})
    EXPECT_EQ(
        judge_host_gpus({gpus(0, 4, module, true, "driver/library version mismatch")}),
        (std::vector<HostFinding>{
            {{0}, true, "it has /dev/nvidia* but NVML does not work: driver/library version mismatch"}}));
}

TEST(HostGpus, AModuleWithoutDeviceNodesIsMaskedAndAWarning) {
  EXPECT_EQ(judge_host_gpus({gpus(0, 4, true, false, "no libnvidia-ml.so.1")}),
            (std::vector<HostFinding>{{{0},
                                       false,
                                       "its GPUs are masked: the NVIDIA kernel module is loaded, this "
                                       "container has no device node"}}));
}

TEST(HostGpus, AHostThatLacksWhatOthersHaveFails) {
  EXPECT_EQ(judge_host_gpus({gpus(8, 8, true, true, ""), gpus(0, 0, false, false, "x")}),
            (std::vector<HostFinding>{{{1}, true, "no GPU is found on it, but 1 other host has some"}}));
  const auto masked = judge_host_gpus({gpus(8, 8, true, true, ""), gpus(0, 8, true, false, "x")});
  ASSERT_EQ(masked.size(), 1U);
  EXPECT_TRUE(masked[0].fails);
}

TEST(HostGpus, ABusWithoutADriverIsSaid) {
  EXPECT_EQ(judge_host_gpus({gpus(0, 1, false, false, "x")}),
            (std::vector<HostFinding>{{{0}, false, "1 NVIDIA GPU is on its PCI bus, without a driver"}}));
}

}  // namespace
}  // namespace smlaunch
