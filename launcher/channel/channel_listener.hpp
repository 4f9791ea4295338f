// SPDX-License-Identifier: Apache-2.0
// The leader's door: takes connections, and hands on those that have proved by TLS that they know a token,
// with their hello. Everybody else is a stranger, who costs little and gets nothing.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "launcher/channel/link.hpp"
#include "launcher/channel/messages.hpp"

namespace smlaunch {

class ChannelListener {
 public:
  using OnHello = std::function<void(const std::shared_ptr<Link>&, const Hello&)>;

  // Somebody at this address knows another token than ours.
  using OnOtherToken = std::function<void(const std::string& address)>;

  // `most_strangers`: how many connections that have proved nothing are kept.
  ChannelListener(boost::asio::io_context& loop, std::size_t most_strangers, OnHello on_hello);

  // Returns the port. "::" is every address, of IPv4, too. Errors: LeaderChannel::listen's.
  Result<int> listen(const std::string& address, int port);
  // Connections to other addresses of this machine are closed from now on.
  void keep_to(std::vector<std::string> addresses) { only_addresses_ = std::move(addresses); }
  void on_other_token(OnOtherToken on_other_token) { on_other_token_ = std::move(on_other_token); }
  // That may come in from now on.
  void set_keys(std::vector<ChannelKey> keys) { keys_ = std::move(keys); }
  void set_find_key(FindKey find) { find_key_ = std::move(find); }
  void close();

  [[nodiscard]] std::size_t strangers() const { return strangers_.size(); }

 private:
  Result<int> open(const std::string& address, int port);

  struct Stranger {
    std::shared_ptr<Link> link;
    std::chrono::steady_clock::time_point until;
  };

  void accept();
  void accept_later();
  void greet(boost::asio::ip::tcp::socket socket);
  void heard(const std::shared_ptr<Link>& link, const Frame& frame);
  void forget(const std::shared_ptr<Link>& link);
  void close_one();
  void watch();

  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_timer_;
  boost::asio::steady_timer watch_timer_;
  std::size_t most_strangers_;
  OnHello on_hello_;
  OnOtherToken on_other_token_;
  std::vector<ChannelKey> keys_;
  FindKey find_key_;
  std::vector<std::string> only_addresses_;  // empty: all
  std::list<Stranger> strangers_;            // the oldest first
  std::size_t turned_away_ = 0;              // since accepting was paused last
  bool watching_ = false;
};

}  // namespace smlaunch
