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

// Is a name that container engines and hypervisors give (docker0, br- and twelve hex digits, cni0, virbr0,
// veth…)? Such an interface leads to no other host.
bool is_engines_name(std::string_view interface);

// Loopback, what container engines and hypervisors make, a bridge without a physical port.
bool leads_nowhere(const NetworkInterface& interface);

// Why `name` cannot carry a job ("does not exist", "is down", "has no carrier", "has no address", "has no
// address but link-local"); of a job on several hosts also "is a container engine's, which leads to no other
// host". Empty: it can. Loopback is not refused: who names it means it.
std::string interface_problem(const std::vector<NetworkInterface>& interfaces, std::string_view name,
                              bool several_hosts);

// The same for what NCCL_SOCKET_IFNAME may hold: a comma list of beginnings of names, after "=" of whole
// names, after "^" of those that are not used. One interface that it allows is enough.
std::string pattern_problem(const std::vector<NetworkInterface>& interfaces, std::string_view pattern,
                            bool several_hosts);

// An interface that something relies on.
struct WantedInterface {
  std::string pattern;  // as above: "=eth0"
  std::string origin;   // who names it: "NCCL_SOCKET_IFNAME"; empty: the plan
  bool operator==(const WantedInterface&) const = default;
};

// "eth0, eth1": those that can carry a job.
std::string usable_interfaces(const std::vector<NetworkInterface>& interfaces);

struct ChosenInterface {
  std::string name;  // empty: none is chosen
  std::string why;
};

// `routes`: other hosts, each with the address of ours that it is reached from ("" where it is not reached).
ChosenInterface choose_interface(const std::vector<NetworkInterface>& interfaces,
                                 const std::vector<std::pair<std::string, std::string>>& routes);

// Does a subnet ("10.0.0.0/24") contain an address ("10.0.0.7")? Never where one of them is malformed.
bool subnet_contains(std::string_view subnet, std::string_view address);

// The interface, and its subnet, that has an address of each of these hosts, of which there must be one; both
// empty where there is none. Loopback is none, nor is IPv6: Open MPI takes no such subnet.
std::pair<std::string, std::string> common_subnet(const std::vector<NetworkInterface>& interfaces,
                                                  const std::vector<std::vector<std::string>>& hosts);

}  // namespace smlaunch
