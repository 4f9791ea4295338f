// SPDX-License-Identifier: Apache-2.0
// A connection over the network: frames in, frames out, by TLS.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/channel/socket_link.hpp"
#include "launcher/channel/tls_session.hpp"

namespace smlaunch {

// As text; an IPv4 address that comes as an IPv6 one is itself.
std::string to_text(const boost::asio::ip::address& address);

class Link final : public SocketLink {
 public:
  // `keys`, `find`: as TlsSession has them.
  Link(boost::asio::ip::tcp::socket socket, TlsSession::End end, std::vector<ChannelKey> keys,
       FindKey find = {});
  // What is sent before TLS is up goes out then.
  void send(std::string bytes) override;
  // The kernel asks the peer's kernel every second from now on, while nothing is sent. Answers come though
  // the peer's program is stopped.
  void ask_kernel();
  [[nodiscard]] std::optional<std::chrono::nanoseconds> since_acknowledged() override;
  [[nodiscard]] std::string own_address() const override;
  // The other end has sent something.
  [[nodiscard]] bool has_spoken() const { return tls_ != nullptr; }
  [[nodiscard]] const std::string& identity() const override;
  [[nodiscard]] bool is_of_other_key() const override { return tls_ != nullptr && tls_->is_of_other_key(); }

 private:
  std::string receive(std::string_view bytes, FrameReader& reader) override;
  std::string take_queued() override;
  [[nodiscard]] std::size_t queued_bytes() const override { return queued_bytes_; }

  TlsSession::End end_;
  std::vector<ChannelKey> keys_;
  FindKey find_;
  std::unique_ptr<TlsSession>
      tls_;  // null: nothing has come yet; a connection that says nothing costs its socket
  std::deque<std::string> queued_;  // frames in the clear
  std::size_t queued_bytes_ = 0;
};

}  // namespace smlaunch
