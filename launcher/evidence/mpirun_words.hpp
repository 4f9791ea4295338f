// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace smlaunch {

// Why mpirun, ssh under it, or srun could not do its work, by its last lines: one line; empty where the lines
// only say that a process ended.
std::string find_mpirun_reason(const std::vector<std::string>& lines);

// Whether these words of mpirun's are about its daemons.
bool tells_of_daemons(const std::string& reason);

// The host whose daemon mpirun says it has lost; empty: mpirun says no such thing.
std::string find_lost_daemon(const std::vector<std::string>& lines);

}  // namespace smlaunch
