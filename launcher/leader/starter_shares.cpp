// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/starter_shares.hpp"

#include <fmt/format.h>

namespace smlaunch {

namespace {

RanksOfStarter share_of(const LaunchPlan& plan, NodeRank node_rank) {
  const StarterShare& share = plan.shares[node_rank];
  return {.first = Rank{share.first_rank}, .count = static_cast<int>(share.placements.size())};
}

}  // namespace

Indexed<Rank, RanksOfStarter> ranks_of_starters(const LaunchPlan& plan) {
  Indexed<Rank, RanksOfStarter> made;
  if (plan.shares.empty()) return made;
  for (const RankPlace& place : plan.layout.ranks) made.push_back(share_of(plan, place.node_rank));
  return made;
}

bool is_of_starter(const LaunchPlan& plan, Rank agent, Rank rank) {
  return !plan.shares.empty() && share_of(plan, plan.layout.ranks[agent].node_rank).has(rank);
}

std::string name_program(const LaunchPlan& plan, Rank agent) {
  return plan.shares.empty() ? fmt::format("rank {}", agent.value) : to_string(plan.launcher);
}

Rank first_rank_of(const LaunchPlan& plan, Rank agent) {
  return plan.shares.empty() ? agent : share_of(plan, plan.layout.ranks[agent].node_rank).first;
}

}  // namespace smlaunch
