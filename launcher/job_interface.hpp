// SPDX-License-Identifier: Apache-2.0
// The network interface of a job: which one, why, and whether every host has it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "launcher/job.hpp"
#include "launcher/options.hpp"
#include "topology/error.hpp"

namespace smlaunch {

// Into job.spec, with its source: the resource config's; with given hosts the one that leads to the others,
// unless the user's MPI options choose.
void find_network_interface(bool hosts_given, Job& job);

// Do these words choose interfaces for Open MPI's traffic?
bool chooses_interface(const std::vector<std::string>& mpi_options);

// Fault::configuration. `usable`: what could be used instead, "eth0, eth1".
Error interface_error(const std::string& host, const std::string& interface, const std::string& problem,
                      const std::string& usable);

// What `smlaunch worker --interface` said: the problem, and what could be used instead. Nothing: no problem.
std::optional<std::pair<std::string, std::string>> find_interface_answer(std::string_view answer);

// Of a dry run. Hosts that were asked lack the interface: an error. This machine, one of the hosts, lacks it
// and nobody was asked: a warning on stderr, because the plan is the same on every host.
Result<void> check_planned_interface(const Options& options, const LaunchPlan& plan);

}  // namespace smlaunch
