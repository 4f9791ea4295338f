// SPDX-License-Identifier: Apache-2.0
// The ranks' side of the channel, as a plan has it.
#pragma once

#include <string>
#include <vector>

#include "launcher/channel/leader_channel.hpp"
#include "launcher/plan/plan.hpp"

namespace smlaunch {

// By rank, whose connection may carry its own: that of local rank 0 of its host. Empty: the plan has no relays.
std::vector<Peer> find_carriers(const LaunchPlan& plan);

// Agents come for the ranks of this plan from now on.
void begin_ranks(LeaderChannel& channel, const LaunchPlan& plan, const std::string& token);

}  // namespace smlaunch
