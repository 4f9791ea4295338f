// SPDX-License-Identifier: Apache-2.0
// `smlaunch.plan/1`: what --dry-run --format json prints, and the hash that a run prints too.
#pragma once

#include <string>

#include "launcher/plan/plan.hpp"

namespace smlaunch {

// One line of JSON, keys sorted, secrets redacted. Plan::hash must be set.
std::string render_plan_json(const LaunchPlan& plan);

// SHA-256 of the plan as canonical JSON without `hash`, `sources` and `current_host`.
std::string plan_hash(const LaunchPlan& plan);

}  // namespace smlaunch
