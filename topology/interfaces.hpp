// SPDX-License-Identifier: Apache-2.0
// Which network interface a job's traffic goes over, and whether it can.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "topology/machine.hpp"

namespace smlaunch {

// This machine's, with their addresses; those without one too.
std::vector<NetworkInterface> probe_interfaces();

// loopback, or what container engines make (docker0, virbr0, veth…, cni0, flannel.1): it leads to no other
// host.
bool leads_nowhere(std::string_view interface);

// Why `name` cannot carry the job ("does not exist", "is down", "has no address"); empty: it can.
std::string interface_problem(const std::vector<NetworkInterface>& interfaces, std::string_view name);

// "eth0, eth1": those that can carry a job.
std::string usable_interfaces(const std::vector<NetworkInterface>& interfaces);

struct ChosenInterface {
  std::string name;  // empty: none is chosen
  std::string why;
};

// `routes`: other hosts, each with the address of ours that it is reached from ("" where it is not reached).
ChosenInterface choose_interface(const std::vector<NetworkInterface>& interfaces,
                                 const std::vector<std::pair<std::string, std::string>>& routes);

}  // namespace smlaunch
