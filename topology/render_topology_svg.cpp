// SPDX-License-Identifier: Apache-2.0
#include "topology/render_topology_svg.hpp"

#include "topology/machine_drawing.hpp"

namespace smlaunch {

std::string render_topology_svg(const Machine& machine) {
  return render_svg(draw_machine(machine, machine.host.empty() ? "this machine" : machine.host, {}, 0));
}

}  // namespace smlaunch
