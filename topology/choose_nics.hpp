// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "topology/machine.hpp"
#include "topology/nearness.hpp"

namespace smlaunch {

// The NIC of a GPU, how near it is, and the words for it.
struct ChosenNic {
  std::optional<NicIndex> nic = {};  // nothing: no NIC can be used
  Nearness path = Nearness::SYS;
  std::string why = {};  // "NIC mlx5_0 (PIX)"; empty: the machine has no NIC
};

// For each of `gpus`: the NIC that assign_nics() gives it.
std::vector<ChosenNic> choose_nics(const Machine& machine, const std::vector<GpuIndex>& gpus);

}  // namespace smlaunch
