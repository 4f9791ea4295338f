// SPDX-License-Identifier: Apache-2.0
// What --dry-run prints for people.
#pragma once

#include <string>

#include "launcher/plan/plan.hpp"

namespace smlaunch {

// Above this many ranks, equal hosts are shown once.
inline constexpr int most_ranks_shown = 64;

std::string render_plan(const LaunchPlan& plan);

}  // namespace smlaunch
