// SPDX-License-Identifier: Apache-2.0
// A connection between two agents of one host, or of an agent and the leader, by a Unix socket: frames in, frames out, as
// they are. Who is at the other end is this user (local_socket.hpp).
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "launcher/channel/socket_link.hpp"

namespace smlaunch {

class LocalLink final : public SocketLink {
 public:
  // Null: nobody of this user listens under this name on our host.
  static std::shared_ptr<LocalLink> connect(boost::asio::io_context& loop, const std::string& name);
  explicit LocalLink(boost::asio::local::stream_protocol::socket socket);
  void send(std::string bytes) override;
  // What the other end is taken for.
  void set_identity(std::string identity) { identity_ = std::move(identity); }
  [[nodiscard]] const std::string& identity() const override { return identity_; }
  // The other end is the leader itself, and no relay: its host is ours.
  void lead_to_leader() { leads_to_leader_ = true; }
  // As the relay at the other end tells it while the leader is silent: then it is told every second.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> since_acknowledged() override;

 private:
  std::string receive(std::string_view bytes, FrameReader& reader) override;
  [[nodiscard]] bool is_for_us(const Frame& frame) override;
  std::string take_queued() override { return std::exchange(queued_, {}); }
  [[nodiscard]] std::size_t queued_bytes() const override { return queued_.size(); }

  std::string identity_;
  std::string queued_;
  std::uint64_t acknowledged_ns_ = 0;  // when the leader's kernel was heard last; 0: nobody has told
  bool leads_to_leader_ = false;
};

}  // namespace smlaunch
