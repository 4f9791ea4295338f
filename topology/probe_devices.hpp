// SPDX-License-Identifier: Apache-2.0
// GPUs and NICs as hwloc's tree shows them, and how near they are to each other.
#pragma once

#include "topology/hwloc_handle.hpp"
#include "topology/machine.hpp"

namespace smlaunch {

// Needs Machine::numa_nodes and core_cpus. `live`: this machine as it is now, so the state of links is read
// too.
void add_devices(Machine& machine, hwloc_topology_t topology, bool live);

}  // namespace smlaunch
