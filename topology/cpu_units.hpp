// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <vector>

#include "topology/id_set.hpp"
#include "topology/machine.hpp"

namespace smlaunch {

// The CPUs to divide among ranks: whole cores, or hardware threads where there are more ranks than cores.
struct CpuUnits {
  std::vector<IdSet> cpus;  // per unit, in NUMA order
  const char* name = "core";
  std::map<int, int> unit_of_cpu;
  std::map<int, IdSet> of_node;  // OS index of a NUMA node (-1: in no node) -> its units
};

// The units of a machine for so many ranks.
CpuUnits cpu_units_of(const Machine& machine, std::size_t ranks);

}  // namespace smlaunch
