// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "topology/machine.hpp"

namespace smlaunch {

// A picture of the machine: each NUMA node a box with its cores, GPUs and NICs; lines where NVLink joins
// GPUs.
std::string render_topology_svg(const Machine& machine);

}  // namespace smlaunch
