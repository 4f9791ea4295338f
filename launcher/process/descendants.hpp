// SPDX-License-Identifier: Apache-2.0
// What a process has started, and what that has started.
#pragma once

#include <chrono>
#include <vector>

namespace smlaunch {

// What `root` has started, or taken over.
std::vector<int> find_children(int root);

// What `root` has started, and what that has, as far as it still belongs to it.
std::vector<int> find_descendants(int root);

// From here on, what our descendants leave behind becomes our child instead of init's (prctl(2)), wherever it
// has moved to with setsid or a double fork.
void become_subreaper();

// To every child and descendant of this process, wherever it has moved to, but those in this process group.
void signal_descendants(int signal, int but_group = 0);

// Is there any child of ours, be it as a zombie? Of a subreaper: any descendant. This costs nothing.
bool has_children();

// Ends every child and descendant of this process: SIGTERM, `grace`, SIGKILL; reaps them. Bounded by grace +
// 2 s. Nothing that is not a descendant is touched.
void end_descendants(std::chrono::milliseconds grace);

}  // namespace smlaunch
