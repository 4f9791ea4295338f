// SPDX-License-Identifier: Apache-2.0
// Which parts of a machine are drawn together, and which lines join them: what machine_drawing.cpp draws.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "topology/machine_drawing.hpp"

namespace smlaunch {

// A NIC and the GPUs of its box that are joined with it by a line.
struct Rail {
  NicIndex nic = {};
  std::vector<GpuIndex> gpus;
};

// A NUMA node, or (without a number) the devices that are near no known node.
struct NodeBox {
  std::optional<int> numa;
  std::string title;
  std::string memory;
  IdSet cpus;
  std::vector<int> cores;  // indices into Machine::core_cpus
  std::vector<GpuIndex> gpus;
  std::vector<NicIndex> nics;
  std::vector<Rail> rails;  // empty where they would be too many to tell apart
};

// The nodes of one package; without a number, the nodes and devices whose package is not known.
struct PackageBox {
  std::optional<int> package;
  std::vector<NodeBox> nodes;
};

std::vector<PackageBox> boxes_of(const Machine& machine, const DrawingMarks& marks);

}  // namespace smlaunch
