// SPDX-License-Identifier: Apache-2.0
// An agent's or a worker's end of the channel: connects, proves that it knows the token, and takes a lost
// connection up again.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "launcher/channel/link.hpp"
#include "launcher/channel/messages.hpp"

namespace smlaunch {

class ChannelClient {
 public:
  struct Callbacks {
    std::function<void(const Frame&)> frame;  // start, signal, inspect, release, outcome
    // The leader has taken something, and there is room again; or a connection has been made.
    std::function<void()> acknowledged;
    std::function<void()> lost;  // the leader was there, and has been silent for lost_after
    std::function<void(const std::string& why)> none;  // there never was a connection
    std::function<void(Pong&)> fill_pong;              // how the rank does; may be empty
  };

  // `hello` says who we are; nonce and proof are filled in here. `first_bound`: how long the first connection
  // and its welcome may take.
  ChannelClient(boost::asio::io_context& loop, std::string host, int port, std::string token, Hello hello,
                std::chrono::milliseconds first_bound);
  void start(Callbacks callbacks);
  void set_lost_after(std::chrono::milliseconds lost_after) { lost_after_ = lost_after; }

  // A data frame is kept until the leader has it.
  void send_data(FrameKind kind, const std::string& payload);
  void send(FrameKind kind, const std::string& payload);  // dropped while there is no connection
  [[nodiscard]] std::size_t waiting_bytes() const { return unacked_.bytes(); }
  void stop();

 private:
  void connect();
  void connect_to(const boost::asio::ip::tcp::resolver::results_type& found);
  void connect_failed(const boost::system::error_code& error);
  void greet(boost::asio::ip::tcp::socket socket);
  void received(const Frame& frame);
  [[nodiscard]] Pong make_pong(std::uint64_t leader_ns) const;
  void answer(const Frame& frame);
  void welcomed(const Frame& frame);
  void drop();
  void watch();
  void give_up(const std::string& why);

  boost::asio::io_context& loop_;
  boost::asio::ip::tcp::resolver resolver_;
  boost::asio::steady_timer retry_timer_;
  boost::asio::steady_timer connect_timer_;
  boost::asio::steady_timer watch_timer_;
  std::string host_;
  int port_;
  std::string token_;
  Hello hello_;
  std::chrono::milliseconds first_bound_;
  std::chrono::milliseconds lost_after_{10000};
  Callbacks callbacks_;
  std::shared_ptr<Link> link_;
  std::string leader_nonce_;
  UnackedFrames unacked_;
  std::uint64_t heard_ns_ = 0;  // or, before the first word, when we began
  bool trusted_ = false;
  bool was_trusted_ = false;
  bool stopped_ = false;
};

}  // namespace smlaunch
