// SPDX-License-Identifier: Apache-2.0
// The job's program, from the command line, the variables and the hyperparameters.
#pragma once

#include "launcher/contract/config_file.hpp"
#include "launcher/contract/environment.hpp"

namespace smlaunch {

// Fills module_name, user_entry_point and entry_point.
void choose_entry_point(Environment& environment, const EnvironmentRequest& request,
                        ConfigProblems& hyperparameter_problems);

// The job names no program.
Error no_entry_point(const Environment& environment);

}  // namespace smlaunch
