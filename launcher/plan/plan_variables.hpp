// SPDX-License-Identifier: Apache-2.0
// What make_plan() puts into a plan's variables; how they are read back: plan.hpp.
#pragma once

#include "launcher/plan/plan.hpp"

namespace smlaunch {

// LaunchPlan::environment of a plan whose hosts, engine and port are decided: of several sources that name a
// variable, the source that the toolkit would let win. `inherited`: what a host's container sets already.
Variables make_common_variables(const JobSpec& spec, const LaunchPlan& plan, const Variables& inherited);

}  // namespace smlaunch
