// SPDX-License-Identifier: Apache-2.0
// The room launcher/this_host: what there is on this machine: which host it is, the versions of the software
// that a job needs, its GPUs and Neuron cores, its mpirun and torchrun. It promises facts with their source,
// within a bounded time. It asks programs of this machine, /proc and /dev, and changes nothing.
//
// Which host this machine is.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace smlaunch {

// Which of `hosts` this machine is: by its name, by the addresses of its interfaces, then by the addresses of
// the names (asked for at most two seconds). Nothing: none of them.
std::optional<std::string> find_own_host(const std::vector<std::string>& hosts);

// For each of `hosts` whose name is known (asked for at most two seconds), our own address on the way to it.
std::vector<std::pair<std::string, std::string>> probe_routes(const std::vector<std::string>& hosts);

// The addresses of each of `hosts` (asked for at most two seconds); none for a name that is not known.
std::vector<std::vector<std::string>> probe_addresses(const std::vector<std::string>& hosts);

// The address at which other hosts reach this machine: the address of `interface` if one is named and has an
// address, otherwise our address on the way to `peer`. Empty: `peer` is not known, or there is no way to it.
std::string probe_own_address(const std::string& interface, const std::string& peer);

}  // namespace smlaunch
