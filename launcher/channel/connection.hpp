// SPDX-License-Identifier: Apache-2.0
// One end of a connection between an agent and the leader: Link by TLS, LocalLink to the relay of our host, CarriedLink
// inside the connection of a relay.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "launcher/channel/frame.hpp"

namespace smlaunch {

// Held by shared_ptr: pending operations keep it alive. After close() no callback is called any more.
class Connection {
 public:
  using OnFrame = std::function<void(Frame&&)>;
  using OnClosed = std::function<void(const std::string& why)>;

  virtual ~Connection() = default;
  // Called again, it only replaces the callbacks.
  virtual void start(OnFrame on_frame, OnClosed on_closed) = 0;
  // Before it, a frame may have most_in_first_frame; after it, what a line may have.
  virtual void trust() = 0;
  virtual void send(std::string bytes) = 0;
  // A question that every connection is asked once a second. Where another one's reaches it too, nothing is sent.
  virtual void ping(const std::string& bytes) { send(bytes); }
  // While reading is paused the peer is held back.
  virtual void pause_reading(bool paused) = 0;
  // What waits to be taken by the kernel, in bytes; and who is told when it has taken some of it.
  [[nodiscard]] virtual std::size_t waiting_bytes() const { return 0; }
  virtual void on_room(std::function<void()>) {}
  // When the peer was heard last, by the steady clock: a long frame takes its time. 0: it has not been.
  [[nodiscard]] virtual std::uint64_t heard_ns() const = 0;
  // Since the leader's kernel was heard last; nothing where nobody tells.
  [[nodiscard]] virtual std::optional<std::chrono::nanoseconds> since_acknowledged() { return {}; }
  virtual void close() = 0;
  // Our address, at which the other end has come; empty: it is none, or gone.
  [[nodiscard]] virtual std::string own_address() const { return ""; }
  // Of the key that the other end knows; empty: it has not proved that it knows one.
  [[nodiscard]] virtual const std::string& identity() const;
  [[nodiscard]] virtual bool is_of_other_key() const { return false; }
};

inline const std::string& Connection::identity() const {
  static const std::string none;
  return none;
}

}  // namespace smlaunch
