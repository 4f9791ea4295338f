// SPDX-License-Identifier: Apache-2.0
// Asks the kernel, and py-spy where it is, what the processes of a rank are doing.
#pragma once

#include <map>
#include <string>

#include "launcher/inspect/rank_state.hpp"

namespace smlaunch {

// `root` and its descendants, at most 64 of them. `is_starter`: root is torchrun or xla, and its children are
// the ranks.
RankState inspect_processes(int root, bool is_starter);

// Python stacks for those that are Python, by `py-spy` (a path), for at most 6 s in all.
void add_py_spy_stacks(RankState& state, const std::string& py_spy);

bool is_python(int pid);

}  // namespace smlaunch
