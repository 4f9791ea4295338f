// SPDX-License-Identifier: Apache-2.0
// One machine as SVG, in the manner of lstopo: packages, in them NUMA nodes, in those the cores and the PCI
// devices that are near; a table below says how near GPUs and NICs are to each other.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/svg_canvas.hpp"
#include "topology/machine.hpp"

namespace smlaunch {

// A rank on a core.
struct CoreMark {
  int rank = 0;
  std::string colour;  // "#4e79a7"
};

// What the drawing shows besides the machine; every part may be left out.
struct DrawingMarks {
  std::map<int, std::vector<CoreMark>> cores;  // index into Machine::core_cpus
  std::map<GpuIndex, std::string> gpu_notes;   // "rank 3"
  std::map<NicIndex, std::string> nic_notes;
  std::map<GpuIndex, NicIndex> gpu_nics;  // which NIC a GPU uses; without any, the nearest ones are shown
  std::vector<std::pair<std::string, std::string>> legend;  // colour ("": none), text
  bool with_table = true;
};

// The upper left corner is at (0, `top`); the drawing is as wide as its widest text.
Drawing draw_machine(const Machine& machine, const std::string& title, const DrawingMarks& marks, int top);

}  // namespace smlaunch
