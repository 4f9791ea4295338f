// SPDX-License-Identifier: Apache-2.0
// The network cards on the PCI bus, as /sys tells them. hwloc tells more, how near they are to everything, but reads the
// configuration of every PCI device for it: ten milliseconds in a virtual machine, where each word is asked of the host.
#pragma once

#include <filesystem>

#include "topology/machine.hpp"

namespace smlaunch {

// Whether there is a card of InfiniBand's kind or of EFA's, with its driver.
bool has_fabric(const std::filesystem::path& sys);

// Adds them to a machine that was probed without devices, and has nothing else on its bus that ranks use: then it is known
// which devices it has.
void add_network_cards(Machine& machine, const std::filesystem::path& sys);

}  // namespace smlaunch
