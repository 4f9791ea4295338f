// SPDX-License-Identifier: Apache-2.0
// The relay of a host, in the agent of local rank 0: takes the connections of the other agents there, and carries them
// inside its own. Around a Relay, which decides.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "launcher/channel/carrier.hpp"
#include "launcher/channel/local_listener.hpp"
#include "launcher/channel/relay.hpp"

namespace smlaunch {

// Of the relay of this host for the agents that know this token; each host has a name of its own, since a folder may be
// shared.
std::string relay_socket_name(std::string_view token, const std::string& host);

class HostRelay final : public Carrier {
 public:
  HostRelay(boost::asio::io_context& loop, int own_rank);
  ~HostRelay() override;
  HostRelay(const HostRelay&) = delete;
  HostRelay& operator=(const HostRelay&) = delete;

  // Until the leader starts ranks: all agents are there then. Errors: listen_locally()'s.
  Result<void> listen(const std::string& name) { return listener_.open(name); }

  void leader_came(std::shared_ptr<Connection> leader) override;
  void leader_went() override;
  void told(const Frame& frame) override;

  [[nodiscard]] bool has_neighbours() const { return !links_.empty(); }
  // Called once, when there is none any more.
  void on_empty(std::function<void()> on_empty) { on_empty_ = std::move(on_empty); }
  // Sends what waits for more.
  void flush();

 private:
  void greet(boost::asio::local::stream_protocol::socket socket);
  void perform(Relay::Work work);
  void watch_leader(std::chrono::milliseconds after);
  void hold_back();

  boost::asio::steady_timer flush_timer_;
  boost::asio::steady_timer leader_timer_;
  LocalListener listener_;
  Relay relay_;
  Relay::Neighbour last_ = 0;
  std::map<Relay::Neighbour, std::shared_ptr<Connection>> links_;
  std::shared_ptr<Connection> leader_;  // null: there is none
  std::string waiting_;                 // for the leader
  bool holds_back_ = false;
  std::function<void()> on_empty_;
};

}  // namespace smlaunch
