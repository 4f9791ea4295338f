// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "launcher/outcome/outcome.hpp"

namespace smlaunch {

// The outcome of a job whose processes are starters (plan/starter.hpp): told of the program, and where it is
// torchrun and says so, of the rank. `record`: of the starters.
Outcome outcome_of_starters(Outcome outcome, const JobRecord& record, const std::string& program);

}  // namespace smlaunch
