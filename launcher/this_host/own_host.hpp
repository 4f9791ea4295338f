// SPDX-License-Identifier: Apache-2.0
// The room launcher/this_host: what there is on this machine: which host it is, the versions of the software
// that a job needs, its GPUs and Neuron cores, its mpirun and torchrun. It promises facts with their source,
// within a bounded time. It touches programs of this machine, which it asks, PATH, /proc, /dev, NVML and name servers,
// and changes nothing.
//
// Which host this machine is.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "launcher/this_host/name_book.hpp"

namespace smlaunch {

// Which of `hosts` this machine is: by its name, by the addresses of its interfaces, and only then by the
// addresses of the names. Nothing: none of them.
std::optional<std::string> find_own_host(const std::vector<std::string>& hosts, NameBook& names);

// For each of `hosts` whose name is known, our own address on the way to it; "": there is no way.
std::vector<std::pair<std::string, std::string>> probe_routes(const std::vector<std::string>& hosts,
                                                              NameBook& names);

// The addresses of each of `hosts`; none for a name that is not known.
std::vector<std::vector<std::string>> probe_addresses(const std::vector<std::string>& hosts, NameBook& names);

// The address at which other hosts reach this machine: the address of `interface` if one is named and has an
// address, otherwise our address on the way to `peer`. Empty: `peer` is not known, or there is no way to it.
std::string probe_own_address(const std::string& interface, const std::string& peer);

}  // namespace smlaunch
