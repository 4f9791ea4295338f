// SPDX-License-Identifier: Apache-2.0
// Which hosts of a job run ranks, in which order, and which of them are spare.
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "launcher/job/job.hpp"

namespace smlaunch {

// The hosts that work together: those of the distribution groups, or all where no distribution was asked for
// by a hyperparameter.
const std::vector<std::string>& hosts_together(const Environment& environment);

// In rank order: the leader first. A host that runs alone has a plan of its own.
std::vector<std::string> hosts_of_plan(const Environment& environment, bool runs_alone);

// Takes the last of `hosts` out of them, into job.spare_hosts: they wait for another one to be lost. Errors
// (Fault::usage): none would be left to run ranks, or each host runs by itself.
Result<void> set_spare_hosts_aside(const Options& options, std::vector<std::string>& hosts, Job& job);

}  // namespace smlaunch
