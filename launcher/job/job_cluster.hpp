// SPDX-License-Identifier: Apache-2.0
// The hosts of a job as a cluster: what each of them is like, and how many ranks it is asked to run.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "launcher/contract/environment.hpp"
#include "launcher/contract/process_counts.hpp"
#include "launcher/options/options.hpp"
#include "mpi/hostfile.hpp"
#include "topology/cluster.hpp"

namespace smlaunch {

using Sources = std::vector<std::pair<std::string, std::string>>;

// `hosts` in rank order; `slots` where they were given on the command line; `own` is this machine. With
// --probe it asks the others over SSH. Adds to `sources` where the ranks per host and the machines come from.
// Errors: a --topology file that cannot be read or names no host of the job, a host that does not answer.
Result<Cluster> make_cluster(const Options& options, const Environment& environment, LauncherKind launcher,
                             const ProcessCounts& counts, const std::optional<std::vector<HostSlots>>& slots,
                             const std::vector<std::string>& hosts, const Machine& own, Sources& sources);

// Group and instance type of a host, by its name.
void set_instance(Host& host, const Environment& environment);

}  // namespace smlaunch
