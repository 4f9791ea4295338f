// SPDX-License-Identifier: Apache-2.0
// What an agent tells of its host when it says hello, so that the leader can compare the hosts before any
// rank starts.
#pragma once

#include "launcher/channel/messages.hpp"
#include "topology/machine.hpp"

namespace smlaunch {

// Pure. GPUs, `cpus`, and (of a job on several hosts) traits and warnings, of which a hello carries no more
// than 16 KiB.
void tell_host_facts(const Machine& machine, int cpus, bool several_hosts, Hello& hello);

// This machine as an agent needs it: with its devices and versions where it is to be compared with others.
std::optional<Machine> probe_own_machine(bool is_compared);

}  // namespace smlaunch
