// SPDX-License-Identifier: Apache-2.0
// Which of the hosts work together, and which of them leads.
#pragma once

#include "launcher/contract/config_file.hpp"
#include "launcher/contract/environment.hpp"

namespace smlaunch {

inline constexpr const char* distribution_groups_key = "sagemaker_distribution_instance_groups";

// Fills distribution_*, leader and is_leader from hosts and hyperparameters.
void choose_distribution(Environment& environment, ConfigProblems& hyperparameter_problems);

}  // namespace smlaunch
