// SPDX-License-Identifier: Apache-2.0
// The processes of one job on this host, found by the marker variable that each of them carries.
#pragma once

#include <chrono>
#include <set>
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

// Where Open MPI's daemon that has started this process has its files; empty: none has.
std::string own_session_folder();
// The same of the job's processes here.
std::set<std::string> find_session_folders(const std::string& job);

// Waits until nothing of the job is left here, or for `bound`.
void wait_for_job_processes(const std::string& job, std::chrono::milliseconds bound);

// Removes the folder that Open MPI's daemon has left under the temporary folder (4: ompi.HOST.UID/jf.JOB, 5:
// prterun.…), if the daemon has not removed it itself within `bound`. Does nothing for any other folder.
void remove_session_folder(const std::string& folder, std::chrono::milliseconds bound);

// Writes the pid of a mpirun of this job into `folder`, for whoever outlives the leader.
void note_starter(const std::string& folder, int pid);
// All that were written into it.
std::vector<int> find_noted_starters(const std::string& folder);

// Has no process this pid? One that is ending is waited for, for `bound` at most.
bool is_gone(int pid, std::chrono::milliseconds bound);

// Removes the folders that mpiruns with these pids have left under TMPDIR. They are named by the whole name of this
// host or by its first part (Open MPI 4: ompi.HOST.UID/pid.PID; 5: prterun.HOST.PID.UID).
void remove_starter_folders(const std::string& own_host, const std::vector<int>& pids);

}  // namespace smlaunch
