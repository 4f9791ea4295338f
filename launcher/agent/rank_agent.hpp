// SPDX-License-Identifier: Apache-2.0
// The room launcher/agent: the process beside each rank, on its host. It promises that the rank is bound as
// planned, that its lines and its end reach the leader, and that nothing of the rank is left. It touches its
// rank with all that it starts, the channel, this machine's CPUs, and the rank's file of its progress; one agent of each
// host also asks the devices.
//
// `smlaunch rank -- PROGRAM ARG...`: the process beside each rank, on its host.
#pragma once

#include <string>
#include <vector>

namespace smlaunch {

// Connects to the leader, binds itself (and so its child) to the planned CPUs, starts the program with the
// rank's variables, passes on its lines and its end, and leaves when it is released; then nothing of the rank
// is left. Without a channel it runs the program all the same, and the lines go through mpirun. Returns the
// exit code of this process: 0 after a release, the program's own code without a channel.
// `is_check`: the program is one of the all-reduce test, and the job's agents will tell what its host is.
int run_rank_agent(const std::vector<std::string>& program, bool is_check);

}  // namespace smlaunch
