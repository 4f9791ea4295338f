// SPDX-License-Identifier: Apache-2.0
// Machines of regular shape, for tests.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <vector>

#include "topology/machine.hpp"

namespace smlaunch {

// Every node is a package. Cores are numbered through the nodes; second hardware threads follow all first
// ones, as Linux has it. GPUs and NICs lie on the nodes that are named; a GPU and a NIC of one node are PIX,
// others SYS.
struct MadeUp {
  int nodes = 1;
  int cores_per_node = 4;
  int threads_per_core = 1;
  std::vector<int> gpu_nodes;
  std::vector<int> nic_nodes;
};

inline Machine make_machine(const MadeUp& shape) {
  Machine machine;
  machine.host = "made-up";
  machine.packages = shape.nodes;
  machine.cores = shape.nodes * shape.cores_per_node;
  machine.processing_units = machine.cores * shape.threads_per_core;
  for (int node = 0; node < shape.nodes; ++node) {
    NumaNode& added = machine.numa_nodes.emplace_back();
    added.os_index = node;
    added.package = node;
    added.memory_bytes = std::uint64_t{1} << 34U;
    for (int core = node * shape.cores_per_node; core < (node + 1) * shape.cores_per_node; ++core) {
      IdSet& cpus = machine.core_cpus.emplace_back();
      for (int thread = 0; thread < shape.threads_per_core; ++thread)
        cpus.push_back(core + thread * machine.cores);
      added.cpus = united(added.cpus, cpus);
    }
  }
  for (const int node : shape.nic_nodes) {
    Nic& nic = machine.nics.emplace_back();
    nic.name = fmt::format("mlx5_{}", machine.nics.size() - 1);
    nic.kind = NicKind::infiniband;
    nic.numa = node;
  }
  for (const int node : shape.gpu_nodes) {
    Gpu gpu;
    gpu.index = static_cast<int>(machine.gpus.size());
    gpu.model = "NVIDIA H200";
    gpu.pci = fmt::format("0000:{:02x}:00.0", 16 * (gpu.index + 1));
    gpu.uuid = fmt::format("GPU-{}", gpu.index);
    gpu.numa = node;
    gpu.cpus = machine.numa_nodes[static_cast<std::size_t>(node)].cpus;
    machine.gpus.push_back(gpu);
    auto& row = machine.gpu_nic.emplace_back();
    for (const int nic_node : shape.nic_nodes)
      row.push_back(nic_node == node ? Nearness::PIX : Nearness::SYS);
  }
  machine.gpu_gpu.assign(machine.gpus.size(), std::vector<std::string>(machine.gpus.size(), "NV18"));
  for (std::size_t i = 0; i < machine.gpus.size(); ++i) machine.gpu_gpu[i][i] = "X";
  return machine;
}

}  // namespace smlaunch
