// SPDX-License-Identifier: Apache-2.0
// One end of a connection between an agent and the leader: frames in, frames out, by TLS, on one event loop.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "launcher/channel/frame.hpp"
#include "launcher/channel/tls_session.hpp"

namespace smlaunch {

// As text; an IPv4 address that comes as an IPv6 one is itself.
std::string to_text(const boost::asio::ip::address& address);

// Held by shared_ptr: pending operations keep it alive. After close() no callback is called any more.
class Link : public std::enable_shared_from_this<Link> {
 public:
  using OnFrame = std::function<void(Frame&&)>;
  using OnClosed = std::function<void(const std::string& why)>;

  // `keys`, `find`: as TlsSession has them. Before `trust()`, a frame may have 64 KiB; after it, what a line
  // may have.
  Link(boost::asio::ip::tcp::socket socket, TlsSession::End end, std::vector<ChannelKey> keys,
       FindKey find = {});
  // Called again, it only replaces the callbacks.
  void start(OnFrame on_frame, OnClosed on_closed);
  void trust();
  // What is sent before TLS is up goes out then.
  void send(std::string bytes);
  // While reading is paused the peer is held back by TCP.
  void pause_reading(bool paused);
  // The kernel asks the peer's kernel every second from now on, while nothing is sent. Answers come though
  // the peer's program is stopped.
  void ask_kernel();
  // When bytes of the peer came last, by the steady clock: a long frame takes its time. 0: none have come.
  [[nodiscard]] std::uint64_t heard_ns() const { return heard_ns_; }
  // Since the peer's kernel was heard last; nothing where ours does not tell.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> since_acknowledged();
  void close();
  // Ours, at which the other end has come; empty: the connection is gone.
  [[nodiscard]] std::string own_address() const;
  // The other end has sent something.
  [[nodiscard]] bool has_spoken() const { return tls_ != nullptr; }
  // Of the key that the other end knows; empty: it has not proved that it knows one.
  [[nodiscard]] const std::string& identity() const;
  [[nodiscard]] bool is_of_other_key() const { return tls_ != nullptr && tls_->is_of_other_key(); }

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
  FrameReader reader_;
  std::deque<std::string> queued_;  // frames in the clear
  std::string in_flight_;           // encrypted
  std::size_t sent_ = 0;            // of it
  std::uint64_t heard_ns_ = 0;
  bool waiting_to_write_ = false;
  bool write_failed_ = false;
  bool reading_ = false;
  bool paused_ = false;
  bool closed_ = false;
};

}  // namespace smlaunch
