// SPDX-License-Identifier: Apache-2.0
// From the plan: the start message of each agent, and the engine's own environment: pure.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "launcher/channel/messages.hpp"
#include "launcher/plan/plan.hpp"

namespace smlaunch {

struct StartFacts {
  std::string job;                 // the marker every process of the job carries
  std::optional<int> master_port;  // the port that rank 0's agent has found
  Variables leader_environment;    // smlaunch's own
  std::chrono::milliseconds grace{5000};
  std::chrono::milliseconds lost_after{10000};
  std::optional<int> restart_count;  // nothing: the job is not tried again
  std::chrono::milliseconds leader_wait{600000};
};

// `of_host`: variables_of_host() of the rank's host.
Start make_start(const LaunchPlan& plan, Rank rank, const Variables& of_host, const StartFacts& facts);

// Open MPI keeps a process's whole command line in one variable of its environment, whose length the kernel
// limits: is this command too long for that?
bool is_too_long_for_mpirun(const std::vector<std::string>& process_command);

// The engine's command line. A process command that is too long is left out, and so are secret arguments: agents of
// mpirun's get the command with the start message, and others the arguments in agent_secrets_variable. This word stands
// in the place of a command.
inline constexpr const char* program_comes_later = "(the program comes over the channel)";
// `ssh_folder` takes the place of planned_ssh_folder; empty: no connection was left open, and mpirun looks
// for none.
std::vector<std::string> engine_command(const LaunchPlan& plan, const std::string& ssh_folder);

// mpirun's environment: ours, with what its -x options name.
std::map<std::string, std::string> engine_environment(
    const LaunchPlan& plan, std::map<std::string, std::string> inherited,
    const std::map<std::string, std::string>& agent_variables);

}  // namespace smlaunch
