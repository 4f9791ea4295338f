// SPDX-License-Identifier: Apache-2.0
// The job's program, from the command line, the variables and the hyperparameters.
#pragma once

#include "launcher/contract/config_file.hpp"
#include "launcher/contract/environment.hpp"

namespace smlaunch {

// The program of a command line in `directory`, with its kind: it is never a package, whatever lies beside it. Touches the
// file system.
EntryPoint probe_given_program(const GivenEntryPoint& given, const std::filesystem::path& directory);

// Fills module_name, user_entry_point and entry_point.
void choose_entry_point(Environment& environment, const EnvironmentRequest& request,
                        ConfigProblems& hyperparameter_problems);

// The job names no program.
Error no_entry_point(const Environment& environment);

}  // namespace smlaunch
