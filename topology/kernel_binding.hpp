// SPDX-License-Identifier: Apache-2.0
// Binding by the kernel's own calls. hwloc would read the whole machine first: thousands of small files where there are
// hundreds of CPUs, once more for every rank.
#pragma once

#include <optional>
#include <string_view>

#include "topology/id_set.hpp"

namespace smlaunch {

// All threads of this process. False: the kernel refuses, and errno says why.
bool bind_own_cpus(const IdSet& cpus);

// Where this thread may run; empty where the kernel does not tell.
IdSet own_cpus();

// This thread's memory, and that of what it starts, comes from these nodes as long as they have any: a rank that outgrows
// them gets memory from the next node instead of being killed. False: the kernel refuses, and errno says why.
bool prefer_own_memory(const IdSet& nodes);

// The nodes that this thread's memory is to come from; empty: any.
IdSet own_memory();

// The nodes from which this process may take memory; nothing: the kernel does not tell.
std::optional<IdSet> usable_memory();

// Pure. Of /sys/devices/system/node/has_memory and /proc/PID/status.
std::optional<IdSet> parse_usable_memory(std::string_view has_memory, std::string_view status);

}  // namespace smlaunch
