// SPDX-License-Identifier: Apache-2.0
// Starts the engine of a plan, which starts the agents.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "launcher/leader/job_engine.hpp"
#include "launcher/plan/plan.hpp"
#include "mpi/tagged_line.hpp"

namespace smlaunch {

// What agents need to find us.
struct AgentFacts {
  std::string channel;      // "host:port"
  std::string token;        // the job's
  std::string set;          // which of the job's sets of agents they are: the job's own, or one of checks
  std::string job;          // the marker
  std::string worker;       // worker_socket_name(), or empty
  std::string leader_host;  // our own name for this machine
};

// The token by which this set of agents knows us.
std::string token_of_set(const AgentFacts& facts);

// One mpirun or srun, or an agent for each rank, started here or by the smlaunch of its host. `ssh_folder`: of open
// connections, or empty. Errors (Fault::start): the kernel's words; nothing runs then.
Result<void> start_engine(JobEngine& engine, const LaunchPlan& plan, const AgentFacts& facts,
                          const std::string& ssh_folder);

// Whose line of the engine's output this is, as mpirun and srun mark the lines of their processes; nothing: its own.
std::optional<TaggedLine> find_rank_of_line(Engine engine, std::string_view line);
// The engine's own line, with its name before it.
std::string name_line_of_engine(const std::string& engine, std::string_view line);

}  // namespace smlaunch
