// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/carriers.hpp"

#include <utility>

namespace smlaunch {

std::vector<Peer> find_carriers(const LaunchPlan& plan) {
  std::vector<Peer> carriers;
  if (!plan.has_relays) return carriers;
  const auto ranks_of_host = ranks_of_hosts(plan.layout);
  for (const RankPlace& place : plan.layout.ranks)
    carriers.push_back(peer_of(ranks_of_host[place.node_rank].front()));
  return carriers;
}

void begin_ranks(LeaderChannel& channel, const LaunchPlan& plan, const std::string& token) {
  channel.begin_ranks(plan.world_size(), token);
  if (auto carriers = find_carriers(plan); !carriers.empty()) channel.let_carry(std::move(carriers));
}

}  // namespace smlaunch
