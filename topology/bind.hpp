// SPDX-License-Identifier: Apache-2.0
// Binding this process, and what the kernel then says about it.
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "topology/id_set.hpp"

namespace smlaunch {

// What was read back, not what was asked for.
struct Binding {
  IdSet cpus;                      // where it may run
  IdSet numa;                      // where its memory comes from; empty: any node
  std::vector<std::string> notes;  // where that differs from what was asked, a sentence each
};

// Binds this process and what it starts. Empty `cpus`: CPUs are left alone; empty `numa`: memory is left
// alone. What cannot be bound (CPUs that are not here, a node without memory, a container that forbids it) is
// a note, not an error; memory is not bound near CPUs that this process was not given. Error (Fault::start):
// hwloc cannot read the machine.
Result<Binding> bind_current_process(const IdSet& cpus, const IdSet& numa);

}  // namespace smlaunch
