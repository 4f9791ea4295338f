// SPDX-License-Identifier: Apache-2.0
// How an agent learns who it is, and what its rank's environment becomes: pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "launcher/run/messages.hpp"
#include "topology/error.hpp"

namespace smlaunch {

// Ours, removed before the entry point is executed. Address and token never stand on a command line.
inline constexpr const char* agent_channel_variable = "SMLAUNCH_AGENT_CHANNEL";  // "host:port"
inline constexpr const char* agent_token_variable = "SMLAUNCH_AGENT_TOKEN";
inline constexpr const char* agent_rank_variable = "SMLAUNCH_AGENT_RANK";              // engine local
inline constexpr const char* agent_local_rank_variable = "SMLAUNCH_AGENT_LOCAL_RANK";  // engine local
inline constexpr const char* agent_worker_variable = "SMLAUNCH_AGENT_WORKER";          // worker_socket_name()
inline constexpr const char* agent_host_variable =
    "SMLAUNCH_AGENT_LEADER_HOST";  // the leader's name for itself
inline constexpr const char* agent_directory_variable = "SMLAUNCH_AGENT_DIRECTORY";  // the entry point's
// Stays: every process of a job can be found by it.
inline constexpr const char* job_marker_variable = "SMLAUNCH_JOB";

struct AgentIdentity {
  int rank = 0;
  int local_rank = 0;
  std::string channel_host;
  int channel_port = 0;  // 0: there is no channel
  std::string token;
  std::string worker;          // the name of its host's worker socket; empty: none is asked
  std::string leader_host;     // gethostname() where the leader runs
  bool several_hosts = false;  // mpirun has started ranks on other hosts too
};

// From the variables above, or from Open MPI's OMPI_COMM_WORLD_RANK and OMPI_COMM_WORLD_LOCAL_RANK. Errors
// (Fault::usage): neither is there, or one is no number.
Result<AgentIdentity> parse_agent_identity(const std::map<std::string, std::string>& environment);

// What a rank starts from. `agent`: the agent's own environment, which mpirun made. `worker`: that of the
// smlaunch which waits on this host; without one, on another host than the leader's, the leader's (less what
// belongs to a login); on the leader's host the agent's, with `leader`'s PATH and LD_LIBRARY_PATH, which
// mpirun changes. What mpirun tells its processes is kept in any case.
std::map<std::string, std::string> host_environment(
    const std::map<std::string, std::string>& agent,
    const std::optional<std::map<std::string, std::string>>& worker,
    const std::map<std::string, std::string>& leader, bool on_leader_host);

// The rank's environment: `inherited`, without our own variables and what the start message removes; then
// ours, then the user's; rank identity and SM_* are always ours.
std::map<std::string, std::string> rank_environment(std::map<std::string, std::string> inherited,
                                                    const Start& start);

// What an agent starts its rank with when it cannot ask the leader: mpirun has brought SM_* and the
// rendezvous.
Start make_start_without_channel(const std::map<std::string, std::string>& environment,
                                 const AgentIdentity& identity);

// RANK, LOCAL_RANK, WORLD_SIZE, … and SM_*: what a user's -x cannot replace.
bool is_always_ours(const std::string& variable);

}  // namespace smlaunch
