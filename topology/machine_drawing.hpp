// SPDX-License-Identifier: Apache-2.0
// One machine as SVG: a box for each NUMA node with its cores, GPUs and NICs.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "topology/machine.hpp"

namespace smlaunch {

// What else is shown on a machine; all of it may be left out.
struct DrawingMarks {
  std::map<int, std::string> core_colours;                  // index into Machine::core_cpus -> "#88c"
  std::map<int, std::string> gpu_notes;                     // index into Machine::gpus -> "rank 3"
  std::map<int, std::string> nic_notes;                     // index into Machine::nics
  std::map<int, int> gpu_nics;                              // a line from the GPU to the NIC that it uses
  std::vector<std::pair<std::string, std::string>> legend;  // colour, text
};

struct Drawing {
  std::string body;  // elements without the <svg> around them
  int width = 0;
  int height = 0;
};

// With its upper left corner at (0, `top`).
Drawing draw_machine(const Machine& machine, const std::string& title, const DrawingMarks& marks, int top);

// The document.
std::string render_svg(const Drawing& drawing);

}  // namespace smlaunch
