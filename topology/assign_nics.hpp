// SPDX-License-Identifier: Apache-2.0
// Which NIC each GPU should use.
#pragma once

#include <optional>
#include <vector>

#include "topology/machine.hpp"

namespace smlaunch {

// The NICs that carry training traffic: their link is up. Where a NIC of a fabric (InfiniBand,
// EFA) is up, only NICs of a fabric.
std::vector<NicIndex> training_nics(const Machine& machine);

// A NIC for each of `gpus`, with the least total distance. Among equal
// distances, with the least sharing: the sum over all NICs of the square of the number of their GPUs.
// Nothing where there is no NIC to use.
std::vector<std::optional<NicIndex>> assign_nics(const Machine& machine, const std::vector<GpuIndex>& gpus);

}  // namespace smlaunch
