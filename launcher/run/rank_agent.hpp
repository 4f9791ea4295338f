// SPDX-License-Identifier: Apache-2.0
// `smlaunch rank -- PROGRAM ARG...`: what runs beside each rank, on its host.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace smlaunch {

// Connects to the leader, binds itself (and so its child) to the planned CPUs, starts the program with the
// rank's variables, passes on its lines and its end, and leaves when it is released; then nothing of the rank
// is left. Without a channel it runs the program all the same, its lines going through mpirun. Returns the
// exit code of the process: 0 after a release, the program's own without a channel.
int run_rank_agent(const std::vector<std::string>& program);

// What an agent without a channel says first, on its stderr: the leader reads it where mpirun passes it on.
bool is_detached_notice(std::string_view line);

}  // namespace smlaunch
