// SPDX-License-Identifier: Apache-2.0
// Plan -> what each agent is told, and what the engine's own environment holds: pure.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "launcher/plan/plan.hpp"
#include "launcher/run/messages.hpp"

namespace smlaunch {

struct StartFacts {
  std::string job;                 // the marker every process of the job carries
  std::optional<int> master_port;  // rank 0's agent's
  Variables leader_environment;    // smlaunch's own
  std::chrono::milliseconds grace{5000};
  std::chrono::milliseconds lost_after{10000};
  std::optional<int> restart_count;  // told where the job may be tried again
};

// `of_host`: variables_of_host() of the rank's host.
Start make_start(const LaunchPlan& plan, Rank rank, const Variables& of_host, const StartFacts& facts);

// mpirun's environment: ours, with what its -x options name.
std::map<std::string, std::string> engine_environment(
    const LaunchPlan& plan, std::map<std::string, std::string> inherited,
    const std::map<std::string, std::string>& agent_variables);

}  // namespace smlaunch
