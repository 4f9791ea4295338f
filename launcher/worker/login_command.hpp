// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace smlaunch {

inline constexpr const char* end_job_argument = "--end-job";
inline constexpr const char* srun_argument = "--srun";

// `smlaunch worker [--interface PATTERN]... SOCKET SECONDS [DAEMON]`, which the leader's login runs: hands
// what comes on stdin to the worker of this host (SOCKET "-": none is looked for), and says on stdout which
// version this is, which of the interfaces (as pattern_problem() has them) cannot carry a job on several
// hosts, whether a worker waits, and whether the program
// DAEMON is there. `smlaunch worker --end-job` ends what carries the marker that comes on stdin. `smlaunch
// worker --srun HOST COMMAND...` becomes srun, which runs that there, as ssh would. Returns the exit code.
int run_login_command(const std::vector<std::string>& arguments);

}  // namespace smlaunch
