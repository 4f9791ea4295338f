// SPDX-License-Identifier: Apache-2.0
// The processes of one job on this host, found by the marker variable that each of them carries.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "launcher/process/unique_fd.hpp"

namespace smlaunch {

// Their pids, without this process.
std::vector<int> find_job_processes(const std::string& job);

// Of the processes that have `value` in the variable `name`, those whose parents do not have it: they have been started with
// it, and the others have it from them. Without this process.
std::vector<int> find_first_carriers(const std::string& name, const std::string& value);

// SIGTERM, `grace`, SIGKILL; takes at most grace + 2 s. Touches no process without the marker.
void end_job_processes(const std::string& job, std::chrono::milliseconds grace);

// Ends Open MPI's daemon, if it is our parent, when nothing of the job is left here, or at the bound. While
// the network is gone, the daemon waits for a quarter of an hour to send its last words, even after SIGTERM.
// Does nothing for any other parent.
void end_parent_daemon(const std::string& job, std::chrono::milliseconds bound);

// For callers that are not its child: a pidfd of Open MPI's daemon, if it is the parent of `pid`; nothing
// for any other parent.
UniqueFd open_parent_daemon(int pid);
void end_daemon(const UniqueFd& daemon);  // SIGTERM, a second, SIGKILL
// Where it has not ended by then. Then it has ended, or the kernel does not let it end within a second.
void kill_daemon_after(const UniqueFd& daemon, std::chrono::milliseconds bound);

// Waits until nothing of the job is left here, or for `bound`.
void wait_for_job_processes(const std::string& job, std::chrono::milliseconds bound);

}  // namespace smlaunch
