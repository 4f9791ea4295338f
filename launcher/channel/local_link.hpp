// SPDX-License-Identifier: Apache-2.0
// A connection between two agents of one host, or of an agent and the leader, by a Unix socket: frames in, frames out, as
// they are. Who is at the other end is this user (local_socket.hpp).
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "launcher/channel/connection.hpp"

namespace smlaunch {

class LocalLink final : public Connection, public std::enable_shared_from_this<LocalLink> {
 public:
  // Null: nobody of this user listens under this name on our host.
  static std::shared_ptr<LocalLink> connect(boost::asio::io_context& loop, const std::string& name);
  explicit LocalLink(boost::asio::local::stream_protocol::socket socket);
  void start(OnFrame on_frame, OnClosed on_closed) override;
  void trust() override { reader_.set_most(most_in_frame); }
  void send(std::string bytes) override;
  void pause_reading(bool paused) override;
  [[nodiscard]] std::size_t waiting_bytes() const override { return waiting_.size() - sent_; }
  void on_room(std::function<void()> on_room) override { on_room_ = std::move(on_room); }
  [[nodiscard]] std::uint64_t heard_ns() const override { return heard_ns_; }
  // What the other end is taken for.
  void set_identity(std::string identity) { identity_ = std::move(identity); }
  [[nodiscard]] const std::string& identity() const override { return identity_; }
  // The other end is the leader itself, and no relay: its host is ours.
  void lead_to_leader() { leads_to_leader_ = true; }
  // As the relay at the other end tells it while the leader is silent: then it is told every second.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> since_acknowledged() override;
  void close() override;

 private:
  void read();
  bool take_in();
  void write();
  void write_later();
  void lost(const std::string& why);
  [[nodiscard]] bool is_for_us(const Frame& frame);

  boost::asio::local::stream_protocol::socket socket_;
  OnFrame on_frame_;
  OnClosed on_closed_;
  std::function<void()> on_room_;
  FrameReader reader_{most_in_first_frame};
  std::string identity_;
  std::string waiting_;
  std::size_t sent_ = 0;  // of it
  std::uint64_t heard_ns_ = 0;
  std::uint64_t acknowledged_ns_ = 0;  // when the leader's kernel was heard last; 0: nobody has told
  bool leads_to_leader_ = false;
  bool waiting_to_write_ = false;
  bool write_failed_ = false;
  bool reading_ = false;
  bool paused_ = false;
  bool closed_ = false;
};

}  // namespace smlaunch
