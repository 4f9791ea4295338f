// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/asio_loop.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <utility>

#include "base/steady_time.hpp"

namespace smlaunch {

namespace {

class AsioTimer final : public LoopTimer {
 public:
  explicit AsioTimer(boost::asio::io_context& loop) : timer_(loop) {}

  void start(std::chrono::milliseconds after, std::function<void()> expired) override {
    // A handler of a timer that has run out already may still wait; it is not called any more.
    turn_ = std::make_shared<bool>(true);
    timer_.expires_after(after);
    timer_.async_wait([turn = std::weak_ptr<bool>(turn_),
                       expired = std::move(expired)](const boost::system::error_code& error) {
      if (!error && !turn.expired()) expired();
    });
  }

  void cancel() override {
    turn_.reset();
    timer_.cancel();
  }

 private:
  boost::asio::steady_timer timer_;
  std::shared_ptr<bool> turn_;
};

}  // namespace

std::uint64_t AsioLoop::now_ns() const { return steady_now_ns(); }

std::unique_ptr<LoopTimer> AsioLoop::make_timer() { return std::make_unique<AsioTimer>(context_); }

void AsioLoop::post(std::function<void()> work) { boost::asio::post(context_, std::move(work)); }

void AsioLoop::run() {
  context_.restart();
  context_.run();
}

void AsioLoop::poll() {
  context_.restart();
  context_.poll();
}

}  // namespace smlaunch
