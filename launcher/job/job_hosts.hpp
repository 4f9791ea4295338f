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

// Where nothing else says in which order the hosts are to be: those of one NVLink domain stand next to each other, if
// their machines are known. A resource config has an order that users rely on, hosts that start themselves have their
// node ranks, and MPI options of the user's may place ranks by the order that he sees. Also says whether the hosts are
// to tell their domains before the ranks start.
void keep_domains_together(const Facts& facts, Job& job);

// Of what is asked for before another try: errors (Fault::usage) where it could not be done, or would go wrong. Hosts
// that start themselves are not reached; fewer hosts would get more of a fixed number of ranks each; a path means the
// same on all hosts only where it is absolute.
Result<void> check_wishes_of_tries(const Options& options, const Job& job);

}  // namespace smlaunch
