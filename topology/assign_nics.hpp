// SPDX-License-Identifier: Apache-2.0
// Which NIC each GPU should use.
#pragma once

#include <optional>
#include <vector>

#include "topology/machine.hpp"

namespace smlaunch {

// NICs that carry training traffic, by index: up, and of a fabric (InfiniBand, EFA) where one of those is up.
std::vector<int> training_nics(const Machine& machine);

// For each of `gpus` (indices into Machine::gpus) a NIC: the least total distance, and of those the least
// sharing, counted as the sum over NICs of the square of its GPUs. Nothing where there is no NIC to use.
std::vector<std::optional<int>> assign_nics(const Machine& machine, const std::vector<int>& gpus);

}  // namespace smlaunch
