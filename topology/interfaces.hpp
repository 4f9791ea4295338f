// SPDX-License-Identifier: Apache-2.0
// Which network interface a job's traffic goes over, and whether it can.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "topology/machine.hpp"

namespace smlaunch {

// This machine's interfaces with their addresses, also interfaces without an address.
std::vector<NetworkInterface> probe_interfaces();

// Whether container engines and hypervisors give this name (docker0, br- and twelve hex digits, cni0, virbr0,
// veth…). Such an interface leads to no other host.
bool is_engines_name(std::string_view interface);

// True for loopback, for interfaces that container engines and hypervisors make, and for a bridge without a
// physical port.
bool leads_nowhere(const NetworkInterface& interface);

// Why `name` cannot carry a job ("does not exist", "is down", "has no carrier", "has no address", "has no
// address but link-local"); of a job on several hosts also "is a container engine's, which leads to no other
// host". Empty: it can. Loopback is not refused: a user who names it wants it.
std::string interface_problem(const std::vector<NetworkInterface>& interfaces, std::string_view name,
                              bool several_hosts);

// The same for a value of NCCL_SOCKET_IFNAME: a comma list of beginnings of names; after "=" of whole names;
// after "^" of interfaces that are not used. It is enough that one of the allowed interfaces can carry the
// job.
std::string pattern_problem(const std::vector<NetworkInterface>& interfaces, std::string_view pattern,
                            bool several_hosts);

// What relies on an interface.
enum class InterfaceUser {
  job,         // the plan chose it
  nccl,        // NCCL_SOCKET_IFNAME names it
  mpi_ranks,   // Open MPI's options name it for what ranks send each other
  mpi_daemons  // they name it for mpirun and its daemons
};

struct WantedInterface {
  std::string pattern;  // as above: "=eth0"
  InterfaceUser user = InterfaceUser::job;
  std::string option = {};  // of Open MPI, as people wrote it: "-mca btl_tcp_if_include"
  bool operator==(const WantedInterface&) const = default;
};

// "eth0, eth1": the interfaces that can carry a job.
std::string usable_interfaces(const std::vector<NetworkInterface>& interfaces);

struct ChosenInterface {
  std::string name;  // empty: none is chosen
  std::string why;
};

// `routes`: other hosts, each with our own address on the way to it ("" where there is no way to it).
ChosenInterface choose_interface(const std::vector<NetworkInterface>& interfaces,
                                 const std::vector<std::pair<std::string, std::string>>& routes);

// Whether a subnet ("10.0.0.0/24") contains an address ("10.0.0.7"). False where one of them is malformed.
bool subnet_contains(std::string_view subnet, std::string_view address);

// The first interface with a subnet that contains an address of each of `hosts`, and that subnet. Both are
// empty where there is no such interface, and where `hosts` is empty. Loopback and IPv6 do not count: Open
// MPI takes no such subnet.
std::pair<std::string, std::string> common_subnet(const std::vector<NetworkInterface>& interfaces,
                                                  const std::vector<std::vector<std::string>>& hosts);

}  // namespace smlaunch
