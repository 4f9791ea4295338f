// SPDX-License-Identifier: Apache-2.0
// What an agent tells about its host in its hello, so that the leader can compare the hosts before any rank
// starts.
#pragma once

#include "launcher/channel/messages.hpp"
#include "topology/machine.hpp"

namespace smlaunch {

// Pure. GPUs and `cpus`; for a job on several hosts also traits and warnings, at most 16 KiB of them.
void tell_host_facts(const Machine& machine, int cpus, bool several_hosts, Hello& hello);

// Whether hwloc must look at the PCI bus for that.
bool needs_pci_devices(bool is_compared);

// This machine as an agent needs it: with its devices and versions where it will be compared with others.
std::optional<Machine> probe_own_machine(bool is_compared);

}  // namespace smlaunch
