// SPDX-License-Identifier: Apache-2.0
// Hosts of the job that do not answer any more, or have not come to mpirun, after all were ready.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "launcher/job/job.hpp"
#include "launcher/leader/runner.hpp"
#include "launcher/options/options.hpp"

namespace smlaunch {

// Asks all of them at once for their SSH banner, for three seconds at most. A frozen host takes the
// connection, but sends no banner.
std::vector<LostHost> find_lost_hosts(const Options& options, const Job& job);

// Those of the other hosts that have none of these addresses. Nothing, where it cannot be told: a name is not known, or
// one of the addresses is nobody's. Takes two seconds at most.
std::vector<std::string> find_unconnected_hosts(const Job& job, const std::set<std::string>& peers);

// The same, where the addresses of each host are known.
std::vector<std::string> find_unconnected(const std::vector<std::string>& hosts,
                                          const std::vector<std::vector<std::string>>& addresses,
                                          const std::set<std::string>& peers);

}  // namespace smlaunch
