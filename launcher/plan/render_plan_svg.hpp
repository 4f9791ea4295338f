// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "launcher/plan/plan.hpp"

namespace smlaunch {

// What --dry-run --format svg prints: every host with its ranks; above most_ranks_shown ranks, equal hosts
// once.
std::string render_plan_svg(const LaunchPlan& plan);

}  // namespace smlaunch
