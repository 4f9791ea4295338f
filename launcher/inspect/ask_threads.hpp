// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <string>

#include "launcher/inspect/rank_state.hpp"

namespace smlaunch {

// Asks the threads in a rank's Python processes, by their sockets in `folder`, what each process is doing: all at once,
// for three seconds at most, or until `is_over`. Sets `told`, and `python_stack` by it. Processes that are stopped are
// not asked, since they cannot answer. Where the rank's own process is no Python, such as a shell, the first that has
// answered stands for the rank.
void ask_threads(RankState& state, const std::string& folder, const std::atomic<bool>& is_over);

}  // namespace smlaunch
