// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "launcher/plan/plan.hpp"

namespace smlaunch {

// The engine's command of a plan whose layout and process command are made, where no mpirun is the engine: our agent
// with the process command, behind srun's words where a step of Slurm's starts the agents.
std::vector<std::string> agents_command(const JobSpec& spec, const LaunchPlan& plan);

}  // namespace smlaunch
