// SPDX-License-Identifier: Apache-2.0
// The leader's end of a channel on loopback, its loop, and what has been heard there; the other ends live on the
// same loop.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "launcher/channel/channel_server.hpp"

namespace smlaunch {

inline constexpr const char* loopback_token = "secret";
inline constexpr std::size_t most_loopback_strangers = 4;

struct LoopbackChannel {
  explicit LoopbackChannel(int peers)
      : server(loop, loopback_token, peers, std::chrono::seconds(10), most_loopback_strangers) {}

  void listen(const std::string& address = "127.0.0.1") { port = server.listen(address, port).value(); }
  template <class Condition>
  void run_until(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
      loop.restart();
      loop.run_one_for(std::chrono::milliseconds(100));
    }
  }
  void run_until_heard(std::size_t count) {
    run_until([&] { return heard.size() >= count; });
  }

  boost::asio::io_context loop;
  ChannelServer server;
  int port = 0;
  std::vector<std::string> heard;
};

}  // namespace smlaunch
