// SPDX-License-Identifier: Apache-2.0
// The processes that a process has started, and those that they have started.
#pragma once

#include <chrono>
#include <vector>

namespace smlaunch {

// The processes that `root` has started or taken over.
std::vector<int> find_children(int root);

// All processes below `root`.
std::vector<int> find_descendants(int root);

// From here on, processes that our descendants leave behind become our children instead of init's
// (prctl(2)), also after setsid or a double fork.
void become_subreaper();

// Sends a signal to every child and descendant of this process, in whatever session, except those in our
// process group.
void signal_descendants(int signal, int but_group = 0);

// Is there any child of ours, even a zombie? For a subreaper: any descendant. This costs nothing.
bool has_children();

// Ends every child and descendant of this process: SIGTERM, `grace`, SIGKILL; reaps them. Bounded by grace +
// 2 s. Nothing that is not a descendant is touched.
void end_descendants(std::chrono::milliseconds grace);

}  // namespace smlaunch
