// SPDX-License-Identifier: Apache-2.0
#include "topology/node_boxes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <map>

namespace smlaunch {
namespace {

constexpr std::size_t most_rails = 4;

std::string memory_text(std::uint64_t bytes) {
  const double gib = static_cast<double>(bytes) / static_cast<double>(1U << 30U);
  if (bytes == 0) return "no memory";
  return gib < 10 ? fmt::format("{:.1f} GiB", gib) : fmt::format("{:.0f} GiB", gib);
}

NodeBox box_of(const Machine& machine, const NumaNode& node) {
  NodeBox box;
  box.numa = node.os_index;
  box.title = fmt::format("NUMA {}", node.os_index);
  box.memory = memory_text(node.memory_bytes);
  box.cpus = node.cpus;
  for (std::size_t core = 0; core < machine.core_cpus.size(); ++core)
    if (!intersection(machine.core_cpus[core], node.cpus).empty())
      box.cores.push_back(static_cast<int>(core));
  return box;
}

Nearness nearest_nic(const Machine& machine, GpuIndex gpu) {
  Nearness nearest = Nearness::SYS;
  for (const NicIndex nic : machine.nic_indices()) nearest = std::min(nearest, machine.nearness(gpu, nic));
  return nearest;
}

// The plan's choice; without a plan, the nearest NICs that share a switch or a root with the GPU.
bool are_joined(const Machine& machine, const DrawingMarks& marks, GpuIndex gpu, NicIndex nic) {
  if (!marks.gpu_nics.empty()) {
    const auto chosen = marks.gpu_nics.find(gpu);
    return chosen != marks.gpu_nics.end() && chosen->second == nic;
  }
  const Nearness nearest = nearest_nic(machine, gpu);
  return nearest <= Nearness::PHB && machine.nearness(gpu, nic) == nearest;
}

void add_rails(const Machine& machine, const DrawingMarks& marks, NodeBox& box) {
  for (const NicIndex nic : box.nics) {
    Rail rail{nic, {}};
    for (const GpuIndex gpu : box.gpus)
      if (are_joined(machine, marks, gpu, nic)) rail.gpus.push_back(gpu);
    if (!rail.gpus.empty()) box.rails.push_back(std::move(rail));
  }
  if (box.rails.size() > most_rails) box.rails.clear();
}

}  // namespace

std::vector<PackageBox> boxes_of(const Machine& machine, const DrawingMarks& marks) {
  std::vector<NodeBox> nodes;
  for (const NumaNode& node : machine.numa_nodes) nodes.push_back(box_of(machine, node));
  NodeBox placeless;
  placeless.title = "PCI devices near no known NUMA node";
  nodes.push_back(std::move(placeless));
  const auto box_at = [&](const std::optional<int>& numa) -> NodeBox& {
    const auto found =
        std::find_if(nodes.begin(), nodes.end(), [&](const NodeBox& box) { return box.numa == numa; });
    return found == nodes.end() ? nodes.back() : *found;
  };
  for (const GpuIndex gpu : machine.gpu_indices()) box_at(machine.gpu(gpu).numa).gpus.push_back(gpu);
  for (const NicIndex nic : machine.nic_indices()) box_at(machine.nic(nic).numa).nics.push_back(nic);
  for (NodeBox& box : nodes) add_rails(machine, marks, box);
  const bool has_placeless = !nodes.back().gpus.empty() || !nodes.back().nics.empty();

  std::map<int, PackageBox> packages;
  PackageBox others;
  for (std::size_t i = 0; i < machine.numa_nodes.size(); ++i) {
    const auto& package = machine.numa_nodes[i].package;
    PackageBox& box = package ? packages[*package] : others;
    box.package = package;
    box.nodes.push_back(std::move(nodes[i]));
  }
  if (has_placeless) others.nodes.push_back(std::move(nodes.back()));
  std::vector<PackageBox> all;
  for (auto& [number, box] : packages) all.push_back(std::move(box));
  if (!others.nodes.empty()) all.push_back(std::move(others));
  return all;
}

}  // namespace smlaunch
