// SPDX-License-Identifier: Apache-2.0
// Slurm's srun instead of ssh: one step that asks every host of the allocation at once, and one on a single
// host for mpirun's daemon. Pure: the words that srun is started with, and what its output says.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/remote/run_on_hosts.hpp"

namespace smlaunch {

// `command` is run by a shell on each of these hosts of the job, with our stdin; each line of the output
// begins with its task's number, and each task says first which host it is on.
std::vector<std::string> make_step_argv(const std::vector<std::string>& hosts, const std::string& command);

// `command` is run by a shell on this host, without stdin.
std::vector<std::string> make_one_host_argv(const std::string& host, const std::string& command);

// What the tasks of make_step_argv() printed, by host.
std::map<std::string, std::string> parse_step_output(std::string_view output);

// What srun said of one host ("… on node algo-3: Communication connection failure"), or of the whole step.
struct StepProblems {
  std::map<std::string, std::string> of_hosts;
  std::string of_step;  // its first error that names no host; or empty
};
StepProblems parse_step_problems(std::string_view err);

// How a host stands that has answered so, or not at all (null) in a step that is over.
HostReadiness judge_step_answer(const std::string& host, const std::string* answer,
                                const StepProblems& problems, const RemoteRequest& request);

}  // namespace smlaunch
