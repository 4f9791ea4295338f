// SPDX-License-Identifier: Apache-2.0
// The folders in which mpirun and its daemons have their files. Whoever of them is killed leaves its folder.
#pragma once

#include <chrono>
#include <set>
#include <string>
#include <vector>

namespace smlaunch {

// Where Open MPI's daemon that has started this process has its files; empty: none has.
std::string own_session_folder();
// The same of the job's processes here.
std::set<std::string> find_session_folders(const std::string& job);

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
