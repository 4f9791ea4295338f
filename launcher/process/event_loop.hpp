// SPDX-License-Identifier: Apache-2.0
// The one event loop of a leader or an agent, and its clock: AsioLoop for real; in tests a fake whose time
// passes at once.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace smlaunch {

class LoopTimer {
 public:
  virtual ~LoopTimer() = default;
  // Calls `expired` once, unless it is cancelled, started again or destroyed before.
  virtual void start(std::chrono::milliseconds after, std::function<void()> expired) = 0;
  virtual void cancel() = 0;
};

class EventLoop {
 public:
  virtual ~EventLoop() = default;
  [[nodiscard]] virtual std::uint64_t now_ns() const = 0;  // the steady clock
  virtual std::unique_ptr<LoopTimer> make_timer() = 0;
  // From any thread.
  virtual void post(std::function<void()> work) = 0;
  virtual void run() = 0;   // until stop()
  virtual void poll() = 0;  // does what there is to do now; never waits
  virtual void stop() = 0;
};

}  // namespace smlaunch
