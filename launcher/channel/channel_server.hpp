// SPDX-License-Identifier: Apache-2.0
// The leader's end of the channel: every agent's and every worker's one connection, authenticated, on one
// event loop.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "launcher/channel/link.hpp"
#include "launcher/channel/messages.hpp"

namespace smlaunch {

// Who is at the other end: a rank's agent has its rank's number, the worker of a host the world size plus its
// node rank.
using Peer = int;

class ChannelServer {
 public:
  struct Callbacks {
    std::function<void(Peer, const Hello&)> joined;  // the first time only
    std::function<void(Peer, const Frame&)> data;    // each data frame once, in order
    std::function<void(Peer, const Pong&)> pong;
    std::function<void(Peer, int signal)> stop_requested;  // a worker's host was told to stop
    // Not heard for `lost_after`, or not back within it. `heard_ns`: when it was heard last, on our clock.
    std::function<void(Peer, std::uint64_t heard_ns, const std::string& why)> lost;
    std::function<void(Peer)> left;  // after its release, or when it has said that it has its outcome
  };

  ChannelServer(boost::asio::io_context& loop, std::string token, int peers,
                std::chrono::milliseconds lost_after);
  ~ChannelServer();

  void set_callbacks(Callbacks callbacks) { callbacks_ = std::move(callbacks); }

  // Listens; port 0 takes a free one. Returns the port. Errors: Fault::start with the address and the reason.
  Result<int> listen(const std::string& address, int port);

  // Other agents come for the ranks from now on, who know this token; those that were there are forgotten.
  void begin_ranks(int ranks, std::string token);

  // A command is remembered until the agent leaves: one that reconnects gets it again.
  void start(Peer peer, const Start& start);
  void input(Peer peer, const std::string& text);  // for the stdin of its check program
  void signal(Peer peer, int signal);
  void inspect(Peer peer);  // this one is not: the answer must be fresh
  void release_agents(int world_size);
  void send_outcome(Peer peer, const JobEnd& end);
  // Asks every peer for its clock, and drops those that have not answered for `lost_after`.
  void ping_all();
  [[nodiscard]] bool is_connected(Peer peer) const {
    return agents_[static_cast<std::size_t>(peer)].link != nullptr;
  }

  // Holds every agent back, or lets them go on: the way output is slowed down when nobody reads ours.
  void pause(bool paused);
  void close();

 private:
  struct Agent {
    std::shared_ptr<Link> link;
    std::unique_ptr<boost::asio::steady_timer> lost_timer;
    std::uint64_t heard_ns = 0;
    std::uint64_t received = 0;
    std::size_t unacknowledged = 0;  // bytes
    std::string start;
    std::vector<std::string> inputs;
    std::string outcome;
    int signal = 0;
    bool has_outcome = false;  // a worker has said so
    bool joined = false;
    bool ended = false;
    bool released = false;
  };

  void accept();
  void greet(std::shared_ptr<Link> link);
  void admit(const std::shared_ptr<Link>& link, const std::string& nonce, const Frame& frame);
  void received(Peer peer, Frame&& frame);
  static void acknowledge(Agent& from);
  void wait_for_return(Peer peer, const std::string& why);
  void disconnected(Peer peer, const std::string& why);
  Agent& agent(Peer peer) { return agents_[static_cast<std::size_t>(peer)]; }

  boost::asio::io_context& loop_;
  boost::asio::ip::tcp::acceptor acceptor_;
  [[nodiscard]] const std::string& token_of(Peer peer) const { return peer < ranks_ ? rank_token_ : token_; }

  std::string token_;
  std::string rank_token_;  // of the peers below ranks_
  int ranks_ = 0;
  std::chrono::milliseconds lost_after_;
  Callbacks callbacks_;
  std::vector<Agent> agents_;
  std::set<std::shared_ptr<Link>> strangers_;
  bool paused_ = false;
};

}  // namespace smlaunch
