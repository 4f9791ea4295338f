// SPDX-License-Identifier: Apache-2.0
// A machine for people: tables, and the nearness matrix in the manner of `nvidia-smi topo -m`.
#pragma once

#include <string>

#include "topology/machine.hpp"

namespace smlaunch {

std::string render_topology(const Machine& machine);

}  // namespace smlaunch
