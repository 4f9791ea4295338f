// SPDX-License-Identifier: Apache-2.0
// Whether a job that failed is tried again, and on which hosts: pure.
#pragma once

#include <string>
#include <vector>

#include "launcher/outcome/outcome.hpp"
#include "topology/cluster.hpp"

namespace smlaunch {

struct RestartPolicy {
  int max_restarts = 0;
  int restarts = 0;  // so far
  std::size_t spare_hosts = 0;
};

// After a failure of the ranks, a loss, or a failed smoke test, as often as max_restarts says. A job that
// never started because hosts were not ready is tried again only where each of them can be replaced, and does
// not count. A bad configuration stays bad.
bool is_tried_again(const Outcome& outcome, const RestartPolicy& policy);

// Does this outcome use up one of max_restarts?
bool counts_as_restart(const Outcome& outcome);

struct Replacement {
  std::string lost;
  std::string spare;
};

// Each of `at_fault` that has ranks in the cluster is replaced by the first of `spares`, as long as there are
// any: the same node rank, the same number of ranks. `kept` leads and stays. The new host is assumed to be
// like the one before it.
std::vector<Replacement> replace_hosts(Cluster& cluster, std::vector<std::string>& spares,
                                       const std::vector<std::string>& at_fault, const std::string& kept);

}  // namespace smlaunch
