// SPDX-License-Identifier: Apache-2.0
#include "topology/cpu_units.hpp"

#include <algorithm>

namespace smlaunch {
namespace {

int node_of_cpu(const Machine& machine, int cpu) {
  for (const NumaNode& node : machine.numa_nodes) {
    if (std::binary_search(node.cpus.begin(), node.cpus.end(), cpu)) return node.os_index;
  }
  return -1;
}

}  // namespace

CpuUnits cpu_units_of(const Machine& machine, std::size_t ranks) {
  CpuUnits units;
  if (ranks <= machine.core_cpus.size()) {
    units.cpus = machine.core_cpus;
  } else {
    units.name = "hardware thread";
    for (const IdSet& core : machine.core_cpus) {
      for (const int cpu : core) units.cpus.push_back({cpu});
    }
  }
  std::erase_if(units.cpus, [](const IdSet& cpus) { return cpus.empty(); });
  std::map<int, int> node;
  for (const IdSet& unit : units.cpus) node[unit.front()] = node_of_cpu(machine, unit.front());
  std::stable_sort(units.cpus.begin(), units.cpus.end(),
                   [&](const IdSet& a, const IdSet& b) { return node[a.front()] < node[b.front()]; });
  for (std::size_t i = 0; i < units.cpus.size(); ++i) {
    for (const int cpu : units.cpus[i]) units.unit_of_cpu[cpu] = static_cast<int>(i);
    units.of_node[node[units.cpus[i].front()]].push_back(static_cast<int>(i));
  }
  return units;
}

}  // namespace smlaunch
