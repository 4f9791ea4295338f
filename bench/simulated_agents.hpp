// SPDX-License-Identifier: Apache-2.0
// Thousands of agents with their ranks, as tasks of one process: the channel's real end, and behind it a rank that does
// what it is told by signals. SIGUSR1: it prints. SIGUSR2: the rank `failing` exits with code 3.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace smlaunch {

struct AgentsWork {
  std::vector<int> ranks = {};  // whose agents they are
  int ranks_per_host = 1;
  bool has_relays = false;  // the first agent of each host carries the connections of the others there
  std::string line = {};    // what each rank prints once it runs
  std::string burst = {};   // what each rank prints at SIGUSR1
  int failing = -1;
};

// Whom the agents talk to; read from the pipe as "PORT TOKEN\n".
struct AgentsLeader {
  int port = 0;
  std::string token;
};

// Runs until the process is killed. `commands`: a descriptor that brings the leader.
[[noreturn]] void simulate_agents(const AgentsWork& work, int commands);

}  // namespace smlaunch
