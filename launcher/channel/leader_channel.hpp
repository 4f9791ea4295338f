// SPDX-License-Identifier: Apache-2.0
// What the leader says over the channel, and what it hears: ChannelServer by sockets, in tests a fake.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "launcher/channel/frame.hpp"
#include "launcher/channel/host_messages.hpp"
#include "launcher/channel/messages.hpp"
#include "launcher/channel/peer.hpp"
#include "launcher/channel/progress_messages.hpp"
#include "launcher/channel/status_messages.hpp"
#include "launcher/channel/stop_messages.hpp"

namespace smlaunch {

// Somebody who is not taken in though he speaks as ours do.
struct Stranger {
  std::string who;  // an address, or its own name for its host
  TurnedAway why = TurnedAway::other_token;
  int node_rank = -1;  // that it claims; below 0: none
  std::string what;    // for people: "10.0.0.7 has come with another token"
};

class LeaderChannel {
 public:
  struct Callbacks {
    std::function<void(Peer, const Hello&)> joined;  // the first time only
    std::function<void(Peer, const Frame&)> data;    // each data frame once, in order
    std::function<void(Peer, const Pong&)> pong;
    std::function<void(Peer, int signal)> stop_requested;  // a worker's host was told to stop
    // Not heard for `lost_after`, or not back within it. `heard_ns`: when it was heard last, on our clock.
    std::function<void(Peer, std::uint64_t heard_ns, const std::string& why)> lost;
    // It has sent what it may not (peer_rules.hpp), and is not heard any more.
    std::function<void(Peer, const std::string& what)> refused;
    std::function<void(Peer)> left;  // after its release, or when it has said that it has its outcome
    std::function<void(const Stranger&)> stranger = {};                 // each time that he comes
    std::function<void(Peer, const StatusWanted&)> status_wanted = {};  // by somebody on a worker's host
  };

  virtual ~LeaderChannel() = default;
  virtual void set_callbacks(Callbacks callbacks) = 0;

  // Listens; port 0 takes a free one. Returns the port. Errors: Fault::start with the address and the reason.
  virtual Result<int> listen(const std::string& address, int port) = 0;

  // The job's address here, where it was not known to listen(): only connections to it are taken from now on.
  virtual void keep_to(const std::string& address) = 0;

  // Other agents come for the ranks from now on, who know this token; those that were there are forgotten.
  virtual void begin_ranks(int ranks, std::string token) = 0;

  // Of these ranks, each may come inside the connection of another one, its carrier: by rank. Who is its own carrier may
  // carry others. Until the next begin_ranks(); empty: nobody carries any.
  virtual void let_carry(std::vector<Peer> carriers) = 0;

  // A command is remembered until the agent leaves: it gets it again when it reconnects.
  virtual void start(Peer peer, const Start& start) = 0;
  virtual void input(Peer peer, const std::string& text) = 0;  // for the stdin of its check program
  virtual void signal(Peer peer, int signal) = 0;
  // This one is not: the answer must be fresh. `only_look`: nothing is asked of the rank, which goes on.
  virtual void inspect(Peer peer, Inspection how) = 0;
  virtual void pass_on(Peer peer, int signal) = 0;
  virtual void release_agents(int world_size, const Release& how) = 0;
  // To a worker that starts the agents of its host: remembered, too.
  virtual void start_agents(Peer peer, const StartAgents& agents) = 0;
  virtual void signal_agents(Peer peer, const SignalAgents& signal) = 0;
  // Not remembered: who waits for it does so for some seconds.
  virtual void tell_status(Peer peer, const StatusTold& told) = 0;
  virtual void send_outcome(Peer peer, const JobEnd& end) = 0;
  // Asks every peer for its clock, and drops those that have not answered for `lost_after`.
  virtual void ping_all() = 0;
  // Holds every agent back, or lets them go on: the way output is slowed down when nobody reads ours.
  virtual void pause(bool paused) = 0;
};

}  // namespace smlaunch
