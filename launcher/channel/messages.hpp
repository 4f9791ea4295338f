// SPDX-License-Identifier: Apache-2.0
// The room launcher/channel: how agents, workers and the leader talk: frames, what they carry, the
// connection, its token, the private socket of a host. It promises that bytes of strangers are never trusted
// and that a connection that is taken up again loses nothing. It touches sockets on the loop that it is
// given, this user's private folders, OpenSSL, and munge's library, which is opened at run time.
//
// What the channel's frames carry, as structs and as MessagePack.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/evidence/rank_end.hpp"
#include "launcher/inspect/rank_state.hpp"
#include "launcher/process/exit_status.hpp"
#include "topology/bind.hpp"
#include "topology/machine_finding.hpp"
#include "topology/odd_hosts.hpp"

namespace smlaunch {

struct Hello {
  std::string version;
  std::string host;  // its own name for it
  int peer = 0;      // its rank; a worker: world size + node rank
  int local_rank = 0;
  int pid = 0;  // the agent's
  // Of this process alone (own_instance()): in a container, name and pid are those of the process before it.
  std::string instance;
  std::optional<int> node_rank;          // a worker that comes by itself: it knows no number of ranks
  std::optional<int> nodes;              // of its job, by its own words
  std::optional<int> master_port;        // rank 0's agent: a port that is free on its host
  std::optional<int> gpus;               // what its host has: said by the agents with local rank 0
  std::optional<int> cpus;               // that the job may use
  std::optional<int> online_cpus;        // of the machine
  std::vector<Trait> traits;             // where the job has several hosts (launcher/agent/host_facts.hpp)
  std::vector<MachineFinding> warnings;  // what is wrong with its host
};

struct Welcome {
  std::uint64_t received = 0;  // the last data frame the leader has
  std::string token = {};      // for its next connection, where the key of this one was found by what it said
};

// A rank whose leader is gone has nobody to wait for: everything is over 15 s after the loss, whatever the
// grace.
inline constexpr std::chrono::milliseconds longest_orphan_grace{3000};

// Everything a rank needs that its agent cannot know.
struct Start {
  std::map<std::string, std::string> variables;           // ours: they replace what is there
  std::map<std::string, std::string> default_variables;   // set only where the rank's environment has none
  std::map<std::string, std::string> user_variables;      // the user's -x
  std::vector<std::string> removed_variables;             // prefixes, such as "OMPI_"
  std::map<std::string, std::string> leader_environment;  // for a host where no smlaunch waits
  std::string working_directory;
  std::string python_path;  // a folder: stands first in PYTHONPATH, before what the host has there
  std::string
      command_file;  // of a command: made executable where another program, such as torchrun, starts it
  std::vector<std::string> program;  // what the rank executes, where mpirun could not pass it on; else empty
  std::string cpus;                  // planned: "0-3"; empty: not bound
  std::string numa;
  std::string own_bind;  // not empty: the plan has not seen this host, so the agent places its rank itself,
                         // by this --bind policy
  int local_ranks = 1;
  bool forward_output = true;    // false: nobody wants its lines
  std::string progress_pattern;  // --progress; empty: none was given
  bool flight_recorder = true;   // its Python processes can be asked at a hang, and record their collectives
  bool is_starter = false;       // the program is torchrun or xla, and its children are the ranks
  // Of a starter whose ranks say which of them they are: the first of them on this host, where each of them runs, and
  // instead, where the plan has not seen this host, the policy by which they are placed here. `local_ranks`: so many.
  int first_rank = 0;
  std::vector<std::string> rank_cpus;
  std::vector<std::string> rank_numa;
  std::string rank_bind;
  int grace_milliseconds = 5000;  // when the leader is lost
  int lost_after_milliseconds = 10000;
  int leader_wait_milliseconds = 600000;
  std::string hand_over;   // for a smlaunch that comes to wait on this host yet; empty: none is looked for
  bool has_input = false;  // a check program: input frames are for its stdin
  bool is_heard = true;    // not sent: false where its agent has no channel, and nobody reads its heartbeats
};

// For the stdin of a check program. Numbered from 1, so that what is told again is written once.
struct Input {
  std::uint64_t number = 0;
  std::string text;
};

struct Started {
  int pid = 0;
  std::uint64_t time_ns = 0;  // the agent's steady clock
  std::string cpus;           // what was read back: "" when not bound
  std::string numa;           // the same for its memory: "" is any node
  std::string chosen_cpus;    // what its agent asked for: the plan's, or its own choice
  int host_cpus = 0;          // what the agent placed its rank on: CPUs and GPUs of this host; 0: it did not
  int host_gpus = 0;
  std::vector<BindingNote> binding_notes;
};

struct Ended {
  RankEnd end = {};
  std::uint64_t time_ns = 0;       // the agent's steady clock
  std::uint64_t waited_ns = 0;     // for a processor, lately: time_ns may be that much too late
  std::uint64_t traceback_ns = 0;  // when its last Python traceback began to come; 0: none came
};

// What a worker learns at the end.
inline constexpr const char* job_is_tried_again = "again";
struct JobEnd {
  std::string kind;  // success, failure, stopped; job_is_tried_again: wait for the next try
  int exit_code = 0;
  std::string message;  // the sentence
  std::string failure;  // for its host's failure file
  std::string plan_hash;
};

// What a worker is told when readiness's login comes to its host.
struct HandOver {
  std::string channel_host;  // empty: where the login comes from
  int channel_port = 0;
  std::string token;
  std::string job;
  int world_size = 0;
  std::vector<std::string>
      hosts;  // in the order of their node ranks; those that it is not for may be left out
  std::string plan_hash;
  int first_node_rank = 0;  // of `hosts`
};

// A ping's time is the leader's steady clock; a pong returns it with the agent's.
struct Pong {
  std::uint64_t leader_ns = 0;
  std::uint64_t agent_ns = 0;
  std::uint64_t output_ns = 0;  // when its rank printed last, on the agent's clock; 0: never
  std::uint64_t cpu_ns = 0;     // what its rank has used so far
};

std::string encode(const Hello&);
std::string encode(const Welcome&);
std::string encode(const Start&);
std::string encode(const Input&);
std::string encode(const Started&);
std::string encode(const Ended&);
std::string encode(const Pong&);
std::string encode(const JobEnd&);
std::string encode(const HandOver&);
std::string encode(const RankState&);
std::string encode_number(std::uint64_t number);  // ping, ack, signal

// Nothing for text that is not such a message, or has a number that its field cannot have: the signal -5.
std::optional<Hello> decode_hello(std::string_view text);
std::optional<Welcome> decode_welcome(std::string_view text);
std::optional<Start> decode_start(std::string_view text);
std::optional<Input> decode_input(std::string_view text);
std::optional<Started> decode_started(std::string_view text);
std::optional<Ended> decode_ended(std::string_view text);
std::optional<Pong> decode_pong(std::string_view text);
std::optional<JobEnd> decode_job_end(std::string_view text);
std::optional<HandOver> decode_hand_over(std::string_view text);
std::optional<RankState> decode_rank_state(std::string_view text);
std::optional<std::uint64_t> decode_number(std::string_view text);

}  // namespace smlaunch
