// SPDX-License-Identifier: Apache-2.0
// Which of the job's hosts does no longer answer, or has not come to mpirun, once all were ready.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "launcher/job/job.hpp"
#include "launcher/leader/runner.hpp"
#include "launcher/options/options.hpp"

namespace smlaunch {

// Asks each for its SSH banner, all at once; three seconds at most. A host that froze takes a connection, and
// sends none.
std::vector<LostHost> find_lost_hosts(const Options& options, const Job& job);

// Those of the other hosts that have none of these addresses. Nothing, where it cannot be told: a name is not known, or
// one of the addresses is nobody's. Takes two seconds at most.
std::vector<std::string> find_unconnected_hosts(const Job& job, const std::set<std::string>& peers);

// The same, where the addresses of each host are known.
std::vector<std::string> find_unconnected(const std::vector<std::string>& hosts,
                                          const std::vector<std::vector<std::string>>& addresses,
                                          const std::set<std::string>& peers);

}  // namespace smlaunch
