// SPDX-License-Identifier: Apache-2.0
// Groups of equal hosts in a plan, so that a large plan shows one host of each group.
#pragma once

#include <string>
#include <vector>

#include "launcher/plan/plan.hpp"

namespace smlaunch {

// Hosts whose ranks have the same places, in the order of their first ranks.
struct HostGroup {
  std::vector<NodeRank> node_ranks;
};

// `ranks`: ranks_of_hosts().
std::vector<HostGroup> equal_hosts(const LaunchPlan& plan, const Indexed<NodeRank, std::vector<Rank>>& ranks);

// "algo-1 to algo-3, algo-5", by the hosts' order in the plan.
std::string host_ranges(const LaunchPlan& plan, const std::vector<NodeRank>& node_ranks);

// Where the plan's facts about these hosts come from: "probed (this machine), 2 hosts assumed to be like it,
// 1 from a file".
std::string sources_in_words(const LaunchPlan& plan, const std::vector<NodeRank>& node_ranks);

}  // namespace smlaunch
