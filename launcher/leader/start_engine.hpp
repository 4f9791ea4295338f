// SPDX-License-Identifier: Apache-2.0
// Starts what starts the agents of a plan.
#pragma once

#include <string>

#include "base/error.hpp"
#include "launcher/leader/job_engine.hpp"
#include "launcher/plan/plan.hpp"

namespace smlaunch {

// What agents need to find us.
struct AgentFacts {
  std::string channel;  // "host:port"
  std::string token;
  std::string job;          // the marker
  std::string worker;       // worker_socket_name(), or empty
  std::string leader_host;  // our own name for this machine
};

// One mpirun, or an agent for each rank. `ssh_folder`: of connections that are open, or empty. Errors
// (Fault::start): what the kernel said; nothing runs then.
Result<void> start_engine(JobEngine& engine, const LaunchPlan& plan, const AgentFacts& facts,
                          const std::string& ssh_folder);

}  // namespace smlaunch
