// SPDX-License-Identifier: Apache-2.0
// The side of a rank that torchrun has started by way of us (starter_ranks.hpp).
#pragma once

#include <string>
#include <vector>

namespace smlaunch {

// `words`: the program. Returns, with an exit code, only where it cannot be executed.
int run_rank_of_starter(const std::vector<std::string>& words);

}  // namespace smlaunch
