// SPDX-License-Identifier: Apache-2.0
// The channel as an agent or a worker sees it, with the test in the leader's place.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "launcher/channel/peer_channel.hpp"

namespace smlaunch {

class FakePeerChannel final : public PeerChannel {
 public:
  void start(Callbacks given) override { callbacks = std::move(given); }
  void set_lost_after(std::chrono::milliseconds) override {}
  void set_leader_wait(std::chrono::milliseconds wait) override { leader_wait = wait; }
  void expect_pause(bool paused) override { is_paused = paused; }
  void send_data(FrameKind kind, const std::string& payload) override { sent.push_back({kind, payload, 0}); }
  void send(FrameKind kind, const std::string& payload) override { sent.push_back({kind, payload, 0}); }
  [[nodiscard]] std::size_t waiting_bytes() const override { return waiting; }
  void stop() override { is_stopped = true; }

  [[nodiscard]] std::vector<FrameKind> kinds() const {
    std::vector<FrameKind> all;
    for (const Frame& frame : sent) all.push_back(frame.kind);
    return all;
  }

  Callbacks callbacks;
  std::vector<Frame> sent;
  std::size_t waiting = 0;
  bool is_stopped = false;
  bool is_paused = false;
  std::chrono::milliseconds leader_wait{0};
};

}  // namespace smlaunch
