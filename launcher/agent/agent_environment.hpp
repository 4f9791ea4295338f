// SPDX-License-Identifier: Apache-2.0
// How an agent learns which rank is its own, and what its rank's environment becomes: pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "launcher/channel/messages.hpp"

namespace smlaunch {

struct AgentIdentity {
  int rank = 0;
  int local_rank = 0;
  std::string channel_host;
  int channel_port = 0;  // 0: there is no channel
  std::string token;
  bool lacks_token = false;    // the leader's login should have left it on this host
  std::string worker;          // the name of its host's worker socket; empty: no worker is asked
  std::string leader_host;     // gethostname() on the leader's host
  bool several_hosts = false;  // other hosts have ranks, too
  bool by_login = false;       // the leader may have logged in on this host, and left the job's token
  // Its host's smlaunch has started it: what it prints without a channel reaches nobody who knows the job.
  bool needs_channel = false;
  bool by_srun = false;    // we are a task of a step of Slurm's
  bool has_relay = false;  // the agent of local rank 0 carries the connections of the others on this host
  bool in_step = false;    // our host's smlaunch, which has started us, is such a task
};

// Is this the leader's host? `own_host`: its name for itself.
bool is_on_leader_host(const AgentIdentity& identity, const std::string& own_host);

// From our own variables, or, as these say, from Slurm's SLURM_PROCID and SLURM_LOCALID, or from Open MPI's
// OMPI_COMM_WORLD_RANK and OMPI_COMM_WORLD_LOCAL_RANK. Errors (Fault::usage): there are none of them, or one is no
// number.
Result<AgentIdentity> parse_agent_identity(const std::map<std::string, std::string>& environment);

// The rank's environment: `inherited` without our own variables and without those that the start message
// removes; then our variables for the rank, then the user's. Rank identity and SM_* are always ours.
std::map<std::string, std::string> rank_environment(std::map<std::string, std::string> inherited,
                                                    const Start& start);

// The message with which an agent starts its rank where it cannot ask the leader. SM_* and the rendezvous
// have come through mpirun.
Start make_start_without_channel(const std::map<std::string, std::string>& environment,
                                 const AgentIdentity& identity);

}  // namespace smlaunch
