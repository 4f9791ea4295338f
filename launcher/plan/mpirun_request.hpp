// SPDX-License-Identifier: Apache-2.0
// What mpirun is asked for by a plan.
#pragma once

#include "launcher/plan/plan.hpp"

namespace smlaunch {

// Of a plan whose engine is mpirun; its program is our agent with the plan's process command.
MpirunRequest mpirun_request(const JobSpec& spec, const LaunchPlan& plan);

}  // namespace smlaunch
