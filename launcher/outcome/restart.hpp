// SPDX-License-Identifier: Apache-2.0
// Whether a failed job is tried again, and on which hosts: pure.
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

// True after a failure of the ranks, a loss, or a failed smoke test, at most max_restarts times. A job that
// never started because hosts were not ready is tried again only if each of them can be replaced; that does
// not count as a restart. A bad configuration stays bad.
bool is_tried_again(const Outcome& outcome, const RestartPolicy& policy);

// Does this outcome use up one of max_restarts?
bool counts_as_restart(const Outcome& outcome);

struct Replacement {
  std::string lost;
  std::string spare;
};

// Replaces each of `at_fault` that has ranks in the cluster by the first of `spares`, as long as there are
// any. The new host has the same node rank and the same number of ranks, and is assumed to be like the host
// before it. `kept` leads and stays.
std::vector<Replacement> replace_hosts(Cluster& cluster, std::vector<std::string>& spares,
                                       const std::vector<std::string>& at_fault, const std::string& kept);

}  // namespace smlaunch
