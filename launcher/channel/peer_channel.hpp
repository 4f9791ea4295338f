// SPDX-License-Identifier: Apache-2.0
// What an agent or a worker says over the channel, and what it hears: ChannelClient by a socket, in tests a
// fake.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "launcher/channel/frame.hpp"
#include "launcher/channel/messages.hpp"

namespace smlaunch {

class PeerChannel {
 public:
  struct Callbacks {
    std::function<void(const Frame&)> frame;  // start, signal, inspect, release, outcome
    // The leader has taken something, and there is room again; or a connection has been made.
    std::function<void()> acknowledged;
    std::function<void()> lost;  // the leader was there, and has been silent for lost_after
    std::function<void(const std::string& why)> none;  // there never was a connection
    std::function<void(Pong&)> fill_pong = {};         // how the rank does; may be empty
    // Instead of `none`, where the leader was awaited: it does not know our token, or took none of our keys.
    std::function<void()> other_token = {};
    // The leader lets us in no more; empty: it counts as lost, or as never there.
    std::function<void(const std::string& reason)> refused = {};
  };

  virtual ~PeerChannel() = default;
  virtual void start(Callbacks callbacks) = 0;
  virtual void set_lost_after(std::chrono::milliseconds lost_after) = 0;
  // How much longer a leader is waited for whose smlaunch is stopped, but whose host still answers.
  virtual void set_leader_wait(std::chrono::milliseconds leader_wait) = 0;
  // The leader has said that it stops, and will go on: then as long as its host answers.
  virtual void expect_pause(bool is_paused) = 0;
  // A data frame is kept until the leader has it.
  virtual void send_data(FrameKind kind, const std::string& payload) = 0;
  virtual void send(FrameKind kind, const std::string& payload) = 0;  // dropped while there is no connection
  [[nodiscard]] virtual std::size_t waiting_bytes() const = 0;
  virtual void stop() = 0;
};

}  // namespace smlaunch
