// SPDX-License-Identifier: Apache-2.0
// What make_plan() puts into a plan's variables; how they are read back: plan.hpp.
#pragma once

#include "launcher/plan/plan.hpp"

namespace smlaunch {

// LaunchPlan::environment of a plan whose hosts, engine and port are decided: of several sources that name a
// variable, the one that the toolkit would let win. `inherited`: what a host's container sets already.
Variables make_common_variables(const JobSpec& spec, const LaunchPlan& plan, const Variables& inherited);

// More than Linux passes in a variable.
inline bool is_too_long(const std::string& name, const std::string& value) {
  return name.size() + 1 + value.size() > longest_variable;
}

}  // namespace smlaunch
