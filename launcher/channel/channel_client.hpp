// SPDX-License-Identifier: Apache-2.0
// An agent's or a worker's end of the channel: connects, by TLS with the token's key, and takes a lost
// connection up again.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "launcher/channel/carrier.hpp"
#include "launcher/channel/link.hpp"
#include "launcher/channel/peer_channel.hpp"
#include "launcher/channel/silence.hpp"

namespace smlaunch {

class ChannelClient final : public PeerChannel {
 public:
  // `hello` says who we are. `first_bound`: how long the first connection and its welcome may take. A leader
  // that is `awaited` may not listen yet, and may not have a name.
  ChannelClient(boost::asio::io_context& loop, std::string host, int port, const std::string& token,
                Hello hello, std::chrono::milliseconds first_bound, bool is_awaited = false);
  // Each connection has a key of its own then, until the leader gives us its token; before start(). Nothing: there is none
  // now, and it is tried again, as it is where the leader does not take it.
  void set_make_key(std::function<std::optional<ChannelKey>()> make_key) { make_key_ = std::move(make_key); }
  // Before start(). The relay of our host is to carry our connection, as long as it does: then we connect ourselves.
  void set_relay(std::string socket_name) { relay_socket_ = std::move(socket_name); }
  // Before start(). The leader is on our host, and has a door there: own_host_door_name().
  void set_own_host_door(std::string socket_name) {
    relay_socket_ = std::move(socket_name);
    is_relay_the_leader_ = true;
  }
  // Before start(). Who carries others' connections inside ours, and outlives us.
  void set_carrier(Carrier& carrier) { carrier_ = &carrier; }
  void start(Callbacks callbacks) override;
  void set_lost_after(std::chrono::milliseconds lost_after) override;
  void set_leader_wait(std::chrono::milliseconds leader_wait) override { leader_wait_ = leader_wait; }
  void expect_pause(bool is_paused) override { is_paused_ = is_paused; }
  void send_data(FrameKind kind, const std::string& payload) override;
  void send(FrameKind kind, const std::string& payload) override;
  [[nodiscard]] std::size_t waiting_bytes() const override { return unacked_.bytes(); }
  void stop() override;

 private:
  void connect();
  void connect_to_relay();
  void connect_to(const boost::asio::ip::tcp::resolver::results_type& found);
  void connect_later();
  void connect_failed(const boost::system::error_code& error);
  void greet(boost::asio::ip::tcp::socket socket);
  void begin(std::shared_ptr<Connection> link);
  void closed();
  void received(const Frame& frame);
  [[nodiscard]] Pong make_pong(std::uint64_t leader_ns) const;
  void welcomed(const Frame& frame);
  void turned_away(const Frame& frame);
  void drop();
  void lose_link();
  void watch();
  [[nodiscard]] SilenceBounds bounds() const;
  void give_up(const std::string& why);

  boost::asio::io_context& loop_;
  boost::asio::ip::tcp::resolver resolver_;
  boost::asio::steady_timer retry_timer_;
  boost::asio::steady_timer connect_timer_;
  boost::asio::steady_timer watch_timer_;
  std::string host_;
  int port_;
  ChannelKey key_;
  std::function<std::optional<ChannelKey>()> make_key_;
  Hello hello_;
  std::chrono::milliseconds first_bound_;
  std::chrono::milliseconds lost_after_{10000};
  std::chrono::milliseconds leader_wait_{0};
  bool is_awaited_ = false;
  bool is_paused_ = false;
  Callbacks callbacks_;
  std::string relay_socket_;  // empty: there is no relay, or we do without it
  bool is_relay_the_leader_ = false;
  Carrier* carrier_ = nullptr;
  std::shared_ptr<Connection> link_;
  UnackedFrames unacked_;
  std::uint64_t heard_ns_ = 0;    // or, before the first word, when we began
  std::uint64_t refused_ns_ = 0;  // when we were turned away first, and not let in since; 0: never
  bool was_key_refused_ = false;
  bool trusted_ = false;
  bool was_trusted_ = false;
  bool stopped_ = false;
};

}  // namespace smlaunch
