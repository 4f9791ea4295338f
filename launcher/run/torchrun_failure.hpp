// SPDX-License-Identifier: Apache-2.0
// torchrun itself always ends with code 1; which rank failed first, and how, it says in words.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "launcher/run/outcome.hpp"

namespace smlaunch {

struct TorchrunFailure {
  int rank = 0;
  ExitStatus status;
};

// The "Root Cause" of torchrun's summary, the last there is.
std::optional<TorchrunFailure> find_torchrun_failure(const std::vector<std::string>& lines);

// The outcome of a job whose processes are starters (plan/starter.hpp): told of the program, and where it is
// torchrun and says so, of the rank.
Outcome outcome_of_starters(Outcome outcome, const std::string& program);

}  // namespace smlaunch
