// SPDX-License-Identifier: Apache-2.0
// The toolkit's variables for a program beside SM_* (sagemaker_training/environment.py: Environment,
// write_env_vars).
#pragma once

#include <cstddef>
#include <string>

#include "launcher/contract/environment.hpp"

namespace smlaunch {

inline constexpr const char* current_host_variable = "CURRENT_HOST";
inline constexpr const char* python_path_variable = "PYTHONPATH";

// The longest NAME=VALUE, in bytes, that Linux passes to a program (MAX_ARG_STRLEN less its NUL).
inline constexpr std::size_t longest_variable = 131071;

inline bool is_too_long(const std::string& name, const std::string& value) {
  return name.size() + 1 + value.size() > longest_variable;
}

// CURRENT_HOST, SAGEMAKER_JOB_NAME, SAGEMAKER_REGION, PYTHONPATH. `inherited`: the variables that are there
// already. A name or region without a hyperparameter stays as it is there; a region that is missing there is
// AWS_DEFAULT_REGION.
Variables program_variables(const Environment& environment, const Variables& inherited);

// The SAGEMAKER_REGION that the program then finds; may be empty.
std::string program_region(const Environment& environment, const Variables& inherited);

// PYTHONPATH with `folder` first, then the folders that were in it. `folder` stands there once.
std::string python_path(const std::string& folder, const std::string& inherited);

// Those of the four that replace the variables of a rank's host, since they are the job's.
bool is_said_by_job(const std::string& variable);

// RANK, LOCAL_RANK, WORLD_SIZE, … and SM_*: variables that a user's mpirun option -x cannot replace.
bool is_always_ours(const std::string& variable);

}  // namespace smlaunch
