// SPDX-License-Identifier: Apache-2.0
// The variables that tell an agent which rank is its own, and the variable by which a job's processes are
// found.
#pragma once

namespace smlaunch {

// Our own variables, which are removed before the entry point is executed. Address and token never stand on
// a command line, and mpirun does not carry the token: it has no encryption (launcher/channel/left_token.hpp).
inline constexpr const char* agent_channel_variable = "SMLAUNCH_AGENT_CHANNEL";  // "host:port"
inline constexpr const char* agent_token_variable = "SMLAUNCH_AGENT_TOKEN";
// Which set of the job's agents it is: its token is made of that and of the job's (launcher/channel/set_token.hpp).
inline constexpr const char* agent_set_variable = "SMLAUNCH_AGENT_SET";
inline constexpr const char* agent_rank_variable = "SMLAUNCH_AGENT_RANK";              // engine local
inline constexpr const char* agent_local_rank_variable = "SMLAUNCH_AGENT_LOCAL_RANK";  // engine local
// Slurm's srun has started the agent: its variables say which rank it is.
inline constexpr const char* agent_srun_variable = "SMLAUNCH_AGENT_SRUN";
inline constexpr const char* agent_worker_variable = "SMLAUNCH_AGENT_WORKER";  // worker_socket_name()
inline constexpr const char* agent_host_variable =
    "SMLAUNCH_AGENT_LEADER_HOST";  // the leader's name for itself
inline constexpr const char* agent_several_hosts_variable =
    "SMLAUNCH_AGENT_SEVERAL_HOSTS";  // where no mpirun says so: the job has other hosts, too
// "on": one agent of each host carries the connections of the others there (launcher/channel/relay.hpp). For smlaunch itself,
// from people who test or measure: on, off; else by the number of agents.
inline constexpr const char* agent_relay_variable = "SMLAUNCH_AGENT_RELAY";
inline constexpr const char* relay_on = "on";
inline constexpr const char* relay_off = "off";
// For the ranks that a starter starts: the agent's descriptors for their lines, and their places.
inline constexpr const char* agent_ranks_variable = "SMLAUNCH_AGENT_RANKS";
inline constexpr const char* agent_directory_variable = "SMLAUNCH_AGENT_DIRECTORY";  // the entry point's
// Secret arguments (hidden_arguments.hpp) that a command line would show; on mpirun's other hosts, they come with the
// start message.
inline constexpr const char* agent_secrets_variable = "SMLAUNCH_AGENT_SECRETS";
// mpirun's: the folder of the leader's SSH connections. Their guard finds mpirun by it.
inline constexpr const char* agent_connections_variable = "SMLAUNCH_AGENT_CONNECTIONS";
// mpirun's: the leader's PATH. mpirun puts its own folder before that, and ssh is to be what the leader has logged in by.
inline constexpr const char* agent_path_variable = "SMLAUNCH_AGENT_PATH";
// The secret of a job whose hosts start themselves: the user's. smlaunch takes it out of its environment.
inline constexpr const char* job_token_variable = "SMLAUNCH_JOB_TOKEN";
// This variable stays: every process of a job can be found by it.
inline constexpr const char* job_marker_variable = "SMLAUNCH_JOB";

}  // namespace smlaunch
