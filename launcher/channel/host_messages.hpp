// SPDX-License-Identifier: Apache-2.0
// What the leader and the smlaunch of another host say to each other of the agents there, where that smlaunch
// starts them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/process/exit_status.hpp"

namespace smlaunch {

// Start an agent for each of these ranks, which come to the channel by themselves.
struct StartAgents {
  std::uint64_t set = 0;  // counts from 1: told again on a new connection, it is taken once
  std::vector<int> ranks;
  std::string job;    // the marker
  std::string token;  // of these agents
  std::string leader_host;
  std::string working_directory;
  std::vector<std::string> program;
  bool names_interface = false;  // the ranks are to be told the host's network interface
  std::string secrets = {};      // of the program's arguments (hidden_arguments.hpp)
};

// To every agent of the set that runs. Each try of a job counts its sets anew: `job`, the marker, says which try.
struct SignalAgents {
  std::uint64_t set = 0;
  int signal = 0;
  std::uint64_t number = 1;  // counts from 1: told again on a new connection, it is taken once
  std::string job = {};
};

// Of a set of which none runs any more.
struct AgentsEnded {
  std::uint64_t set = 0;
  std::optional<std::string> failure;  // why an agent could not be started; nothing: all were
  // In the order of StartAgents::ranks; nothing: nobody knows how it ended.
  std::vector<std::optional<ExitStatus>> status;
  std::string job = {};
};

// Why somebody who speaks as ours do is not taken in.
enum class TurnedAway {
  other_token,
  not_vouched,  // by munge
  other_version,
  other_size,  // it was started for a job of another number of hosts
  no_such_node,
  misbehaved,  // it has sent what it may not
  node_is_taken
};

// Why a worker that knows the token is not let in.
struct Refusal {
  std::string reason;     // "pod-3 says that it is node rank 3, and the job has 3 hosts"
  bool may_pass = false;  // what stands in its way may soon be gone: it comes again for a while
  TurnedAway why = TurnedAway::no_such_node;  // not sent
};

std::string encode(const StartAgents&);
std::string encode(const SignalAgents&);
std::string encode(const AgentsEnded&);
std::string encode(const Refusal&);

// Nothing for text that is not such a message.
std::optional<StartAgents> decode_start_agents(std::string_view text);
std::optional<SignalAgents> decode_signal_agents(std::string_view text);
std::optional<AgentsEnded> decode_agents_ended(std::string_view text);
std::optional<Refusal> decode_refusal(std::string_view text);

}  // namespace smlaunch
