// SPDX-License-Identifier: Apache-2.0
// The hosts of a job as a cluster: what each of them is like, and how many ranks it is asked to run.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "launcher/contract/environment.hpp"
#include "launcher/contract/process_counts.hpp"
#include "launcher/job/facts.hpp"
#include "launcher/options/options.hpp"
#include "topology/cluster.hpp"
#include "topology/nvlink_domain.hpp"

namespace smlaunch {

using Sources = std::vector<std::pair<std::string, std::string>>;

struct JobMachines {
  Cluster cluster;
  HostDomains domains;  // of the hosts and spare hosts whose machines are known
};

// `hosts` in rank order. What each of them is like comes from --topology, from the hosts themselves with
// --probe, else from this machine. Adds to `sources` where the ranks per host and the machines come from.
// Errors: a --topology file that cannot be read or names no host of the job, a host that does not answer.
Result<JobMachines> make_cluster(const Options& options, const Facts& facts, LauncherKind launcher,
                                 const ProcessCounts& counts, const std::vector<std::string>& hosts,
                                 const std::vector<std::string>& spares, Sources& sources);

// PyTorch/XLA's own launcher takes all GPUs of a host, or fails. Errors (Fault::usage): another number asked
// for.
Result<void> check_ranks_of_xla(const Options& options, LauncherKind launcher, const Cluster& cluster);

// Group and instance type of a host, by its name.
void set_instance(Host& host, const Environment& environment);

}  // namespace smlaunch
