// SPDX-License-Identifier: Apache-2.0
// One rank after the other goes to the node that has most cores for it (the method of D'Hondt). This makes
// the smallest share as large as it can be.
#include "topology/spread_over_nodes.hpp"

#include <algorithm>
#include <numeric>

namespace smlaunch {
namespace {

// Cuts a row of nodes into `parts` runs of about equally many cores; there are at least as many nodes.
std::vector<IdSet> cut_row(const std::vector<NodeRoom>& nodes, const IdSet& row, std::size_t parts) {
  std::vector<IdSet> runs(parts);
  int left = std::accumulate(row.begin(), row.end(), 0, [&](int sum, int node) {
    return sum + nodes[static_cast<std::size_t>(node)].cores;
  });
  std::size_t next = 0;
  for (std::size_t part = 0; part < parts; ++part) {
    const std::size_t to_come = parts - part - 1;
    const int fair = (left + static_cast<int>(to_come)) / static_cast<int>(to_come + 1);
    int mine = 0;
    while (next < row.size() - to_come) {
      const int cores = nodes[static_cast<std::size_t>(row[next])].cores;
      const bool is_nearer_without = 2 * mine + cores > 2 * fair;
      if (!runs[part].empty() && to_come > 0 && is_nearer_without) break;
      runs[part].push_back(row[next++]);
      mine += cores;
    }
    left -= mine;
  }
  return runs;
}

}  // namespace

std::vector<IdSet> spread_over_nodes(const std::vector<NodeRoom>& nodes, std::size_t ranks) {
  IdSet empty;
  for (std::size_t node = 0; node < nodes.size(); ++node)
    if (nodes[node].ranks == 0) empty.push_back(static_cast<int>(node));
  if (ranks < empty.size()) return cut_row(nodes, empty, ranks);

  std::vector<int> load;
  std::size_t all = ranks;
  std::size_t room = 0;
  for (const NodeRoom& node : nodes) {
    load.push_back(node.ranks);
    all += static_cast<std::size_t>(node.ranks);
    room += static_cast<std::size_t>(node.room);
  }
  // Where ranks must share places, they are counted by places instead of cores.
  const auto weight = [&](std::size_t node) -> long {
    return all > room ? nodes[node].room : nodes[node].cores;
  };
  std::vector<int> added(nodes.size(), 0);
  for (std::size_t rank = 0; rank < ranks; ++rank) {
    std::size_t best = nodes.size();
    // Some node has room, unless earlier ranks have taken more than the room of their node.
    const bool any_free = all <= room && std::any_of(nodes.begin(), nodes.end(), [&](const NodeRoom& node) {
                            return load[static_cast<std::size_t>(&node - nodes.data())] < node.room;
                          });
    for (std::size_t node = 0; node < nodes.size(); ++node) {
      if (any_free && load[node] >= nodes[node].room) continue;
      // Compares weight / (load + 1) without a division.
      if (best == nodes.size() || weight(node) * (load[best] + 1) > weight(best) * (load[node] + 1))
        best = node;
    }
    ++load[best];
    ++added[best];
  }
  std::vector<IdSet> places;
  for (std::size_t node = 0; node < nodes.size(); ++node)
    places.insert(places.end(), static_cast<std::size_t>(added[node]), IdSet{static_cast<int>(node)});
  return places;
}

}  // namespace smlaunch
