// SPDX-License-Identifier: Apache-2.0
// One end of a connection between an agent and the leader: frames in, frames out, on one event loop.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "launcher/channel/frame.hpp"

namespace smlaunch {

// Held by shared_ptr: pending operations keep it alive. After close() no callback is called any more.
class Link : public std::enable_shared_from_this<Link> {
 public:
  using OnFrame = std::function<void(Frame&&)>;
  using OnClosed = std::function<void(const std::string& why)>;

  // Before `trust()`, a frame may have 64 KiB; after it, what a line may have.
  explicit Link(boost::asio::ip::tcp::socket socket);
  // Called again, it only replaces the callbacks.
  void start(OnFrame on_frame, OnClosed on_closed);
  void trust();
  void send(std::string bytes);
  // Called when all that was sent has left for the kernel.
  void on_drained(std::function<void()> drained) { on_drained_ = std::move(drained); }
  [[nodiscard]] std::size_t queued() const { return queued_; }
  // While reading is paused the peer is held back by TCP.
  void pause_reading(bool paused);
  // The kernel asks the peer's kernel every second from now on, while nothing is sent. Answers come though the peer's
  // program is stopped.
  void ask_kernel();
  // Since the peer's kernel was heard last; nothing where ours does not tell.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> since_acknowledged();
  void close();

 private:
  void read();
  bool take_in();
  void write();
  void lost(const std::string& why);

  boost::asio::ip::tcp::socket socket_;
  OnFrame on_frame_;
  OnClosed on_closed_;
  std::function<void()> on_drained_;
  FrameReader reader_;
  std::deque<std::string> outgoing_;
  std::size_t queued_ = 0;
  bool writing_ = false;
  bool reading_ = false;
  bool paused_ = false;
  bool closed_ = false;
};

}  // namespace smlaunch
