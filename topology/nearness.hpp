// SPDX-License-Identifier: Apache-2.0
// How near two PCI devices are, worked out from their places in the tree of bridges.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "topology/machine.hpp"

namespace smlaunch {

// Where a PCI device hangs.
struct PciPlace {
  std::vector<unsigned long long> bridges;  // ids from the host bridge down to the device's own port
  std::optional<int> numa;
  std::optional<int> package;
};

Nearness nearness(const PciPlace& a, const PciPlace& b);

// The first makes Machine::gpu_nic; the second Machine::nic_nic, and Machine::gpu_gpu as far as PCI tells
// (NVLink is added where it is known).
std::vector<std::vector<Nearness>> gpu_nic_nearness(const std::vector<PciPlace>& gpus,
                                                    const std::vector<PciPlace>& nics);
std::vector<std::vector<std::string>> nearness_among(const std::vector<PciPlace>& devices);

}  // namespace smlaunch
