// SPDX-License-Identifier: Apache-2.0
// Which NUMA nodes ranks go to that are near nothing in particular: no rank lies across two nodes where that
// can be avoided.
#pragma once

#include <cstddef>
#include <vector>

#include "topology/id_set.hpp"

namespace smlaunch {

struct NodeRoom {
  int cores = 0;  // 1 or more
  int room = 0;   // for so many ranks, before two must share
  int ranks = 0;  // that are there already
};

// For each of `ranks` ranks, in order, positions in `nodes`, of which there is at least one. As long as there
// are ranks for all nodes that are empty, each rank gets one node, and the nodes are filled in proportion to
// their cores; fewer ranks than empty nodes divide those among them, neighbours together. The ranks of a node
// are neighbours.
std::vector<IdSet> spread_over_nodes(const std::vector<NodeRoom>& nodes, std::size_t ranks);

}  // namespace smlaunch
