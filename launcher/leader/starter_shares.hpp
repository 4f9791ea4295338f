// SPDX-License-Identifier: Apache-2.0
// Agents whose program is a starter that knows its ranks (torchrun): which ranks those are. An agent's own number is then
// that of its host among the hosts, and no rank's. Pure.
#pragma once

#include <string>

#include "launcher/outcome/job_record.hpp"
#include "launcher/plan/plan.hpp"

namespace smlaunch {

// JobRecord::shares of this plan.
Indexed<Rank, RanksOfStarter> ranks_of_starters(const LaunchPlan& plan);

bool is_of_starter(const LaunchPlan& plan, Rank agent, Rank rank);

// What the agent's program is called: "rank 3", "torchrun".
std::string name_program(const LaunchPlan& plan, Rank agent);

// The first rank of its starter's; the rank itself, where there is none.
Rank first_rank_of(const LaunchPlan& plan, Rank agent);

}  // namespace smlaunch
