// SPDX-License-Identifier: Apache-2.0
// What --dry-run prints for people.
#pragma once

#include <string>

#include "launcher/plan/plan.hpp"

namespace smlaunch {

// Above this many ranks, equal hosts are shown once.
inline constexpr int most_ranks_shown = 64;

// Of mpirun's command: every option, or the many -x NAME as a count.
enum class PlanDetail { all, folded };

std::string render_plan(const LaunchPlan& plan, PlanDetail detail = PlanDetail::all);

}  // namespace smlaunch
