// SPDX-License-Identifier: Apache-2.0
// An EventLoop by Asio.
#pragma once

#include <boost/asio/io_context.hpp>

#include "launcher/process/event_loop.hpp"

namespace smlaunch {

class AsioLoop final : public EventLoop {
 public:
  // For sockets, pipes and signals on the same loop.
  boost::asio::io_context& context() { return context_; }

  [[nodiscard]] std::uint64_t now_ns() const override;
  std::unique_ptr<LoopTimer> make_timer() override;
  void post(std::function<void()> work) override;
  void run() override;
  void poll() override;
  void stop() override { context_.stop(); }

 private:
  boost::asio::io_context context_;
};

}  // namespace smlaunch
