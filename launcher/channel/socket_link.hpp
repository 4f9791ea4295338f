// SPDX-License-Identifier: Apache-2.0
// What the connections over a socket have in common: they read whole frames, write what the kernel takes, wait for the rest
// on one event loop, and tell once that they are lost. What the bytes are is said by Link and LocalLink.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "launcher/channel/connection.hpp"

namespace smlaunch {

class SocketLink : public Connection, public std::enable_shared_from_this<SocketLink> {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;

  void start(OnFrame on_frame, OnClosed on_closed) final;
  void trust() final { reader_.set_most(most_when_trusted_); }
  void pause_reading(bool paused) final;
  [[nodiscard]] std::size_t waiting_bytes() const final { return queued_bytes() + outgoing_.size() - sent_; }
  void on_room(std::function<void()> on_room) final { on_room_ = std::move(on_room); }
  [[nodiscard]] std::uint64_t heard_ns() const final { return heard_ns_; }
  void close() final;

 protected:
  // `most_when_trusted`: of bytes in a frame, after trust().
  SocketLink(Socket socket, std::size_t most_when_trusted);

  // What has come: hands the bytes of frames to the reader. Returns why the connection cannot go on; empty: it can.
  virtual std::string receive(std::string_view bytes, FrameReader& reader) = 0;
  // A frame for the connection itself is not told.
  virtual bool is_for_us(const Frame&) { return false; }
  // What goes out next; empty: nothing does yet.
  virtual std::string take_queued() = 0;
  [[nodiscard]] virtual std::size_t queued_bytes() const = 0;

  void write();
  [[nodiscard]] bool is_closed() const { return closed_; }
  [[nodiscard]] Socket& socket() { return socket_; }
  [[nodiscard]] const Socket& socket() const { return socket_; }

 private:
  void read();
  bool take_in();
  void write_later();
  void lost(const std::string& why);

  Socket socket_;
  std::size_t most_when_trusted_;
  OnFrame on_frame_;
  OnClosed on_closed_;
  std::function<void()> on_room_;
  FrameReader reader_{most_in_first_frame};
  std::string outgoing_;
  std::size_t sent_ = 0;  // of it
  std::uint64_t heard_ns_ = 0;
  bool waiting_to_write_ = false;
  bool write_failed_ = false;
  bool reading_ = false;
  bool paused_ = false;
  bool closed_ = false;
};

}  // namespace smlaunch
