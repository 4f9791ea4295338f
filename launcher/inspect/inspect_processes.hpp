// SPDX-License-Identifier: Apache-2.0
// Asks the kernel, and py-spy where it is installed, what the processes of a rank are doing.
#pragma once

#include <map>
#include <string>

#include "launcher/inspect/rank_state.hpp"

namespace smlaunch {

// `root` and its descendants, at most 64 of them. `is_starter`: root is torchrun or xla, and its children are
// the ranks: they come right after it, and what they have started comes then; at most 256 of all.
RankState inspect_processes(int root, bool is_starter);

// Adds the stacks of Python processes that have none yet, by `py_spy` (a path). Takes at most 3 s for all of them
// together.
void add_py_spy_stacks(RankState& state, const std::string& py_spy);

// Whose bytes do not get through, at a hang: which peers of each process acknowledge nothing.
void add_connections(RankState& state);

bool is_python(int pid);

}  // namespace smlaunch
