// SPDX-License-Identifier: Apache-2.0
// Binding this process, and what the kernel says about the binding afterwards.
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "topology/id_set.hpp"

namespace smlaunch {

// The binding that the kernel reports, not the one that was asked for.
struct Binding {
  IdSet cpus;                      // where the process may run
  IdSet numa;                      // where its memory comes from; empty: any node
  std::vector<std::string> notes;  // a sentence for each difference from what was asked for
};

// Binds this process and what it starts. Empty `cpus`: CPUs are left alone; empty `numa`: memory is left
// alone. A binding that fails (the CPUs are not here, the node has no memory, the container forbids it) is a
// note, not an error. Where the kernel refuses the CPUs, memory is not bound either. Error (Fault::start):
// hwloc cannot read the machine.
Result<Binding> bind_current_process(const IdSet& cpus, const IdSet& numa);

}  // namespace smlaunch
