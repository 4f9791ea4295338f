// SPDX-License-Identifier: Apache-2.0
// `smlaunch.plan/1`: what --dry-run --format json prints, and the hash that a run prints too.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "launcher/plan/plan.hpp"

namespace smlaunch {

// One line of JSON, keys sorted, secrets redacted. Plan::hash must be set.
std::string render_plan_json(const LaunchPlan& plan);
// The same in pieces: that of 100,000 hosts takes half a gigabyte.
void write_plan_json(const LaunchPlan& plan, const std::function<void(std::string_view)>& sink);

// SHA-256 of the plan as canonical JSON without `hash`, `sources` and `current_host`.
std::string plan_hash(const LaunchPlan& plan);

}  // namespace smlaunch
