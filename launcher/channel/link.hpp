// SPDX-License-Identifier: Apache-2.0
// A connection over the network: frames in, frames out, by TLS, on one event loop.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "launcher/channel/connection.hpp"
#include "launcher/channel/tls_session.hpp"

namespace smlaunch {

// As text; an IPv4 address that comes as an IPv6 one is itself.
std::string to_text(const boost::asio::ip::address& address);

class Link final : public Connection, public std::enable_shared_from_this<Link> {
 public:
  // `keys`, `find`: as TlsSession has them.
  Link(boost::asio::ip::tcp::socket socket, TlsSession::End end, std::vector<ChannelKey> keys,
       FindKey find = {});
  void start(OnFrame on_frame, OnClosed on_closed) override;
  void trust() override;
  // What is sent before TLS is up goes out then.
  void send(std::string bytes) override;
  void pause_reading(bool paused) override;
  [[nodiscard]] std::size_t waiting_bytes() const override {
    return queued_bytes_ + in_flight_.size() - sent_;
  }
  void on_room(std::function<void()> on_room) override { on_room_ = std::move(on_room); }
  // The kernel asks the peer's kernel every second from now on, while nothing is sent. Answers come though
  // the peer's program is stopped.
  void ask_kernel();
  [[nodiscard]] std::uint64_t heard_ns() const override { return heard_ns_; }
  [[nodiscard]] std::optional<std::chrono::nanoseconds> since_acknowledged() override;
  void close() override;
  [[nodiscard]] std::string own_address() const override;
  // The other end has sent something.
  [[nodiscard]] bool has_spoken() const { return tls_ != nullptr; }
  [[nodiscard]] const std::string& identity() const override;
  [[nodiscard]] bool is_of_other_key() const override { return tls_ != nullptr && tls_->is_of_other_key(); }

 private:
  void read();
  bool take_in();
  void write();
  void write_later();
  void encrypt_queued();
  void lost(const std::string& why);

  boost::asio::ip::tcp::socket socket_;
  TlsSession::End end_;
  std::vector<ChannelKey> keys_;
  FindKey find_;
  std::unique_ptr<TlsSession>
      tls_;  // null: nothing has come yet; a connection that says nothing costs its socket
  OnFrame on_frame_;
  OnClosed on_closed_;
  std::function<void()> on_room_;
  FrameReader reader_;
  std::deque<std::string> queued_;  // frames in the clear
  std::size_t queued_bytes_ = 0;
  std::string in_flight_;  // encrypted
  std::size_t sent_ = 0;   // of it
  std::uint64_t heard_ns_ = 0;
  bool waiting_to_write_ = false;
  bool write_failed_ = false;
  bool reading_ = false;
  bool paused_ = false;
  bool closed_ = false;
};

}  // namespace smlaunch
