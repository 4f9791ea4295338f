// SPDX-License-Identifier: Apache-2.0
// Starts the engine of a plan, which starts the agents.
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

// One mpirun, or an agent for each rank, started here or by the smlaunch of its host. `ssh_folder`: of open
// connections, or empty. Errors (Fault::start): the kernel's words; nothing runs then.
Result<void> start_engine(JobEngine& engine, const LaunchPlan& plan, const AgentFacts& facts,
                          const std::string& ssh_folder);

}  // namespace smlaunch
