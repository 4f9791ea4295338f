// SPDX-License-Identifier: Apache-2.0
// The leader's end of the channel: every agent's and every worker's one connection, authenticated, on one
// event loop.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/indexed.hpp"
#include "launcher/channel/carried_links.hpp"
#include "launcher/channel/channel_listener.hpp"
#include "launcher/channel/leader_channel.hpp"
#include "launcher/channel/link.hpp"
#include "launcher/channel/own_host_door.hpp"
#include "launcher/channel/peer_rules.hpp"

namespace smlaunch {

class ChannelServer final : public LeaderChannel {
 public:
  // `token`: of all peers, until begin_ranks() gives the ranks' peers another token. `most_strangers`: as in
  // ChannelListener.
  ChannelServer(boost::asio::io_context& loop, const std::string& token, int peers,
                std::chrono::milliseconds lost_after, std::size_t most_strangers = 256);
  ~ChannelServer() override;

  // Workers come by themselves and say their node rank: node 0 is the peer `first`. They know the token, or a key that
  // `find` knows.
  void expect_nodes(Peer first, FindKey find = {});

  void set_callbacks(Callbacks callbacks) override { callbacks_ = std::move(callbacks); }
  Result<int> listen(const std::string& address, int port) override {
    return listener_.listen(address, port);
  }
  void keep_to(const std::string& address) override { listener_.keep_to({address}); }
  // From the next begin_ranks() on, agents of this host come by a door of their own.
  void serve_own_host();
  void begin_ranks(int ranks, std::string token) override;
  void let_carry(std::vector<Peer> carriers) override;
  void start(Peer peer, const Start& start) override;
  void input(Peer peer, const std::string& text) override;
  void signal(Peer peer, int signal) override;
  void inspect(Peer peer, Inspection how) override;
  void pass_on(Peer peer, int signal) override;
  void release_agents(int world_size, const Release& how) override;
  void start_agents(Peer peer, const StartAgents& agents) override;
  void signal_agents(Peer peer, const SignalAgents& signal) override;
  void tell_status(Peer peer, const StatusTold& told) override;
  void send_outcome(Peer peer, const JobEnd& end) override;
  void ping_all() override;
  void pause(bool paused) override;
  [[nodiscard]] std::size_t strangers() const { return listener_.strangers(); }
  void close();

 private:
  struct Agent {
    explicit Agent(PeerRules::Role role) : rules(role) {}
    std::shared_ptr<Connection> link;
    std::shared_ptr<CarriedLinks> carried;  // the connections inside of it; null: none
    std::unique_ptr<boost::asio::steady_timer> lost_timer;
    PeerRules rules;
    std::uint64_t heard_ns = 0;
    std::size_t unacknowledged = 0;  // bytes
    std::string start;
    std::vector<std::string> inputs;
    std::vector<std::string> passed;  // signals
    std::vector<std::string> agents;  // a worker's orders about the agents of its host
    std::string host;                 // its name, in its own words
    std::string instance;
    std::string release;
    std::string outcome;
    int signal = 0;
    bool has_outcome = false;  // a worker has said so
    bool joined = false;
    bool is_lost = false;  // callbacks_.lost was called
    bool refused = false;
    bool released = false;
  };

  void admit(const std::shared_ptr<Connection>& link, const Hello& hello);
  // Nothing: it is turned away. If it knows the token, it is told why.
  std::optional<Peer> find_node(Connection& link, const Hello& hello);
  void forget_earlier_process(Peer peer);
  [[nodiscard]] bool are_all_nodes_connected();
  [[nodiscard]] std::vector<std::string> addresses_of_nodes() const;
  [[nodiscard]] bool knows_key(const Connection& link, Peer peer) const;
  void tell_of_stranger(const Stranger& stranger) const;
  void command(Peer peer, FrameKind kind, const std::string& payload);
  void tell_again(const Agent& agent);
  void received(Peer peer, Frame&& frame);
  void take(Peer peer, const Frame& frame);
  void refuse(Peer peer, const std::string& what);
  static void acknowledge(Agent& from);
  void wait_for_return(Peer peer, const std::string& why);
  // True: we were stopped ourselves, and nobody has been silent.
  bool forgive_own_pause();
  void disconnected(Peer peer, const std::string& why);
  void miss(Peer peer, const std::string& why);
  // May `relay` carry this peer's connection? Does a peer carry others?
  [[nodiscard]] bool may_carry(Peer relay, Peer peer) const;
  [[nodiscard]] bool is_relay(Peer peer) const;
  // Returns why the frame is refused; nothing: it is not.
  std::optional<std::string> take_relayed(Peer relay, const Frame& frame);
  void end_carrying(Peer relay, const std::string& why);
  [[nodiscard]] bool is_rank(Peer peer) const { return peer.value < ranks_; }

  boost::asio::io_context& loop_;
  ChannelListener listener_;
  std::optional<OwnHostDoor> door_;
  std::string token_;
  ChannelKey key_;
  ChannelKey rank_key_;  // of the peers below ranks_
  int ranks_ = 0;
  std::vector<Peer>
      carriers_;  // by rank: who may carry its connection; itself: it carries the others of its host
  std::optional<Peer> first_node_;
  int missing_node_ = 0;  // the node, counted from first_node_ + 1, that was missing at the last look
  bool finds_keys_ = false;
  std::chrono::milliseconds lost_after_;
  Callbacks callbacks_;
  Indexed<Peer, Agent> agents_;
  bool paused_ = false;
  std::uint64_t beat_ns_ = 0;           // when ping_all() was called last
  std::uint64_t forgiven_beat_ns_ = 0;  // the beat after which we were stopped
};

}  // namespace smlaunch
