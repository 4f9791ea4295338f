// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace smlaunch {

inline constexpr const char* end_job_argument = "--end-job";
inline constexpr const char* srun_argument = "--srun";
inline constexpr const char* host_check_argument = "--host-check";
inline constexpr const char* token_argument = "--leave-token";

// The command of the leader's login: `smlaunch worker [--leave-token] [--interface PATTERN]... SOCKET SECONDS [DAEMON]`.
// It hands its stdin to the worker of this host (SOCKET "-": it looks for no worker), and leaves the token in it here
// for agents that mpirun starts. On stdout it says its version, which of the interfaces (in pattern_problem()'s form) cannot carry a job on several hosts,
// whether a worker waits, and whether the program DAEMON is there. `smlaunch worker --end-job` ends all
// processes that carry the marker that comes on stdin. `smlaunch worker --srun HOST COMMAND...` becomes
// srun, which runs the command there, as ssh would. `smlaunch worker --host-check WORD` checks the host
// (host_check.hpp), and says what is wrong with it. Returns the exit code.
int run_login_command(const std::vector<std::string>& arguments);

}  // namespace smlaunch
