// SPDX-License-Identifier: Apache-2.0
// The network interface of a job: which one, why, and whether every host has it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "launcher/job/job.hpp"
#include "launcher/options/options.hpp"

namespace smlaunch {

// Into job.spec, with its source. The interface is the resource config's, except where a ddp or torchrun job
// runs on one host that lacks it. With given hosts it is the interface that leads to the others. Where there
// is none, and mpirun starts ranks on several machines, the job has either the subnet that all other hosts
// are in, or the interfaces that mpirun must avoid. Nothing where the user's MPI options choose.
void find_network_interface(const Questions& ask, Job& job);

// Subnets and interfaces that lead to no other machine, less the subnets that an address of another host is
// in: "127.0.0.1/8,172.17.0.0/16,docker0,…". Names that a host lacks do no harm there.
std::string interfaces_to_avoid(const std::vector<std::string>& addresses);

// "network interface eth0", "network interface eth1 of -mca btl_tcp_if_include", "NCCL_SOCKET_IFNAME=ib".
std::string to_string(const WantedInterface& wanted);

// Fault::configuration. `usable`: what could be used instead, "eth0, eth1".
Error interface_error(const std::string& host, const WantedInterface& wanted, const std::string& problem,
                      const std::string& usable);

// One error with all that is wrong with these interfaces; nothing where all are fine.
std::optional<Error> find_interface_errors(const std::string& host,
                                           const std::vector<WantedInterface>& wanted,
                                           const std::vector<NetworkInterface>& interfaces,
                                           bool several_hosts);

// Of a dry run. Hosts that were asked lack an interface: an error. This machine, one of the hosts, lacks one
// and nobody was asked: a warning on stderr, because the plan is the same on every host.
Result<void> check_planned_interface(const Options& options, const LaunchPlan& plan);

// Of a run: this machine, whether it is one of the hosts or only leads.
Result<void> check_own_interfaces(const LaunchPlan& plan);

}  // namespace smlaunch
