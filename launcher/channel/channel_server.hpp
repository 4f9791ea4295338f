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

#include "launcher/channel/leader_channel.hpp"
#include "launcher/channel/link.hpp"

namespace smlaunch {

class ChannelServer final : public LeaderChannel {
 public:
  ChannelServer(boost::asio::io_context& loop, std::string token, int peers,
                std::chrono::milliseconds lost_after);
  ~ChannelServer() override;

  void set_callbacks(Callbacks callbacks) override { callbacks_ = std::move(callbacks); }
  Result<int> listen(const std::string& address, int port) override;
  void begin_ranks(int ranks, std::string token) override;
  void start(Peer peer, const Start& start) override;
  void input(Peer peer, const std::string& text) override;
  void signal(Peer peer, int signal) override;
  void inspect(Peer peer) override;
  void pass_on(Peer peer, int signal) override;
  void release_agents(int world_size, const Release& how) override;
  void send_outcome(Peer peer, const JobEnd& end) override;
  void ping_all() override;
  void pause(bool paused) override;
  [[nodiscard]] bool is_connected(Peer peer) const {
    return agents_[static_cast<std::size_t>(peer)].link != nullptr;
  }
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
    std::vector<std::string> passed;  // signals
    std::string release;
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
