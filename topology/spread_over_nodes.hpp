// SPDX-License-Identifier: Apache-2.0
// Which NUMA nodes get the ranks that are near nothing in particular: no rank lies across two nodes where
// that can be avoided.
#pragma once

#include <cstddef>
#include <vector>

#include "topology/id_set.hpp"

namespace smlaunch {

struct NodeRoom {
  int cores = 0;  // 1 or more
  int room = 0;   // how many ranks fit before two must share
  int ranks = 0;  // how many are there already
};

// For each of `ranks` ranks, in order, positions in `nodes`, which must not be empty. With at least as many
// ranks as empty nodes, each rank gets one node, and nodes are filled in proportion to their cores. Fewer
// ranks divide the empty nodes among them, neighbours together. The ranks of a node are neighbours.
std::vector<IdSet> spread_over_nodes(const std::vector<NodeRoom>& nodes, std::size_t ranks);

}  // namespace smlaunch
